"""Callers that write while services fail, as a careful client does: the same request again until it is answered.

Every write carries an `Idempotency-Key` or `If-Match`. What a writer was told is written is its `ledger`.
"""

import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from tests.integration.faults.shop import Shop

TRIES = 40


@dataclass
class Ledger:
    """What was accepted: ids by what they are of, units by product, and the answers' statuses."""

    customers: dict[str, str] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    orders: dict[str, int] = field(default_factory=dict)
    paid: dict[str, int] = field(default_factory=dict)
    received: int = 0
    answers: Counter[int] = field(default_factory=Counter)


@dataclass
class Writer:
    """One caller. `product`: whose stock all writers sell."""

    shop: Shop
    number: int
    product: str
    random: Random
    ledger: Ledger = field(default_factory=Ledger)

    def work(self, rounds: int) -> None:
        """So many writes of every sort, in an order of the seed's."""
        jobs = [self._customer, self._product, self._adjustment, self._order, self._order] * rounds
        self.random.shuffle(jobs)
        for number, job in enumerate(jobs):
            job(f"w{self.number}-{number}")

    def _customer(self, name: str) -> None:
        body = {"name": f"Buyer {name}", "email": f"{name}-{uuid.uuid4().hex[:8]}@faults.example"}
        self.ledger.customers[body["name"]] = self._post("/customers", body)["customer_id"]

    def _product(self, name: str) -> None:
        """Made, then changed under the version that was made."""
        body = {"sku": f"W-{uuid.uuid4().hex[:12].upper()}", "name": f"Product {name}", "category": "tea"}
        made = self._post("/products", {**body, "price": {"amount": 100, "currency": "EUR"}})
        self.ledger.products[body["name"]] = made["product_id"]
        self._changed(f"/products/{made['product_id']}", {"description": f"Changed {name}."}, made["version"])

    def _adjustment(self, name: str) -> None:
        units = 1 + self.random.randrange(5)
        body = {"quantity": units, "reason": "received", "note": name}
        self._post(f"/inventory/{self.product}/adjustments", body)
        self.ledger.notes.append(name)
        self.ledger.received += units

    def _order(self, _: str) -> None:
        """Every other one is paid."""
        units = 1 + self.random.randrange(3)
        made = self._post("/orders", {"lines": [{"product_id": self.product, "quantity": units}]})
        self.ledger.orders[made["order_id"]] = units
        if self.random.random() < 0.5:
            self._changed(f"/orders/{made['order_id']}", {"status": "paid"}, made["version"])
            self.ledger.paid[made["order_id"]] = units

    def _post(self, path: str, body: Any) -> Any:
        answer = self._answered("POST", path, body, {"Idempotency-Key": uuid.uuid4().hex})
        assert answer.status_code == 201, f"POST {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def _changed(self, path: str, change: dict[str, Any], version: int) -> None:
        """A change whose answer was lost is refused at the next try: then what is stored must be it, done once."""
        answer = self._answered("PATCH", path, change, {"If-Match": f'"{version}"'})
        if answer.status_code == httpx.codes.PRECONDITION_FAILED:
            answer = self._answered("GET", path, None, {})
        assert answer.status_code == 200, f"PATCH {path}: {answer.status_code} {answer.text[:300]}"
        stored = answer.json()
        assert stored["version"] == version + 1, stored
        assert {name: stored[name] for name in change} == change

    def _answered(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        headers = {**headers, "Authorization": f"Bearer {self.shop.token}"}
        for _ in range(TRIES):
            try:
                answer = self.shop.http.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                self.ledger.answers[0] += 1
                continue
            self.ledger.answers[answer.status_code] += 1
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer
            time.sleep(self.random.uniform(0.02, 0.2))
        raise AssertionError(f"{method} {path}: {TRIES} times unavailable")
