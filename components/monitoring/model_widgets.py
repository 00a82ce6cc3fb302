"""The dashboard's rows about models: cost, calls, tokens and latency, and which tenants they are for. Pure."""

from collections.abc import Sequence
from typing import Any

from components.monitoring.metrics import HOUR, Metric, ModelCalls

type Series = Sequence[tuple[Metric, str]]

_ENDS = (
    ("Calls", "answered"),
    ("RefusedCalls", "refused"),
    ("FailedCalls", "failed"),
    ("LapsedReservations", "lapsed"),
    ("TruncatedAnswers", "cut off"),
)
_TOKENS = (
    ("InputTokens", "input"),
    ("OutputTokens", "output"),
    ("CacheReadTokens", "read from the cache"),
    ("CacheWriteTokens", "written to the cache"),
)
_TENANTS = 20


def model_graphs(calls: ModelCalls, models: Sequence[str], features: Sequence[str]) -> list[tuple[str, Series]]:
    """Titles and series, cost and latency by model and feature. `models` are ids of the config."""
    by = [(model, feature) for model in models for feature in features]
    return [
        ("Cost an hour (US dollars)", [(calls.by("CostUsd", *one, "Sum", HOUR), " · ".join(one)) for one in by]),
        ("Calls", [(calls.metric(name, "Sum"), label) for name, label in _ENDS]),
        ("Tokens", [(calls.metric(name, "Sum"), label) for name, label in _TOKENS]),
        ("Latency p90 (ms)", [(calls.by("ModelLatency", *one, "p90"), " · ".join(one)) for one in by]),
    ]


def tenants(log_group: str, region: str) -> dict[str, Any]:
    """The tenants whose calls cost most, from the assistant's log lines."""
    query = (
        f"SOURCE '{log_group}' | filter ispresent(CostUsd) and ispresent(tenant_id) "
        "| stats sum(CostUsd) as usd, count(*) as calls, sum(InputTokens) as input, sum(OutputTokens) as output, "
        "pct(ModelLatency, 90) as latency_p90 "
        f"by tenant_id, Feature | sort usd desc | limit {_TENANTS}"
    )
    return {
        "type": "log",
        "properties": {"title": "Models: by tenant and feature", "region": region, "query": query, "view": "table"},
    }
