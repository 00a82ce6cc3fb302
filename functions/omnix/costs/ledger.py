"""The ledger: what was spent, by tenant, feature, model and day, kept for 400 days.

Each row is spread over eight shards by the reservation's id, so that calls of one busy tenant that end together rarely
meet in a transaction, and is written twice in it: among its tenant's and among its day's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from omnix.analytics.reading import between
from omnix.costs import keys
from omnix.costs.model import Outcome, Usage
from omnix.dashboard.keys import partition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from omnix.costs.holds import Verdict
    from omnix.dynamodb import Item, Table

KEPT_DAYS = 400

# Stop reasons of Converse.
TOOL_USE = "tool_use"
_TRUNCATED = frozenset({"max_tokens", "model_context_window_exceeded"})
# Paid for, and nobody gets to read it.
_UNREADABLE = frozenset({"guardrail_intervened", "content_filtered", "malformed_model_output", "malformed_tool_use"})

# A row's attributes. `cost` is what was answered, by component, and `cost_lapsed` together.
CALLS, REFUSED, FAILED, LAPSED, CORRECTED = "calls", "refused", "failed", "lapsed", "corrected"
TRUNCATED, UNREAD, TOOL_ROUNDS, LATENCY_MS = "truncated", "unread", "tool_rounds", "latency_ms"
COST, COST_LAPSED, COST_WASTED = "cost", "cost_lapsed", "cost_wasted"
# By component, and by class of size: as many calls of no more tokens than that.
TOKENS_, COST_, SIZE_ = "tokens_", "cost_", "size_"
SIZES = (4_096, 16_384, 65_536, 262_144, 1_048_576)

_IDENTITY = frozenset({"pk", "sk", "entity", "tenant_id", "day", "feature", "model_id", "expires_at"})


@dataclass(frozen=True)
class Row:
    """A tenant's, feature's and model's day. `counts` has the ledger's attributes; what is not in it is 0.

    `feature` is a name: a row may be of a feature that this version does not know, and its money counts all the same.
    """

    tenant_id: str
    day: str
    feature: str
    model_id: str
    counts: Counter[str]


def counted(verdict: Verdict, amount: int) -> Counter[str]:
    """What an ended call adds to its row; `amount` is what was kept for it."""
    match verdict.outcome:
        case Outcome.RELEASED:
            return Counter({FAILED: 1})
        case Outcome.LAPSED:
            return Counter({LAPSED: 1, COST: amount, COST_LAPSED: amount})
        case Outcome.CORRECTED if not verdict.usage.total:
            return Counter({FAILED: 1, CORRECTED: 1})
        case Outcome.CORRECTED:
            return Counter({CORRECTED: 1}) + _answered(verdict)
        case Outcome.SETTLED:
            return _answered(verdict)


def is_truncated(stop_reason: str) -> bool:
    """Whether the answer ended before its end."""
    return stop_reason in _TRUNCATED


def size(usage: Usage) -> str:
    """The smallest of `SIZES` that the call's tokens fit in, as an attribute's name."""
    return f"{SIZE_}{next((most for most in SIZES if usage.total <= most), SIZES[-1])}"


def additions(
    table: Table, tenant_id: str, day: str, feature: str, model_id: str, shard: int, counts: Mapping[str, int]
) -> list[dict[str, Any]]:
    """The two actions that add to a row, for `transact`."""
    ends = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=KEPT_DAYS)
    assign = {
        "entity": "ai_ledger",
        "tenant_id": tenant_id,
        "day": day,
        "feature": feature,
        "model_id": model_id,
        "expires_at": int(ends.timestamp()),
    }
    amounts = {name: count for name, count in counts.items() if count}
    return [table.add(*key, amounts, assign) for key in keys.ledger(tenant_id, day, feature, model_id, shard)]


def of_tenant(table: Table, tenant_id: str, first: str, last: str) -> list[Row]:
    """A tenant's rows from one day to another, both included, by day, feature and model."""
    pk = partition(tenant_id)
    return merged(between(table, pk, f"{keys.LEDGER}{first}", f"{keys.LEDGER}{last}~"))


def of_all(table: Table, first: str, last: str) -> list[Row]:
    """Everybody's rows from one day to another, both included."""
    return [row for day in days(first, last) for row in merged(between(table, f"{keys.LEDGER}{day}", " ", "~"))]


def days(first: str, last: str) -> list[str]:
    """The days from one to another, both included."""
    begin, count = date.fromisoformat(first), (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    return [(begin + timedelta(days=number)).isoformat() for number in range(count)]


def merged(items: Iterable[Item]) -> list[Row]:
    """One row for the shards of each, ordered by day, tenant, feature and model."""
    found: dict[tuple[str, str, str, str], Counter[str]] = {}
    for item in items:
        place = (item["day"], item["tenant_id"], item["feature"], item["model_id"])
        found.setdefault(place, Counter()).update(dict(_numbers(item)))
    return [
        Row(tenant_id, day, feature, model_id, counts)
        for (day, tenant_id, feature, model_id), counts in sorted(found.items())
    ]


def total(rows: Iterable[Row]) -> Counter[str]:
    """All rows together."""
    found: Counter[str] = Counter()
    for row in rows:
        found.update(row.counts)
    return found


def usage(counts: Mapping[str, int]) -> Usage:
    """The tokens of counts."""
    return Usage(**{name: counts.get(f"{TOKENS_}{name}", 0) for name in Usage().tokens()})


def _answered(verdict: Verdict) -> Counter[str]:
    truncated = is_truncated(verdict.stop_reason)
    unread = verdict.discarded or verdict.stop_reason in _UNREADABLE
    found = Counter(
        {
            CALLS: 1,
            COST: verdict.cost,
            LATENCY_MS: verdict.latency_ms,
            size(verdict.usage): 1,
            TRUNCATED: int(truncated),
            UNREAD: int(unread),
            COST_WASTED: verdict.cost if truncated or unread else 0,
            TOOL_ROUNDS: int(verdict.stop_reason == TOOL_USE),
        }
    )
    found.update({f"{TOKENS_}{name}": count for name, count in verdict.usage.tokens().items()})
    found.update({f"{COST_}{name}": cost for name, cost in verdict.by_component.items()})
    return found


def _numbers(item: Item) -> Iterator[tuple[str, int]]:
    return ((name, value) for name, value in item.items() if name not in _IDENTITY)
