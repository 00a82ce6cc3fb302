"""Levels and their history in the table `inventory`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omnix.catalogue import keys as catalogue_keys
from omnix.catalogue.prices import batch
from omnix.dynamodb import ConditionFailedError, dump_item, load_item, transact
from omnix.errors import ConflictError, NotFoundError
from omnix.inventory import keys
from omnix.inventory.model import Adjustment, Alert, Level, is_low, level
from omnix.listing import Listing

if TYPE_CHECKING:
    from omnix.dynamodb import Item, Table
    from omnix.errors import ApiError
    from omnix.idempotency import Once
    from omnix.inventory.model import AlertState

MAX_LOCATIONS = 40  # of one product: its levels are read at once, and deleted with it in one transaction
_ABSENT = "attribute_not_exists(pk)"
_SAME_VERSION = "version = :version"
_SAME_OPENED = "opened = :opened"


class LevelChangedError(Exception):
    """Somebody else wrote the level between our read and our write."""


class AlreadyAdjustedError(Exception):
    """The idempotency key was used meanwhile."""


class StockStore:
    """One environment's stock; every method takes the tenant first."""

    def __init__(self, inventory: Table, products: Table, sessions: Table) -> None:
        self._inventory = inventory
        self._products = products
        self.sessions = sessions

    def knows(self, tenant_id: str, product_id: str) -> bool:
        """Whether the tenant has such a product."""
        return bool(batch(self._products, [catalogue_keys.product(tenant_id, product_id)], ["product_id"]))

    def get(self, tenant_id: str, product_id: str, location_id: str) -> Level | None:
        """The level, strongly consistent."""
        item = self._inventory.get(*keys.level(tenant_id, product_id, location_id))
        return level(item) if item else None

    def of_product(self, tenant_id: str, product_id: str) -> list[Level]:
        """A product's levels by location, strongly consistent; at most `MAX_LOCATIONS`, and so one page."""
        answer = self._inventory.client.query(
            TableName=self._inventory.name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues=dump_item({":pk": keys.partition(tenant_id), ":sk": keys.levels_of(product_id)}),
            ConsistentRead=True,
        )
        return [level(load_item(item)) for item in answer["Items"]]

    def emptied(self, tenant_id: str, product_id: str) -> list[dict[str, Any]]:
        """Deletes of a product's levels, for the transaction that deletes it; each fails when its level was written to,
        and that of the guard when a level was opened since. Twice `MAX_LOCATIONS` actions and one, at most.

        Raises ConflictError while there is stock: what is there would be lost from sight, what is reserved never ship.
        """
        found = [self._guard_as_read(tenant_id, product_id)]  # read before the levels: one that opens between is seen
        for left in self.of_product(tenant_id, product_id):
            if left.on_hand:
                raise ConflictError("There is stock of this product. Adjust it to nothing, or archive the product.")
            key = keys.level(tenant_id, product_id, left.location_id)
            found.append(self._inventory.delete(*key, _SAME_VERSION, {":version": left.version}))
            found.append(self._inventory.delete(*keys.location_entry(tenant_id, product_id, left.location_id)))
        return found

    def page(
        self, tenant_id: str, location_id: str | None, low: bool, limit: int, after: str | None
    ) -> tuple[list[Level], str | None]:
        """A page of levels: all by product, those of a location, those that are low, or both."""
        if low:
            prefix = keys.low_entry("", location_id) if location_id else ""
            listing = Listing(
                self._inventory, keys.low(tenant_id), prefix, keys.INDEX, item_partition=keys.partition(tenant_id)
            )
            items, following = listing.page(limit, after)
            return [found for found in map(level, items) if found.low], following
        if location_id is None:
            items, following = Listing(self._inventory, keys.partition(tenant_id), keys.LEVELS).page(limit, after)
            return [level(item) for item in items], following
        entries, following = Listing(self._inventory, keys.location(tenant_id, location_id)).page(limit, after)
        wanted = [keys.level(tenant_id, entry["product_id"], location_id) for entry in entries]
        found = {item["sk"]: item for item in batch(self._inventory, wanted, consistent=False)}
        return [level(found[sk]) for _, sk in wanted if sk in found], following

    def alerts(
        self, tenant_id: str, state: AlertState, limit: int, after: str | None
    ) -> tuple[list[Alert], str | None]:
        """A page of the alerts in a state, newest first."""
        partition = keys.alerts(tenant_id, state)
        own = keys.partition(tenant_id)
        listing = Listing(self._inventory, partition, "", keys.INDEX, item_partition=own, newest_first=True)
        items, following = listing.page(limit, after)
        return [Alert.model_validate({"resolved_at": None, **item, "state": state}) for item in items], following

    def history(
        self, tenant_id: str, product_id: str, limit: int, after: str | None
    ) -> tuple[list[Adjustment], str | None]:
        """A page of a product's adjustments, newest first."""
        partition = keys.adjustments(tenant_id, product_id)
        items, following = Listing(self._inventory, partition, newest_first=True).page(limit, after)
        return [Adjustment.model_validate(item) for item in items], following

    def adjustment(self, tenant_id: str, product_id: str, reference: str) -> Adjustment | None:
        """The adjustment that an idempotency key made."""
        item = self._inventory.get(keys.adjustments(tenant_id, product_id), reference)
        return Adjustment.model_validate(item) if item else None

    def write(
        self,
        tenant_id: str,
        before: Level | None,
        after: Level,
        adjustment: Adjustment | None = None,
        once: Once | None = None,
    ) -> None:
        """The level as it shall be, with its history.

        Raises LevelChangedError when `before` is not what is stored, NotFoundError when the level is new and its
        product is not there, ConflictError when that has `MAX_LOCATIONS` levels, AlreadyAdjustedError when the
        idempotency key was used before.
        """
        actions = [self._put(tenant_id, before, after)]
        if adjustment:
            actions.append(self._inventory.put(adjustment_item(tenant_id, adjustment)))
        known = len(actions)
        if before is None:
            actions += self._opened(tenant_id, after)
        if once and adjustment:
            actions.append(once.record(self.sessions, history_place(adjustment)))
        try:
            transact(self._inventory.client, actions)
        except ConditionFailedError as failure:
            if once and len(actions) - 1 in failure.failed:
                raise AlreadyAdjustedError from None
            if before is None and 0 not in failure.failed:
                raise _refused(product_there=known not in failure.failed) from None
            raise LevelChangedError from None

    def _put(self, tenant_id: str, before: Level | None, after: Level) -> dict[str, Any]:
        item = level_item(tenant_id, after)
        if before is None:
            return self._inventory.put(item, _ABSENT)
        return self._inventory.put(item, _SAME_VERSION, {":version": before.version})

    def _opened(self, tenant_id: str, new: Level) -> list[dict[str, Any]]:
        """A new level needs its product and a place among its levels, and is listed under its location."""
        pk, sk = catalogue_keys.product(tenant_id, new.product_id)
        there = {
            "ConditionCheck": {
                "TableName": self._products.name,
                "Key": dump_item({"pk": pk, "sk": sk}),
                "ConditionExpression": "attribute_exists(pk)",
            }
        }
        entry = location_item(tenant_id, new)
        return [there, self._counted(tenant_id, new.product_id), self._inventory.put(entry)]

    def _counted(self, tenant_id: str, product_id: str) -> dict[str, Any]:
        """One more in the product's guard, which begins with the levels that were there before there were guards."""
        before = len(self.of_product(tenant_id, product_id))
        if before >= MAX_LOCATIONS:
            raise _refused(product_there=True)
        pk, sk = keys.guard(tenant_id, product_id)
        values = {":before": before, ":one": 1, ":most": MAX_LOCATIONS, ":entity": "guard", ":tenant": tenant_id}
        return {
            "Update": {
                "TableName": self._inventory.name,
                "Key": dump_item({"pk": pk, "sk": sk}),
                "UpdateExpression": "SET opened = if_not_exists(opened, :before) + :one, entity = :entity, "
                "tenant_id = :tenant",
                "ConditionExpression": "attribute_not_exists(pk) OR opened < :most",
                "ExpressionAttributeValues": dump_item(values),
            }
        }

    def _guard_as_read(self, tenant_id: str, product_id: str) -> dict[str, Any]:
        """A Delete of the guard: of nothing where there is none, and then it holds that there still is none."""
        key = keys.guard(tenant_id, product_id)
        guard = self._inventory.get(*key)
        if guard is None:
            return self._inventory.delete(*key, _ABSENT)
        return self._inventory.delete(*key, _SAME_OPENED, {":opened": guard["opened"]})


def _refused(*, product_there: bool) -> ApiError:
    if product_there:
        return ConflictError(f"A product has levels at {MAX_LOCATIONS} locations at most.")
    return NotFoundError("There is no such product.")


def history_place(adjustment: Adjustment) -> str:
    """The sort key of an adjustment: by time."""
    return f"{adjustment.created_at}#{adjustment.adjustment_id}"


def level_item(tenant_id: str, found: Level) -> Item:
    """The item of a level, listed while it is low."""
    pk, sk = keys.level(tenant_id, found.product_id, found.location_id)
    item: Item = {"pk": pk, "sk": sk, "entity": "level", "tenant_id": tenant_id, **found.model_dump(exclude={"low"})}
    if is_low(found.available, found.reorder_point):
        item |= {"gsi1pk": keys.low(tenant_id), "gsi1sk": keys.low_entry(found.product_id, found.location_id)}
    return item


def location_item(tenant_id: str, found: Level) -> Item:
    """The entry that lists a level under its location."""
    pk, sk = keys.location_entry(tenant_id, found.product_id, found.location_id)
    return {"pk": pk, "sk": sk, "entity": "location_entry", "product_id": found.product_id}


def adjustment_item(tenant_id: str, adjustment: Adjustment) -> Item:
    """The item of an adjustment in its product's history."""
    pk = keys.adjustments(tenant_id, adjustment.product_id)
    own = {"pk": pk, "sk": history_place(adjustment), "entity": "adjustment", "tenant_id": tenant_id}
    return {**own, **adjustment.model_dump(mode="json")}
