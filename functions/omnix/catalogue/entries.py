"""A product's small entries, and pages of them: what is listed by status, price and creation."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

from omnix import cursor
from omnix.catalogue import keys
from omnix.catalogue.search import Order
from omnix.dynamodb import dump_item, load_item

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.catalogue.model import Product
    from omnix.catalogue.search import Search
    from omnix.dynamodb import Item, Table

_PLACE = frozenset({"place"})


def of(tenant_id: str, product: Product) -> Mapping[keys.Key, Item]:
    """The product's entries by their keys."""
    identity, price = product.product_id, product.price
    places = {
        Order.NAME: keys.by_name(product.name, identity),
        Order.PRICE: keys.by_price(price.currency, price.amount, identity),
        Order.CREATED: keys.by_creation(product.created_at, identity),
    }
    found: dict[keys.Key, Item] = {}
    for order, place in places.items():
        pk = keys.entries_by_status(tenant_id, product.status, order, None)
        index = keys.entries_by_status(tenant_id, product.status, order, product.category)
        found[pk, place] = {
            "pk": pk,
            "sk": place,
            "gsi1pk": index,
            "gsi1sk": place,
            "entity": "product_entry",
            "product_id": identity,
        }
    return found


def page(
    products: Table, tenant_id: str, search: Search, limit: int, after: str | None
) -> tuple[list[str], str | None]:
    """Ids in the order of their places and the next page's cursor. Raises InvalidRequestError for another's cursor.

    One query for each status, each of `limit` entries and two more, and their merge.
    """
    name = f"{products.name}:{tenant_id}:{search!r}"
    place = cursor.decode(after, name, _PLACE)["place"] if after else None
    found = [
        _from(products, keys.entries_by_status(tenant_id, status, search.order, search.category), search, place, limit)
        for status in search.statuses
    ]
    merged: dict[str, str] = {}
    for at, product_id in heapq.merge(*found, reverse=search.descending):
        merged.setdefault(product_id, at)  # one that changed its status between two of the queries was met twice
        if len(merged) > limit:
            break
    ids = list(merged)[:limit]
    more = len(merged) > limit
    return ids, cursor.encode({"place": merged[ids[-1]]}, name) if more else None


def _from(products: Table, partition: str, search: Search, place: str | None, limit: int) -> list[tuple[str, str]]:
    low, high = search.low, search.high
    if place is not None:
        low, high = (low, min(high, place)) if search.descending else (max(low, place), high)
    if low > high:
        return []
    stem = keys.INDEX if search.category else ""
    arguments: dict[str, Any] = {
        "TableName": products.name,
        "KeyConditionExpression": "#pk = :pk AND #sk BETWEEN :low AND :high",
        "ExpressionAttributeNames": {"#pk": f"{stem}pk", "#sk": f"{stem}sk"},
        "ExpressionAttributeValues": dump_item({":pk": partition, ":low": low, ":high": high}),
        "Limit": limit + 2,  # the place itself, which the last page ended with, and one that tells of a next page
        "ScanIndexForward": not search.descending,
        **({"IndexName": keys.INDEX} if stem else {}),
    }
    items = [load_item(item) for item in products.client.query(**arguments)["Items"]]
    return [(item["sk"], item["product_id"]) for item in items if item["sk"] != place]
