"""The dashboard's summary and its trends, from roll-ups that the worker keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix.analytics.delta import STATUS as ORDER_STATUS
from omnix.analytics.delta import STOCK
from omnix.analytics.model import Amount
from omnix.analytics.service import Analytics
from omnix.authorisation import PEOPLE
from omnix.caching import ROLLUP_SECONDS, Recent
from omnix.dashboard.model import (
    CategoryCount,
    CurrencyValue,
    Day,
    OrderCount,
    StatusCount,
    StockSummary,
    Summary,
    Trends,
)
from omnix.dashboard.rollup import COUNT_PREFIX, PRODUCTS, STATUS_PREFIX, TOTAL_PREFIX
from omnix.dashboard.store import RollupStore
from omnix.tables import opened

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping

    from omnix.analytics.model import Sales
    from omnix.authorisation import Principal

_CATEGORIES_SHOWN = 50

# A page that several people of a shop keep open asks for the same sums again and again; what the worker adds is seen
# `ROLLUP_SECONDS` later, which nobody can tell from the second or two that it takes to come. Only time ends a value:
# the writer is another process. Kept by tenant, after the caller's role was looked at.
TENANTS_KEPT = 200
recent_summaries: Recent[Summary] = Recent(ROLLUP_SECONDS, TENANTS_KEPT)
recent_trends: Recent[Trends] = Recent(ROLLUP_SECONDS, TENANTS_KEPT)


class Dashboard:
    """The dashboard context of one environment."""

    def __init__(self, rollups: RollupStore, analytics: Analytics) -> None:
        self._rollups = rollups
        self._analytics = analytics

    def summary(self, caller: Principal) -> Summary:
        """The state of the caller's shop, some seconds old at most. Forbidden."""
        caller.require(PEOPLE)
        return recent_summaries.get(caller.tenant_id, lambda: self._summary(caller.tenant_id))

    def trends(self, caller: Principal, days: int) -> Trends:
        """The last days, and what as many days before came to, some seconds old at most. Forbidden."""
        caller.require(PEOPLE)
        return recent_trends.get((caller.tenant_id, days), lambda: self._trends(caller.tenant_id, days))

    def _summary(self, tenant_id: str) -> Summary:
        totals, categories, updated_at = self._rollups.sums(tenant_id)
        filled = sorted(((count, name) for name, count in categories.items() if count > 0), key=_largest_first)
        return Summary(
            products=max(totals[PRODUCTS], 0),
            by_status=[StatusCount(status=name, products=count) for name, count in _by(totals, STATUS_PREFIX)],
            by_category=[CategoryCount(category=name, products=count) for count, name in filled[:_CATEGORIES_SHOWN]],
            categories=len(filled),
            prices=[_price(totals, currency, count) for currency, count in _by(totals, COUNT_PREFIX)],
            orders=[OrderCount(status=name, orders=count) for name, count in _by(totals, ORDER_STATUS)],
            today=_day(*self._analytics.today(tenant_id)),
            stock=StockSummary(**{name: max(totals[f"{STOCK}{name}"], 0) for name in StockSummary.model_fields}),
            updated_at=updated_at,
        )

    def _trends(self, tenant_id: str, days: int) -> Trends:
        found = [_day(*day) for day in self._analytics.days(tenant_id, 2 * days)]
        before, now = found[:days], found[days:]
        return Trends(
            days=now,
            orders=sum(day.orders for day in now),
            revenue=_revenue(now),
            orders_before=sum(day.orders for day in before),
            revenue_before=_revenue(before),
        )


def _day(date: str, sales: Sales, events: Mapping[str, int]) -> Day:
    return Day(date=date, orders=sales.orders or 0, units=sales.units, revenue=sales.revenue, events=dict(events))


def _revenue(days: Iterable[Day]) -> list[Amount]:
    sums: dict[str, int] = {}
    for amount in (amount for day in days for amount in day.revenue):
        sums[amount.currency] = sums.get(amount.currency, 0) + amount.amount
    return [Amount(currency=currency, amount=total) for currency, total in sorted(sums.items())]


def _largest_first(entry: tuple[int, str]) -> tuple[int, str]:
    return -entry[0], entry[1]


def _by(totals: Counter[str], prefix: str) -> list[tuple[str, int]]:
    """The counters with that prefix, by name; below nothing is what will be added to (`omnix redrive`)."""
    return sorted((name.removeprefix(prefix), n) for name, n in totals.items() if name.startswith(prefix) and n > 0)


def _price(totals: Counter[str], currency: str, count: int) -> CurrencyValue:
    total = max(totals[f"{TOTAL_PREFIX}{currency}"], 0)
    return CurrencyValue(currency=currency, products=count, total=total, average=total // count)


def dashboard() -> Dashboard:
    """The dashboard context of the environment that this process serves."""
    table = opened("analytics")
    return Dashboard(RollupStore(table), Analytics(table))
