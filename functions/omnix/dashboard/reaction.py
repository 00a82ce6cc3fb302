"""Keeps the catalogue's roll-ups: the difference that a change of a product makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix.dashboard.rollup import Counted
from omnix.dashboard.store import RollupStore
from omnix.events import once
from omnix.tables import opened

if TYPE_CHECKING:
    from omnix.dynamodb import Item
    from omnix.events.change import Change


def count_product(change: Change) -> None:
    """Products by status, category and currency."""
    if change.item.get("entity") != "product":
        return
    analytics = opened("analytics")
    actions = RollupStore(analytics).actions(change.tenant_id, _counted(change.old), _counted(change.new), change.at)
    once.apply(analytics, change, "catalogue", actions)


def _counted(item: Item | None) -> Counted | None:
    if item is None:
        return None
    price = item["price"]
    return Counted(item["product_id"], item["category"], item["status"], price["amount"], price["currency"])
