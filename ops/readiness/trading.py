"""Core operations of a shop that sells: stock, a customer, orders, and what follows them in the reports.

The product is the one that the checks of `core_operations` left; its price is what the server must charge.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from ops.readiness.answers import answered, json_error, json_object
from ops.readiness.checks import Check, Site, eventually, require
from ops.readiness.verdict import Category

if TYPE_CHECKING:
    from collections.abc import Callable

RECEIVED = 10
SOLD = 3
# A stream's batch waits a second, and the worker's first batch finds it cold.
_FOLLOWS_SECONDS = 15.0
_POLL_SECONDS = 0.3


def checks() -> list[Check]:
    """In order: each works with what the one before it made."""
    named: list[tuple[str, Callable[[Site], None]]] = [
        ("stock that is received is there to sell", _receive),
        ("create a customer, once for one Idempotency-Key", _customer),
        ("an order takes its stock and is priced by the server", _order),
        ("an order of more than there is is refused and takes nothing", _oversell),
        ("an order's steps are the documented ones", _steps),
        ("a cancelled order gives its stock back", _cancel),
        ("the customer's worth, the sales and the dashboard follow the order", _reports),
        ("a product that is exported is imported without a change", _bulk),
    ]
    return [Check(Category.CORE_OPERATIONS, name, run) for name, run in named]


def clean_up(site: Site) -> None:
    """Take the stock back out, for a product with stock is not deleted. Orders stay, as a shop's books do."""
    if "stocked" not in site.kept:
        return
    left = _stock(site)["available"]
    if left:
        _adjust(site, -left, "correction")


def _send(site: Site, method: str, path: str, body: Any = None, **options: Any) -> Any:
    return site.api.send(method, path, token=site.need("access_token"), body=body, **options)


def _once() -> dict[str, str]:
    return {"Idempotency-Key": f"readiness-{secrets.token_hex(8)}"}


def _adjust(site: Site, quantity: int, reason: str) -> Any:
    path = f"/inventory/{site.need('product_id')}/adjustments"
    return _send(site, "POST", path, {"quantity": quantity, "reason": reason}, headers=_once())


def _stock(site: Site) -> dict[str, Any]:
    return json_object(answered(_send(site, "GET", f"/inventory/{site.need('product_id')}"), 200))


def _require_stock(site: Site, **expected: int) -> None:
    found = _stock(site)
    wrong = [f"{name} is {found[name]}, not {units}" for name, units in expected.items() if found[name] != units]
    require(not wrong, "; ".join(wrong))


def _receive(site: Site) -> None:
    answered(_adjust(site, RECEIVED, "received"), 201)
    site.kept["stocked"] = True
    _require_stock(site, on_hand=RECEIVED, reserved=0, available=RECEIVED)


def _customer(site: Site) -> None:
    body = {"name": "Readiness Buyer", "email": f"buyer-{secrets.token_hex(6)}@example.com"}
    once = _once()
    first, again = (json_object(answered(_send(site, "POST", "/customers", body, headers=once), 201)) for _ in range(2))
    require(first["customer_id"] == again["customer_id"], "the same Idempotency-Key made two customers")
    site.kept["customer_id"] = first["customer_id"]


def _line(site: Site, quantity: int) -> dict[str, Any]:
    lines = [{"product_id": site.need("product_id"), "quantity": quantity}]
    return {"customer_id": site.need("customer_id"), "lines": lines}


def _order(site: Site) -> None:
    once = _once()
    orders = [
        json_object(answered(_send(site, "POST", "/orders", _line(site, SOLD), headers=once), 201)) for _ in range(2)
    ]
    require(orders[0]["order_id"] == orders[1]["order_id"], "the same Idempotency-Key made two orders")
    due = SOLD * site.need("product")["price"]["amount"]
    require(orders[0]["totals"] == {"units": SOLD, "amount": due}, f"totals are {orders[0]['totals']}, {due} is due")
    site.kept["order_id"] = orders[0]["order_id"]
    _require_stock(site, on_hand=RECEIVED, reserved=SOLD, available=RECEIVED - SOLD)


def _oversell(site: Site) -> None:
    body = _line(site, RECEIVED - SOLD + 1)
    error = json_error(_send(site, "POST", "/orders", body, headers=_once()), 409, "conflict")
    require(bool(error["details"]), "the error names no line")
    _require_stock(site, on_hand=RECEIVED, reserved=SOLD, available=RECEIVED - SOLD)


def _step(site: Site, order_id: str, status: str) -> Any:
    path = f"/orders/{order_id}"
    etag = answered(_send(site, "GET", path), 200).headers["etag"]
    return _send(site, "PATCH", path, {"status": status}, headers={"If-Match": etag})


def _steps(site: Site) -> None:
    order_id = site.need("order_id")
    json_error(_step(site, order_id, "delivered"), 409, "conflict")
    for status in ("paid", "fulfilled"):
        made = json_object(answered(_step(site, order_id, status), 200))
        require(made["status"] == status, f"the order is {made['status']}, not {status}")
    json_error(_step(site, order_id, "cancelled"), 409, "conflict")
    _require_stock(site, on_hand=RECEIVED - SOLD, reserved=0, available=RECEIVED - SOLD)


def _cancel(site: Site) -> None:
    before = _stock(site)["available"]
    order = json_object(answered(_send(site, "POST", "/orders", _line(site, 1), headers=_once()), 201))
    _require_stock(site, available=before - 1, reserved=1)
    answered(_step(site, order["order_id"], "cancelled"), 200)
    _require_stock(site, available=before, reserved=0)


def _reports(site: Site) -> None:
    due = SOLD * site.need("product")["price"]["amount"]
    expected = [{"currency": "EUR", "amount": due}]

    def follow() -> None:
        worth = json_object(answered(_send(site, "GET", f"/customers/{site.need('customer_id')}/value"), 200))
        require(worth["lifetime_value"] == expected, f"the customer's worth is {worth['lifetime_value']}, not {due}")
        sales = json_object(answered(_send(site, "GET", "/analytics/sales", query={"by": "product"}), 200))
        sold = {item["key"]: (item["units"], item["revenue"]) for item in sales["items"]}
        require(sold == {site.need("product_id"): (SOLD, expected)}, f"the sales are {sold}")
        today = json_object(answered(_send(site, "GET", "/dashboard/summary"), 200))["today"]
        require((today["units"], today["revenue"]) == (SOLD, expected), f"the dashboard's day is {today}")

    eventually(follow, _FOLLOWS_SECONDS, _POLL_SECONDS)


def _bulk(site: Site) -> None:
    exported = answered(_send(site, "GET", "/products/export", query={"format": "ndjson"}), 200)
    require(site.need("product")["sku"] in exported.text, "the export lacks the product")
    response = site.api.send(
        "POST",
        "/products/import",
        token=site.need("access_token"),
        headers={"Content-Type": "application/x-ndjson", **_once()},
        raw=exported.content,
    )
    report = json_object(answered(response, 200))
    others = {name: report[name] for name in ("created", "updated", "failed") if report[name]}
    require(not others, f"an unchanged import: {others}")
