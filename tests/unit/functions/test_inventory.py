"""Stock: what is on hand is what is reserved and what is available, never negative, whoever writes at once."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient

from omnix import clock
from omnix.authorisation import Principal, Role
from omnix.catalogue.prices import prices
from omnix.dynamodb import Table, transact
from omnix.inventory import keys, reservations
from omnix.inventory.model import AdjustmentInput, Level

from .conftest import Answer, Cloud, caller, table

type Call = Callable[..., Answer]

WHO = Principal("t1", "u1", Role.OWNER, "s1", "jwt")
PRODUCT = {"sku": "TEA-1", "name": "Earl Grey", "category": "tea", "price": {"amount": 1299, "currency": "EUR"}}
ABSENT = "0" * 32


def product(api: Call, number: int = 1) -> str:
    answer = api("POST", "/products", body=PRODUCT | {"sku": f"TEA-{number}", "name": f"Tea {number:02}"})
    assert answer.status == 201, answer.text
    return str(answer.json["product_id"])


def adjust(api: Call, product_id: str, quantity: int, **changes: Any) -> Answer:
    headers = changes.pop("headers", {})
    authorizer = changes.pop("authorizer", caller())
    body = {"quantity": quantity, "reason": "received", **changes}
    path = f"/inventory/{product_id}/adjustments"
    return api("POST", path, body=body, headers=headers, authorizer=authorizer)


def inventory(cloud: Cloud) -> Table:
    return Table(cloud.client("dynamodb"), table("inventory"))


def move(cloud: Cloud, kind: str, product_id: str, quantity: int, location: str = "main") -> None:
    action = getattr(reservations, kind)(inventory(cloud), "t1", product_id, location, quantity, clock.iso_now())
    transact(cloud.client("dynamodb"), [action])


def numbers(api: Call, product_id: str) -> tuple[int, int, int]:
    read = api("GET", f"/inventory/{product_id}").json
    return read["on_hand"], read["reserved"], read["available"]


def test_an_adjustment_changes_the_level_and_is_in_the_history(api: Call) -> None:
    found = product(api)
    made = adjust(api, found, 24, note="Delivery 4711")
    assert (made.status, made.json["on_hand"], made.json["user_id"]) == (201, 24, "u1")
    adjust(api, found, -4, reason="damaged")
    assert numbers(api, found) == (20, 0, 20)
    history = api("GET", f"/inventory/{found}/adjustments").json["items"]
    assert [(entry["quantity"], entry["reason"], entry["on_hand"]) for entry in history] == [
        (-4, "damaged", 20),
        (24, "received", 24),
    ]
    assert history[1] == made.json


def test_a_history_is_paged_newest_first(api: Call) -> None:
    found = product(api)
    for quantity in range(1, 6):
        adjust(api, found, quantity)
    seen: list[int] = []
    query = {"limit": "2"}
    while True:
        page = api("GET", f"/inventory/{found}/adjustments", query=query).json
        seen += [entry["quantity"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [5, 4, 3, 2, 1]


def test_stock_never_goes_below_what_is_reserved(api: Call, cloud: Cloud) -> None:
    found = product(api)
    adjust(api, found, 10)
    move(cloud, "reserve", found, 7)
    before = cloud.everything()
    answer = adjust(api, found, -4, reason="lost")
    assert (answer.status, answer.code) == (409, "conflict")
    assert answer.json["error"]["details"] == [{"reason": "insufficient", "available": 3, "reserved": 7}]
    assert cloud.everything() == before
    assert adjust(api, found, -3, reason="lost").status == 201
    assert numbers(api, found) == (7, 7, 0)


def test_a_level_has_an_end(api: Call) -> None:
    found = product(api)
    assert adjust(api, found, 10**9).status == 201
    assert adjust(api, found, 1).status == 409


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 1.5},
        {"quantity": "1"},
        {"quantity": 10**9 + 1},
        {"quantity": True},
        {"reason": "sold"},
        {"reason": None},
        {"location_id": "Main"},
        {"location_id": ""},
        {"location_id": "x" * 65},
        {"note": "x" * 501},
        {"note": "two\nlines"},
        {"on_hand": 5},
    ],
)
def test_an_adjustment_of_the_wrong_shape_is_refused(api: Call, cloud: Cloud, change: dict[str, Any]) -> None:
    found = product(api)
    before = cloud.everything()
    answer = api("POST", f"/inventory/{found}/adjustments", body={"quantity": 1, "reason": "received", **change})
    assert (answer.status, answer.code) == (422, "validation_failed")
    assert cloud.everything() == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/inventory/{}", None),
        ("GET", "/inventory/{}/adjustments", None),
        ("POST", "/inventory/{}/adjustments", {"quantity": 1, "reason": "found"}),
        ("PUT", "/inventory/{}/reorder-point", {"reorder_point": 5}),
    ],
)
@pytest.mark.parametrize("where", ["another tenant's", "unknown", "no id"])
def test_what_is_not_the_callers_is_404_and_untouched(
    api: Call, cloud: Cloud, method: str, path: str, body: Any, where: str
) -> None:
    found = product(api)
    adjust(api, found, 5)
    target = {"another tenant's": found, "unknown": ABSENT, "no id": "LEVEL%23x"}[where]
    before = cloud.everything()
    authorizer = caller(tenant="t2") if where == "another tenant's" else caller()
    answer = api(method, path.format(target), body=body, authorizer=authorizer)
    assert (answer.status, answer.code) == (404, "not_found")
    assert cloud.everything() == before


def test_who_may_count_and_who_may_plan(api: Call) -> None:
    found = product(api)
    path = f"/inventory/{found}/reorder-point"
    assert adjust(api, found, 1, authorizer=caller("staff")).status == 201
    assert adjust(api, found, 1, authorizer=caller("device")).status == 403
    assert api("PUT", path, body={"reorder_point": 1}, authorizer=caller("staff")).status == 403
    assert api("GET", f"/inventory/{found}", authorizer=caller("device")).status == 200


def test_an_idempotency_key_adjusts_once_even_when_the_stock_is_gone_since(api: Call, cloud: Cloud) -> None:
    found = product(api)
    adjust(api, found, 5)
    first = adjust(api, found, -5, reason="lost", headers={"Idempotency-Key": "k1"})
    before = cloud.everything()
    again = adjust(api, found, -5, reason="lost", headers={"Idempotency-Key": "k1"})
    assert (again.status, again.json, again.headers["Idempotency-Replayed"]) == (201, first.json, "true")
    assert cloud.everything() == before
    assert adjust(api, found, 5, headers={"Idempotency-Key": "k1"}).code == "validation_failed"
    other = product(api, 2)
    assert adjust(api, other, -5, reason="lost", headers={"Idempotency-Key": "k1"}).code == "validation_failed"


def test_the_reorder_point_decides_what_is_listed_as_low(api: Call) -> None:
    found = product(api)
    adjust(api, found, 10)
    low = {"low_stock": "true"}
    assert api("GET", "/inventory", query=low).json["items"] == []
    answer = api("PUT", f"/inventory/{found}/reorder-point", body={"reorder_point": 10})
    assert (answer.status, answer.headers["ETag"], answer.json["low"]) == (200, '"2"', True)
    assert api("GET", "/inventory", query=low).json["items"] == [answer.json]
    adjust(api, found, 1)
    assert api("GET", "/inventory", query=low).json["items"] == []
    refused = api("PUT", f"/inventory/{found}/reorder-point", body={"reorder_point": 1}, headers={"If-Match": '"2"'})
    assert (refused.status, refused.headers["ETag"]) == (412, '"3"')


def test_a_reorder_point_may_come_before_the_first_unit(api: Call) -> None:
    found = product(api)
    answer = api("PUT", f"/inventory/{found}/reorder-point", body={"location_id": "north", "reorder_point": 3})
    assert (answer.json["on_hand"], answer.json["low"], answer.json["version"]) == (0, True, 1)


def test_the_same_reorder_point_again_changes_nothing(api: Call, cloud: Cloud) -> None:
    found = product(api)
    first = api("PUT", f"/inventory/{found}/reorder-point", body={"reorder_point": 3})
    before = cloud.everything()
    assert api("PUT", f"/inventory/{found}/reorder-point", body={"reorder_point": 3}).json == first.json
    assert cloud.everything() == before


def test_levels_are_listed_for_the_tenant_a_location_and_a_product(api: Call) -> None:
    first, second = product(api, 1), product(api, 2)
    for found, location, quantity in ((first, "main", 1), (first, "north", 2), (second, "north", 3)):
        adjust(api, found, quantity, location_id=location)

    def listed(**query: str) -> Counter[tuple[str, str, int]]:
        seen: Counter[tuple[str, str, int]] = Counter()
        asked = {**query, "limit": "1"}
        while True:
            page = api("GET", "/inventory", query=asked).json
            seen.update((i["product_id"], i["location_id"], i["available"]) for i in page["items"])
            if page["next_cursor"] is None:
                return seen
            asked["cursor"] = page["next_cursor"]

    every = {(first, "main", 1): 1, (first, "north", 2): 1, (second, "north", 3): 1}
    assert listed() == every
    assert listed(location_id="north") == {key: 1 for key in every if key[1] == "north"}
    assert listed(location_id="south") == {}
    assert listed(low_stock="true") == {}
    api("PUT", f"/inventory/{first}/reorder-point", body={"location_id": "north", "reorder_point": 9})
    api("PUT", f"/inventory/{second}/reorder-point", body={"location_id": "north", "reorder_point": 9})
    api("PUT", f"/inventory/{first}/reorder-point", body={"reorder_point": 9})
    assert listed(low_stock="true") == every
    assert listed(low_stock="true", location_id="north") == listed(location_id="north")
    own = api("GET", f"/inventory/{first}").json
    assert [level["location_id"] for level in own["levels"]] == ["main", "north"]
    assert own["available"] == 3
    assert api("GET", "/inventory", authorizer=caller(tenant="t2")).json == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("query", [{"low_stock": "yes"}, {"location_id": "A"}, {"limit": "0"}])
def test_a_query_of_the_wrong_shape_is_422(api: Call, query: dict[str, str]) -> None:
    assert api("GET", "/inventory", query=query).status == 422


def test_a_cursor_of_another_list_is_400(api: Call) -> None:
    for number in (1, 2):
        adjust(api, product(api, number), 1)
    cursor = api("GET", "/inventory", query={"limit": "1"}).json["next_cursor"]
    assert api("GET", "/inventory", query={"cursor": cursor, "low_stock": "true"}).status == 400
    assert api("GET", "/inventory", query={"cursor": cursor}, authorizer=caller(tenant="t2")).status == 400


def test_a_product_without_stock_has_none(api: Call) -> None:
    found = product(api)
    assert api("GET", f"/inventory/{found}").json["levels"] == []
    assert api("GET", f"/inventory/{found}/adjustments").json == {"items": [], "next_cursor": None}


def test_no_request_about_stock_scans_a_table(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = BaseClient._make_api_call  # type: ignore[attr-defined]
    seen = set()

    def watched(self: Any, operation: str, arguments: Any) -> Any:
        seen.add(operation)
        return plain(self, operation, arguments)

    found = product(api)
    monkeypatch.setattr(BaseClient, "_make_api_call", watched)
    adjust(api, found, 1)
    for query in ({}, {"low_stock": "true"}, {"location_id": "main"}):
        api("GET", "/inventory", query=query)
    api("GET", f"/inventory/{found}")
    api("GET", f"/inventory/{found}/adjustments")
    assert seen <= {"TransactWriteItems", "Query", "GetItem", "BatchGetItem", "GetParameters"}


def test_prices_are_of_the_tenant_and_leave_out_what_is_not_there(api: Call, cloud: Cloud) -> None:
    first, second = product(api, 1), product(api, 2)
    products = Table(cloud.client("dynamodb"), table("products"))
    found = prices(products, "t1", [first, second, first, ABSENT])
    assert set(found) == {first, second}
    assert (found[first].amount, found[first].currency, found[first].status) == (1299, "EUR", "active")
    assert prices(products, "t2", [first]) == {}


def test_a_level_is_read_as_it_is_stored() -> None:
    example = {"quantity": 1, "reason": "found"}
    assert AdjustmentInput.model_validate_json(json.dumps(example)).location_id == keys.MAIN
    assert set(Level.model_fields) >= {"on_hand", "reserved", "available"}


def test_a_product_with_stock_is_not_deleted_and_one_without_takes_its_levels_with_it(api: Call, cloud: Cloud) -> None:
    found = product(api)
    adjust(api, found, 2)
    adjust(api, found, 3, location_id="north")
    move(cloud, "reserve", found, 2)
    before = cloud.everything()
    answer = api("DELETE", f"/products/{found}")
    assert (answer.status, answer.code) == (409, "conflict")
    assert cloud.everything() == before
    move(cloud, "ship", found, 2)
    adjust(api, found, -3, location_id="north", reason="lost")
    assert api("DELETE", f"/products/{found}").status == 204
    assert {item["entity"] for item in cloud.items("inventory")} == {"adjustment"}
    assert api("GET", f"/inventory/{found}").status == 404
    assert api("GET", "/inventory", query={"location_id": "north"}).json["items"] == []
