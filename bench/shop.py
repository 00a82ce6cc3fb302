"""A shop to ask questions of: one tenant made through the API, and what single operations use up."""

import base64
import itertools
import json
import time
import uuid
from itertools import batched
from typing import TYPE_CHECKING, Any

import httpx

from bench.operations import Call, Operation, Values, call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PASSWORD = "correct horse battery staple"  # noqa: S105 - of an account that lives for a minute
_PRODUCTS, _CUSTOMERS, _ORDERS = 40, 5, 12
_STOCK = 10**8
_SETTLE_SECONDS = 30
_LINES = 20


class ShopError(RuntimeError):
    """There is no shop to measure."""


class Shop:
    """A signed-in owner of a tenant with products, stock, customers and orders; raises ShopError or httpx.HTTPError."""

    def __init__(self, api_url: str, products: int = _PRODUCTS) -> None:
        self._http = httpx.Client(base_url=api_url, timeout=30)
        self._numbers = itertools.count(1)
        self.fresh: Mapping[str, Callable[[], str]] = {
            "sku": lambda: f"NEW-{next(self._numbers)}",
            "email": lambda: f"{uuid.uuid4().hex}@bench.example",
            "event_id": lambda: f"evt-{uuid.uuid4().hex}",
        }
        self._password = _PASSWORD
        self.values: dict[str, str] = self._registered()
        self.product_ids = self._stocked(products)
        self.values |= {"product_id": self.product_ids[0], "sku": "SKU-000"}
        self._traded()
        self._before: Mapping[str, Callable[[], Values]] = {
            "login": lambda: {"email": self.values["email"], "password": self._password},
            "refresh": self._session,
            "logout": self._session,
            "revokeSession": self._session,
            "changePassword": self._other_password,
            "importInventory": lambda: {"sku": self.values["sku"]},
            "revokeApiKey": lambda: {"key_id": self._new_key()},
            "updateUser": lambda: {"user_id": self._new_user()},
            "deleteUser": lambda: {"user_id": self._new_user()},
            "deleteProduct": lambda: {"product_id": self._new_product()},
            "deleteCustomer": lambda: {"customer_id": self._new_customer()},
            "updateOrder": lambda: {"order_id": self._new_order()},
            "readConversation": self._conversation,
            "deleteConversation": self._conversation,
        }

    def close(self) -> None:
        self._http.close()

    def settled(self) -> None:
        """Wait until the worker has counted what the shop began with: it would run beside what is measured."""
        until = time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < until:
            summary = self._send("GET", "/dashboard/summary")
            orders = sum(counted["orders"] for counted in summary["orders"])
            if (summary["products"], orders) == (len(self.product_ids), _ORDERS):
                return
            time.sleep(0.5)

    def next(self, operation: Operation) -> Call:
        """The operation's next request; what it uses up is made through the API now."""
        before = self._before.get(operation.name)
        return call(operation, self.values, self.fresh, before() if before else {})

    def _registered(self) -> dict[str, str]:
        email = self.fresh["email"]()
        who = {"email": email, "password": self._password, "name": "Bench", "tenant_name": "Bench"}
        token = self._send("POST", "/auth/register", who, token="")["access_token"]
        claims = _claims(token)
        return {"token": token, "email": email, "tenant_id": claims["tid"], "location_id": "main"}

    def _stocked(self, products: int) -> list[str]:
        """Products and stock by import; ids in the order of their names."""
        skus = [f"SKU-{number:03}" for number in range(products)]
        lines = [
            {
                "sku": sku,
                "name": f"Product {sku}",
                "category": f"category-{number % 5}",
                "price": {"amount": 100 + number, "currency": "EUR"},
                "description": "A product of the bench. " * 4,
            }
            for number, sku in enumerate(skus)
        ]
        self._import("/products/import", lines)
        levels = [{"sku": sku, "location_id": "main", "on_hand": _STOCK, "reorder_point": 5} for sku in skus]
        self._import("/inventory/import", levels)
        return [item["product_id"] for item in self._send("GET", f"/products?limit={min(products, 100)}")["items"]]

    def _traded(self) -> None:
        self.values["customer_id"] = self._new_customer()
        for _ in range(_CUSTOMERS - 1):
            self._new_customer()
        orders = [self._new_order() for _ in range(_ORDERS)]
        for order in orders[: _ORDERS // 2]:
            self._send("PATCH", f"/orders/{order}", {"status": "paid"})
        self.values["order_id"] = orders[-1]

    def _import(self, path: str, lines: list[dict[str, Any]]) -> None:
        """In small requests: one that takes longer than its function may is left half done."""
        headers = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {self.values['token']}"}
        for some in batched(lines, _LINES, strict=False):
            text = "".join(json.dumps(line) + "\n" for line in some)
            answer = self._http.post(path, content=text.encode(), headers=headers).raise_for_status().json()
            if answer["failed"]:
                raise ShopError(f"the shop could not be stocked: {answer['errors'][:1]}")

    def _new_product(self) -> str:
        price = {"amount": 500, "currency": "EUR"}
        content = {"sku": self.fresh["sku"](), "name": "Short-lived", "category": "tea", "price": price}
        return str(self._send("POST", "/products", content)["product_id"])

    def _new_customer(self) -> str:
        customer = {"name": "Grace Buyer", "email": self.fresh["email"]()}
        return str(self._send("POST", "/customers", customer)["customer_id"])

    def _new_order(self) -> str:
        line = {"product_id": self.product_ids[next(self._numbers) % len(self.product_ids)], "quantity": 1}
        order = {"customer_id": self.values["customer_id"], "lines": [line]}
        return str(self._send("POST", "/orders", order)["order_id"])

    def _new_key(self) -> str:
        key = self._send("POST", "/auth/api-keys", {"name": "Till", "role": "device", "expires_in_days": 1})
        return str(key["key_id"])

    def _new_user(self) -> str:
        person = {"email": self.fresh["email"](), "name": "Staff", "role": "staff", "password": _PASSWORD}
        return str(self._send("POST", "/auth/users", person)["user_id"])

    def _conversation(self) -> Values:
        return {"conversation_id": self._send("POST", "/assistant/chat", {"message": "Hello"})["conversation_id"]}

    def _session(self) -> Values:
        found = self._send("POST", "/auth/login", {"email": self.values["email"], "password": self._password}, token="")
        return {"refresh_token": found["refresh_token"], "session_id": _claims(found["access_token"])["sid"]}

    def _other_password(self) -> Values:
        current, self._password = self._password, f"{_PASSWORD} {next(self._numbers)}"
        return {"current_password": current, "new_password": self._password}

    def _send(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Any:
        bearer = self.values["token"] if token is None else token
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return self._http.request(method, path, json=body, headers=headers).raise_for_status().json()


def _claims(token: str) -> dict[str, str]:
    """What our own access token says; it was not given to be checked here."""
    payload = token.split(".")[1]
    found: dict[str, str] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found
