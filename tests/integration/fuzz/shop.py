"""The fuzzer's own tenant: who signs in, and what there is to be found, changed and sold."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import requests

# Failed sign-ins are counted by address: with one of its own the fuzzer does not shut out what runs beside it.
ADDRESS_VARIABLE = "OMNIX_FUZZ_ADDRESS"
TIMEOUT = 30
_PRODUCT: dict[str, Any] = {"category": "tea", "price": {"amount": 499, "currency": "EUR"}}


@dataclass
class Shop:
    """What the cases of one run share; the engine's workers are threads."""

    email: str = ""
    password: str = ""
    owner: str = ""
    users: list[str] = field(default_factory=list)
    products: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    wrong_passwords: int = 0
    url: str = ""
    token: str = ""
    answers: int = 0
    unavailable: int = 0

    def sign_in(self, url: str) -> str:
        """An access token; the first one is of a new tenant, which gets something to sell, and so is one after the
        fuzzer shut itself out: ten wrong passwords of a known address end sign-ins for a quarter of an hour.
        """
        self.url = url
        if self.email:
            answer = requests.post(f"{url}/auth/login", json=self.credentials(), timeout=TIMEOUT)
            if answer.ok:
                self.token = str(answer.json()["access_token"])
                return self.token
        self.email, self.password = f"fuzz-{uuid.uuid4().hex}@shop.example", uuid.uuid4().hex
        registration = {**self.credentials(), "name": "Fuzz", "tenant_name": "Fuzz"}
        answer = requests.post(f"{url}/auth/register", json=registration, timeout=TIMEOUT)
        answer.raise_for_status()
        token, self.owner = str(answer.json()["access_token"]), answer.json()["user"]["user_id"]
        self.products, self.users = self._stock(url, token), self._staff(url, token)
        self.token = token
        return token

    def made(self, path: str, body: dict[str, Any], name: str) -> str | None:
        """The id (by its field's `name`) of one more of what `path` makes; None where the API has no room for it."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": uuid.uuid4().hex}
        answer = requests.post(f"{self.url}{path}", json=body, headers=headers, timeout=TIMEOUT)
        return str(answer.json()[name]) if answer.ok else None

    def credentials(self) -> dict[str, str]:
        """What signs in to the tenant."""
        return {"email": self.email, "password": self.password}

    def _stock(self, url: str, token: str) -> list[str]:
        headers, made = {"Authorization": f"Bearer {token}"}, []
        for number in range(3):
            product = {**_PRODUCT, "sku": f"FUZZ-{number}", "name": f"Fuzz {number}"}
            answer = requests.post(f"{url}/products", json=product, headers=headers, timeout=TIMEOUT)
            answer.raise_for_status()
            made.append(answer.json()["product_id"])
            requests.post(
                f"{url}/inventory/{made[-1]}/adjustments",
                json={"quantity": 10**8, "reason": "received"}, headers=headers, timeout=TIMEOUT,
            ).raise_for_status()  # fmt: skip
        return made

    def _staff(self, url: str, token: str) -> list[str]:
        headers, made = {"Authorization": f"Bearer {token}"}, []
        for number in range(3):
            person = {"email": f"{number}-{self.email}", "password": self.password, "name": "Staff", "role": "staff"}
            answer = requests.post(f"{url}/auth/users", json=person, headers=headers, timeout=TIMEOUT)
            answer.raise_for_status()
            made.append(answer.json()["user_id"])
        return made


SHOP = Shop()
