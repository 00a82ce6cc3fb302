"""Customers through the API: profiles, their addresses, their orders and what they are worth."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest

from omnix import clock
from omnix.customers import rollup
from omnix.customers.model import CustomerInput
from omnix.tables import opened

from .conftest import Answer, Cloud, caller
from .shop import changed, order, product, step, stock

type Call = Callable[..., Answer]

GRACE = {"name": "Grace Buyer", "email": "grace@example.com", "phone": "+4930123456", "notes": "Loose leaf."}


def create(api: Call, **changes: Any) -> dict[str, Any]:
    answer = api("POST", "/customers", body=GRACE | changes)
    assert answer.status == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def test_a_created_customer_is_read_back_with_its_etag_and_address(api: Call) -> None:
    answer = api("POST", "/customers", body=GRACE | {"email": " Grace@Example.com "})
    assert (answer.status, answer.headers["ETag"], answer.json["email"]) == (201, '"1"', "grace@example.com")
    read = api("GET", answer.headers["Location"])
    assert (read.status, read.json, read.headers["ETag"]) == (200, answer.json, '"1"')


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"email": "nobody"},
        {"email": None},
        {"phone": "030 123"},
        {"notes": "x" * 2001},
        {"customer_id": "x"},
        {"orders": 7},
    ],
)
def test_a_customer_of_the_wrong_shape_is_refused_and_nothing_is_written(
    api: Call, cloud: Cloud, change: dict[str, Any]
) -> None:
    answer = api("POST", "/customers", body=GRACE | change)
    assert (answer.status, answer.code) == (422, "validation_failed")
    assert not any(cloud.everything().values())


def test_an_address_is_one_customers_in_a_tenant_and_free_in_another(api: Call, cloud: Cloud) -> None:
    create(api)
    before = cloud.everything()
    answer = api("POST", "/customers", body=GRACE | {"name": "Other", "email": "GRACE@example.com"})
    assert (answer.status, answer.code) == (409, "conflict")
    assert cloud.everything() == before
    assert api("POST", "/customers", body=GRACE, authorizer=caller(tenant="t2")).status == 201


def test_an_address_moves_with_its_customer_and_is_free_afterwards(api: Call) -> None:
    made = create(api)
    path = f"/customers/{made['customer_id']}"
    assert api("PATCH", path, body={"email": "new@example.com"}).json["email"] == "new@example.com"
    other = create(api)
    taken = api("PUT", f"/customers/{other['customer_id']}", body=GRACE | {"email": "new@example.com"})
    assert (taken.status, taken.code) == (409, "conflict")
    assert api("DELETE", path).status == 204
    assert create(api, email="new@example.com")


def test_a_put_replaces_everything_and_a_patch_what_it_names(api: Call) -> None:
    made = create(api)
    path = f"/customers/{made['customer_id']}"
    patched = api("PATCH", path, body={"phone": ""})
    assert {name for name in made if made[name] != patched.json[name]} - {"updated_at"} == {"phone", "version"}
    put = api("PUT", path, body={"name": "Grace", "email": GRACE["email"]})
    assert (put.headers["ETag"], put.json["phone"], put.json["notes"]) == ('"3"', "", "")
    assert put.json["created_at"] == made["created_at"]


@pytest.mark.parametrize("body", [{}, {"name": None}, {"email": "x"}, {"unknown": 1}])
def test_a_patch_of_the_wrong_shape_is_422(api: Call, body: dict[str, Any]) -> None:
    assert api("PATCH", f"/customers/{create(api)['customer_id']}", body=body).status == 422


@pytest.mark.parametrize(
    ("method", "body"), [("PUT", GRACE | {"name": "x"}), ("PATCH", {"name": "x"}), ("DELETE", None)]
)
def test_if_match_refuses_another_version_and_takes_this_one(api: Call, cloud: Cloud, method: str, body: Any) -> None:
    path = f"/customers/{create(api)['customer_id']}"
    before = cloud.everything()
    stale = api(method, path, body=body, headers={"If-Match": '"7"'})
    assert (stale.status, stale.headers["ETag"]) == (412, '"1"')
    assert cloud.everything() == before
    assert api(method, path, body=body, headers={"If-Match": '"1"'}).status in (200, 204)


@pytest.mark.parametrize("where", ["another tenant's", "unknown", "no id"])
def test_who_is_not_the_callers_is_404_and_untouched(api: Call, cloud: Cloud, where: str) -> None:
    made = create(api)["customer_id"]
    name = {"another tenant's": made, "unknown": "0" * 32, "no id": "EMAIL%23x"}[where]
    who = caller(tenant="t2") if where == "another tenant's" else caller()
    before = cloud.everything()
    for method, tail, body in (
        ("GET", "", None),
        ("PUT", "", GRACE),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("GET", "/orders", None),
        ("GET", "/value", None),
    ):
        assert api(method, f"/customers/{name}{tail}", body=body, authorizer=who).status == 404
    assert cloud.everything() == before


def test_devices_see_no_customer_and_staff_erase_none(api: Call) -> None:
    made = create(api)
    path = f"/customers/{made['customer_id']}"
    reads = ["/customers", "/analytics/segments", path, f"{path}/orders", f"{path}/value"]
    assert {api("GET", read, authorizer=caller("device")).status for read in reads} == {403}
    assert api("POST", "/customers", body=GRACE, authorizer=caller("device")).status == 403
    assert {api("GET", read, authorizer=caller("staff")).status for read in reads} == {200}
    assert api("DELETE", path, authorizer=caller("staff")).status == 403
    assert api("DELETE", path, authorizer=caller("manager")).status == 204


def test_customers_are_listed_by_name_and_prefix_page_by_page(api: Call) -> None:
    for number, name in enumerate(["berta", "Anna", "anton", "Carl"]):
        create(api, name=name, email=f"c{number}@example.com")

    def names(**query: str) -> list[str]:
        return [item["name"] for item in api("GET", "/customers", query=query).json["items"]]

    assert names(limit="100") == ["Anna", "anton", "berta", "Carl"]
    assert names(prefix="AN") == ["Anna", "anton"]
    first = api("GET", "/customers", query={"limit": "3"}).json
    assert [item["name"] for item in first["items"]] == ["Anna", "anton", "berta"]
    assert names(limit="3", cursor=first["next_cursor"]) == ["Carl"]
    assert api("GET", "/customers", authorizer=caller(tenant="t2")).json["items"] == []


def test_an_idempotency_key_makes_one_customer(api: Call) -> None:
    first = api("POST", "/customers", body=GRACE, headers={"Idempotency-Key": "k"})
    again = api("POST", "/customers", body=GRACE, headers={"Idempotency-Key": "k"})
    assert (again.status, again.json, again.headers["Idempotency-Replayed"]) == (201, first.json, "true")
    other = api("POST", "/customers", body=GRACE | {"name": "x"}, headers={"Idempotency-Key": "k"})
    assert other.json["error"]["details"][0]["reason"] == "reused"


def test_the_record_of_a_key_does_not_confirm_a_guess_at_the_profile(api: Call, cloud: Cloud) -> None:
    """The record outlives an erased profile, in backups; a hash of name and address alone could be tried."""
    body = CustomerInput.model_validate(GRACE).model_dump_json().encode()
    api("POST", "/customers", body=GRACE, headers={"Idempotency-Key": "secret nonce"})
    records = [item for item in cloud.items("sessions") if item["entity"] == "idempotency"]
    (kept,) = (record["payload_hash"] for record in records)
    assert kept != hashlib.sha256(body).hexdigest()
    assert kept == hmac.digest(b"secret nonce", body, "sha256").hex()
    assert "secret nonce" not in str(records)


def test_an_erased_customer_leaves_nothing_personal_and_its_orders_stay(api: Call, cloud: Cloud) -> None:
    made = create(api)["customer_id"]
    tea = product("TEA-1")
    stock(tea, 5)
    bought = order((tea, 1), customer=made)
    pay(cloud, bought)
    assert api("DELETE", f"/customers/{made}").status == 204
    assert [item for item in cloud.items("customer-profiles") if item["entity"] != "cohort"] == []
    assert api("GET", "/analytics/segments").json["items"][0]["customers"] == 0
    text = str(cloud.everything())
    assert not [part for part in GRACE.values() if part in text]
    assert api("GET", f"/orders/{bought}").json["customer_id"] == made


def image(order_id: str) -> dict[str, Any]:
    item = opened("orders").get("TENANT#t1", f"ORDER#{order_id}")
    assert item is not None
    return item


def pay(cloud: Cloud, order_id: str) -> None:  # noqa: ARG001 - must exist first
    before = image(order_id)
    step(order_id, "paid")
    rollup.apply(changed(before, image(order_id), f"paid-{order_id}"))


def test_nothing_personal_is_logged(api: Call, caplog: pytest.LogCaptureFixture) -> None:
    path = f"/customers/{create(api)['customer_id']}"
    api("PUT", path, body=GRACE | {"name": "Grace Renamed"})
    api("POST", "/customers", body=GRACE)
    api("POST", "/customers", body=GRACE | {"email": "grace at example.com"})
    api("GET", "/customers", query={"prefix": "Grace"})
    api("DELETE", path)
    logged = str([vars(record) for record in caplog.records])
    assert logged.count("'msg': 'request'") == 6
    for personal in ("grace", "Grace", "+4930123456", "Loose leaf"):
        assert personal not in logged


def test_the_purchase_history_is_the_customers_orders_newest_first(api: Call, cloud: Cloud) -> None:  # noqa: ARG001
    made, other = create(api)["customer_id"], create(api, email="alan@example.com")["customer_id"]
    tea = product("TEA-1")
    stock(tea, 50)
    bought = [order((tea, 1), customer=who) for who in (made, other, made, made)]
    page = api("GET", f"/customers/{made}/orders", query={"limit": "2"}).json
    assert [item["order_id"] for item in page["items"]] == [bought[3], bought[2]]
    rest = api("GET", f"/customers/{made}/orders", query={"cursor": page["next_cursor"]}).json
    assert [item["order_id"] for item in rest["items"]] == [bought[0]]


def test_worth_and_segment_follow_the_orders_and_the_days(
    api: Call, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = create(api)["customer_id"]
    path = f"/customers/{made}/value"
    nothing = api("GET", path).json
    assert (nothing["segment"], nothing["scores"], nothing["lifetime_value"]) == ("prospect", None, [])
    tea = product("TEA-1", 12_000)
    stock(tea, 50)
    for _ in range(2):
        pay(cloud, order((tea, 1), customer=made))
    order((tea, 9), customer=made)  # not paid: not counted
    worth = api("GET", path).json
    assert (worth["orders"], worth["lifetime_value"]) == (2, [{"currency": "EUR", "amount": 24_000}])
    assert worth["scores"] == {"recency": 5, "frequency": 2, "monetary": 3}
    assert worth["segment"] == "promising"
    assert segments(api) == {"promising": 1}
    plain = clock.iso_now
    monkeypatch.setattr(clock, "iso_now", lambda: clock.iso(clock.epoch_seconds() + 200 * 86_400))
    assert (api("GET", path).json["segment"], segments(api)) == ("lost", {"lost": 1})
    monkeypatch.setattr(clock, "iso_now", plain)


def segments(api: Call) -> dict[str, int]:
    items = api("GET", "/analytics/segments").json["items"]
    assert len(items) == 8
    return {item["segment"]: item["customers"] for item in items if item["customers"]}


def test_a_refund_takes_back_what_the_order_was_worth(api: Call, cloud: Cloud) -> None:
    made = create(api)["customer_id"]
    tea = product("TEA-1", 12_000)
    stock(tea, 50)
    bought = order((tea, 1), customer=made)
    pay(cloud, bought)
    before = image(bought)
    step(bought, "refunded")
    rollup.apply(changed(before, image(bought), "refund"))
    worth = api("GET", f"/customers/{made}/value").json
    assert (worth["orders"], worth["lifetime_value"], worth["segment"]) == (0, [], "prospect")
    assert segments(api) == {}


def test_a_change_that_comes_again_counts_once_and_one_of_an_erased_customer_never(api: Call, cloud: Cloud) -> None:
    made = create(api)["customer_id"]
    tea = product("TEA-1", 500)
    stock(tea, 50)
    bought = order((tea, 1), customer=made)
    before = image(bought)
    step(bought, "paid")
    after = image(bought)
    for _ in range(3):
        rollup.apply(changed(before, after, "event-1"))
    entry = opened("orders").get("TENANT#t1", f"STATUS#{bought}")
    rollup.apply(changed(None, entry, "event-2"))  # the status entry is no second order
    assert api("GET", f"/customers/{made}/value").json["orders"] == 1
    api("DELETE", f"/customers/{made}")
    left = cloud.items("customer-profiles")
    rollup.apply(changed(before, after, "event-3"))
    assert cloud.items("customer-profiles") == left
