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
    "/inventory/import": {"post": {}},
    "/customers": {"get": {}, "post": {}},
    "/customers/{customer_id}/value": {"get": {}},
    "/orders": {"get": {}, "post": {}},
    "/orders/{order_id}": {"get": {}, "patch": {}},
    "/analytics/sales": {"get": {}},
}
_STEPS = {
    "pending": {"paid", "cancelled"},
    "paid": {"fulfilled", "cancelled", "refunded"},
    "fulfilled": {"delivered", "refunded"},
}


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
        self.customers: list[dict[str, Any]] = []
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
        if rest == ["import"]:
            ids = {product["sku"]: product_id for product_id, product in self.products.items()}
            for line in map(json.loads, request.content.decode().splitlines()):
                self._level(ids[line["sku"]])
                self.stock[ids[line["sku"]]]["on_hand"] = line["on_hand"]
            return 200, {"failed": 0}, {}
        level = self._level(rest[0])
        if request.method == "POST":
            self.stock[rest[0]]["on_hand"] += json.loads(request.content)["quantity"]
            return 201, {}, {}
        return 200, level, {}

    def _customers(self, request: httpx.Request, rest: list[str]) -> Answer:
        if rest:
            return 200, {"lifetime_value": self._revenue()}, {}
        if request.method == "GET":
            return 200, {"items": self.customers}, {}
        return 201, self._once(request, lambda: self._customer(json.loads(request.content))), {}

    def _customer(self, body: Any) -> dict[str, Any]:
        self.customers.append({**body, "customer_id": secrets.token_hex(4)})
        return self.customers[-1]

    def _orders(self, request: httpx.Request, rest: list[str]) -> Answer:
        if rest:
            return self._one(request, rest[0])
        if request.method == "GET":
            return 200, {"items": list(self.orders.values())}, {}
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
        lines = [(line["product_id"], line["quantity"]) for line in body["lines"]]
        if "oversold" not in self.defects and any(self._level(one)["available"] < units for one, units in lines):
            raise RefusedSaleError(409, "conflict", [{"location": "lines"}])
        for product_id, units in lines:
            self.stock[product_id]["reserved"] += units
        cents = sum(units * self.products[one]["price"]["amount"] for one, units in lines)
        totals = {"units": sum(units for _, units in lines), "amount": 1 if "wrong prices" in self.defects else cents}
        order_id, history = secrets.token_hex(4), [{"status": "pending"}]
        order = {"order_id": order_id, "status": "pending", "version": 1, "totals": totals, "lines": lines}
        self.orders[order_id] = {**order, "history": history}
        return self.orders[order_id]

    def _one(self, request: httpx.Request, order_id: str) -> Answer:
        order = self.orders[order_id]
        if request.method == "PATCH":
            self._step(order, json.loads(request.content)["status"])
        return 200, order, {"ETag": '"1"'}

    def _step(self, order: dict[str, Any], status: str) -> None:
        if status not in _STEPS.get(order["status"], set()) and "any step" not in self.defects:
            raise RefusedSaleError(409, "conflict")
        order["status"] = status
        order["history"].append({"status": status})
        for product_id, units in order["lines"]:
            if status in {"fulfilled", "cancelled"} and "stock kept" not in self.defects:
                self.stock[product_id]["reserved"] -= units
            if status == "fulfilled":
                self.stock[product_id]["on_hand"] -= units

    def _sold(self) -> list[dict[str, Any]]:
        return [order for order in self.orders.values() if order["status"] == "fulfilled"]

    def _units(self) -> int:
        return sum(order["totals"]["units"] for order in self._sold())

    def _revenue(self) -> list[dict[str, Any]]:
        return [{"currency": "EUR", "amount": sum(order["totals"]["amount"] for order in self._sold())}]

    def _sales(self) -> list[dict[str, Any]]:
        return [
            {"key": order["lines"][0][0], "units": self._units(), "revenue": self._revenue()} for order in self._sold()
        ]
