"""Jobs of a shop that sells: stock, customers, orders, and what the worker makes of them."""

import json
import uuid
from typing import Any

from tests.integration.permissions.site import Site, wait_until


def stocked(site: Site, token: str, units: int) -> str:
    """A new product with so many units at `main`."""
    sku = f"SELL-{uuid.uuid4().hex[:12].upper()}"
    product = {"sku": sku, "name": f"Sold {sku}", "category": "tea", "price": {"amount": 249, "currency": "EUR"}}
    made = site.call("POST", "/products", 201, token=token, json=product)["product_id"]
    change = {"quantity": units, "reason": "received"}
    site.call("POST", f"/inventory/{made}/adjustments", 201, token=token, json=change)
    return str(made)


def buyer(site: Site, token: str) -> dict[str, Any]:
    """A new customer."""
    person = {"name": "Job Buyer", "email": f"buyer-{uuid.uuid4().hex[:12]}@jobs.example"}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    made: dict[str, Any] = site.call("POST", "/customers", 201, token=token, json=person, headers=key)
    return made


def a_customer_is_made_changed_found_and_erased(site: Site) -> None:
    token = site.token()
    made = buyer(site, token)
    path = f"/customers/{made['customer_id']}"
    changed = site.call("PATCH", path, 200, token=token, json={"email": f"new-{made['email']}"})
    assert site.call("GET", path, 200, token=token) == changed
    assert site.call("GET", "/customers?prefix=job", 200, token=token)["items"]
    assert site.call("GET", "/analytics/segments", 200, token=token)["items"]
    assert site.call("GET", f"{path}/value", 200, token=token)["segment"] == "prospect"
    site.call("DELETE", path, 204, token=token)
    site.call("GET", path, 404, token=token)


def an_order_takes_its_stock_and_gives_it_back(site: Site) -> None:
    token = site.token()
    product, customer = stocked(site, token, 3), buyer(site, token)["customer_id"]
    wanted = {"lines": [{"product_id": product, "quantity": 2}], "customer_id": customer}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    order = site.call("POST", "/orders", 201, token=token, json=wanted, headers=key)
    assert site.call("POST", "/orders", 201, token=token, json=wanted, headers=key) == order
    assert order["totals"] == {"units": 2, "amount": 498}
    site.call("POST", "/orders", 409, token=token, json=wanted)
    path = f"/orders/{order['order_id']}"
    assert site.call("PATCH", path, 200, token=token, json={"status": "cancelled"})["version"] == 2
    assert site.call("GET", path, 200, token=token)["status"] == "cancelled"
    assert site.call("GET", f"/inventory/{product}", 200, token=token)["available"] == 3
    assert site.call("GET", f"/orders?status=cancelled&customer_id={customer}", 200, token=token)["items"]
    assert site.call("GET", f"/customers/{customer}/orders", 200, token=token)["items"]


def a_paid_order_is_counted_for_its_customer_and_recommended(site: Site) -> None:
    token = site.token()
    tea, mug = stocked(site, token, 1), stocked(site, token, 1)
    customer = buyer(site, token)["customer_id"]
    lines = [{"product_id": tea, "quantity": 1}, {"product_id": mug, "quantity": 1}]
    order = site.call("POST", "/orders", 201, token=token, json={"lines": lines, "customer_id": customer})
    site.call("PATCH", f"/orders/{order['order_id']}", 200, token=token, json={"status": "paid"})

    def counted() -> bool:
        worth = site.call("GET", f"/customers/{customer}/value", 200, token=token)
        beside = site.call("GET", f"/recommendations?product_id={tea}", 200, token=token)["items"]
        return worth["orders"] == 1 and mug in {item["product_id"] for item in beside}

    wait_until(counted, "an order is counted", 15)
    segment = site.call("GET", f"/customers/{customer}/value", 200, token=token)["segment"]
    listed = site.call("GET", f"/customers?segment={segment}&limit=100", 200, token=token)["items"]
    assert customer in {item["customer_id"] for item in listed}
    site.call("DELETE", f"/customers/{customer}", 204, token=token)


def stock_is_imported_and_listed_by_its_location(site: Site) -> None:
    token = site.token()
    product = stocked(site, token, 1)
    line = json.dumps({"product_id": product, "on_hand": 5, "reorder_point": 2})
    headers = {"Content-Type": "application/x-ndjson"}
    report = site.call("POST", "/inventory/import", 200, token=token, content=f"{line}\n", headers=headers)
    assert report["updated"] == 1, report
    assert site.call("GET", f"/inventory/{product}", 200, token=token)["on_hand"] == 5
    assert site.call("GET", "/inventory?location_id=main", 200, token=token)["items"]
    site.call("GET", "/inventory/alerts", 200, token=token)
