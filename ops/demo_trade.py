"""What the demo shop has traded: stock, customers and orders, so that no list and no chart of it is empty."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.demo import Shop

# Units on hand, and when to order more; one of them is low from the beginning.
STOCK: dict[str, tuple[int, int]] = {
    "TEA-EG-100": (120, 20),
    "TEA-SN-080": (64, 12),
    "TEA-CH-075": (80, 15),
    "COF-ET-250": (90, 20),
    "COF-BR-1000": (45, 10),
    "COF-DE-250": (30, 10),
    "EQP-KT-08": (14, 4),
    "EQP-GR-01": (18, 5),
    "EQP-FL-100": (9, 25),
    "CUP-ST-350": (60, 12),
    "CUP-GL-004": (26, 6),
}
CUSTOMERS: tuple[tuple[str, str], ...] = (
    ("Ada Lindqvist", "ada@example.com"),
    ("Bruno Okafor", "bruno@example.com"),
    ("Carla Méndez", "carla@example.com"),
    ("Dmitri Weiss", "dmitri@example.com"),
)


@dataclass(frozen=True)
class Sale:
    """An order of one of the customers (by number; None for a guest), and the steps that it took."""

    customer: int | None
    lines: tuple[tuple[str, int], ...]
    steps: tuple[str, ...]


_DONE = ("paid", "fulfilled", "delivered")
SALES: tuple[Sale, ...] = (
    Sale(0, (("TEA-EG-100", 2), ("CUP-ST-350", 2)), _DONE),
    Sale(1, (("COF-BR-1000", 1), ("EQP-FL-100", 1)), _DONE),
    Sale(0, (("TEA-EG-100", 3), ("TEA-SN-080", 1)), _DONE),
    Sale(2, (("COF-ET-250", 2), ("EQP-GR-01", 1), ("EQP-FL-100", 2)), ("paid", "fulfilled")),
    Sale(1, (("COF-BR-1000", 2), ("EQP-FL-100", 1)), ("paid", "fulfilled")),
    Sale(None, (("TEA-CH-075", 1),), ("paid",)),
    Sale(3, (("EQP-KT-08", 1), ("COF-ET-250", 1)), ("paid", "refunded")),
    Sale(0, (("CUP-GL-004", 1), ("TEA-EG-100", 1)), ("paid",)),
    Sale(2, (("COF-DE-250", 4),), ("cancelled",)),
    Sale(None, (("TEA-SN-080", 2), ("CUP-ST-350", 1)), ()),
)


@dataclass(frozen=True)
class Traded:
    """How many customers and orders this run made."""

    customers: int
    orders: int


def load(shop: Shop) -> Traded:
    """Make what is missing. A shop with as many orders is left alone; a run that was cut off is completed within a day,
    for as long as the API remembers the keys of what it made already.
    """
    if len(shop.get("/orders", limit="100")["items"]) >= len(SALES):
        return Traded(0, 0)
    products = shop.products()
    stocked = {sku: levels for sku, levels in STOCK.items() if sku in products}
    lines = [{"sku": sku, "on_hand": units, "reorder_point": point} for sku, (units, point) in stocked.items()]
    shop.post_lines("/inventory/import", "".join(f"{json.dumps(line)}\n" for line in lines), key="demo-stock")
    known = {customer["email"]: customer["customer_id"] for customer in shop.get("/customers", limit="100")["items"]}
    missing = [(name, email) for name, email in CUSTOMERS if email not in known]
    for name, email in missing:
        made = shop.post("/customers", {"name": name, "email": email}, key=f"demo-{email}")
        known[email] = made["customer_id"]
    sales = [sale for sale in SALES if all(sku in stocked for sku, _ in sale.lines)]
    for sale in sales:
        _sell(shop, sale, products, [known[email] for _, email in CUSTOMERS])
    return Traded(len(missing), len(sales))


def _sell(shop: Shop, sale: Sale, products: dict[str, str], customers: list[str]) -> None:
    body: dict[str, Any] = {"lines": [{"product_id": products[sku], "quantity": units} for sku, units in sale.lines]}
    if sale.customer is not None:
        body["customer_id"] = customers[sale.customer]
    order = shop.post("/orders", body, key=f"demo-order-{SALES.index(sale)}")
    order = shop.get(f"/orders/{order['order_id']}")  # a repeated key gives the order as it was made
    taken = len(order["history"]) - 1
    for status in sale.steps[taken:]:
        order = shop.patch(f"/orders/{order['order_id']}", {"status": status}, if_match=f'"{order["version"]}"')
