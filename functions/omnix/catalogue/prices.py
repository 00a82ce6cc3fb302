"""What other contexts need of products: price and status by id, in one read."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omnix.catalogue import keys
from omnix.dynamodb import dump_item, load_item
from omnix.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from omnix.dynamodb import Item, Table

BATCH = 100  # BatchGetItem's limit
_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Priced:
    """A product as an order sees it; `amount` in minor units of `currency`, `status` as in `catalogue.model`."""

    product_id: str
    sku: str
    name: str
    category: str
    amount: int
    currency: str
    status: str


def prices(
    products: Table, tenant_id: str, product_ids: Collection[str], *, consistent: bool = True
) -> Mapping[str, Priced]:
    """The tenant's products by id; an id that is not the tenant's is not in the answer."""
    wanted = [keys.product(tenant_id, product_id) for product_id in product_ids]
    found = batch(products, wanted, consistent=consistent)
    return {item["product_id"]: _priced(item) for item in found}


def batch(
    table: Table, wanted: Collection[keys.Key], attributes: Collection[str] = (), *, consistent: bool = True
) -> list[Item]:
    """The items with these keys, in no order; those that are not there are left out.

    Raises UnavailableError when DynamoDB keeps leaving keys unprocessed. `attributes`: only these, else all. A read
    that need not be `consistent` costs half: for what is listed by entries or counts, which come late themselves.
    """
    distinct = list(dict.fromkeys(wanted))
    found: list[Item] = []
    for start in range(0, len(distinct), BATCH):
        found += _batch(table, distinct[start : start + BATCH], attributes, consistent)
    return found


def _batch(table: Table, wanted: list[keys.Key], attributes: Collection[str], consistent: bool) -> list[Item]:
    asked: dict[str, Any] = {
        "Keys": [dump_item({"pk": pk, "sk": sk}) for pk, sk in wanted],
        "ConsistentRead": consistent,
    }
    if attributes:
        names = {f"#n{number}": name for number, name in enumerate(attributes)}
        asked |= {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
    left: Any = {table.name: asked}
    found: list[Item] = []
    for attempt in range(_ATTEMPTS):
        answer = table.client.batch_get_item(RequestItems=left)
        found += [load_item(item) for item in answer["Responses"].get(table.name, [])]
        left = answer.get("UnprocessedKeys")
        if not left:
            return found
        time.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt))
    raise UnavailableError


def _priced(item: Item) -> Priced:
    price = item["price"]
    return Priced(
        product_id=item["product_id"],
        sku=item["sku"],
        name=item["name"],
        category=item["category"],
        amount=price["amount"],
        currency=price["currency"],
        status=item["status"],
    )
