"""What was spent, summed by whatever is asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from omnix.costs import ledger
from omnix.costs.model import usd
from ops.costs import calls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from omnix.costs.ledger import Row
    from omnix.dynamodb import Table
    from ops.costs.calls import Call


class Dimension(StrEnum):
    """What sums are made by."""

    TENANT = "tenant"
    FEATURE = "feature"
    MODEL = "model"
    DAY = "day"
    USER = "user"
    HOUR = "hour"
    WEEKDAY = "weekday"


# What only single calls know.
OF_CALLS = frozenset({Dimension.USER, Dimension.HOUR, Dimension.WEEKDAY})


@dataclass(frozen=True)
class Spend:
    """The sum of what has these keys; `counts` has the ledger's attributes."""

    keys: tuple[str, ...]
    counts: Counter[str]

    @property
    def cost(self) -> int:
        """Nano-dollars."""
        return self.counts[ledger.COST]

    def document(self, by: Sequence[Dimension]) -> dict[str, Any]:
        """As JSON shows it."""
        shown = (ledger.CALLS, ledger.REFUSED, ledger.FAILED, ledger.LAPSED, ledger.CORRECTED, ledger.TRUNCATED)
        return {
            **{dimension.value: key for dimension, key in zip(by, self.keys, strict=True)},
            **{name: self.counts[name] for name in shown},
            "tokens": ledger.usage(self.counts).tokens(),
            "cost_nano_usd": self.cost,
            "cost_usd": usd(self.cost),
        }


type Entry = tuple[Mapping[Dimension, str], Counter[str]]


def spent(table: Table, by: Sequence[Dimension], first: str, last: str, tenant: str | None = None) -> list[Spend]:
    """From one UTC day to another, both included, of everybody or of one tenant, in the order of the keys.

    By what is `OF_CALLS`, it is the sum of the calls, which are kept for 35 days and know of no refusals.
    """
    rows = rows_of(table, first, last, tenant)
    if OF_CALLS.isdisjoint(by):
        return summed(map(_of_row, rows), by)
    found = calls.of_tenants(table, {row.tenant_id for row in rows}, first, last)
    return summed(map(_of_call, found), by)


def rows_of(table: Table, first: str, last: str, tenant: str | None = None) -> list[Row]:
    """The ledger's rows, everybody's or one tenant's."""
    return ledger.of_tenant(table, tenant, first, last) if tenant else ledger.of_all(table, first, last)


def summed(entries: Iterable[Entry], by: Sequence[Dimension]) -> list[Spend]:
    """One sum for each combination of the dimensions that there is."""
    found: dict[tuple[str, ...], Counter[str]] = {}
    for named, counts in entries:
        found.setdefault(tuple(named[dimension] for dimension in by), Counter()).update(counts)
    return [Spend(keys, counts) for keys, counts in sorted(found.items())]


def total(spends: Iterable[Spend]) -> Counter[str]:
    """All of them together."""
    found: Counter[str] = Counter()
    for one in spends:
        found.update(one.counts)
    return found


def _of_row(row: Row) -> Entry:
    named = {
        Dimension.TENANT: row.tenant_id,
        Dimension.FEATURE: row.feature,
        Dimension.MODEL: row.model_id,
        Dimension.DAY: row.day,
    }
    return named, row.counts


def _of_call(call: Call) -> Entry:
    own, began = call.reserved, datetime.fromisoformat(call.reserved.reserved_at)
    named = {
        Dimension.TENANT: own.tenant_id,
        Dimension.FEATURE: own.feature.value,
        Dimension.MODEL: own.model_id,
        Dimension.DAY: own.day,
        Dimension.USER: own.user_id,
        Dimension.HOUR: f"{began:%H}",
        Dimension.WEEKDAY: f"{began:%u %a}",  # in the week's order
    }
    return named, call.counts
