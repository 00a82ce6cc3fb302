"""Lists of products: every filter and order that is offered, from an index, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient

from .conftest import Cloud
from .test_catalogue import ITEMS_A_PRODUCT, Call, create, product


def shelf(api: Call) -> list[dict[str, Any]]:
    """Twelve products of three categories, statuses and two currencies, in the order of their creation."""
    made = []
    for number in range(12):
        price = {"amount": (number * 7) % 12 * 100, "currency": ("EUR", "CHF")[number % 2]}
        status = ("draft", "active", "archived")[number % 3]
        category = ("tea", "coffee")[number // 2 % 2]
        made.append(create(api, **product(11 - number, price=price, status=status, category=category)))
    return made


def found(api: Call, **query: str) -> list[dict[str, Any]]:
    """Every page of two."""
    items: list[dict[str, Any]] = []
    asked = {**query, "limit": "2"}
    while True:
        answer = api("GET", "/products", query=asked)
        assert answer.status == 200, answer.text
        items += answer.json["items"]
        if answer.json["next_cursor"] is None:
            return items
        asked["cursor"] = answer.json["next_cursor"]


PLACES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "name": lambda item: item["name"],
    "price": lambda item: (item["price"]["currency"], item["price"]["amount"], item["product_id"]),
    "created_at": lambda item: (item["created_at"], item["product_id"]),
}


def test_every_order_filter_and_direction_gives_what_sorting_all_of_them_would(api: Call) -> None:
    made = shelf(api)
    for order, place in PLACES.items():
        for sort in (order, f"-{order}"):
            for status in (None, "active"):
                for category in (None, "tea"):
                    wanted = [m for m in made if status in (None, m["status"]) and category in (None, m["category"])]
                    query = {"sort": sort, "status": status, "category": category}
                    items = found(api, **{name: value for name, value in query.items() if value})
                    assert items == sorted(wanted, key=place, reverse=sort.startswith("-")), query


def test_a_price_range_is_of_one_currency_and_includes_its_bounds(api: Call) -> None:
    made = shelf(api)
    for query in ({}, {"status": "draft"}, {"category": "coffee"}, {"sort": "-price"}):
        items = found(api, currency="EUR", min_price="200", max_price="800", **query)
        wanted = {
            m["product_id"]
            for m in made
            if m["price"]["currency"] == "EUR"
            and 200 <= m["price"]["amount"] <= 800
            and query.get("status", m["status"]) == m["status"]
            and query.get("category", m["category"]) == m["category"]
        }
        assert {item["product_id"] for item in items} == wanted
    assert found(api, currency="EUR", min_price="900", max_price="100") == []


def test_a_prefix_within_a_status_and_from_the_end(api: Call) -> None:
    for number, (name, status) in enumerate([("Earl Grey", "active"), ("Espresso", "draft"), ("Éclair", "active")]):
        create(api, sku=f"S-{number}", name=name, status=status)
    assert [item["name"] for item in found(api, prefix="e", status="active")] == ["Earl Grey"]
    assert [item["name"] for item in found(api, prefix="e", sort="-name")] == ["Espresso", "Earl Grey"]


@pytest.mark.parametrize(
    "query",
    [
        {"prefix": "e", "sort": "price"},
        {"min_price": "1"},
        {"currency": "EUR", "sort": "name"},
        {"sort": "stock"},
        {"status": "sold"},
        {"currency": "EUR", "min_price": "-1"},
    ],
)
def test_what_no_index_answers_is_422_and_says_why(api: Call, query: dict[str, str]) -> None:
    answer = api("GET", "/products", query=query)
    assert (answer.status, answer.code) == (422, "validation_failed")
    assert answer.json["error"]["details"]


def test_a_change_moves_a_product_in_every_list_and_a_deletion_takes_it_out(api: Call, cloud: Cloud) -> None:
    made = create(api)
    change = {"price": {"amount": 5, "currency": "CHF"}, "status": "draft", "category": "coffee", "name": "Assam"}
    assert api("PATCH", f"/products/{made['product_id']}", body=change).status == 200
    assert len(cloud.items("products")) == ITEMS_A_PRODUCT
    for sort in ("name", "price", "created_at"):
        assert [item["name"] for item in found(api, sort=sort, status="draft", category="coffee")] == ["Assam"]
        assert found(api, sort=sort, status="active") == []
        assert found(api, sort=sort, status="draft", category="tea") == []
    api("DELETE", f"/products/{made['product_id']}")
    assert cloud.items("products") == []


def test_a_change_of_a_description_rewrites_no_entry(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    made = create(api)
    plain = BaseClient._make_api_call  # type: ignore[attr-defined]
    written: list[str] = []

    def watched(self: Any, operation: str, arguments: Any) -> Any:
        if operation == "TransactWriteItems":
            written.extend(kind["Put"]["Item"]["entity"]["S"] for kind in arguments["TransactItems"] if "Put" in kind)
        return plain(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", watched)
    assert api("PATCH", f"/products/{made['product_id']}", body={"description": "Black."}).status == 200
    assert written == ["product", "product_sku"]


@pytest.mark.parametrize("text", ["1_0", "+5", " 5", "5 ", "5.0", "5e0", "05", "\u0665", "0x5", "", "five"])
@pytest.mark.parametrize(
    "path", ["/products", "/products/export", "/recommendations", "/analytics/best-sellers", "/customers"]
)
def test_a_number_is_written_as_json_writes_an_integer(api: Call, path: str, text: str) -> None:
    answer = api("GET", path, query={"limit": text})
    assert (answer.status, answer.code) == (422, "validation_failed")
    assert api("GET", path, query={"limit": "5"}).status == 200


@pytest.mark.parametrize(
    ("name", "text"), [("limit", "0"), ("limit", "101"), ("min_price", "-1"), ("min_price", "1_0")]
)
def test_a_number_keeps_its_bounds(api: Call, name: str, text: str) -> None:
    assert api("GET", "/products", query={"currency": "EUR", name: text}).status == 422
