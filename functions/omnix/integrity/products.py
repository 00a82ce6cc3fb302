"""What items of the table `products` say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix.catalogue import entries
from omnix.catalogue.model import Product
from omnix.catalogue.store import product_item, sku_item
from omnix.dashboard import keys as dashboard_keys
from omnix.dashboard.rollup import Counted, catalogue_delta, category_delta
from omnix.integrity.saying import Has, copy, counters, same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omnix.dynamodb import Item
    from omnix.integrity.saying import Said

_ENTRY = ("pk", "sk", "gsi1pk", "gsi1sk", "entity", "product_id")
_COPIES = "product-copies"


def product(item: Item, _now: int) -> Iterator[Said]:
    """A product: its SKU entry, its three places, and its part of the catalogue's counters."""
    tenant, found = item["tenant_id"], Product.model_validate(item)
    yield from same(item, product_item(tenant, found))
    yield Has("level-product", (tenant, found.product_id))
    yield copy(_COPIES, sku_item(tenant, found), -1)
    for entry in entries.of(tenant, found).values():
        yield copy(_COPIES, entry, -1)
    price = found.price
    counted = Counted(found.product_id, found.category, found.status, price.amount, price.currency)
    key = dashboard_keys.catalogue(tenant, found.product_id)
    yield from counters("catalogue-counts", key, catalogue_delta(None, counted))
    for name, amount in category_delta(None, counted).items():
        key = dashboard_keys.category(tenant, name, found.product_id)
        yield from counters("catalogue-counts", key, {"products": amount})


def sku(item: Item, _now: int) -> Iterator[Said]:
    """The copy that makes a SKU unique."""
    made = sku_item(item["tenant_id"], Product.model_validate(item))
    yield from same(item, made)
    yield copy(_COPIES, made, 1)


def entry(item: Item, _now: int) -> Iterator[Said]:
    """A place in a list."""
    yield copy(_COPIES, {name: item[name] for name in _ENTRY}, 1)


CHECKS = {"product": product, "product_sku": sku, "product_entry": entry}
