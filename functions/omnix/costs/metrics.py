"""What model calls do, as CloudWatch metrics by log line (`omnix.metrics`: the embedded metric format).

Two sets of dimensions: the environment alone, for alarms, and model and feature, for attribution. A metric is paid for
by its combinations of dimensions ($0.30 each a month): three models by two features make 48, some $14.
The tenant is in the line and is no dimension: a thousand tenants would cost more than the models do. Contributor
Insights makes metrics by tenant of the same lines, Logs Insights sums them, and the ledger has it exactly.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from omnix.costs.model import NANO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.costs.model import Usage

NAMESPACE = "Omnix/Ai"
ENVIRONMENT, MODEL, FEATURE = "Environment", "Model", "Feature"
# Of all kinds: no metric of its own, the sum that is taken by tenant.
TOKENS = "Tokens"

CALLS = "Calls"
INPUT_TOKENS = "InputTokens"
OUTPUT_TOKENS = "OutputTokens"
CACHE_READ_TOKENS = "CacheReadTokens"
CACHE_WRITE_TOKENS = "CacheWriteTokens"
LATENCY = "ModelLatency"
COST = "CostUsd"
TRUNCATED = "TruncatedAnswers"
REFUSED = "RefusedCalls"
FAILED = "FailedCalls"
LAPSED = "LapsedReservations"
LATE = "LateSettlements"
UNENDED = "UnendedReservations"
EXCEEDED = "ReservationsExceeded"

_UNITS = {LATENCY: "Milliseconds", COST: "None"}
# Rare events have no model and no feature: their alarm is one.
_ENVIRONMENT_ONLY = frozenset({LATE, UNENDED, EXCEEDED})


def settled(usage: Usage, cost: int, latency_ms: int, who: Mapping[str, str], *, truncated: bool) -> None:
    """A call that was answered. `who`: tenant_id, feature, model_id, reservation_id."""
    values = {
        CALLS: 1,
        INPUT_TOKENS: usage.input,
        OUTPUT_TOKENS: usage.output,
        CACHE_READ_TOKENS: usage.cache_read,
        CACHE_WRITE_TOKENS: usage.cache_write + usage.cache_write_1h,
        LATENCY: latency_ms,
        COST: cost / NANO,
        TRUNCATED: int(truncated),
    }
    _write(values, {**who, TOKENS: usage.total})


def happened(name: str, who: Mapping[str, str], cost: int = 0) -> None:
    """A refusal, a failure, a lapse, an end that is late or not written: one more, with its cost (nano-dollars)."""
    _write({name: 1, **({COST: cost / NANO} if cost else {})}, who)


def document(values: Mapping[str, float], who: Mapping[str, Any]) -> dict[str, Any]:
    """The line's object."""
    shared = [_metric(name) for name in values]
    fine = [_metric(name) for name in values if name not in _ENVIRONMENT_ONLY]
    directives = [{"Namespace": NAMESPACE, "Dimensions": [[ENVIRONMENT]], "Metrics": shared}]
    if fine and "model_id" in who:
        directives.append({"Namespace": NAMESPACE, "Dimensions": [[ENVIRONMENT, MODEL, FEATURE]], "Metrics": fine})
    return {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": directives},
        ENVIRONMENT: os.environ["OMNIX_ENVIRONMENT"],
        MODEL: who.get("model_id", ""),
        FEATURE: who.get("feature", ""),
        **{name: value for name, value in who.items() if name not in {"model_id", "feature"}},
        **values,
    }


def _write(values: Mapping[str, float], who: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(document(values, who), separators=(",", ":")) + "\n")
    sys.stdout.flush()


def _metric(name: str) -> dict[str, str]:
    return {"Name": name, "Unit": _UNITS.get(name, "Count")}
