"""Alarm definitions as data: each says in its description why it wakes somebody. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from components.monitoring.metrics import Api, Function, Metric, Queue, Table

type Comparison = Literal["GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"]

# What functions call: a transaction counts under its own name. An alarm takes ten metrics at most.
TABLE_OPERATIONS = (
    "DeleteItem", "GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem",
)  # fmt: skip


@dataclass(frozen=True)
class Thresholds:
    """When to wake somebody. Rates in percent, durations as shares of the timeout or in milliseconds."""

    api_error_percent: float = 5.0
    api_error_minimum_requests: int = 20  # one failure at night is no rate
    api_p99_ms: float = 3000.0
    function_errors: int = 3
    function_throttles: int = 1
    duration_share: float = 0.8
    table_throttles: int = 1
    iterator_age_ms: int = 15 * 60 * 1000
    table_system_errors: int = 5  # DynamoDB's SDKs retry a 500; a handful never reaches a caller


@dataclass(frozen=True)
class Alarm:
    """One alarm. Rings when `expression` (or, without one, the single metric `m`) passes `threshold`.

    `key` is its logical name and the end of its physical one; `metrics` maps metric-math ids to metrics.
    Missing data rings only where `treat_missing_data` says so: an idle function emits nothing, and its alarm would stay
    in INSUFFICIENT_DATA.
    """

    key: str
    reason: str
    metrics: Mapping[str, Metric] = field(hash=False)
    threshold: float
    expression: str | None = None
    label: str = ""
    comparison: Comparison = "GreaterThanOrEqualToThreshold"
    periods: int = 1
    datapoints: int = 1
    treat_missing_data: Literal["notBreaching", "breaching", "ignore", "missing"] = "notBreaching"


def api_alarms(api: Api, thresholds: Thresholds) -> list[Alarm]:
    """5xx rate and p99 latency of the stage, two of three periods of five minutes."""
    minimum = thresholds.api_error_minimum_requests
    return [
        Alarm(
            key="api-5xx-rate",
            reason=(
                f"More than {thresholds.api_error_percent:g} % of requests failed on our side (5xx) in two of "
                "three periods of five minutes. Look at the access log by route and function_error, then at "
                "the function's log; roll back if a deployment came before it."
            ),
            metrics={"errors": api.metric("5XXError", "Sum"), "requests": api.metric("Count", "Sum")},
            expression=f"IF(requests >= {minimum}, 100 * errors / requests, 0)",
            label="5xx rate (%)",
            threshold=thresholds.api_error_percent,
            comparison="GreaterThanThreshold",
            periods=3,
            datapoints=2,
        ),
        Alarm(
            key="api-latency-p99",
            reason=(
                f"One request in a hundred took longer than {thresholds.api_p99_ms:g} ms, for fifteen "
                "minutes. Compare latency_ms with function_latency_ms in the access log: the difference is "
                "the gateway and the authorizer."
            ),
            metrics={"m": api.metric("Latency", "p99")},
            threshold=thresholds.api_p99_ms,
            comparison="GreaterThanThreshold",
            periods=3,
            datapoints=3,
        ),
    ]


# A consumer of streams works through a long batch until eight seconds before its end, and hands the rest back.
_STREAM_SHARE = 0.95


def function_alarms(function: Function, thresholds: Thresholds) -> list[Alarm]:
    """Errors, throttles, and durations near the timeout.

    A function that refuses by raising gets no error alarm: every expired token would ring it. Its real
    failures are 500s of the gateway, which the 5xx rate counts.
    """
    share = max(thresholds.duration_share, _STREAM_SHARE) if function.reads_streams else thresholds.duration_share
    near_ms = share * function.timeout_seconds * 1000
    errors = Alarm(
        key=f"function-{function.logical}-errors",
        reason=(
            f"Function {function.name} failed at least {thresholds.function_errors} times in five minutes "
            "(exceptions, timeouts, out of memory). Its log group has the traces."
        ),
        metrics={"m": function.metric("Errors", "Sum")},
        threshold=thresholds.function_errors,
    )
    throttles = Alarm(
        key=f"function-{function.logical}-throttles",
        reason=(
            f"Lambda refused to start function {function.name}: its reserved concurrency or the account's "
            "is used up, and callers get errors. Raise the reservation or ask for a higher quota."
        ),
        metrics={"m": function.metric("Throttles", "Sum")},
        threshold=thresholds.function_throttles,
    )
    duration = Alarm(
        key=f"function-{function.logical}-duration",
        reason=(
            f"Function {function.name} ran for {near_ms:g} ms or longer of its {function.timeout_seconds} s: "
            "the next one is killed and its caller gets a 5xx. Look for a slow dependency in the trace."
        ),
        metrics={"m": function.metric("Duration", "Maximum")},
        threshold=near_ms,
    )
    watched = [throttles, duration, *([_iterator_age(function, thresholds)] if function.reads_streams else [])]
    return watched if function.refuses_by_error else [errors, *watched]


def _iterator_age(function: Function, thresholds: Thresholds) -> Alarm:
    minutes = thresholds.iterator_age_ms // 60_000
    return Alarm(
        key=f"function-{function.logical}-iterator-age",
        reason=(
            f"The oldest change that {function.name} has not seen is {minutes} minutes old: dashboards and analytics "
            "lag behind. Its log names the record that fails; after a hundred tries or six hours it is given up to the "
            "dead letters."
        ),
        metrics={"m": function.metric("IteratorAge", "Maximum")},
        threshold=thresholds.iterator_age_ms,
        periods=3,
        datapoints=3,
    )


def dead_letter_alarms(queue: Queue) -> list[Alarm]:
    """Work that was given up."""
    return [
        Alarm(
            key=f"queue-{queue.name.split('-', 3)[3]}-depth",
            reason=(
                f"{queue.name} holds changes that were given up after every retry. Read the worker's log, mend the "
                "cause, then hand them over again with `omnix redrive` within 18 hours: streams keep 24."
            ),
            metrics={"m": queue.metric("ApproximateNumberOfMessagesVisible", "Maximum")},
            threshold=1,
        )
    ]


def table_alarms(table: Table, thresholds: Thresholds) -> list[Alarm]:
    """Throttled requests and DynamoDB's own errors on one table."""
    throttles = _throttle_metrics(table)
    operations = {operation.lower(): operation for operation in TABLE_OPERATIONS}
    return [
        Alarm(
            key=f"table-{table.logical}-throttles",
            reason=(
                f"DynamoDB throttled requests to {table.name} or one of its indexes: one hot partition key, "
                "or traffic that doubled within half an hour. Contributor Insights names the key."
            ),
            metrics=throttles,
            expression=total(throttles),
            label="throttled reads and writes",
            threshold=thresholds.table_throttles,
        ),
        Alarm(
            key=f"table-{table.logical}-system-errors",
            reason=(
                f"DynamoDB answered requests to {table.name} with its own errors (HTTP 500). Retries hide a few; "
                "this many reach callers. See the AWS Health dashboard for the region."
            ),
            metrics={
                id_: table.operation_metric("SystemErrors", operation, "Sum") for id_, operation in operations.items()
            },
            expression=total(operations),
            label="system errors",
            threshold=thresholds.table_system_errors,
        ),
    ]


def _throttle_metrics(table: Table) -> dict[str, Metric]:
    events = {"reads": "ReadThrottleEvents", "writes": "WriteThrottleEvents"}
    metrics = {id_: table.metric(name, "Sum") for id_, name in events.items()}
    for index in table.indexes:
        for id_, name in events.items():
            metrics[f"{id_}_{index}"] = table.index_metric(name, index, "Sum")
    return metrics


def total(ids: Iterable[str]) -> str:
    """The sum of metrics that are mostly absent: in metric math, `a + b` is absent where either is."""
    return f"SUM([{', '.join(f'FILL({id_}, 0)' for id_ in ids)}])"
