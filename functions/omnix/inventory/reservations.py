"""What orders do to stock, as actions for their own transaction (`omnix.dynamodb.transact`).

Each is one Update without a read before it, so that parallel orders meet only at DynamoDB, and each keeps
`on_hand = reserved + available`, none of them negative. Its condition fails (ConditionFailedError with the action's
index) when there is not enough, or no such level. One item may be once in a transaction: merge the lines of one
product and location first. Whether a level became low is decided after the fact, by `omnix.inventory.low_stock`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omnix.dynamodb import dump_item
from omnix.inventory import keys

if TYPE_CHECKING:
    from omnix.dynamodb import Table


def reserve(
    inventory: Table, tenant_id: str, product_id: str, location_id: str, quantity: int, at: str
) -> dict[str, Any]:
    """Promise `quantity` units; fails unless so many are available. `at` is ISO 8601 UTC."""
    key = keys.level(tenant_id, product_id, location_id)
    return _moved(inventory, key, quantity, at, {"available": "-", "reserved": "+"}, "available >= :quantity")


def release(
    inventory: Table, tenant_id: str, product_id: str, location_id: str, quantity: int, at: str
) -> dict[str, Any]:
    """Take a promise back (a cancelled order); fails unless so many are reserved."""
    key = keys.level(tenant_id, product_id, location_id)
    return _moved(inventory, key, quantity, at, {"available": "+", "reserved": "-"}, "reserved >= :quantity")


def ship(inventory: Table, tenant_id: str, product_id: str, location_id: str, quantity: int, at: str) -> dict[str, Any]:
    """Reserved units leave the house; fails unless so many are reserved."""
    key = keys.level(tenant_id, product_id, location_id)
    return _moved(inventory, key, quantity, at, {"on_hand": "-", "reserved": "-"}, "reserved >= :quantity")


def restock(
    inventory: Table, tenant_id: str, product_id: str, location_id: str, quantity: int, at: str
) -> dict[str, Any]:
    """Shipped units come back (a refund); fails when the level is gone."""
    key = keys.level(tenant_id, product_id, location_id)
    return _moved(inventory, key, quantity, at, {"on_hand": "+", "available": "+"}, "attribute_exists(pk)")


def _moved(
    inventory: Table, key: keys.Key, quantity: int, at: str, signs: dict[str, str], condition: str
) -> dict[str, Any]:
    if quantity < 1:
        raise ValueError("a quantity is at least 1")  # a negative one would turn the condition around
    moves = ", ".join(f"{name} = {name} {sign} :quantity" for name, sign in signs.items())
    pk, sk = key
    return {
        "Update": {
            "TableName": inventory.name,
            "Key": dump_item({"pk": pk, "sk": sk}),
            "UpdateExpression": f"SET {moves}, version = version + :one, updated_at = :at",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": dump_item({":quantity": quantity, ":one": 1, ":at": at}),
        }
    }
