"""Demo data, loaded through the public API as any shop would: a sign-in, believable products and their trade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx

from ops import demo_trade
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ops.demo_trade import Traded

_OK, _CREATED, _UNAUTHORIZED, _CONFLICT = 200, 201, 401, 409
_LARGEST_PAGE = "100"
_TIMEOUT = httpx.Timeout(35.0, connect=10.0)


def _product(
    sku: str, name: str, category: str, cents: int, description: str, status: str = "active"
) -> dict[str, Any]:
    return {
        "sku": sku,
        "name": name,
        "category": category,
        "price": {"amount": cents, "currency": "EUR"},
        "description": description,
        "status": status,
    }


PRODUCTS: tuple[dict[str, Any], ...] = (
    _product("TEA-EG-100", "Earl Grey, loose leaf 100 g", "tea", 890, "Ceylon black tea with bergamot oil."),
    _product("TEA-SN-080", "Sencha, first flush 80 g", "tea", 1450, "Steamed green tea from Shizuoka."),
    _product("TEA-CH-075", "Camomile flowers 75 g", "tea", 590, "Whole organic flowers, free of caffeine."),
    _product("COF-ET-250", "Ethiopia Yirgacheffe, whole bean 250 g", "coffee", 1190, "Washed; jasmine and lemon."),
    _product("COF-BR-1000", "House espresso, whole bean 1 kg", "coffee", 2690, "Brazil and India; cocoa and nuts."),
    _product("COF-DE-250", "Decaf Colombia, ground 250 g", "coffee", 1090, "Decaffeinated with sugar cane."),
    _product("EQP-KT-08", "Gooseneck kettle 0.8 l", "equipment", 6900, "Stainless steel, with thermometer."),
    _product("EQP-GR-01", "Hand grinder, ceramic burr", "equipment", 4450, "Adjustable from espresso to press."),
    _product("EQP-FL-100", "Paper filters size 02, 100 pieces", "equipment", 420, "Unbleached, compostable."),
    _product("CUP-ST-350", "Stoneware mug 350 ml", "tableware", 1600, "Thrown and glazed by hand."),
    _product("CUP-GL-004", "Tea glasses, set of four", "tableware", 2400, "Double-walled borosilicate glass."),
    _product("GFT-BX-001", "Gift box “Slow Sunday”", "gifts", 3990, "Tea, mug and honey.", status="draft"),
)


@dataclass(frozen=True)
class Loaded:
    """What a run did. `registered`: the sign-in was made by this run, not by an earlier one."""

    email: str
    registered: bool
    added: tuple[str, ...]
    present: tuple[str, ...]
    traded: Traded


class Shop:
    """The API as the demo shop's owner uses it; every refusal says which request met it."""

    def __init__(self, api_url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(
            base_url=api_url, timeout=_TIMEOUT, transport=transport or httpx.HTTPTransport(retries=2)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def sign_in(self, email: str, password: str) -> bool:
        """Sign in, after registering where nobody has that address yet; True when it registered."""
        response = self._send("POST", "/auth/login", {"email": email, "password": password})
        registered = response.status_code == _UNAUTHORIZED
        if registered:
            who = {"email": email, "password": password, "name": "Demo Owner", "tenant_name": "Demo Tea and Coffee"}
            response = self._send("POST", "/auth/register", who)
            if response.status_code == _CONFLICT:
                raise Refused(
                    f"{email} is registered with another password",
                    "give that password with --password, or another address with --email",
                )
        self._expect(response, _OK, _CREATED)
        self._client.headers["Authorization"] = f"Bearer {response.json()['access_token']}"
        return registered

    def products(self) -> dict[str, str]:
        """Product ids by SKU, over all pages."""
        found: dict[str, str] = {}
        query: dict[str, str] = {"limit": _LARGEST_PAGE}
        while True:
            page = self.get("/products", **query)
            found |= {item["sku"]: item["product_id"] for item in page["items"]}
            if not page.get("next_cursor"):
                return found
            query = {"limit": _LARGEST_PAGE, "cursor": page["next_cursor"]}

    def add(self, product: Mapping[str, Any]) -> bool:
        """Create a product; False when its SKU is there already (a list may lag behind by a second)."""
        response = self._expect(self._send("POST", "/products", dict(product)), _CREATED, _CONFLICT)
        return response.status_code == _CREATED

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """A resource or a page."""
        return self._document(self._send("GET", path, query=query))

    def post(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Make something once for `key`, while the API remembers it (a day)."""
        return self._document(self._send("POST", path, body, headers={"Idempotency-Key": key}))

    def post_lines(self, path: str, lines: str, key: str) -> dict[str, Any]:
        """Send NDJSON; refused when a line is."""
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": key}
        response = self._client.post(path, content=lines, headers=headers)
        report = self._document(response)
        if report["failed"]:
            raise Refused(f"POST {path}: {report['failed']} lines failed", f"the first: {report['errors'][0]}")
        return report

    def patch(self, path: str, body: dict[str, Any], if_match: str) -> dict[str, Any]:
        """Change what was read."""
        return self._document(self._send("PATCH", path, body, headers={"If-Match": if_match}))

    def _document(self, response: httpx.Response) -> dict[str, Any]:
        document: dict[str, Any] = self._expect(response, _OK, _CREATED).json()
        return document

    def _send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        return self._client.request(method, path, json=body, params=query, headers=headers)

    def _expect(self, response: httpx.Response, *statuses: int) -> httpx.Response:
        if response.status_code not in statuses:
            request = response.request
            raise Refused(
                f"{request.method} {request.url.path} answered {response.status_code}: {_words(response)}",
                "run `omnix readiness` to see what is wrong with the environment",
            )
        return response


def _words(response: httpx.Response) -> str:
    """The error's own message; never the body as it is, which may repeat what was sent."""
    try:
        error = response.json()["error"]
        return f"{error['message']} (request {error['request_id']})"
    except (ValueError, KeyError, TypeError):
        return response.reason_phrase or "no message"


def load(
    shop: Shop,
    email: str,
    password: str,
    products: Iterable[Mapping[str, Any]] = PRODUCTS,
    on_product: Callable[[str, bool], None] = lambda _name, _added: None,
) -> Loaded:
    """Sign in and add what is missing; a second run changes nothing. `on_product`: name, and whether it was added."""
    registered = shop.sign_in(email, password)
    known = shop.products()
    added: list[str] = []
    present: list[str] = []
    for product in products:
        new = product["sku"] not in known and shop.add(product)
        (added if new else present).append(product["sku"])
        on_product(product["name"], new)
    return Loaded(email, registered, tuple(added), tuple(present), demo_trade.load(shop))
