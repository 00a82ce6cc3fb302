"""CloudWatch's and CloudWatch Logs' limits that moto does not keep.

Sources: botocore's documentation of PutMetricData and PutLogEvents; CloudWatch quotas.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from localcloud.limits.refusal import Parameters, limits
from localcloud.refusals import NotCovered

_METRICS = 1000
_COUNTS = {"Dimensions": 30, "Values": 150, "Counts": 150}
_BACK, _AHEAD = timedelta(days=14), timedelta(hours=2)
_BATCH_BYTES = 1024 * 1024
_EVENT_OVERHEAD = 26
_EVENT_BYTES = 1024 * 1024
_SPAN_MS = 24 * 3600 * 1000


def _metrics(parameters: Parameters) -> list[Any]:
    grouped = [datum for entity in parameters.get("EntityMetricData", ()) for datum in entity.get("MetricData", ())]
    return [*parameters.get("MetricData", ()), *grouped]


def _metric_counts(parameters: Parameters) -> str | None:
    metrics = _metrics(parameters)
    if len(metrics) > _METRICS:
        return f"The collection MetricData must not have a size greater than {_METRICS}."
    for index, datum in enumerate(metrics, 1):
        for name, most in _COUNTS.items():
            if len(datum.get(name, ())) > most:
                return f"The collection MetricData.member.{index}.{name} must not have a size greater than {most}."
    return None


def _metric_namespace(parameters: Parameters) -> str | None:
    namespace = str(parameters.get("Namespace", ""))
    words = f"The value {namespace} for parameter Namespace is invalid."
    return words if namespace.startswith(("AWS/", ":")) else None


def _metric_times(now: Callable[[], datetime]) -> Callable[[Parameters], str | None]:
    def find(parameters: Parameters) -> str | None:
        for index, datum in enumerate(_metrics(parameters), 1):
            stamp = datum.get("Timestamp")
            if not isinstance(stamp, datetime):
                continue
            age = now() - (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC))
            words = f"The parameter MetricData.member.{index}.Timestamp must specify a time"
            if age > _BACK:
                return f"{words} within the past two weeks."
            if -age > _AHEAD:
                return f"{words} no more than two hours in the future."
        return None

    return find


def _log_sizes(parameters: Parameters) -> str | None:
    sizes = [len(event["message"].encode()) + _EVENT_OVERHEAD for event in parameters["logEvents"]]
    if (largest := max(sizes)) > _EVENT_BYTES + _EVENT_OVERHEAD:
        return f"Log event too large: {largest} bytes exceeds limit of {_EVENT_BYTES}"
    words = f"Upload too large: {sum(sizes)} bytes exceeds limit of {_BATCH_BYTES}"
    return words if sum(sizes) > _BATCH_BYTES else None


def _log_span(parameters: Parameters) -> str | None:
    times = [event["timestamp"] for event in parameters["logEvents"]]
    words = "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    return words if max(times) - min(times) > _SPAN_MS else None


_PUT_METRICS, _PUT_LOGS = "botocore cloudwatch PutMetricData", "botocore logs PutLogEvents"
RULES = (
    *limits(
        "counts", "cloudwatch", ("PutMetricData",), _metric_counts,
        what="too many metrics in a call, or dimensions or values of one",
        limit="1,000 metrics, 30 dimensions, 150 values",
        source=_PUT_METRICS, code="InvalidParameterValue",
    ),
    *limits(
        "namespace", "cloudwatch", ("PutMetricData",), _metric_namespace, what="a namespace that is AWS's own",
        limit="not AWS/…", source=f"{_PUT_METRICS}, Namespace", code="InvalidParameterValue",
    ),
    *limits(
        "time", "cloudwatch", ("PutMetricData",), _metric_times(lambda: datetime.now(UTC)),
        what="a data point too old or too far ahead", limit="two weeks back, two hours ahead",
        source=_PUT_METRICS, code="InvalidParameterValue",
    ),
    *limits(
        "size", "logs", ("PutLogEvents",), _log_sizes, what="an event or a batch too large (each event and 26 bytes)",
        limit="1 MiB", source=_PUT_LOGS, code="InvalidParameterException",
    ),
    *limits(
        "span", "logs", ("PutLogEvents",), _log_span, what="events that are too far apart", limit="24 hours",
        source=_PUT_LOGS, code="InvalidParameterException",
    ),
)  # fmt: skip
NOT_COVERED = (
    NotCovered(
        "cloudwatch:PutMetricData",
        "a request of more than 1 MB",
        "the call does not tell its body's length",
        _PUT_METRICS,
    ),
)
