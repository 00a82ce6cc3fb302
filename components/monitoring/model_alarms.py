"""Alarms on what model calls cost and how they end, from the assistant's own metrics. Pure."""

from dataclasses import dataclass

from components.monitoring.alarms import Alarm
from components.monitoring.metrics import DAY, FIVE_MINUTES, HOUR, ModelCalls


@dataclass(frozen=True)
class ModelThresholds:
    """When to wake somebody about models."""

    cost_share: float = 0.8  # of the day's budget: AWS's own notice of it comes hours later
    refused: int = 20
    failed_percent: float = 20.0
    failed_minimum_calls: int = 10  # one failure at night is no rate
    lapsed: int = 3
    p90_ms: float = 15_000.0  # half of what a caller is waited for


def model_alarms(calls: ModelCalls, daily_budget_usd: float, thresholds: ModelThresholds) -> list[Alarm]:
    """Cost, refusals, failures, lapses, latency, and the two that say the guard itself is wrong."""
    return [
        *_money(calls, daily_budget_usd, thresholds),
        *_calls(calls, thresholds),
        *_guard(calls),
    ]


def _money(calls: ModelCalls, daily_budget_usd: float, thresholds: ModelThresholds) -> list[Alarm]:
    usd = thresholds.cost_share * daily_budget_usd
    return [
        Alarm(
            key="models-cost",
            reason=(
                f"Models cost {usd:g} US dollars or more within a day, {thresholds.cost_share:.0%} of the day's limit: "
                "at the limit every call is refused until midnight UTC. `omnix costs --by tenant,feature` says whose."
            ),
            metrics={"m": calls.metric("CostUsd", "Sum", DAY)},
            threshold=usd,
        ),
        Alarm(
            key="models-refused",
            reason=(
                f"{thresholds.refused} calls of models or more were refused within fifteen minutes because a limit is "
                "used up: a tenant's, a feature's or the environment's. `omnix costs limits` says which."
            ),
            metrics={"m": calls.metric("RefusedCalls", "Sum", 3 * FIVE_MINUTES)},
            threshold=thresholds.refused,
        ),
    ]


def _calls(calls: ModelCalls, thresholds: ModelThresholds) -> list[Alarm]:
    return [
        Alarm(
            key="models-failed",
            reason=(
                f"More than {thresholds.failed_percent:g} % of calls of models failed in two of three periods of five "
                "minutes: throttled, refused by Bedrock or without an answer in time. The assistant's log names model "
                "and error; another model of bedrock.models stands in as long as one answers."
            ),
            metrics={"failed": calls.metric("FailedCalls", "Sum"), "answered": calls.metric("Calls", "Sum")},
            expression=(
                f"IF(FILL(failed, 0) + FILL(answered, 0) >= {thresholds.failed_minimum_calls}, "
                "100 * FILL(failed, 0) / (FILL(failed, 0) + FILL(answered, 0)), 0)"
            ),
            label="calls that failed (%)",
            threshold=thresholds.failed_percent,
            comparison="GreaterThanThreshold",
            periods=3,
            datapoints=2,
        ),
        Alarm(
            key="models-latency",
            reason=(
                f"One call of a model in ten took longer than {thresholds.p90_ms:g} ms, for fifteen minutes: with "
                "a tool or two the caller's 29 s are over. Let a faster model come first in bedrock.models."
            ),
            metrics={"m": calls.metric("ModelLatency", "p90")},
            threshold=thresholds.p90_ms,
            comparison="GreaterThanThreshold",
            periods=3,
            datapoints=3,
        ),
        Alarm(
            key="models-lapsed",
            reason=(
                f"{thresholds.lapsed} reservations or more lapsed within an hour: functions died in a call, "
                "connections broke, or the table took no end of a call (metric UnendedReservations). Each counts in "
                "full, so that limits are met early; `omnix costs reconcile --apply` corrects it."
            ),
            metrics={"m": calls.metric("LapsedReservations", "Sum", HOUR)},
            threshold=thresholds.lapsed,
        ),
    ]


def _guard(calls: ModelCalls) -> list[Alarm]:
    return [
        Alarm(
            key="models-reservation-exceeded",
            reason=(
                "A call cost more than was reserved for it: a price of the catalogue or the bound of a request's "
                "tokens is too low, and a limit can be passed. Compare the reservation's log line with the invocation "
                "log."
            ),
            metrics={"m": calls.metric("ReservationsExceeded", "Sum")},
            threshold=1,
        ),
        Alarm(
            key="models-late-settlements",
            reason=(
                "A call ended after its lease, when another had ended it already: a function lives longer than its "
                "lease, or a clock is wrong. It was counted in full until then, so that limits were met early, and "
                "is put right by what it did cost; `omnix costs reconcile` shows whether it was."
            ),
            metrics={"m": calls.metric("LateSettlements", "Sum", HOUR)},
            threshold=1,
        ),
    ]
