"""The dashboard's summary, from roll-ups that the catalogue's own transactions keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix import aws
from omnix.dashboard.model import CategoryCount, CurrencyValue, StatusCount, Summary
from omnix.dashboard.rollup import COUNT_PREFIX, PRODUCTS, STATUS_PREFIX, TOTAL_PREFIX
from omnix.dashboard.store import RollupStore
from omnix.dynamodb import Table
from omnix.parameters import DATABASE_ENDPOINT, parameters, table

if TYPE_CHECKING:
    from collections import Counter

    from omnix.authorisation import Principal

_CATEGORIES_SHOWN = 50


class Dashboard:
    """The dashboard context of one environment."""

    def __init__(self, rollups: RollupStore) -> None:
        self._rollups = rollups

    def summary(self, caller: Principal) -> Summary:
        """The state of the caller's catalogue."""
        totals, categories, updated_at = self._rollups.sums(caller.tenant_id)
        filled = sorted(((count, name) for name, count in categories.items() if count), key=_largest_first)
        return Summary(
            products=totals[PRODUCTS],
            by_status=[StatusCount(status=name, products=count) for name, count in _by(totals, STATUS_PREFIX)],
            by_category=[CategoryCount(category=name, products=count) for count, name in filled[:_CATEGORIES_SHOWN]],
            categories=len(filled),
            prices=[_price(totals, currency, count) for currency, count in _by(totals, COUNT_PREFIX)],
            updated_at=updated_at,
        )


def _largest_first(entry: tuple[int, str]) -> tuple[int, str]:
    return -entry[0], entry[1]


def _by(totals: Counter[str], prefix: str) -> list[tuple[str, int]]:
    """The counters with that prefix that are not zero, by name."""
    return sorted((name.removeprefix(prefix), n) for name, n in totals.items() if name.startswith(prefix) and n)


def _price(totals: Counter[str], currency: str, count: int) -> CurrencyValue:
    total = totals[f"{TOTAL_PREFIX}{currency}"]
    return CurrencyValue(currency=currency, products=count, total=total, average=total // count)


def dashboard() -> Dashboard:
    """The dashboard context of the environment that this process serves."""
    known = parameters()
    dynamodb = aws.dynamodb(known.get(DATABASE_ENDPOINT))
    return Dashboard(RollupStore(Table(dynamodb, known.get(table("analytics")))))
