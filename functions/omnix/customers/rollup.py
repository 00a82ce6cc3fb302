"""What an order's step adds to its customer's worth: a reaction to the stream of `orders`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from omnix.customers import keys
from omnix.customers.value import Sale, Value
from omnix.dynamodb import ConditionFailedError, Table
from omnix.errors import UnavailableError
from omnix.events import once
from omnix.tables import opened

if TYPE_CHECKING:
    from omnix.dynamodb import Item
    from omnix.events.change import Change

REACTION = "customer-value"
_ATTEMPTS = 5


def apply(change: Change) -> None:
    """Counts an order for its customer while its money is the shop's; once, however often the change comes.

    An order of nobody and of somebody who was erased counts for nobody. Raises UnavailableError when other changes
    of the same customer keep coming between.
    """
    order = change.item
    if order.get("entity") != "order" or not order.get("customer_id"):
        return
    before, after = Sale.of(change.old), Sale.of(change.new)
    if before == after:
        return
    customers, analytics = opened("customer-profiles"), opened("analytics")
    for _ in range(_ATTEMPTS):
        if customers.get(*keys.profile(change.tenant_id, order["customer_id"])) is None:
            return
        actions = _actions(customers, change.tenant_id, order["customer_id"], before, after)
        try:
            once.apply(analytics, change, REACTION, actions)
        except ConditionFailedError:
            continue  # counted by another change, or erased, since we looked
        return
    raise UnavailableError


def _actions(
    customers: Table, tenant_id: str, customer_id: str, before: Sale | None, after: Sale | None
) -> list[dict[str, Any]]:
    """The customer's next worth, if it is still what was read, and its move from one day's counters to another's."""
    pk, sk = keys.value(tenant_id, customer_id)
    stored = customers.get(pk, sk)
    version = stored["version"] if stored else 0
    old = Value.of(stored)
    new = old.changed(before, after)
    item: Item = {
        "pk": pk,
        "sk": sk,
        "entity": "customer_value",
        "customer_id": customer_id,
        "orders": new.orders,
        "spent": dict(new.spent),
        "first_order_at": new.first_order_at,
        "last_order_at": new.last_order_at,
        "version": version + 1,
    }
    if new.course and new.last_order_at:
        item["gsi1pk"] = keys.buyers(tenant_id, new.course)
        item["gsi1sk"] = keys.by_last_order(new.last_order_at, customer_id)
    write = (
        customers.put(item, "version = :version", {":version": version})
        if stored
        else customers.put(item, "attribute_not_exists(pk)")
    )
    return [write, customers.check(*keys.profile(tenant_id, customer_id)), *_cohorts(customers, tenant_id, old, new)]


def _cohorts(customers: Table, tenant_id: str, old: Value, new: Value) -> list[dict[str, Any]]:
    moves: dict[str, Counter[str]] = {}
    for cohort, count in ((old.cohort, -1), (new.cohort, 1)):
        if cohort:
            moves.setdefault(cohort[0], Counter())[cohort[1]] += count
    return [
        customers.add(*keys.cohort(tenant_id, day), {name: n for name, n in counts.items() if n}, {"entity": "cohort"})
        for day, counts in moves.items()
        if any(counts.values())
    ]
