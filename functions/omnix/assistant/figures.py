"""The figures that insights rest on: what the analytics services say, each with an id. No model makes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix.analytics.model import By
from omnix.analytics.service import analytics, window
from omnix.assistant.insights_model import Figure, Topic
from omnix.currencies import major
from omnix.customers.service import customers
from omnix.dashboard.service import dashboard
from omnix.errors import ForbiddenError
from omnix.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from omnix.analytics.model import SalesReport
    from omnix.authorisation import Principal

_NAME_LENGTH = 80
_PLACES = 10
# A name must not look like a figure's id, nor be more than one line.
_AS_NAME = str.maketrans({"[": "(", "]": ")", "\n": " ", "\r": " "})

# A customer's segment is today's, whatever the period.
AS_OF_TODAY = frozenset({Topic.CUSTOMERS})

type Row = tuple[str, str]


def figures(who: Principal, topic: Topic, days: int) -> list[Figure]:
    """The topic's figures of the last days up to today, UTC, in an order that stays.

    Raises ForbiddenError where the caller's scopes do not reach what they are made of; as the services do.
    """
    missing = _SCOPES[topic] - who.scopes
    if missing:
        raise ForbiddenError("These figures need scopes that you do not have.", [{"required_scopes": sorted(missing)}])
    rows = _TOPICS[topic](who, days)
    return [Figure(id=f"f{number}", label=label, value=value) for number, (label, value) in enumerate(rows, 1)]


def period(topic: Topic, days: int) -> tuple[str, str]:
    """First and last day that the topic's figures are of."""
    known = window(days)
    return known[-1] if topic in AS_OF_TODAY else known[0], known[-1]


def _sales(who: Principal, days: int) -> list[Row]:
    now = dashboard().trends(who, days)
    units = sum(day.units for day in now.days)
    rows = [
        ("Orders", str(now.orders)),
        ("Orders in the period before", str(now.orders_before)),
        ("Change of orders against the period before", _change(now.orders, now.orders_before)),
        ("Units sold", str(units)),
    ]
    before = {amount.currency: amount.amount for amount in now.revenue_before}
    for amount in now.revenue:
        rows += [
            ("Revenue", major(amount.amount, amount.currency)),
            (f"Change of revenue in {amount.currency}", _change(amount.amount, before.get(amount.currency, 0))),
        ]
    best = max(now.days, key=lambda day: (day.orders, day.date))
    rows.append((f"Day with the most orders, {best.date}", f"{best.orders} orders"))
    rows.append(("Days without any order", str(sum(not day.orders for day in now.days))))
    return [*rows, *_sold("Category", analytics().sales(who, By.CATEGORY, days, None))]


def _products(who: Principal, days: int) -> list[Row]:
    return [
        *_sold("Product", analytics().best_sellers(who, days, _PLACES)),
        *_sold("Category", analytics().sales(who, By.CATEGORY, days, None)),
    ]


def _stock(who: Principal, days: int) -> list[Row]:
    turn, now = analytics().stock_turn(who, days), dashboard().summary(who).stock
    return [
        ("Units on hand", str(now.on_hand)),
        ("Units reserved for orders", str(now.reserved)),
        ("Places at or below their reorder point", str(now.low)),
        ("Units sold", str(turn.units_sold)),
        ("Units at the beginning", str(turn.opening_units)),
        ("Average units", str(turn.average_units)),
        ("Stock turns", "none" if turn.turns is None else str(turn.turns)),
        ("Days for which the stock lasts", "none sold" if turn.days_of_stock is None else str(turn.days_of_stock)),
    ]


def _customers(who: Principal, days: int) -> list[Row]:  # noqa: ARG001 - segments are as of today
    return [(f"Customers that are {one.segment}", str(one.customers)) for one in customers().segments(who).items]


_TOPICS: Mapping[Topic, Callable[[Principal, int], list[Row]]] = {
    Topic.SALES: _sales,
    Topic.PRODUCTS: _products,
    Topic.STOCK: _stock,
    Topic.CUSTOMERS: _customers,
}


# What a topic is made of. The services ask for a role only: a key that was made for less than its role ends here.
_SCOPES: Mapping[Topic, frozenset[Scope]] = {
    Topic.SALES: frozenset({Scope.ANALYTICS_READ}),
    Topic.PRODUCTS: frozenset({Scope.ANALYTICS_READ}),
    Topic.STOCK: frozenset({Scope.ANALYTICS_READ, Scope.STOCK_READ}),
    Topic.CUSTOMERS: frozenset({Scope.CUSTOMERS_READ}),
}


def _sold(kind: str, report: SalesReport) -> Iterable[Row]:
    """Units and revenue of the groups that sold most."""
    for row in report.items[:_PLACES]:
        label = f'{kind} "{_name(row.name or row.key)}"'
        yield f"{label}, units sold", str(row.units)
        for amount in row.revenue:
            yield f"{label}, revenue", major(amount.amount, amount.currency)


def _name(text: str) -> str:
    return text.translate(_AS_NAME)[:_NAME_LENGTH]


def _change(now: int, before: int) -> str:
    return f"{(now - before) * 100 / before:+.1f} %" if before else "no value before"
