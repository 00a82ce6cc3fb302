"""Stock, customers, orders and reports of the platform in memory: what the suite's trading checks ask."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

type Answer = tuple[int, Any, dict[str, str]]

PATHS: dict[str, dict[str, Any]] = {
    "/products/export": {"get": {}},
    "/products/import": {"post": {}},
    "/inventory/{product_id}": {"get": {}},
    "/inventory/{product_id}/adjustments": {"post": {}},
    "/customers": {"post": {}},
    "/customers/{customer_id}/value": {"get": {}},
    "/orders": {"post": {}},
    "/orders/{order_id}": {"get": {}, "patch": {}},
    "/analytics/sales": {"get": {}},
}
_STEPS = {"pending": {"paid", "cancelled"}, "paid": {"fulfilled", "cancelled"}, "fulfilled": {"delivered"}}


class RefusedSaleError(Exception):
    """Why a request of the shop is not carried out: status and code."""

    def __init__(self, status: int, code: str, details: Any = ()) -> None:
        super().__init__(code)
        self.status, self.code, self.details = status, code, list(details)


class FakeShop:
    """One tenant's shop; `products` are the platform's own. `defects` are names used in the tests."""

    def __init__(self, defects: set[str], products: dict[str, dict[str, Any]]) -> None:
        self.defects, self.products = defects, products
        self.stock: dict[str, dict[str, int]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.made: dict[str, Any] = {}  # by Idempotency-Key

    def answer(self, request: httpx.Request, path: str) -> Answer | None:
        """The shop's answer; None where the path is not its own."""
        parts = path.strip("/").split("/")
        own = {
            "inventory": self._inventory,
            "customers": self._customers,
            "orders": self._orders,
            "analytics": lambda _request, _rest: (200, {"items": self._sales()}, {}),
            "products": self._bulk,
        }
        return own[parts[0]](request, parts[1:]) if parts[0] in own else None

    def today(self) -> dict[str, Any]:
        """The dashboard's day."""
        behind = "reports behind" in self.defects
        return {"units": 0 if behind else self._units(), "revenue": [] if behind else self._revenue()}

    def _inventory(self, request: httpx.Request, rest: list[str]) -> Answer:
        level = self._level(rest[0])
        if request.method == "POST":
            self.stock[rest[0]]["on_hand"] += json.loads(request.content)["quantity"]
            return 201, {}, {}
        return 200, level, {}

    def _customers(self, request: httpx.Request, rest: list[str]) -> Answer:
        if rest:
            return 200, {"lifetime_value": self._revenue()}, {}
        return 201, self._once(request, lambda: {"customer_id": secrets.token_hex(4)}), {}

    def _orders(self, request: httpx.Request, rest: list[str]) -> Answer:
        if rest:
            return self._one(request, rest[0])
        return 201, self._once(request, lambda: self._order(json.loads(request.content))), {"ETag": '"1"'}

    def _bulk(self, _request: httpx.Request, rest: list[str]) -> Answer | None:
        if rest == ["export"]:
            return 200, {"sku": [product["sku"] for product in self.products.values()]}, {}
        if rest == ["import"]:
            return 200, {"created": 0, "updated": int("import changes" in self.defects), "failed": 0}, {}
        return None

    def _once(self, request: httpx.Request, make: Any) -> Any:
        key = request.headers["idempotency-key"]
        if key not in self.made or "keys forgotten" in self.defects:
            self.made[key] = make()
        return self.made[key]

    def _level(self, product_id: str) -> dict[str, int]:
        level = self.stock.setdefault(product_id, {"on_hand": 0, "reserved": 0})
        return {**level, "available": level["on_hand"] - level["reserved"]}

    def _order(self, body: Any) -> dict[str, Any]:
        (line,) = body["lines"]
        product_id, quantity = line["product_id"], line["quantity"]
        if self._level(product_id)["available"] < quantity and "oversold" not in self.defects:
            raise RefusedSaleError(409, "conflict", [{"location": "lines.0"}])
        self.stock[product_id]["reserved"] += quantity
        cents = 1 if "wrong prices" in self.defects else self.products[product_id]["price"]["amount"]
        totals = {"units": quantity, "amount": quantity * cents}
        order = {"order_id": secrets.token_hex(4), "status": "pending", "totals": totals, "product_id": product_id}
        self.orders[order["order_id"]] = order
        return order

    def _one(self, request: httpx.Request, order_id: str) -> Answer:
        order = self.orders[order_id]
        if request.method == "PATCH":
            status = json.loads(request.content)["status"]
            if status not in _STEPS.get(order["status"], set()) and "any step" not in self.defects:
                raise RefusedSaleError(409, "conflict")
            order["status"] = status
            level, units = self.stock[order["product_id"]], order["totals"]["units"]
            if status in {"fulfilled", "cancelled"} and "stock kept" not in self.defects:
                level["reserved"] -= units
            if status == "fulfilled":
                level["on_hand"] -= units
        return 200, order, {"ETag": '"1"'}

    def _sold(self) -> list[dict[str, Any]]:
        return [order for order in self.orders.values() if order["status"] == "fulfilled"]

    def _units(self) -> int:
        return sum(order["totals"]["units"] for order in self._sold())

    def _revenue(self) -> list[dict[str, Any]]:
        return [{"currency": "EUR", "amount": sum(order["totals"]["amount"] for order in self._sold())}]

    def _sales(self) -> list[dict[str, Any]]:
        return [
            {"key": order["product_id"], "units": self._units(), "revenue": self._revenue()} for order in self._sold()
        ]
