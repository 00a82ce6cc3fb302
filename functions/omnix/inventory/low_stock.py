"""Which levels are low: kept in the sparse gsi1.

Whoever reads a level before writing it writes its index keys too. Orders do not read (`omnix.inventory.reservations`),
so the worker sets them right from the table's stream. It may do so twice or late: the write holds only for the version
that it was decided for, and what came after that has an event of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omnix.inventory import keys
from omnix.inventory.model import is_low
from omnix.tables import opened

if TYPE_CHECKING:
    from omnix.dynamodb import Item, Table
    from omnix.events.change import Change


def react(change: Change) -> None:
    """A reaction of the table `inventory`: enter the level into the list or take it out."""
    if change.new is None or change.new.get("entity") != "level":
        return
    low = is_low(change.new["available"], change.new["reorder_point"])
    if low != ("gsi1pk" in change.new):
        settle(opened("inventory"), change.new, low)


def settle(inventory: Table, item: Item, low: bool) -> None:
    """Write the index keys of the level in `item`, unless it has another version by now."""
    values: dict[str, Any] = {":version": item["version"]}
    expression = "REMOVE gsi1pk, gsi1sk"
    if low:
        tenant_id = item["pk"].removeprefix(keys.partition(""))
        values |= {":pk": keys.low(tenant_id), ":sk": keys.low_entry(item["product_id"], item["location_id"])}
        expression = "SET gsi1pk = :pk, gsi1sk = :sk"
    inventory.update_if(item["pk"], item["sk"], expression, "version = :version", values)
