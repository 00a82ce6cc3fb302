"""A shop for tests: products with stock, orders of them, and the changes that the stream would tell."""

from typing import Any

from omnix.authorisation import Principal, Role
from omnix.catalogue.model import ProductInput
from omnix.catalogue.service import catalogue
from omnix.dynamodb import dump_item
from omnix.events.change import Change, Kind
from omnix.inventory import keys as inventory_keys
from omnix.orders.model import OrderChanges, OrderInput
from omnix.orders.service import orders
from omnix.orders.status import OrderStatus
from omnix.tables import opened

WHO = Principal("t1", "u1", Role.OWNER, "s1", "jwt")


def product(sku: str, amount: int = 100, currency: str = "EUR", who: Principal = WHO, **changes: Any) -> str:
    price = {"amount": amount, "currency": currency}
    content = {"sku": sku, "name": sku, "category": "tea", "price": price} | changes
    return catalogue().create(who, ProductInput.model_validate(content), None)[0].product_id


def stock(product_id: str, units: int, location: str = "main", tenant: str = "t1") -> None:
    pk, sk = inventory_keys.level(tenant, product_id, location)
    item: dict[str, Any] = {"pk": pk, "sk": sk, "entity": "level", "product_id": product_id, "location_id": location}
    item |= {"on_hand": units, "reserved": 0, "available": units, "reorder_point": 0, "version": 1, "updated_at": "x"}
    levels = opened("inventory")
    levels.client.put_item(TableName=levels.name, Item=dump_item(item))


def level(product_id: str, location: str = "main", tenant: str = "t1") -> tuple[int, int, int]:
    """On hand, reserved, available."""
    item = opened("inventory").get(*inventory_keys.level(tenant, product_id, location))
    assert item is not None
    return item["on_hand"], item["reserved"], item["available"]


def asked(*lines: tuple[str, int], customer: str = "", location: str = "main") -> OrderInput:
    found = [{"product_id": name, "quantity": quantity, "location_id": location} for name, quantity in lines]
    return OrderInput.model_validate({"lines": found} | ({"customer_id": customer} if customer else {}))


def order(*lines: tuple[str, int], customer: str = "", who: Principal = WHO) -> str:
    return orders().create(who, asked(*lines, customer=customer), None)[0].order_id


def step(order_id: str, *statuses: str, who: Principal = WHO) -> None:
    for status in statuses:
        orders().change(who, order_id, OrderChanges(status=OrderStatus(status)), None)


def changed(old: dict[str, Any] | None, new: dict[str, Any] | None, event_id: str) -> Change:
    """The change as the stream of `orders` tells it."""
    kind: Kind = "insert" if old is None else "remove" if new is None else "modify"
    return Change(event_id, "orders", kind, old, new, "2026-11-21T09:00:00.000Z")
