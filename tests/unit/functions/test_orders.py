"""Orders through the API: prices and stock are the shop's, steps are the machine's."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from omnix.catalogue.model import Money, ProductChanges
from omnix.catalogue.service import catalogue
from omnix.customers.model import CustomerInput
from omnix.customers.service import customers

from .conftest import Answer, Cloud, caller
from .shop import WHO, level, product, stock

type Call = Callable[..., Answer]


def customer(email: str = "grace@example.com") -> str:
    content = CustomerInput.model_validate({"name": "Grace", "email": email})
    return customers().create(WHO, content, None)[0].customer_id


def body(*lines: tuple[str, int], **more: Any) -> dict[str, Any]:
    return {"lines": [{"product_id": name, "quantity": quantity} for name, quantity in lines]} | more


def create(api: Call, *lines: tuple[str, int], **more: Any) -> dict[str, Any]:
    answer = api("POST", "/orders", body=body(*lines, **more))
    assert answer.status == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def become(api: Call, order: dict[str, Any], *statuses: str) -> dict[str, Any]:
    for status in statuses:
        answer = api("PATCH", f"/orders/{order['order_id']}", body={"status": status})
        assert answer.status == 200, answer.text
        order = answer.json
    return order


@pytest.fixture
def tea(cloud: Cloud) -> str:  # noqa: ARG001 - must exist first
    made = product("TEA-1", 1299)
    stock(made, 10)
    return made


@pytest.fixture
def mug(cloud: Cloud) -> str:  # noqa: ARG001 - must exist first
    made = product("MUG-1", 850, category="mugs")
    stock(made, 5)
    return made


def test_an_order_is_priced_by_the_catalogue_reserves_its_stock_and_is_read_back(api: Call, tea: str, mug: str) -> None:
    answer = api("POST", "/orders", body=body((tea, 2), (mug, 1)))
    assert (answer.status, answer.headers["ETag"]) == (201, '"1"')
    made = answer.json
    assert (made["status"], made["currency"], made["customer_id"]) == ("pending", "EUR", None)
    assert made["totals"] == {"units": 3, "amount": 2 * 1299 + 850}
    assert [(line["sku"], line["unit_price"], line["total"]) for line in made["lines"]] == [
        ("TEA-1", 1299, 2598),
        ("MUG-1", 850, 850),
    ]
    assert (level(tea), level(mug)) == ((10, 2, 8), (5, 1, 4))
    read = api("GET", answer.headers["Location"])
    assert (read.status, read.json, read.headers["ETag"]) == (200, made, '"1"')


def test_lines_of_one_product_at_one_place_become_one(api: Call, tea: str) -> None:
    made = create(api, (tea, 2), (tea, 3))
    assert [(line["product_id"], line["quantity"]) for line in made["lines"]] == [(tea, 5)]
    assert level(tea) == (10, 5, 5)


def test_one_product_from_two_places_is_two_lines(api: Call, tea: str) -> None:
    stock(tea, 3, "cellar")
    lines = [{"product_id": tea, "quantity": 1}, {"product_id": tea, "quantity": 2, "location_id": "cellar"}]
    answer = api("POST", "/orders", body={"lines": lines})
    assert (answer.status, len(answer.json["lines"])) == (201, 2)
    assert (level(tea), level(tea, "cellar")) == ((10, 1, 9), (3, 2, 1))


@pytest.mark.parametrize("short", ["too many", "nowhere"])
def test_what_is_not_in_stock_is_409_and_nothing_is_written(api: Call, cloud: Cloud, tea: str, short: str) -> None:
    other = product("MUG-1")
    if short == "too many":
        stock(other, 4)
    before = cloud.everything()
    answer = api("POST", "/orders", body=body((tea, 1), (other, 5)), headers={"Idempotency-Key": "k"})
    assert (answer.status, answer.code) == (409, "conflict")
    (detail,) = answer.json["error"]["details"]
    assert (detail["reason"], detail["product_id"], detail["location_id"]) == ("out_of_stock", other, "main")
    assert cloud.everything() == before


def test_products_of_two_currencies_are_409(api: Call, cloud: Cloud, tea: str) -> None:
    dear = product("TEA-2", currency="USD")
    stock(dear, 1)
    before = cloud.everything()
    answer = api("POST", "/orders", body=body((tea, 1), (dear, 1)))
    assert (answer.status, answer.json["error"]["details"][0]["reason"]) == (409, "currencies")
    assert cloud.everything() == before


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_is_not_for_sale_is_409_and_the_line_is_named(api: Call, cloud: Cloud, tea: str, status: str) -> None:
    hidden = product("TEA-2", status=status)
    stock(hidden, 1)
    before = cloud.everything()
    for missing in (hidden, "0" * 32):
        answer = api("POST", "/orders", body=body((tea, 1), (missing, 1)))
        assert (answer.status, answer.json["error"]["details"][0]["location"]) == (409, "body.lines.1.product_id")
    assert cloud.everything() == before


def test_another_tenants_product_is_not_for_sale(api: Call, cloud: Cloud, tea: str) -> None:
    before = cloud.everything()
    assert api("POST", "/orders", body=body((tea, 1)), authorizer=caller(tenant="t2")).status == 409
    assert cloud.everything() == before


def test_an_order_is_of_a_customer_of_the_tenant_or_of_nobody(api: Call, cloud: Cloud, tea: str) -> None:
    known = customer()
    assert create(api, (tea, 1), customer_id=known)["customer_id"] == known
    before = cloud.everything()
    answer = api("POST", "/orders", body=body((tea, 1), customer_id="0" * 32))
    assert (answer.status, answer.json["error"]["details"][0]["location"]) == (409, "body.customer_id")
    assert cloud.everything() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"lines": []},
        {"lines": [{"product_id": "0" * 32, "quantity": 1}] * 41},
        {"lines": [{"product_id": "0" * 32, "quantity": 0}]},
        {"lines": [{"product_id": "0" * 32, "quantity": -1}]},
        {"lines": [{"product_id": "0" * 32, "quantity": 1.5}]},
        {"lines": [{"product_id": "0" * 32, "quantity": "1"}]},
        {"lines": [{"product_id": "0" * 32, "quantity": True}]},
        {"lines": [{"product_id": "0" * 32, "quantity": 10_001}]},
        {"lines": [{"product_id": "TEA-1", "quantity": 1}]},
        {"lines": [{"product_id": "0" * 32, "quantity": 1, "location_id": "A#B"}]},
        {"lines": [{"product_id": "0" * 32, "quantity": 1, "unit_price": 1}]},
        {"lines": [{"product_id": "0" * 32, "quantity": 1}], "customer_id": None},
        {"lines": [{"product_id": "0" * 32, "quantity": 1}], "customer_id": ""},
        {"lines": [{"product_id": "0" * 32, "quantity": 1}], "totals": {"amount": 1}},
    ],
)
def test_an_order_of_the_wrong_shape_is_422(api: Call, cloud: Cloud, wrong: dict[str, Any]) -> None:
    answer = api("POST", "/orders", body=json.dumps(wrong))
    assert (answer.status, answer.code) == (422, "validation_failed")
    assert not any(cloud.everything().values())


def test_the_largest_order_fits_a_transaction(api: Call, tea: str) -> None:
    lines = []
    for number in range(40):
        made = product(f"SKU-{number}", 10**12)
        stock(made, 1)
        lines.append((made, 1))
    answer = api("POST", "/orders", body=body(*lines, customer_id=customer()), headers={"Idempotency-Key": "k"})
    assert (answer.status, answer.json["totals"]["amount"]) == (201, 40 * 10**12)
    become(api, answer.json, "paid", "fulfilled", "refunded")
    assert level(lines[-1][0]) == (1, 0, 1)
    assert level(tea) == (10, 0, 10)


def test_a_total_beyond_what_json_readers_hold_is_409(api: Call) -> None:
    dear = product("GOLD", 10**12)
    stock(dear, 10_000)
    answer = api("POST", "/orders", body=body((dear, 1001)))
    assert (answer.status, answer.json["error"]["details"][0]["reason"]) == (409, "too_large")
    assert level(dear) == (10_000, 0, 10_000)


def test_an_idempotency_key_orders_once(api: Call, tea: str) -> None:
    first = api("POST", "/orders", body=body((tea, 2)), headers={"Idempotency-Key": "k"})
    again = api("POST", "/orders", body=body((tea, 2)), headers={"Idempotency-Key": "k"})
    assert (again.status, again.json, again.headers["Idempotency-Replayed"]) == (201, first.json, "true")
    assert level(tea) == (10, 2, 8)
    other = api("POST", "/orders", body=body((tea, 3)), headers={"Idempotency-Key": "k"})
    assert (other.status, other.json["error"]["details"][0]["reason"]) == (422, "reused")
    assert level(tea) == (10, 2, 8)


@pytest.mark.parametrize("later", ["sold out", "archived"])
def test_a_key_answers_with_its_order_when_the_shop_has_changed(api: Call, tea: str, later: str) -> None:
    first = api("POST", "/orders", body=body((tea, 6)), headers={"Idempotency-Key": "k"})
    if later == "archived":
        catalogue().update(WHO, tea, ProductChanges.model_validate({"status": "archived"}), None)
    again = api("POST", "/orders", body=body((tea, 6)), headers={"Idempotency-Key": "k"})
    assert (again.status, again.json) == (201, first.json)


def test_a_price_that_changes_between_read_and_write_is_read_again(
    api: Call, tea: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from omnix.orders import service

    plain: Any = getattr(service, "prices")  # noqa: B009 - mypy: imported there, not exported
    calls: list[Any] = []

    def repriced(*arguments: Any) -> Any:
        found = plain(*arguments)
        calls.append(found)
        if len(calls) == 1:
            catalogue().update(WHO, tea, ProductChanges(price=Money(amount=999, currency="EUR")), None)
        return found

    monkeypatch.setattr(service, "prices", repriced)
    made = create(api, (tea, 2))
    assert (len(calls), made["totals"]["amount"], level(tea)) == (2, 1998, (10, 2, 8))


def test_a_price_that_changes_after_the_sale_changes_no_order(api: Call, tea: str) -> None:
    made = create(api, (tea, 1))
    catalogue().update(WHO, tea, ProductChanges(price=Money(amount=1, currency="EUR")), None)
    assert api("GET", f"/orders/{made['order_id']}").json == made
    assert become(api, made, "paid")["totals"] == made["totals"]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), (10, 4, 6)),
        (("paid",), (10, 4, 6)),
        (("cancelled",), (10, 0, 10)),
        (("paid", "cancelled"), (10, 0, 10)),
        (("paid", "refunded"), (10, 0, 10)),
        (("paid", "fulfilled"), (6, 0, 6)),
        (("paid", "fulfilled", "delivered"), (6, 0, 6)),
        (("paid", "fulfilled", "refunded"), (10, 0, 10)),
        (("paid", "fulfilled", "delivered", "refunded"), (10, 0, 10)),
    ],
)
def test_each_step_moves_the_stock(api: Call, tea: str, steps: tuple[str, ...], expected: tuple[int, int, int]) -> None:
    made = become(api, create(api, (tea, 4)), *steps)
    assert level(tea) == expected
    assert [step["status"] for step in made["history"]] == ["pending", *steps]
    assert made["version"] == 1 + len(steps)


def test_what_was_bought_is_refunded_when_the_shop_no_longer_sells_it(api: Call, tea: str, mug: str) -> None:
    made = become(api, create(api, (tea, 10), (mug, 1)), "paid", "fulfilled")
    catalogue().delete(WHO, tea, None)
    assert become(api, made, "refunded")["status"] == "refunded"
    assert level(mug) == (5, 0, 5)


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        ((), ("pending", "fulfilled", "delivered", "refunded")),
        (("paid",), ("pending", "paid", "delivered")),
        (("paid", "fulfilled"), ("pending", "paid", "fulfilled", "cancelled")),
        (("paid", "fulfilled", "delivered"), ("pending", "paid", "fulfilled", "delivered", "cancelled")),
        (("cancelled",), ("pending", "paid", "fulfilled", "delivered", "cancelled", "refunded")),
        (("paid", "refunded"), ("pending", "paid", "fulfilled", "delivered", "cancelled", "refunded")),
    ],
)
def test_a_step_that_the_status_does_not_allow_is_409_and_changes_nothing(
    api: Call, cloud: Cloud, tea: str, steps: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    made = become(api, create(api, (tea, 4)), *steps)
    before = cloud.everything()
    for status in refused:
        answer = api("PATCH", f"/orders/{made['order_id']}", body={"status": status})
        assert (answer.status, answer.json["error"]["details"][0]["reason"]) == (409, "not_allowed")
    assert cloud.everything() == before


def test_if_match_refuses_another_version_and_takes_this_one(api: Call, cloud: Cloud, tea: str) -> None:
    path = f"/orders/{create(api, (tea, 1))['order_id']}"
    before = cloud.everything()
    stale = api("PATCH", path, body={"status": "paid"}, headers={"If-Match": '"7"'})
    assert (stale.status, stale.code, stale.headers["ETag"]) == (412, "precondition_failed", '"1"')
    assert cloud.everything() == before
    assert api("PATCH", path, body={"status": "paid"}, headers={"If-Match": '"1"'}).headers["ETag"] == '"2"'


@pytest.mark.parametrize(
    ("role", "steps", "refused"),
    [
        ("device", ("paid",), "fulfilled"),
        ("device", (), "cancelled"),
        ("staff", ("cancelled",), None),
        ("staff", ("paid",), "cancelled"),
        ("manager", ("paid", "cancelled"), None),
        ("staff", ("paid", "fulfilled", "delivered"), "refunded"),
        ("manager", ("paid", "fulfilled", "delivered", "refunded"), None),
    ],
)
def test_a_role_takes_the_steps_that_are_its_own(
    api: Call, tea: str, role: str, steps: tuple[str, ...], refused: str | None
) -> None:
    made = api("POST", "/orders", body=body((tea, 1)), authorizer=caller(role)).json
    path = f"/orders/{made['order_id']}"
    for status in steps:
        assert api("PATCH", path, body={"status": status}, authorizer=caller(role)).status == 200
    if refused:
        answer = api("PATCH", path, body={"status": refused}, authorizer=caller(role))
        assert (answer.status, answer.code) == (403, "forbidden")


def test_what_gives_money_back_is_refused_before_anything_is_told_or_written(api: Call, cloud: Cloud, tea: str) -> None:
    path = f"/orders/{become(api, create(api, (tea, 1)), 'paid')['order_id']}"
    before = cloud.everything()
    for headers in ({}, {"If-Match": '"1"'}, {"Idempotency-Key": "k"}):
        answer = api("PATCH", path, body={"status": "cancelled"}, headers=headers, authorizer=caller("staff"))
        assert (answer.status, answer.json["error"]["details"]) == (403, [{"required_roles": ["manager", "owner"]}])
        assert "ETag" not in answer.headers
    assert cloud.everything() == before


def test_a_device_reads_the_order_that_it_names_and_no_list(api: Call, tea: str) -> None:
    path = f"/orders/{create(api, (tea, 1))['order_id']}"
    assert api("GET", path, authorizer=caller("device")).status == 200
    assert api("GET", "/orders", authorizer=caller("device")).status == 403
    assert api("GET", "/orders", authorizer=caller("staff")).status == 200


@pytest.mark.parametrize("wrong", [{}, {"status": "sold"}, {"status": None}, {"status": "paid", "totals": {}}])
def test_a_change_of_the_wrong_shape_is_422(api: Call, tea: str, wrong: dict[str, Any]) -> None:
    made = create(api, (tea, 1))
    assert api("PATCH", f"/orders/{made['order_id']}", body=wrong).status == 422


@pytest.mark.parametrize("where", ["another tenant's", "unknown", "no id"])
def test_what_is_not_the_callers_is_404(api: Call, cloud: Cloud, tea: str, where: str) -> None:
    made = create(api, (tea, 1))["order_id"]
    path = {"another tenant's": made, "unknown": "0" * 32, "no id": "ORDER%231"}[where]
    before = cloud.everything()
    who = caller(tenant="t2") if where == "another tenant's" else caller()
    assert api("GET", f"/orders/{path}", authorizer=who).status == 404
    assert api("PATCH", f"/orders/{path}", body={"status": "paid"}, authorizer=who).status == 404
    assert cloud.everything() == before


def test_orders_are_listed_newest_first_by_status_and_customer(api: Call, tea: str) -> None:
    one, two = customer(), customer("alan@example.com")
    made = [create(api, (tea, 1), customer_id=who)["order_id"] for who in (one, two, one, one)]
    become(api, {"order_id": made[0]}, "paid")
    become(api, {"order_id": made[1]}, "paid")

    def listed(**query: str) -> list[str]:
        answer = api("GET", "/orders", query=query)
        assert answer.status == 200, answer.text
        return [item["order_id"] for item in answer.json["items"]]

    assert listed() == made[::-1]
    assert listed(status="paid") == [made[1], made[0]]
    assert listed(status="pending") == [made[3], made[2]]
    assert listed(status="refunded") == []
    assert listed(customer_id=one) == [made[3], made[2], made[0]]
    assert listed(customer_id=one, status="paid") == [made[0]]
    assert listed(customer_id="0" * 32) == []
    assert api("GET", "/orders", authorizer=caller(tenant="t2")).json["items"] == []


def test_pages_of_orders_are_the_whole_list_once(api: Call, tea: str) -> None:
    made = [create(api, (tea, 1))["order_id"] for _ in range(7)]
    found: list[str] = []
    query = {"limit": "3"}
    while True:
        answer = api("GET", "/orders", query=query).json
        found += [item["order_id"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            break
        query = {"limit": "3", "cursor": answer["next_cursor"]}
    assert found == made[::-1]
    bad = api("GET", "/orders", query={"cursor": query["cursor"], "status": "pending"})
    assert (bad.status, bad.code) == (400, "invalid_request")


@pytest.mark.parametrize("query", [{"status": "sold"}, {"customer_id": "x"}, {"limit": "0"}, {"limit": "101"}])
def test_a_filter_of_the_wrong_shape_is_422(api: Call, query: dict[str, str]) -> None:
    assert api("GET", "/orders", query=query).status == 422
