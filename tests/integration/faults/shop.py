"""A tenant of a test's own, with one of everything that a path can name."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.integration.conftest import Environment
from tests.integration.permissions.site import wait_until

# Attempts to sign in are counted by address: these tests fail some, and must not shut out what runs beside them.
ADDRESS = "127.0.0.78"
PASSWORD = "correct horse battery staple"
STOCK = 1000
# The local cloud stands still while it saves its state, and no call is answered: seconds, where there is much to save.
QUIET_SECONDS = 20.0


@dataclass
class Shop:
    """Who is signed in, and `known`: the name of each path parameter and body field to this shop's value."""

    http: httpx.Client
    token: str = ""
    known: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, expected: int, body: Any = None, **headers: str) -> Any:
        """A request that must be answered so, as soon as it is; its JSON."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method == "POST":
            sent["Idempotency-Key"] = uuid.uuid4().hex
        until = time.monotonic() + QUIET_SECONDS
        while True:
            answer = self.http.request(method, path, json=body, headers=sent | headers)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > until:
                break
            time.sleep(0.2)
        assert answer.status_code == expected, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None

    def product(self, name: str = "Earl Grey", stock: int = STOCK) -> str:
        """A product that is for sale."""
        sku = f"FAULT-{uuid.uuid4().hex[:12].upper()}"
        body = {"sku": sku, "name": name, "category": "tea", "price": {"amount": 250, "currency": "EUR"}}
        made: str = self.send("POST", "/products", 201, body)["product_id"]
        if stock:
            change = {"quantity": stock, "reason": "received"}
            self.send("POST", f"/inventory/{made}/adjustments", 201, change)
        return made

    def order(self, **more: str) -> str:
        """A pending order of one unit."""
        line = {"product_id": self.known["product_id"], "quantity": 1}
        order: str = self.send("POST", "/orders", 201, {"lines": [line], **more})["order_id"]
        return order


def client(environment: Environment) -> httpx.Client:
    """Patient enough for the gateway's longest answer and more, so that a hang is seen as one."""
    transport = httpx.HTTPTransport(local_address=ADDRESS, limits=httpx.Limits(max_connections=50))
    return httpx.Client(
        base_url=environment.summary["api_url"], timeout=httpx.Timeout(40, pool=None), transport=transport
    )


def warmed(shop: Shop, clients: int) -> None:
    """As many processes of each function as there will be clients: a cold start is not what is timed."""
    headers = {"Authorization": f"Bearer {shop.token}"}

    def served() -> bool:
        asked = ["/auth/me"] * clients + ["/products?limit=1"] * clients
        answers = pool.map(lambda path: shop.http.get(path, headers=headers), asked)
        return {one.status_code for one in answers} == {200}

    with ThreadPoolExecutor(clients) as pool:
        wait_until(served, "every process serves", QUIET_SECONDS)


def opened(environment: Environment) -> Shop:
    """A new tenant, signed in thrice: a product in stock, a customer, an order, a user, an API key, a conversation."""
    shop = Shop(client(environment))
    email = f"{uuid.uuid4().hex[:12]}@faults.example"
    owner = {"email": email, "password": PASSWORD, "name": "Ada Owner", "tenant_name": "Faulty Shop"}
    tokens = shop.send("POST", "/auth/register", 201, owner)
    credentials = {"email": email, "password": PASSWORD}
    shop.send("POST", "/auth/login", 200, credentials)
    shop.token = tokens["access_token"]
    sessions = shop.send("GET", "/auth/sessions", 200)["items"]
    other = shop.send("POST", "/auth/login", 200, credentials)
    person = {"name": "Grace Buyer", "email": email}
    staff = {"email": f"staff-{email}", "password": PASSWORD, "name": "Grace Staff", "role": "staff"}
    shop.known = {
        "email": email,
        "password": PASSWORD,
        # a wrong one: a password that is changed behind a 503 would end the session of every later request
        "current_password": "not the password at all",
        "refresh_token": other["refresh_token"],
        "session_id": next(one["session_id"] for one in sessions if not one["current"]),
        "product_id": shop.product(),
        "customer_id": shop.send("POST", "/customers", 201, person)["customer_id"],
        "user_id": shop.send("POST", "/auth/users", 201, staff)["user_id"],
        "key_id": shop.send("POST", "/auth/api-keys", 201, {"name": "Till", "role": "device"})["key_id"],
    }
    shop.known["order_id"] = shop.order(customer_id=shop.known["customer_id"])
    said = shop.send("POST", "/assistant/chat", 200, {"message": "Good morning."})
    shop.known["conversation_id"] = said["conversation_id"]
    return shop
