"""What items of the table `inventory` say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix.analytics import delta
from omnix.analytics import keys as analytics_keys
from omnix.integrity.finding import Weight
from omnix.integrity.saying import Entry, Needs, Wrong, copy, counters, placed, same, tenant_of
from omnix.inventory import keys
from omnix.inventory.model import Adjustment, Alert, AlertState
from omnix.inventory.model import level as level_of
from omnix.inventory.store import MAX_LOCATIONS, adjustment_item, level_item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omnix.dynamodb import Item
    from omnix.integrity.saying import Said

_LISTED = ("gsi1pk", "gsi1sk")  # set right by the worker, a moment after the level (`omnix.inventory.low_stock`)


def level(item: Item, _now: int) -> Iterator[Said]:
    """A level: what is in it, its entry under the location, its place in the guard, what orders hold of it."""
    tenant, found = item["tenant_id"], level_of(item)
    yield from same(item, level_item(tenant, found), besides=_LISTED)
    if found.on_hand != found.reserved + found.available:
        yield Wrong("sums", "what is on hand is not what is reserved and available")
    if found.low != ("gsi1pk" in item):
        yield Wrong("low-list", "listed as low and is not, or the other way round", Weight.BEHIND)
    yield copy("location-entries", _entry(tenant, found.product_id, found.location_id), -1)
    yield Entry("guard", (tenant, found.product_id), -1)
    yield Needs("level-product", (tenant, found.product_id))
    account = (tenant, found.product_id, found.location_id)
    yield Entry("reservations", account, -found.reserved, found.updated_at)
    key = analytics_keys.stock(tenant, found.product_id)
    yield from counters("stock-counts", key, delta.level(None, item))


def location_entry(item: Item, _now: int) -> Iterator[Said]:
    """The entry that lists a level under its location."""
    made = {name: item[name] for name in ("pk", "sk", "entity", "product_id")}
    yield copy("location-entries", made, 1)


def guard(item: Item, _now: int) -> Iterator[Said]:
    """How many levels a product has."""
    product_id = item["sk"].partition("#")[2]
    yield from placed(item, keys.guard(item["tenant_id"], product_id))
    if not 0 < item["opened"] <= MAX_LOCATIONS:
        yield Wrong("content", "counts more levels than a product may have, or none")
    yield Entry("guard", (item["tenant_id"], product_id), item["opened"], witness=True)


def adjustment(item: Item, _now: int) -> Iterator[Said]:
    """A line of a product's history."""
    yield from same(item, adjustment_item(item["tenant_id"], Adjustment.model_validate(item)))


def alert(item: Item, _now: int) -> Iterator[Said]:
    """A level's alert, and where it is listed."""
    tenant = str(tenant_of(item))
    state = AlertState(item["gsi1pk"].rpartition("#")[2])
    found = Alert.model_validate({"resolved_at": None, **item, "state": state})
    yield from placed(item, keys.alert(tenant, found.product_id, found.location_id))
    at = (found.resolved_at if state is AlertState.RESOLVED else found.raised_at) or ""
    place = keys.alert_entry(at, found.product_id, found.location_id)
    if (item["gsi1pk"], item["gsi1sk"]) != (keys.alerts(tenant, state), place):
        yield Wrong("content", "not listed where its content belongs")


def _entry(tenant: str, product_id: str, location_id: str) -> Item:
    pk, sk = keys.location_entry(tenant, product_id, location_id)
    return {"pk": pk, "sk": sk, "entity": "location_entry", "product_id": product_id}


CHECKS = {
    "level": level,
    "location_entry": location_entry,
    "guard": guard,
    "adjustment": adjustment,
    "alert": alert,
}
