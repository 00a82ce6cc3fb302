"""Metrics of model calls by tenant: CloudWatch Contributor Insights over the assistant's log lines. Pure.

A dimension a tenant would make a paid metric of each tenant, model and feature. A rule costs the same for one tenant
and for a million: 0.50 US dollars a month, and 0.02 a million lines that match (Amazon CloudWatch pricing). It keeps
the largest contributors for 15 days, and `INSIGHT_RULE_METRIC` makes metrics of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Four keys at most (CloudWatch user guide, "Contributor Insights rule syntax").
_KEYS = ("$.tenant_id", "$.Feature", "$.Model")
_SHOWN = 10


# Lines of answered calls: those of calls that lapsed have a cost, too, which nobody knows to be true.
_ANSWERED = {"Match": "$.Calls", "EqualTo": 1}


@dataclass(frozen=True)
class TenantRule:
    """One rule: the field whose sum it takes, or None to count calls, and what a graph of it is called."""

    key: str
    field: str | None
    title: str

    def definition(self, log_group: str) -> dict[str, Any]:
        """The rule's JSON. AWS passes over a line that lacks a key or the field."""
        contribution: dict[str, Any] = {"Keys": list(_KEYS), "Filters": [_ANSWERED]}
        if self.field:
            contribution["ValueOf"] = f"$.{self.field}"
        return {
            "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
            "LogGroupNames": [log_group],
            "LogFormat": "JSON",
            "Contribution": contribution,
            "AggregateOn": "Sum" if self.field else "Count",
        }

    def widget(self, rule_name: str, region: str) -> dict[str, Any]:
        """A graph of the rule's largest contributors."""
        rule = {"ruleName": rule_name, "orderBy": "Sum", "maxContributorCount": _SHOWN}
        return {
            "type": "metric",
            "properties": {"title": self.title, "region": region, "view": "timeSeries", "insightRule": rule},
        }


RULES: Sequence[TenantRule] = (
    TenantRule("tenant-calls", None, "Models: answered calls by tenant, feature and model"),
    TenantRule("tenant-cost", "CostUsd", "Models: cost by tenant, feature and model (US dollars)"),
    TenantRule("tenant-tokens", "Tokens", "Models: tokens by tenant, feature and model"),
    TenantRule("tenant-latency", "ModelLatency", "Models: ms waited by tenant, feature and model"),
)
