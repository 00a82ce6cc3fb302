"""Tells that a level became low, and that it is so no longer: a reaction to the stream of `inventory`.

A level has one alert, that of its last fall, so that there are never more of them than levels; what led there is in the
adjustments and orders. Each crossing of the reorder point is one Update that holds only over an older version of the
level: a change that comes again, or after a later one of its level, changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omnix import metrics
from omnix.inventory import keys
from omnix.inventory.model import AlertState, is_low
from omnix.tables import opened

if TYPE_CHECKING:
    from omnix.dynamodb import Item
    from omnix.events.change import Change

LOW_STOCK = "LowStock"  # levels that became low


def became_low(change: Change) -> bool:
    """Whether the level fell to its reorder point or below by this change."""
    return _low(change.new) and not _low(change.old)


def recovered(change: Change) -> bool:
    """Whether the level is low no longer by this change, or is gone."""
    return _low(change.old) and not _low(change.new)


def react(change: Change) -> None:
    """A reaction of the table `inventory`: open the level's alert, or resolve it."""
    if became_low(change):
        if _write(change, _RAISE, change.item["version"], AlertState.OPEN):
            metrics.count(LOW_STOCK)
    elif recovered(change):
        # a level that was deleted had its last version before
        version = change.new["version"] if change.new else change.item["version"] + 1
        _write(change, _RESOLVE, version, AlertState.RESOLVED)


_RAISE = "raised_at = :at, available = :available, reorder_point = :reorder_point REMOVE resolved_at"
# The fall may come after the recovery, and then not count: what is known of it is the level before this change.
_RESOLVE = (
    "resolved_at = :at, raised_at = if_not_exists(raised_at, :before),"
    " available = if_not_exists(available, :available), reorder_point = if_not_exists(reorder_point, :reorder_point)"
)
_PLACE = (
    "SET entity = :entity, product_id = :product_id, location_id = :location_id, version = :version,"
    " gsi1pk = :gsi1pk, gsi1sk = :gsi1sk, "
)


def _write(change: Change, expression: str, version: int, state: AlertState) -> bool:
    """Whether it was written: False when the alert knows of this version or a later one."""
    level = (change.old or change.item) if state is AlertState.RESOLVED else change.item
    product_id, location_id = level["product_id"], level["location_id"]
    at = change.new["updated_at"] if change.new else change.at
    pk, sk = keys.alert(change.tenant_id, product_id, location_id)
    values: dict[str, Any] = {
        ":entity": "alert",
        ":product_id": product_id,
        ":location_id": location_id,
        ":version": version,
        ":gsi1pk": keys.alerts(change.tenant_id, state),
        ":gsi1sk": keys.alert_entry(at, product_id, location_id),
        ":at": at,
        ":available": level["available"],
        ":reorder_point": level["reorder_point"],
    }
    if state is AlertState.RESOLVED:
        values[":before"] = level["updated_at"]
    unknown = "attribute_not_exists(pk) OR version < :version"
    return opened("inventory").update_if(pk, sk, _PLACE + expression, unknown, values)


def _low(item: Item | None) -> bool:
    return bool(item and item.get("entity") == "level" and is_low(item["available"], item["reorder_point"]))
