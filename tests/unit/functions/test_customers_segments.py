"""Customers by segment: lists, counts and each one's own worth agree on every day, though nobody is written again."""

import random
import typing
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnix import clock
from omnix.customers import rfm, rollup
from omnix.customers.model import BuyerSegment, CustomerInput
from omnix.customers.service import customers

from .conftest import Answer, Cloud, caller
from .shop import WHO, changed

type Call = Callable[..., Answer]

START = date(2026, 1, 1)
SCORES = st.integers(1, 5)


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the day, counted from `START`."""

    def set_day(day: int) -> None:
        monkeypatch.setattr(clock, "iso_now", lambda: f"{START + timedelta(days=day)}T12:00:00.000Z")

    return set_day


def customer(number: int) -> str:
    content = CustomerInput.model_validate({"name": f"Buyer {number:02}", "email": f"b{number}@example.com"})
    return customers().create(WHO, content, None)[0].customer_id


def bought(customer_id: str, amount: int, day: int, name: str, status: str = "paid") -> dict[str, Any]:
    """The image of an order, made and paid on a day."""
    at = f"{START + timedelta(days=day)}T{len(name) % 24:02}:00:00.000Z"
    found = {"pk": "TENANT#t1", "sk": f"ORDER#{name}", "entity": "order", "customer_id": customer_id, "status": status}
    return found | {"currency": "EUR", "totals": {"amount": amount, "units": 1}, "created_at": at, "lines": []}


def listed(api: Call, segment: str, limit: int = 4) -> list[str]:
    """Every page's customers."""
    found: list[str] = []
    query = {"segment": segment, "limit": str(limit)}
    while True:
        page = api("GET", "/customers", query=query)
        assert page.status == 200, page.text
        found += [item["customer_id"] for item in page.json["items"]]
        if page.json["next_cursor"] is None:
            return found
        assert len(page.json["items"]) == limit
        query["cursor"] = page.json["next_cursor"]


def test_on_every_day_each_buyer_is_in_the_list_of_its_segment_alone(
    api: Call, cloud: Cloud, on: Callable[[int], None]
) -> None:
    chance = random.Random(5)
    on(0)
    buyers = [customer(number) for number in range(30)]
    for one in buyers:
        for number in range(chance.choice([1, 1, 2, 3, 4, 6, 10])):
            day = chance.choice([0, 29, 30, 31, 60, 61, 90, 91, 180, 181])
            rollup.apply(
                changed(
                    None, bought(one, chance.choice([4_000, 30_000, 90_000]), day, f"{one}{number}"), f"{one}{number}"
                )
            )
    nobody = customer(99)  # who bought nothing is of no list
    written = cloud.items("customer-profiles")
    for day in (181, 182, 211, 242, 272, 362, 400):
        on(day)
        worth = {one: customers().value(WHO, one) for one in buyers}
        counts = {item["segment"]: item["customers"] for item in api("GET", "/analytics/segments").json["items"]}
        for segment in rfm.BUYERS:
            found = listed(api, segment)
            assert sorted(found) == sorted(one for one in buyers if worth[one].segment is segment)
            last = [worth[one].last_order_at or "" for one in found]
            assert last == sorted(last, reverse=True)
            assert counts[segment] == len(found)
            assert nobody not in found
    assert cloud.items("customer-profiles") == written


def test_who_bought_nothing_that_was_kept_or_was_erased_is_of_no_list(api: Call, on: Callable[[int], None]) -> None:
    on(0)
    kept, back, erased = customer(1), customer(2), customer(3)
    for one in (kept, back, erased):
        rollup.apply(changed(None, bought(one, 100, 0, one), one))
    assert sorted(listed(api, "new", 2)) == sorted([kept, back, erased])
    rollup.apply(changed(bought(back, 100, 0, back), bought(back, 100, 0, back, "refunded"), "back"))
    assert api("DELETE", f"/customers/{erased}").status == 204
    assert listed(api, "new") == [kept]
    assert api("GET", "/customers", query={"segment": "new"}, authorizer=caller(tenant="t2")).json["items"] == []


@pytest.mark.usefixtures("cloud")
def test_a_cursor_belongs_to_its_segment_and_a_prefix_to_the_other_list(api: Call, on: Callable[[int], None]) -> None:
    on(0)
    for number in range(3):
        one = customer(number)
        rollup.apply(changed(None, bought(one, 100, 0, one), one))
    cursor = api("GET", "/customers", query={"segment": "new", "limit": "2"}).json["next_cursor"]
    other = api("GET", "/customers", query={"segment": "lost", "cursor": cursor})
    assert (other.status, other.code) == (400, "invalid_request")
    both = api("GET", "/customers", query={"segment": "new", "prefix": "B"})
    assert (both.status, both.json["error"]["details"][0]["reason"]) == (422, "not_with_segment")
    for query in ({"segment": "prospect"}, {"segment": "x"}):
        assert api("GET", "/customers", query=query).status == 422
    assert api("GET", "/customers", query={"segment": "new"}, authorizer=caller("device")).status == 403


@given(SCORES, SCORES, st.integers(-3, 1000))
def test_a_buyers_place_in_its_course_is_its_segment(often: int, much: int, days: int) -> None:
    inside = []
    for segment in rfm.BUYERS:
        least, most = rfm.spans(segment).get(rfm.course(often, much), (1, 0))
        if (least is None or days >= least) and (most is None or days <= most):
            inside.append(segment)
    assert inside == [rfm.segment(rfm.recency(days), often, much)]


def test_a_page_is_six_queries_at_most_and_every_segment_of_a_buyer_can_be_asked_for() -> None:
    courses = {rfm.course(often, much) for often in range(1, 6) for much in range(1, 6)}
    assert len(courses) == 6
    assert "new>promising>hibernating>lost" in courses
    assert typing.get_args(BuyerSegment) == rfm.BUYERS
