"""Keeps the roll-ups of sales and stock: the differences that changes of orders and levels make.

What it takes: DynamoDB writes 1,000 units a second to one partition key, and a transaction's write costs two a kilobyte
(developer guide, "Designing partition keys", "Read and write consumption"). A tenant's days, categories and boards
share a key; an order of one line costs it 10 units and once its day's board, 12 for a hundred products. That is 45
orders a second of one tenant, 3.9 million a day, and 80 where a dozen products are sold. Beyond it writes are throttled
and tried again: figures lag behind the orders, and none is lost.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from omnix.analytics import best, delta, keys
from omnix.events import once
from omnix.tables import opened

if TYPE_CHECKING:
    from omnix.events.change import Change

KEPT_SECONDS = 800 * 24 * 3600  # two years can be compared


def count_order(change: Change) -> None:
    """An order in its day's sales, by category and product, and among the orders of its status."""
    order = change.item
    if order.get("entity") != "order":
        return
    counts = delta.order(change.old, change.new)
    date = order["created_at"][:10]
    table = opened("analytics")
    assign: dict[str, Any] = {"entity": "rollup", "expires_at": expiry(date)}
    names = {line["product_id"]: line["name"] for line in order["lines"]}
    actions = []
    for (kind, name), amounts in counts.items():
        if kind == "status":
            own = {"entity": "rollup", "updated_at": change.at}
            actions.append(table.add(*keys.orders(change.tenant_id, order["order_id"]), amounts, own))
        elif kind == "day":
            actions.append(table.add(*keys.day(change.tenant_id, date), amounts, assign))
        elif kind == "category":
            key = keys.category(change.tenant_id, date, name)
            actions.append(table.add(*key, amounts, {**assign, "category": name}))
        else:
            own = {**assign, "name": names.get(name, "")}
            actions.append(table.add(*keys.product(change.tenant_id, date, name), amounts, own))
    once.apply(table, change, "sales", actions)
    # Not only when it counted now: the call before may have been killed between the two.
    if sold := {name: names.get(name, "") for kind, name in counts if kind == "product"}:
        best.rank(table, change.tenant_id, date, sold, expiry(date))


def count_level(change: Change) -> None:
    """A stock level in the tenant's stock, and in the day's growth."""
    level = change.item
    if level.get("entity") != "level":
        return
    counts = delta.level(change.old, change.new)
    if not counts:
        return
    table, date = opened("analytics"), change.at[:10]
    own: dict[str, Any] = {"entity": "rollup", "updated_at": change.at}
    actions = [table.add(*keys.stock(change.tenant_id, level["product_id"]), counts, own)]
    if moved := counts.get(delta.ON_HAND):
        dated = {"entity": "rollup", "expires_at": expiry(date)}
        actions.append(table.add(*keys.stock_day(change.tenant_id, date), {delta.ON_HAND: moved}, dated))
    once.apply(table, change, "stock", actions)


def expiry(date: str) -> int:
    """When a day's counters go, in epoch seconds."""
    return int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()) + KEPT_SECONDS
