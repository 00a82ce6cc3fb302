"""Money of orders and the machine of their statuses, as pure functions."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from omnix.catalogue.prices import Priced
from omnix.errors import ConflictError
from omnix.orders.model import MAX_AMOUNT, MAX_QUANTITY, LineInput
from omnix.orders.pricing import merged, priced
from omnix.orders.status import STEPS, OrderStatus, Stock, following

PRODUCTS = [f"{number:032x}" for number in range(5)]
LINES = st.lists(
    st.builds(
        LineInput,
        product_id=st.sampled_from(PRODUCTS),
        quantity=st.integers(1, MAX_QUANTITY // 40),
        location_id=st.sampled_from(["main", "cellar"]),
    ),
    min_size=1,
    max_size=40,
)
PRICES = st.tuples(*(st.integers(0, 10**12) for _ in PRODUCTS))


def catalogue(amounts: tuple[int, ...], currency: str = "EUR", status: str = "active") -> dict[str, Priced]:
    return {
        name: Priced(name, name, name, "tea", amount, currency, status)
        for name, amount in zip(PRODUCTS, amounts, strict=True)
    }


@given(LINES, PRICES)
def test_an_order_costs_what_its_units_cost_in_integers(asked: list[LineInput], amounts: tuple[int, ...]) -> None:
    expected = sum(line.quantity * amounts[PRODUCTS.index(line.product_id)] for line in asked)
    assume(expected <= MAX_AMOUNT)
    lines, currency, totals = priced(asked, catalogue(amounts))
    assert (totals.amount, totals.units, currency) == (expected, sum(line.quantity for line in asked), "EUR")
    assert totals.amount == sum(line.total for line in lines)
    for line in lines:
        assert line.total == line.unit_price * line.quantity
        assert {type(line.total), type(line.unit_price), type(line.quantity), type(totals.amount)} == {int}


@given(LINES)
def test_merging_keeps_every_unit_and_names_each_place_once(asked: list[LineInput]) -> None:
    units = merged(asked)
    assert sum(units.values()) == sum(line.quantity for line in asked)
    assert set(units) == {(line.product_id, line.location_id) for line in asked}
    lines, _, _ = priced(asked, catalogue((1,) * 5))
    assert len({(line.product_id, line.location_id) for line in lines}) == len(lines) <= 40


@given(LINES, PRICES, st.integers(0, 4))
def test_one_product_in_another_currency_or_not_for_sale_refuses_the_order(
    asked: list[LineInput], amounts: tuple[int, ...], odd: int
) -> None:
    named = {line.product_id for line in asked}
    assume(PRODUCTS[odd] in named)
    euros = catalogue(amounts)
    for wrong in ({}, {"status": "archived"}, {"currency": "USD"} if len(named) > 1 else {"status": "draft"}):
        other: dict[str, Any] = catalogue(amounts, **wrong)
        prices = {**euros, PRODUCTS[odd]: other[PRODUCTS[odd]]}
        if not wrong:
            del prices[PRODUCTS[odd]]
        with pytest.raises(ConflictError):
            priced(asked, prices)


@given(LINES, PRICES)
def test_a_total_is_never_more_than_every_reader_of_json_holds(
    asked: list[LineInput], amounts: tuple[int, ...]
) -> None:
    expected = sum(line.quantity * amounts[PRODUCTS.index(line.product_id)] for line in asked)
    if expected > MAX_AMOUNT:
        with pytest.raises(ConflictError):
            priced(asked, catalogue(amounts))
    else:
        assert priced(asked, catalogue(amounts))[2].amount == expected < 2**53


HELD = {OrderStatus.PENDING, OrderStatus.PAID}
GONE = {OrderStatus.FULFILLED, OrderStatus.DELIVERED}


def place(status: OrderStatus) -> str:
    return "reserved" if status in HELD else "gone" if status in GONE else "free"


MOVED = {
    Stock.KEEP: {("reserved", "reserved"), ("gone", "gone")},
    Stock.SHIP: {("reserved", "gone")},
    Stock.RELEASE: {("reserved", "free")},
    Stock.RESTOCK: {("gone", "free")},
}


def test_each_step_takes_the_goods_from_where_the_status_has_them_to_where_the_next_one_does() -> None:
    for (before, after), move in STEPS.items():
        assert (place(before), place(after)) in MOVED[move]


def test_every_status_is_reached_and_only_two_are_ends() -> None:
    reached = {OrderStatus.PENDING}
    while more := {after for status in reached for after in following(status)} - reached:
        reached |= more
    assert reached == set(OrderStatus)
    assert {status for status in OrderStatus if not following(status)} == {
        OrderStatus.CANCELLED,
        OrderStatus.REFUNDED,
    }
