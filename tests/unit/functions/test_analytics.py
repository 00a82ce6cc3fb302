from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnix import clock
from omnix.analytics import best, delta

from .conftest import Answer, Cloud, caller
from .test_worker import product, stock
from .worker import Worker

type Call = Callable[..., Answer]

NO_SUCH = "0" * 32


@pytest.fixture
def worker(cloud: Cloud) -> Worker:
    return Worker(cloud)


def order(api: Call, *steps: str, **units: int) -> str:
    lines = [{"product_id": product_id, "quantity": quantity} for product_id, quantity in units.items()]
    made = api("POST", "/orders", body={"lines": lines})
    assert made.status == 201, made.text
    for status in steps:
        assert api("PATCH", f"/orders/{made.json['order_id']}", body={"status": status}).status == 200
    return str(made.json["order_id"])


def read(api: Call, worker: Worker, path: str, **query: str) -> Any:
    worker.catch_up()
    answer = api("GET", path, query=query or None)
    assert answer.status == 200, answer.text
    return answer.json


def today() -> str:
    return clock.iso_now()[:10]


def eur(amount: int) -> list[dict[str, Any]]:
    return [{"currency": "EUR", "amount": amount}]


def test_sales_are_what_was_paid_and_not_given_back(api: Call, worker: Worker) -> None:
    tea, cake = product(api, "TEA", 200), product(api, "CAKE", 500, category="cake")
    stock(api, tea, 50)
    stock(api, cake, 50)
    order(api, "paid", **{tea: 2, cake: 1})
    order(api, "paid", "fulfilled", **{tea: 3})
    order(api, "paid", "refunded", **{tea: 10})
    order(api, "cancelled", **{tea: 10})
    order(api, **{tea: 10})
    days = read(api, worker, "/analytics/sales", days="7")
    assert [row["key"] for row in days["items"]] == sorted(row["key"] for row in days["items"])
    assert len(days["items"]) == 7
    assert days["items"][-1] == {"key": today(), "name": None, "orders": 2, "units": 6, "revenue": eur(1500)}
    assert all(row["units"] == 0 for row in days["items"][:-1])
    categories = read(api, worker, "/analytics/sales", by="category")["items"]
    assert [(row["key"], row["units"], row["revenue"]) for row in categories] == [
        ("tea", 5, eur(1000)),
        ("cake", 1, eur(500)),
    ]
    products = read(api, worker, "/analytics/sales", by="product")
    assert [(row["key"], row["name"], row["units"]) for row in products["items"]] == [
        (tea, "TEA", 5),
        (cake, "CAKE", 1),
    ]
    assert products["exact"] is True
    one = read(api, worker, "/analytics/sales", by="day", product_id=cake, days="2")["items"]
    assert [(row["key"], row["units"], row["orders"]) for row in one][-1] == (today(), 1, None)
    assert read(api, worker, "/analytics/sales", by="product", product_id=NO_SUCH)["items"] == []
    refused = api("GET", "/analytics/sales", query={"by": "category", "product_id": cake})
    assert (refused.status, refused.json["error"]["details"][0]["location"]) == (422, "query.product_id")


def test_a_product_that_no_board_has_is_exact_by_its_id(
    api: Call, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(best, "PLACES", 1)
    tea, cake = product(api, "TEA", 200), product(api, "CAKE", 500)
    for one in (tea, cake):
        stock(api, one, 50)
    order(api, "paid", **{tea: 5, cake: 1})
    order(api, "paid", **{cake: 2})
    order(api, "paid", "refunded", **{cake: 1})
    boards = read(api, worker, "/analytics/sales", by="product")
    assert ([row["key"] for row in boards["items"]], boards["exact"]) == ([tea], False)
    alone = read(api, worker, "/analytics/sales", by="product", product_id=cake)
    assert alone["items"] == [{"key": cake, "name": "CAKE", "orders": None, "units": 3, "revenue": eur(1500)}]
    assert alone["exact"] is True


def test_best_sellers_follow_a_refund_down(api: Call, worker: Worker) -> None:
    tea, cake = product(api, "TEA"), product(api, "CAKE")
    stock(api, tea, 50)
    stock(api, cake, 50)
    given_back = order(api, "paid", **{tea: 9})
    order(api, "paid", **{cake: 4, tea: 1})
    assert [row["key"] for row in read(api, worker, "/analytics/best-sellers")["items"]] == [tea, cake]
    api("PATCH", f"/orders/{given_back}", body={"status": "refunded"})
    found = read(api, worker, "/analytics/best-sellers", limit="1")["items"]
    assert [(row["key"], row["units"]) for row in found] == [(cake, 4)]


def test_stock_turn_is_sold_by_the_mean_of_both_ends(api: Call, worker: Worker) -> None:
    tea = product(api, "TEA")
    stock(api, tea, 30)
    order(api, "paid", "fulfilled", **{tea: 10})
    found = read(api, worker, "/analytics/stock-turn", days="30")
    assert (found["units_sold"], found["opening_units"], found["closing_units"]) == (10, 0, 20)
    assert (found["average_units"], found["turns"], found["days_of_stock"]) == (10.0, 1.0, 60.0)


def test_stock_turn_of_an_empty_shop_divides_by_nothing(api: Call, worker: Worker) -> None:
    found = read(api, worker, "/analytics/stock-turn")
    assert (found["turns"], found["days_of_stock"]) == (None, None)


def test_the_dashboard_shows_today_trends_and_stock(api: Call, worker: Worker) -> None:
    tea = product(api, "TEA", 200)
    stock(api, tea, 12)
    order(api, "paid", **{tea: 2})
    order(api, **{tea: 1})
    summary = read(api, worker, "/dashboard/summary")
    assert summary["today"]["revenue"] == eur(400)
    assert summary["orders"] == [{"status": "paid", "orders": 1}, {"status": "pending", "orders": 1}]
    assert summary["stock"] == {"on_hand": 12, "reserved": 3, "low": 0}
    trends = read(api, worker, "/dashboard/trends", days="14")
    assert len(trends["days"]) == 14
    assert (trends["orders"], trends["revenue"], trends["orders_before"]) == (1, eur(400), 0)
    order(api, **{tea: 9})
    assert read(api, worker, "/dashboard/summary")["stock"]["low"] == 1


def test_segments_count_customers(api: Call, worker: Worker) -> None:
    tea = product(api, "TEA", 200)
    stock(api, tea, 12)
    customer = api("POST", "/customers", body={"name": "Ada", "email": "ada@example.com"}).json["customer_id"]
    body = {"lines": [{"product_id": tea, "quantity": 1}], "customer_id": customer}
    made = api("POST", "/orders", body=body).json["order_id"]
    api("PATCH", f"/orders/{made}", body={"status": "paid"})
    found = read(api, worker, "/analytics/segments")["items"]
    assert {row["segment"]: row["customers"] for row in found if row["customers"]} == {"new": 1}


def visit(number: int, **more: str) -> dict[str, str]:
    return {"event_id": f"event-{number:04}", "type": "visit", "occurred_at": f"{clock.iso_now()[:19]}Z", **more}


def test_an_event_counts_once_however_often_it_is_sent(api: Call, cloud: Cloud, worker: Worker) -> None:
    events = [visit(number) for number in range(99)]
    first = api("POST", "/analytics/events", body={"events": [*events[:60], events[0]]})
    assert (first.status, first.json) == (202, {"accepted": 60, "duplicates": 1})
    again = api("POST", "/analytics/events", body={"events": [*events, visit(500, type="search")]})
    assert again.json == {"accepted": 40, "duplicates": 60}
    assert read(api, worker, "/dashboard/summary")["today"]["events"] == {"visit": 99, "search": 1}
    assert len([item for item in cloud.items("analytics") if item["entity"] == "event" and "event_id" in item]) == 100


@pytest.mark.parametrize("moment", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "2026-02-30T00:00:00Z"])
def test_an_event_out_of_time_is_refused_with_its_place(api: Call, moment: str) -> None:
    answer = api("POST", "/analytics/events", body={"events": [visit(1), visit(2, occurred_at=moment)]})
    assert answer.status == 422
    assert answer.json["error"]["details"][0]["location"] == "body.events.1.occurred_at"


def test_an_event_without_a_time_is_of_now(api: Call, worker: Worker) -> None:
    event = {"event_id": "without-time", "type": "checkout"}
    assert api("POST", "/analytics/events", body={"events": [event]}).json["accepted"] == 1
    assert read(api, worker, "/dashboard/summary")["today"]["events"] == {"checkout": 1}


def test_a_device_tells_what_happened_and_learns_nothing(api: Call) -> None:
    device = caller("device")
    assert api("POST", "/analytics/events", body={"events": [visit(1)]}, authorizer=device).status == 202
    for path in ("sales", "best-sellers", "stock-turn", "segments"):
        assert api("GET", f"/analytics/{path}", authorizer=device).status == 403


def test_tenants_do_not_share_numbers_or_event_ids(api: Call, worker: Worker) -> None:
    assert api("POST", "/analytics/events", body={"events": [visit(1)]}).json["accepted"] == 1
    other = api("POST", "/analytics/events", body={"events": [visit(1)]}, authorizer=caller(tenant="t2"))
    assert other.json["accepted"] == 1
    assert read(api, worker, "/dashboard/summary")["today"]["events"] == {"visit": 1}


def test_a_board_keeps_the_best_and_says_what_it_cut(cloud: Cloud, api: Call) -> None:
    from omnix.analytics import keys
    from omnix.dynamodb import transact
    from omnix.tables import opened

    table, date = opened("analytics"), today()
    names = {f"{number:032x}": f"P{number}" for number in range(best.PLACES + 5)}
    for number, one in enumerate(names):
        transact(table.client, [table.add(*keys.product("t1", date, one), {"units": number + 1}, {"entity": "rollup"})])
    best.rank(table, "t1", date, names, clock.epoch_seconds() + 1000)
    found = api("GET", "/analytics/best-sellers", query={"limit": "100"}).json
    assert found["exact"] is False
    assert [row["units"] for row in found["items"]] == list(range(105, 5, -1))
    version = next(item["version"] for item in cloud.items("analytics") if "places" in item)
    best.rank(table, "t1", date, names, clock.epoch_seconds() + 1000)
    assert version == next(item["version"] for item in cloud.items("analytics") if "places" in item)


statuses = st.sampled_from(["pending", "paid", "fulfilled", "delivered", "cancelled", "refunded"])


@st.composite
def lives(draw: st.DrawFn) -> list[dict[str, Any] | None]:
    """The images of one order, from its first to its last; lines do not change."""
    lines: list[dict[str, Any]] = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "product_id": st.sampled_from("abc"),
                    "category": st.sampled_from("xy"),
                    "quantity": st.integers(1, 9),
                    "total": st.integers(0, 10**6),
                }
            ),
            min_size=1,
            max_size=4,
        )
    )
    totals = {"units": sum(one["quantity"] for one in lines), "amount": sum(one["total"] for one in lines)}
    steps = draw(st.lists(statuses, min_size=1, max_size=6))
    return [{"status": status, "currency": "EUR", "lines": lines, "totals": totals} for status in steps]


@given(lives(), st.randoms(use_true_random=False))
def test_an_orders_differences_sum_to_its_end_in_any_order(life: list[Any], chance: Any) -> None:
    changes = list(zip([None, *life], life, strict=False))
    chance.shuffle(changes)
    sums: dict[Any, Counter[str]] = {}
    for before, after in changes:
        for group, amounts in delta.order(before, after).items():
            sums.setdefault(group, Counter()).update(amounts)
    end = {group: dict(amounts) for group, amounts in delta.order(None, life[-1]).items()}
    left = {group: {name: n for name, n in amounts.items() if n} for group, amounts in sums.items()}
    assert {group: amounts for group, amounts in left.items() if amounts} == end


def test_a_day_of_the_window_is_a_utc_day() -> None:
    from omnix.analytics.service import window

    now = datetime.now(UTC).date()
    assert window(3) == [(now - timedelta(days=back)).isoformat() for back in (2, 1, 0)]
