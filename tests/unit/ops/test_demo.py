"""Demo data: loaded once, completed later, never doubled."""

from __future__ import annotations

import re

import httpx
import pytest

from ops import demo, demo_trade
from ops.errors import Refused
from tests.unit.ops.fake_platform import FakePlatform

EMAIL, PASSWORD = "demo@dev.example", "a-long-password"


def shop(platform: FakePlatform) -> demo.Shop:
    return demo.Shop("http://127.0.0.1:9/abc/dev", httpx.MockTransport(platform))


def test_the_first_run_registers_and_adds_a_dozen_products() -> None:
    platform = FakePlatform()

    done = demo.load(shop(platform), EMAIL, PASSWORD)

    assert done.registered
    assert len(done.added) == len(platform.products) == 12


def test_a_second_run_signs_in_and_adds_nothing() -> None:
    platform = FakePlatform()
    demo.load(shop(platform), EMAIL, PASSWORD)

    again = demo.load(shop(platform), EMAIL, PASSWORD)

    assert not again.registered
    assert again.added == ()
    assert len(again.present) == len(platform.products) == 12


def test_what_was_deleted_is_added_again() -> None:
    platform = FakePlatform()
    demo.load(shop(platform), EMAIL, PASSWORD)
    gone = platform.products.popitem()[1]

    assert demo.load(shop(platform), EMAIL, PASSWORD).added == (gone["sku"],)


def test_products_on_later_pages_are_seen() -> None:
    platform = FakePlatform()
    with shop(platform) as owner:
        owner.sign_in(EMAIL, PASSWORD)
        for number in range(150):
            owner.add(demo.PRODUCTS[0] | {"sku": f"OTHER-{number}"})

        assert len(owner.products()) == 150


def test_a_sku_that_the_list_did_not_show_yet_is_present_not_an_error() -> None:
    platform = FakePlatform()
    with shop(platform) as owner:
        owner.sign_in(EMAIL, PASSWORD)
        assert owner.add(demo.PRODUCTS[0])
        assert not owner.add(demo.PRODUCTS[0])


def test_another_password_for_the_address_is_explained() -> None:
    platform = FakePlatform()
    demo.load(shop(platform), EMAIL, PASSWORD)

    with pytest.raises(Refused, match="another password") as refused:
        demo.load(shop(platform), EMAIL, "another-long-password")
    assert "--password" in refused.value.remedy


def test_a_failing_api_is_explained_without_repeating_what_was_sent() -> None:
    failing = httpx.MockTransport(lambda request: httpx.Response(500, content=request.content))

    with pytest.raises(Refused, match="POST /x/auth/login answered 500") as refused:
        demo.load(demo.Shop("http://127.0.0.1:9/x", failing), EMAIL, PASSWORD)
    assert PASSWORD not in str(refused.value) + refused.value.remedy


def test_the_shop_has_stock_customers_and_orders_of_every_status_once() -> None:
    platform = FakePlatform()

    first = demo.load(shop(platform), EMAIL, PASSWORD).traded
    again = demo.load(shop(platform), EMAIL, PASSWORD).traded

    assert (first.customers, first.orders) == (len(demo_trade.CUSTOMERS), len(demo_trade.SALES))
    assert (again.customers, again.orders) == (0, 0)
    statuses = {order["status"] for order in platform.shop.orders.values()}
    assert statuses == {"pending", "paid", "fulfilled", "delivered", "cancelled", "refunded"}


def test_a_load_that_was_cut_off_is_completed_and_nothing_is_doubled() -> None:
    platform = FakePlatform()
    cut = [0]

    def failing(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            cut[0] += 1
            if cut[0] == 8:
                raise httpx.ReadTimeout("cut", request=request)
        return platform(request)

    with pytest.raises(httpx.ReadTimeout):
        demo.load(demo.Shop("http://127.0.0.1:9/abc/dev", httpx.MockTransport(failing)), EMAIL, PASSWORD)
    assert 0 < len(platform.shop.orders) < len(demo_trade.SALES)

    demo.load(shop(platform), EMAIL, PASSWORD)

    assert len(platform.shop.orders) == len(demo_trade.SALES)
    assert len(platform.shop.customers) == len(demo_trade.CUSTOMERS)
    wanted = [sale.steps[-1] if sale.steps else "pending" for sale in demo_trade.SALES]
    assert [order["status"] for order in platform.shop.orders.values()] == wanted


def test_no_demo_order_asks_for_more_than_there_is() -> None:
    for sku, (units, _) in demo_trade.STOCK.items():
        assert sum(sold for sale in demo_trade.SALES for one, sold in sale.lines if one == sku) <= units


def test_the_range_is_believable() -> None:
    assert len({p["sku"] for p in demo.PRODUCTS}) == len(demo.PRODUCTS)
    for product in demo.PRODUCTS:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}", product["sku"])
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", product["category"])
        assert isinstance(product["price"]["amount"], int)
        assert 100 <= product["price"]["amount"] <= 10_000
    assert {p["status"] for p in demo.PRODUCTS} == {"active", "draft"}
