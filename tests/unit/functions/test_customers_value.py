"""Worth, scores and segments, as pure functions of orders and days."""

import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnix.customers import rfm
from omnix.customers.value import Sale, Value
from omnix.orders.status import EARNING, STEPS, OrderStatus

SCORES = st.integers(1, 5)
AMOUNTS = st.integers(0, 10**15)
SALES = st.builds(
    Sale,
    st.sampled_from(["EUR", "USD", "JPY"]),
    AMOUNTS,
    st.integers(0, 999).map(lambda day: f"2026-01-01T00:00:00.{day:03}Z"),
)


@given(SCORES, SCORES, SCORES)
def test_every_three_scores_have_one_segment_of_a_buyer(recent: int, often: int, much: int) -> None:
    assert rfm.segment(recent, often, much) in rfm.BUYERS


@given(st.integers(-5, 3000), st.integers(-5, 3000))
def test_scores_of_recency_never_rise_with_the_days(one: int, two: int) -> None:
    assert 1 <= rfm.recency(one) <= 5
    assert rfm.recency(min(one, two)) >= rfm.recency(max(one, two))


@given(st.integers(1, 3000), st.integers(1, 3000), AMOUNTS, AMOUNTS)
def test_scores_of_frequency_and_money_never_fall_with_more(one: int, two: int, some: int, more: int) -> None:
    assert rfm.frequency(min(one, two)) <= rfm.frequency(max(one, two))
    assert rfm.money({"EUR": min(some, more)}) <= rfm.money({"EUR": max(some, more)})
    assert {rfm.frequency(one), rfm.money({"EUR": some})} <= set(range(1, 6))


@pytest.mark.parametrize(
    ("days", "score"), [(0, 5), (30, 5), (31, 4), (60, 4), (61, 3), (90, 3), (91, 2), (180, 2), (181, 1)]
)
def test_recency_changes_at_its_bounds(days: int, score: int) -> None:
    assert rfm.recency(days) == score


@pytest.mark.parametrize(
    ("spent", "score"),
    [
        ({}, 1),
        ({"EUR": 4_999}, 1),
        ({"EUR": 5_000}, 2),
        ({"EUR": 100_000}, 5),
        ({"JPY": 1_000}, 5),
        ({"KWD": 999_999}, 4),
        ({"EUR": 1, "USD": 100_000}, 5),
    ],
)
def test_money_is_scored_in_whole_units_of_its_currency(spent: dict[str, int], score: int) -> None:
    assert rfm.money(spent) == score


@pytest.mark.parametrize(
    ("scores", "segment"),
    [
        ((5, 5, 5), "champion"),
        ((5, 5, 2), "loyal"),
        ((3, 4, 5), "loyal"),
        ((4, 1, 5), "big_spender"),
        ((5, 1, 1), "new"),
        ((3, 1, 1), "promising"),
        ((5, 3, 3), "promising"),
        ((2, 5, 1), "at_risk"),
        ((2, 1, 4), "at_risk"),
        ((2, 2, 3), "hibernating"),
        ((1, 5, 5), "lost"),
    ],
)
def test_segments_mean_what_they_say(scores: tuple[int, int, int], segment: str) -> None:
    assert rfm.segment(*scores) == segment


@given(st.lists(SALES, min_size=1), st.randoms(use_true_random=False))
def test_worth_is_the_sum_of_the_sales_in_any_order(sales: list[Sale], random: Any) -> None:
    def total(parts: list[Sale]) -> Value:
        value = Value()
        for sale in parts:
            value = value.changed(None, sale)
        return value

    shuffled = random.sample(sales, len(sales))
    value = total(sales)
    assert total(shuffled) == value
    assert value.orders == len(sales)
    assert sum(value.spent.values()) == sum(sale.amount for sale in sales)
    assert value.first_order_at == min(sale.at for sale in sales)
    assert value.last_order_at == max(sale.at for sale in sales)


@given(st.lists(SALES))
def test_what_is_given_back_leaves_no_money_behind(sales: list[Sale]) -> None:
    value = Value()
    for sale in sales:
        value = value.changed(None, sale)
    for sale in sales:
        value = value.changed(sale, None)
    assert (value.orders, dict(value.spent), value.cohort, value.last_order_at) == (0, {}, None, None)


def orders() -> st.SearchStrategy[list[OrderStatus]]:
    """Lives of an order, each a walk along the machine's steps."""

    def walk(choices: list[int]) -> list[OrderStatus]:
        life = [OrderStatus.PENDING]
        for choice in choices:
            after = [to for start, to in STEPS if start == life[-1]]
            if not after:
                break
            life.append(after[choice % len(after)])
        return life

    return st.lists(st.integers(0, 5), max_size=5).map(walk)


@given(st.lists(st.tuples(orders(), AMOUNTS), max_size=8))
def test_after_any_lives_worth_is_the_money_that_the_shop_has(lives: list[tuple[list[OrderStatus], int]]) -> None:
    value, cohorts = Value(), Counter[Any]()
    for life, amount in lives:
        images: list[Any] = [None]
        for status in life:
            at = "2026-01-01T00:00:00.000Z"
            images.append({"status": status, "currency": "EUR", "totals": {"amount": amount}, "created_at": at})
        for old, new in itertools.pairwise(images):
            before, value = value, value.changed(Sale.of(old), Sale.of(new))
            cohorts.subtract([before.cohort] if before.cohort else [])
            cohorts.update([value.cohort] if value.cohort else [])
    kept = [amount for life, amount in lives if life[-1] in EARNING]
    assert (value.orders, sum(value.spent.values())) == (len(kept), sum(kept))
    assert +cohorts == Counter([value.cohort] if kept else [])
    assert min(cohorts.values(), default=0) >= 0


@given(st.lists(st.tuples(SALES, st.booleans()), max_size=8), st.randoms(use_true_random=False))
def test_worth_is_the_same_in_whatever_order_payments_and_refunds_are_delivered(
    lives: list[tuple[Sale, bool]], random: Any
) -> None:
    """But for the times of a customer who gave something back: they are of orders that were counted."""
    steps: list[tuple[Sale | None, Sale | None]] = [(None, sale) for sale, _ in lives]
    steps += [(sale, None) for sale, given_back in lives if given_back]
    value, cohorts = Value(), Counter[Any]()
    for old, new in random.sample(steps, len(steps)):
        before, value = value, value.changed(old, new)
        cohorts.subtract([before.cohort] if before.cohort else [])
        cohorts.update([value.cohort] if value.cohort else [])
        assert (value.orders > 0) == (value.first_order_at is not None) == (value.last_order_at is not None)
    kept = [sale for sale, given_back in lives if not given_back]
    spent = Counter[str]()
    for sale in kept:
        spent[sale.currency] += sale.amount
    assert (value.orders, dict(value.spent)) == (len(kept), dict(+spent))
    assert +cohorts == Counter([value.cohort] if kept else [])
    assert min(cohorts.values(), default=0) >= 0
    times = [sale.at for sale, _ in lives]
    if not kept:
        assert value == Value()
    elif len(kept) == len(lives):
        assert (value.first_order_at, value.last_order_at) == (min(times), max(times))
    else:
        assert value.first_order_at in times
        assert value.last_order_at in times
        assert str(value.first_order_at) <= str(value.last_order_at)


def test_a_purchase_inherits_no_time_of_an_order_that_was_given_back_before_it_was_counted() -> None:
    old, new = (Sale("EUR", 100, f"2026-0{month}-01T00:00:00.000Z") for month in (1, 6))
    value = Value().changed(old, None).changed(None, old)
    assert value == Value()
    stored = Value(0, {}, old.at, old.at)  # as it was stored once
    assert value.changed(None, new) == stored.changed(None, new) == Value(1, {"EUR": 100}, new.at, new.at)
