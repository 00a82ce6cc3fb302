"""What items of the table `customer-profiles` say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix.customers import keys
from omnix.customers.model import Customer
from omnix.customers.store import customer_item, email_item
from omnix.customers.value import Value
from omnix.integrity.saying import Entry, Wrong, copy, counters, placed, same, tenant_of
from omnix.integrity.worth import bought

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omnix.dynamodb import Item
    from omnix.integrity.saying import Said

_ADDRESS = ("pk", "sk", "entity", "customer_id")


def customer(item: Item, _now: int) -> Iterator[Said]:
    """A profile, the entry of its address, and that its worth is somebody's."""
    tenant, found = item["tenant_id"], Customer.model_validate(item)
    yield from same(item, customer_item(tenant, found))
    yield copy("customer-address", email_item(tenant, found), -1)
    yield Entry("customer-value", (tenant, found.customer_id), 0, witness=True)


def address(item: Item, _now: int) -> Iterator[Said]:
    """The entry that makes an address unique."""
    yield copy("customer-address", {name: item[name] for name in _ADDRESS}, 1)


def worth(item: Item, _now: int) -> Iterator[Said]:
    """What a customer bought, and the day's counter that it is in."""
    tenant, customer_id = str(tenant_of(item)), item["customer_id"]
    yield from placed(item, keys.value(tenant, customer_id))
    value = Value.of(item)
    course, last = value.course, value.last_order_at
    expected = (keys.buyers(tenant, course), keys.by_last_order(last, customer_id)) if course and last else (None, None)
    if (item.get("gsi1pk"), item.get("gsi1sk")) != expected:
        yield Wrong("content", "not listed where its content belongs")
    yield Entry("customer-value", (tenant, customer_id), -bought(value.orders, value.spent))
    if value.cohort:
        day, name = value.cohort
        yield from counters("cohorts", keys.cohort(tenant, day), {name: 1})


def cohort(item: Item, _now: int) -> Iterator[Said]:
    """A day's counters."""
    amounts = {name: -value for name, value in item.items() if type(value) is int}
    yield from counters("cohorts", (item["pk"], item["sk"]), amounts)


CHECKS = {"customer": customer, "customer_email": address, "customer_value": worth, "cohort": cohort}
