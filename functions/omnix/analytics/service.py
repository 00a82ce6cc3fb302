"""What a caller can learn of its shop, from roll-ups alone."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from omnix import clock
from omnix.analytics import delta, keys
from omnix.analytics.ingestion import ingest
from omnix.analytics.model import Amount, By, Ingested, Sales, SalesReport, StockTurn
from omnix.analytics.reading import between
from omnix.authorisation import PEOPLE
from omnix.catalogue.prices import batch
from omnix.dashboard.keys import PREFIX, partition
from omnix.errors import ValidationFailedError
from omnix.tables import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from omnix.analytics.model import EventBatch
    from omnix.authorisation import Principal
    from omnix.dynamodb import Item, Table

# A date, its sales, and its events by type.
type Day = tuple[str, Sales, Mapping[str, int]]


class Analytics:
    """The analytics context of one environment. What a shop earns is for people: a device only tells what happened."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def ingest(self, caller: Principal, batch: EventBatch) -> Ingested:
        """Counts events once each. Validation failed."""
        accepted = ingest(self._table, caller.tenant_id, batch.events)
        return Ingested(accepted=accepted, duplicates=len(batch.events) - accepted)

    def sales(self, caller: Principal, by: By, days: int, product_id: str | None) -> SalesReport:
        """Sales of the last days: each day's, each category's, each product's, or one product's by day or in all.

        Forbidden; validation failed for one product by category.
        """
        caller.require(PEOPLE)
        if by is By.DAY:
            pk, sk = keys.product(caller.tenant_id, "", product_id) if product_id else keys.day(caller.tenant_id, "")
            found = {item["sk"].removeprefix(sk): item for item in self._since(pk, sk, days)}
            rows = [_row(day, found.get(day, {}), orders=not product_id) for day in window(days)]
            return _report(by, days, rows)
        if by is By.CATEGORY:
            if product_id:
                fault = {"location": "query.product_id", "reason": "not_with_category", "message": "leave it out"}
                raise ValidationFailedError("Sales by category are of all products.", [fault])
            return _report(by, days, self._by_category(caller.tenant_id, days))
        if product_id:
            return _report(by, days, self._of_product(caller.tenant_id, product_id, days))
        rows, exact = self._by_product(caller.tenant_id, days)
        return _report(by, days, rows, exact=exact)

    def best_sellers(self, caller: Principal, days: int, limit: int) -> SalesReport:
        """The products that sold most units in the last days. Forbidden."""
        caller.require(PEOPLE)
        rows, exact = self._by_product(caller.tenant_id, days)
        return _report(By.PRODUCT, days, rows[:limit], exact=exact)

    def stock_turn(self, caller: Principal, days: int) -> StockTurn:
        """Units sold by the mean of the stock at the period's two ends. Forbidden."""
        caller.require(PEOPLE)
        tenant = partition(caller.tenant_id)
        sold = sum(item.get(delta.UNITS, 0) for item in self._since(tenant, keys.DAYS, days))
        stock = self._table.query_all(tenant, f"{PREFIX}STOCK#")
        closing = sum(item.get(delta.ON_HAND, 0) for item in stock)
        grown = sum(item.get(delta.ON_HAND, 0) for item in self._since(tenant, keys.STOCK_DAYS, days))
        sold, closing, opening = max(sold, 0), max(closing, 0), max(closing - grown, 0)
        average = (opening + closing) / 2
        return StockTurn(
            **_period(days),
            units_sold=sold,
            opening_units=opening,
            closing_units=closing,
            average_units=average,
            turns=round(sold / average, 3) if average else None,
            days_of_stock=round(closing * days / sold, 1) if sold else None,
        )

    def today(self, tenant_id: str) -> Day:
        """Today so far, in one read."""
        (day,) = window(1)
        own = [keys.day(tenant_id, day), keys.event_day(tenant_id, day)]
        found = {item["sk"]: item for item in batch(self._table, own, consistent=False)}
        sold, events = (found.get(sk, {}) for _, sk in own)
        return _day(day, sold, events)

    def days(self, tenant_id: str, days: int) -> Iterator[Day]:
        """Each of the last days; the oldest first."""
        tenant = partition(tenant_id)
        sold = {item["sk"].removeprefix(keys.DAYS): item for item in self._since(tenant, keys.DAYS, days)}
        events = {item["sk"].removeprefix(keys.EVENT_DAYS): item for item in self._since(tenant, keys.EVENT_DAYS, days)}
        for day in window(days):
            yield _day(day, sold.get(day, {}), events.get(day, {}))

    def _by_category(self, tenant_id: str, days: int) -> list[Sales]:
        sums: dict[str, Counter[str]] = {}
        for item in self._since(partition(tenant_id), keys.CATEGORIES, days):
            sums.setdefault(item["category"], Counter()).update(_numbers(item))
        return _ranked(_row(name, counts) for name, counts in sums.items())

    def _of_product(self, tenant_id: str, product_id: str, days: int) -> list[Sales]:
        """From the product's own counters, and so exact; nothing when it was not sold."""
        sums: Counter[str] = Counter()
        name = ""
        for item in self._since(*keys.product(tenant_id, "", product_id), days):
            sums.update(_numbers(item))
            name = item.get("name", name)
        return _ranked([_row(product_id, sums, name=name)])

    def _by_product(self, tenant_id: str, days: int) -> tuple[list[Sales], bool]:
        sums: dict[str, Counter[str]] = {}
        names: dict[str, str] = {}
        exact = True
        for item in self._since(partition(tenant_id), keys.BESTS, days):
            exact = exact and not item["cut"]
            for product_id, place in item["places"].items():
                amounts = {f"{delta.AMOUNT}{currency}": n for currency, n in place["amounts"].items()}
                sums.setdefault(product_id, Counter()).update({delta.UNITS: place["units"], **amounts})
                names[product_id] = place["name"]
        return _ranked(_row(one, counts, name=names[one]) for one, counts in sums.items()), exact

    def _since(self, pk: str, prefix: str, days: int) -> Iterator[Item]:
        """The items of the last days, whose sort keys are `prefix` and the date."""
        yield from between(self._table, pk, prefix + window(days)[0], prefix + window(1)[0] + "~")


def window(days: int) -> list[str]:
    """The last days up to today, UTC, the oldest first."""
    today = date.fromisoformat(clock.iso_now()[:10])
    return [(today - timedelta(days=back)).isoformat() for back in reversed(range(days))]


def _day(date: str, sold: Mapping[str, Any], events: Mapping[str, Any]) -> Day:
    counted = {name.removeprefix("event_"): n for name, n in events.items() if name.startswith("event_")}
    return date, _row(date, sold, orders=True), counted


def _period(days: int) -> dict[str, Any]:
    known = window(days)
    return {"since": known[0], "until": known[-1]}


def _report(by: By, days: int, rows: list[Sales], *, exact: bool = True) -> SalesReport:
    return SalesReport(by=by, **_period(days), exact=exact, items=rows)


def _row(key: str, counts: Mapping[str, Any], *, name: str | None = None, orders: bool = False) -> Sales:
    """Never below nothing: of two changes of one order, handed over again, the later may come first."""
    revenue = [
        Amount(currency=found.removeprefix(delta.AMOUNT), amount=max(n, 0))
        for found, n in sorted(counts.items())
        if found.startswith(delta.AMOUNT) and n
    ]
    return Sales(
        key=key,
        name=name,
        orders=max(counts.get(delta.ORDERS, 0), 0) if orders else None,
        units=max(counts.get(delta.UNITS, 0), 0),
        revenue=revenue,
    )


def _ranked(rows: Iterable[Sales]) -> list[Sales]:
    return sorted((row for row in rows if row.units or row.revenue), key=lambda row: (-row.units, row.key))


def _numbers(item: Item) -> dict[str, int]:
    return {name: n for name, n in item.items() if name == delta.UNITS or name.startswith(delta.AMOUNT)}


def analytics() -> Analytics:
    """The analytics context of the environment that this process serves."""
    return Analytics(opened("analytics"))
