"""What is recommended: counted from paid orders, for sale now, best first."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnix import clock
from omnix.analytics.reaction import count_order
from omnix.catalogue.model import ProductChanges
from omnix.catalogue.service import catalogue
from omnix.customers.model import CustomerInput
from omnix.customers.service import customers
from omnix.events.change import Change
from omnix.recommendations import pairs
from omnix.recommendations.counts import added, top
from omnix.tables import opened

from .conftest import Answer, Cloud, caller
from .shop import WHO, changed, order, product, step, stock

type Call = Callable[..., Answer]
type Shop = dict[str, str]


@pytest.fixture
def shop(cloud: Cloud) -> Shop:  # noqa: ARG001 - must exist first
    found = {name: product(name) for name in ("TEA", "MUG", "POT", "CAKE")}
    for made in found.values():
        stock(made, 10_000)
    return found


def sold(*products: tuple[str, int], customer: str = "", event_id: str | None = None) -> str:
    made = order(*products, customer=customer)
    pending = image(made)
    react(changed(None, pending, f"made-{made}"))
    step(made, "paid")
    react(changed(pending, image(made), event_id or f"paid-{made}"))
    return made


def react(change: Change) -> None:
    pairs.apply(change)
    count_order(change)


def image(order_id: str) -> dict[str, Any]:
    item = opened("orders").get("TENANT#t1", f"ORDER#{order_id}")
    assert item is not None
    return item


def recommended(api: Call, **query: str) -> list[tuple[str, str, int]]:
    answer = api("GET", "/recommendations", query=query)
    assert answer.status == 200, answer.text
    return [(item["name"], item["reason"], item["score"]) for item in answer.json["items"]]


def test_a_product_is_shown_with_what_was_bought_with_it_then_with_what_sells_best(api: Call, shop: Shop) -> None:
    tea, mug, pot, cake = shop.values()
    sold((tea, 1), (mug, 1))
    sold((tea, 1), (mug, 3), (pot, 1))
    sold((cake, 5))
    assert recommended(api, product_id=tea) == [
        ("MUG", "bought_together", 2),
        ("POT", "bought_together", 1),
        ("CAKE", "best_seller", 5),
    ]
    assert recommended(api, product_id=tea, limit="1") == [("MUG", "bought_together", 2)]
    assert recommended(api, product_id=cake)[0] == ("MUG", "best_seller", 4)


def test_without_a_product_or_customer_or_history_it_is_what_sells_best(api: Call, shop: Shop) -> None:
    assert recommended(api) == []
    sold((shop["TEA"], 2), (shop["MUG"], 7))
    best = [("MUG", "best_seller", 7), ("TEA", "best_seller", 2)]
    assert recommended(api) == recommended(api, customer_id="0" * 32) == recommended(api, product_id="0" * 32) == best


def test_a_customer_is_shown_what_goes_with_its_orders_and_nothing_that_it_has(api: Call, shop: Shop) -> None:
    tea, mug, pot, cake = shop.values()
    content = CustomerInput.model_validate({"name": "Grace", "email": "grace@example.com"})
    grace = customers().create(WHO, content, None)[0].customer_id
    sold((tea, 1), (mug, 1))
    sold((pot, 1), (mug, 1), (cake, 1))
    sold((tea, 1), customer=grace)
    sold((pot, 9), customer=grace)
    order((cake, 1), customer=grace)
    given_back = sold((mug, 1), customer=grace)
    step(given_back, "refunded")
    assert recommended(api, customer_id=grace) == [("MUG", "bought_together", 2), ("CAKE", "bought_together", 1)]
    assert recommended(api, customer_id=grace, product_id=mug) == [("CAKE", "bought_together", 2)]


def test_what_was_given_back_and_what_sold_long_ago_sells_best_no_longer(
    api: Call, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = time.time()
    sold((shop["TEA"], 9))
    for day in range(1, 8):
        monkeypatch.setattr(clock, "iso_now", lambda day=day: clock.iso(start + day * 86_400))
        sold((shop["MUG"], 1))
    assert recommended(api) == [("MUG", "best_seller", 7)]
    sold((shop["CAKE"], 3))
    paid = image(sold((shop["POT"], 8)))
    assert recommended(api)[0] == ("POT", "best_seller", 8)
    step(paid["order_id"], "refunded")
    react(changed(paid, image(paid["order_id"]), "refunded"))
    assert recommended(api) == [("MUG", "best_seller", 7), ("CAKE", "best_seller", 3)]


def test_only_what_is_for_sale_is_recommended_at_its_present_price(api: Call, shop: Shop) -> None:
    sold((shop["TEA"], 1), (shop["MUG"], 1), (shop["POT"], 1))
    change = {"price": {"amount": 7, "currency": "USD"}}
    catalogue().update(WHO, shop["MUG"], ProductChanges.model_validate(change), None)
    catalogue().update(WHO, shop["POT"], ProductChanges.model_validate({"status": "archived"}), None)
    stock(shop["CAKE"], 0)
    catalogue().delete(WHO, shop["CAKE"], None)
    (item,) = api("GET", "/recommendations", query={"product_id": shop["TEA"]}).json["items"]
    assert (item["name"], item["price"]) == ("MUG", {"amount": 7, "currency": "USD"})


def test_an_order_counts_once_however_often_its_change_comes_and_only_when_it_is_paid(
    api: Call, cloud: Cloud, shop: Shop
) -> None:
    unpaid = order((shop["TEA"], 1), (shop["MUG"], 1))
    pairs.apply(changed(None, image(unpaid), "made"))
    assert recommended(api) == []
    paid = sold((shop["TEA"], 1), (shop["MUG"], 1), event_id="event-1")
    before = cloud.items("recommendations")
    was, now = image(unpaid), image(paid)
    pairs.apply(changed(was, now, "event-1"))
    entry = opened("orders").get("TENANT#t1", f"STATUS#{paid}")
    pairs.apply(changed(None, entry, "event-2"))
    step(paid, "fulfilled")
    pairs.apply(changed(now, image(paid), "event-3"))
    step(paid, "refunded")
    pairs.apply(changed(now, image(paid), "event-4"))
    assert cloud.items("recommendations") == before


@pytest.mark.usefixtures("atomic_writes")
def test_orders_that_are_counted_at_once_are_all_counted(api: Call, shop: Shop) -> None:
    made = [order((shop["TEA"], 1), (shop["MUG"], 1)) for _ in range(6)]
    before = [image(name) for name in made]
    for name in made:
        step(name, "paid")
    changes = [changed(was, image(name), f"e-{name}") for was, name in zip(before, made, strict=True)]

    def count(number: int) -> None:
        for _ in range(20):
            try:
                return pairs.apply(changes[number])
            except Exception:  # noqa: BLE001, S112 - the stream delivers again
                continue
        raise AssertionError

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(count, range(len(made))))
    assert recommended(api, product_id=shop["TEA"]) == [("MUG", "bought_together", 6)]


def test_the_largest_order_is_counted_in_one_transaction(cloud: Cloud) -> None:
    lines = [
        {"product_id": f"{number:032x}", "quantity": 1, "location_id": "main", "unit_price": 1, "total": 1}
        for number in range(40)
    ]
    item = {"pk": "TENANT#t1", "sk": "ORDER#x", "entity": "order", "status": "paid", "lines": lines}
    pairs.apply(changed(None, item, "event-1"))
    counted = {found["sk"]: found["counts"] for found in cloud.items("recommendations")}
    assert len(counted) == 40
    assert {len(counts) for counts in counted.values()} == {39}


def test_another_tenants_orders_recommend_nothing(api: Call, shop: Shop) -> None:
    sold((shop["TEA"], 1), (shop["MUG"], 1))
    answer = api("GET", "/recommendations", query={"product_id": shop["TEA"]}, authorizer=caller(tenant="t2"))
    assert answer.json == {"items": []}


def test_a_device_is_told_what_goes_with_a_product_and_not_what_a_customer_bought(api: Call, shop: Shop) -> None:
    tea, device = shop["TEA"], caller("device")
    for query in ({}, {"product_id": tea}):
        assert api("GET", "/recommendations", query=query, authorizer=device).status == 200
    for query in ({"customer_id": "0" * 32}, {"customer_id": "0" * 32, "product_id": tea}):
        answer = api("GET", "/recommendations", query=query, authorizer=device)
        assert (answer.status, answer.code) == (403, "forbidden")
        assert api("GET", "/recommendations", query=query, authorizer=caller("staff")).status == 200


@pytest.mark.parametrize(
    "query",
    [{"product_id": "x"}, {"customer_id": "x"}, {"limit": "0"}, {"limit": "21"}],
)
def test_a_question_of_the_wrong_shape_is_422(api: Call, query: dict[str, str]) -> None:
    answer = api("GET", "/recommendations", query=query)
    assert (answer.status, answer.code) == (422, "validation_failed")


NAMES = st.text("abcdefghij", min_size=1, max_size=2)


@given(st.lists(st.dictionaries(NAMES, st.integers(1, 5), max_size=4), max_size=60), st.integers(1, 8))
def test_counts_are_bounded_never_too_small_and_too_large_by_the_least_at_most(
    stream: list[dict[str, int]], capacity: int
) -> None:
    counts: dict[str, int] = {}
    truth: Counter[str] = Counter()
    for more in stream:
        counts = added(counts, more, capacity)
        truth.update(more)
    assert len(counts) <= capacity
    assert sum(counts.values()) == sum(truth.values())
    least = min(counts.values(), default=0)
    for name, count in counts.items():
        assert truth[name] <= count <= truth[name] + least
    for name in truth.keys() - counts.keys():
        assert truth[name] <= least
    assert [count for _, count in top(counts, 3)] == sorted(counts.values(), reverse=True)[:3]
