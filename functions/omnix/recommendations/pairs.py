"""Which products are bought together: a reaction to the stream of `orders`.

An order counts when it is paid: what is only reserved was not bought. A refund takes nothing back: what was given back
was wanted together, and a count of the most frequent cannot be undone (`omnix.recommendations.counts`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omnix.catalogue.prices import batch
from omnix.dynamodb import ConditionFailedError, Table
from omnix.errors import UnavailableError
from omnix.events import once
from omnix.orders.status import EARNING
from omnix.recommendations import keys
from omnix.recommendations.counts import added
from omnix.tables import opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omnix.dynamodb import Item
    from omnix.events.change import Change

REACTION = "bought-together"
_ATTEMPTS = 5


def apply(change: Change) -> None:
    """Counts an order's products with each other when it is paid; once, however often the change comes.

    Raises UnavailableError when other orders of the same products keep coming between.
    """
    sold = _products(change.item) if _became_paid(change) else ()
    if len(sold) <= 1:
        return
    recommendations, analytics = opened("recommendations"), opened("analytics")
    for _ in range(_ATTEMPTS):
        actions = _actions(recommendations, change.tenant_id, sold)
        try:
            once.apply(analytics, change, REACTION, actions)
        except ConditionFailedError:
            continue  # another order was counted since we read
        return
    raise UnavailableError


def _products(order: Item) -> Sequence[str]:
    """Each product once, over all locations."""
    return list(dict.fromkeys(line["product_id"] for line in order["lines"]))


def _became_paid(change: Change) -> bool:
    if change.new is None or change.item.get("entity") != "order":
        return False
    return change.new["status"] in EARNING and (change.old is None or change.old["status"] not in EARNING)


def _actions(recommendations: Table, tenant_id: str, sold: Sequence[str]) -> list[dict[str, Any]]:
    """One Put a product, of its partners' counts: each only over what was read."""
    additions = {
        keys.bought_with(tenant_id, product_id): {other: 1 for other in sold if other != product_id}
        for product_id in sold
    }
    stored = {(item["pk"], item["sk"]): item for item in batch(recommendations, additions)}
    return [_counted(recommendations, key, stored.get(key), more) for key, more in additions.items()]


def _counted(recommendations: Table, key: keys.Key, stored: Item | None, more: Mapping[str, int]) -> dict[str, Any]:
    pk, sk = key
    item: Item = {"pk": pk, "sk": sk, "entity": "counts", "counts": added(stored["counts"] if stored else {}, more)}
    if stored is None:
        return recommendations.put(item | {"version": 1}, "attribute_not_exists(pk)")
    version = stored["version"]
    return recommendations.put(item | {"version": version + 1}, "version = :version", {":version": version})
