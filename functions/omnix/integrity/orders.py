"""What items of the table `orders` say."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from omnix.analytics import delta
from omnix.analytics import keys as analytics_keys
from omnix.analytics.reaction import expiry
from omnix.customers.value import Sale
from omnix.integrity.saying import Entry, Wrong, copy, counters, same
from omnix.integrity.worth import bought
from omnix.orders.model import Order
from omnix.orders.status import STEPS, Stock
from omnix.orders.store import order_item, status_item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omnix.dynamodb import Item
    from omnix.integrity.saying import Said

# Goods are promised from the first status on until a step ships or releases them.
HOLDING = frozenset(before for (before, _), stock in STEPS.items() if stock in {Stock.SHIP, Stock.RELEASE})


def order(item: Item, now: int) -> Iterator[Said]:
    """An order: its status entry, its sums, what it reserves, its part of sales and of its customer's worth."""
    tenant, found = item["tenant_id"], Order.model_validate(item)
    yield from same(item, order_item(tenant, found))
    yield copy("order-copies", status_item(tenant, found), -1)
    yield from _sums(found)
    yield from _life(found)
    if found.status in HOLDING:
        for line in found.lines:
            account = (tenant, line.product_id, line.location_id)
            yield Entry("reservations", account, line.quantity, found.updated_at)
    yield from _counted(tenant, item, now)
    sale = Sale.of(item)
    if found.customer_id and sale:
        amount = bought(1, {sale.currency: sale.amount})
        yield Entry("customer-value", (tenant, found.customer_id), amount, found.updated_at)


def status_entry(item: Item, _now: int) -> Iterator[Said]:
    """The copy that is listed by status."""
    made = status_item(item["tenant_id"], Order.model_validate(item))
    yield from same(item, made)
    yield copy("order-copies", made, 1)


def _sums(found: Order) -> Iterator[Said]:
    if any(line.total != line.unit_price * line.quantity for line in found.lines):
        yield Wrong("sums", "a line's total is not price times quantity")
    units, amount = sum(line.quantity for line in found.lines), sum(line.total for line in found.lines)
    if (found.totals.units, found.totals.amount) != (units, amount):
        yield Wrong("sums", "the totals are not the sums of the lines")


def _life(found: Order) -> Iterator[Said]:
    if not found.history or found.history[-1].status is not found.status:
        yield Wrong("history", "the last step is not the status")
    if any((before.status, after.status) not in STEPS for before, after in pairwise(found.history)):
        yield Wrong("history", "a step that no order takes")


def _counted(tenant: str, item: Item, now: int) -> Iterator[Said]:
    """Its part of the counters, those of days apart that have expired."""
    date, order_id = item["created_at"][:10], item["order_id"]
    places: dict[str, Callable[[str], tuple[str, str]]] = {
        "status": lambda _: analytics_keys.orders(tenant, order_id),
        "day": lambda _: analytics_keys.day(tenant, date),
        "category": lambda name: analytics_keys.category(tenant, date, name),
        "product": lambda name: analytics_keys.product(tenant, date, name),
    }
    for (kind, name), amounts in delta.order(None, item).items():
        if kind == "status" or expiry(date) > now:
            yield from counters("sales-counts", places[kind](name), amounts)


CHECKS = {"order": order, "order_status": status_entry}
