"""Stock under many hands: whatever orders, counts and deletions do, in whatever order, nothing is oversold or lost."""

import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omnix import clock
from omnix.catalogue.service import catalogue
from omnix.dynamodb import ConditionFailedError
from omnix.errors import ConflictError, NotFoundError
from omnix.events.change import Change
from omnix.inventory import keys, low_stock
from omnix.inventory.model import AdjustmentInput, Reason
from omnix.inventory.service import stock

from .conftest import Cloud
from .test_inventory import WHO, Call, adjust, inventory, move, numbers, product

SERIAL = itertools.count(100)


def test_reservations_are_refused_where_there_is_no_level(api: Call, cloud: Cloud) -> None:
    found = product(api)
    for kind in ("reserve", "release", "ship", "restock"):
        with pytest.raises(ConditionFailedError):
            move(cloud, kind, found, 1)
    with pytest.raises(ValueError, match="at least 1"):
        move(cloud, "reserve", found, 0)
    assert cloud.items("inventory") == []


def test_what_orders_do_is_seen(api: Call, cloud: Cloud) -> None:
    found = product(api)
    adjust(api, found, 10)
    for kind, quantity, after in (
        ("reserve", 6, (10, 6, 4)),
        ("release", 1, (10, 5, 5)),
        ("ship", 2, (8, 3, 5)),
        ("restock", 2, (10, 3, 7)),
    ):
        move(cloud, kind, found, quantity)
        assert numbers(api, found) == after
    with pytest.raises(ConditionFailedError):
        move(cloud, "reserve", found, 8)


MOVES = st.lists(
    st.tuples(st.sampled_from(["reserve", "release", "ship", "restock", "adjust", "count"]), st.integers(1, 9)),
    max_size=12,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES)
def test_after_any_sequence_on_hand_is_reserved_and_available_and_nothing_is_negative(
    api: Call, cloud: Cloud, moves: list[tuple[str, int]]
) -> None:
    found = product(api, next(SERIAL))
    adjust(api, found, 10)
    on_hand, reserved, returned = 10, 0, 0
    for kind, quantity in moves:
        signed = quantity if kind == "adjust" and quantity % 2 else -quantity
        wanted = {
            "reserve": (on_hand, reserved + quantity),
            "release": (on_hand, reserved - quantity),
            "ship": (on_hand - quantity, reserved - quantity),
            "restock": (on_hand + quantity, reserved),
            "adjust": (on_hand + signed, reserved),
            "count": (quantity, reserved),
        }[kind]
        possible = 0 <= wanted[1] <= wanted[0]
        try:
            if kind == "adjust":
                answer = adjust(api, found, signed, reason="correction")
                happened = answer.status == 201
            elif kind == "count":
                stock().set_counted(WHO, found, "main", quantity, None)
                happened = True
            else:
                move(cloud, kind, found, quantity)
                happened = True
        except (ConditionFailedError, ConflictError):
            happened = False
        assert happened == possible
        on_hand, reserved = wanted if possible else (on_hand, reserved)
        returned += {"ship": -quantity, "restock": quantity}.get(kind, 0) * possible
        item = inventory(cloud).get(*keys.level("t1", found, "main")) or {}
        assert (item["on_hand"], item["reserved"], item["available"]) == (on_hand, reserved, on_hand - reserved)
    history = stock().history(WHO, found, 100, None).items
    assert all(entry.on_hand >= entry.available >= 0 for entry in history)
    assert sum(entry.quantity for entry in history) + returned == on_hand  # the ledger, and what orders moved


def at_once(writers: int, write: Callable[[int], Any]) -> list[Any]:
    start = Barrier(writers, timeout=30)

    def run(number: int) -> Any:
        start.wait()
        try:
            return write(number)
        except (ConflictError, ConditionFailedError, NotFoundError) as error:
            return error

    with ThreadPoolExecutor(writers) as pool:
        return list(pool.map(run, range(writers)))


@pytest.mark.usefixtures("atomic_writes")
def test_forty_who_want_one_of_ten_units_get_ten(api: Call, cloud: Cloud) -> None:
    found = product(api)
    adjust(api, found, 10)
    outcomes = at_once(40, lambda _: move(cloud, "reserve", found, 1))
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"NoneType": 10, "ConditionFailedError": 30}
    assert numbers(api, found) == (10, 10, 0)


@pytest.mark.usefixtures("atomic_writes")
def test_adjustments_amid_reservations_lose_nothing(api: Call, cloud: Cloud) -> None:
    found = product(api)
    adjust(api, found, 5)

    def write(number: int) -> Any:
        if number % 2:
            return move(cloud, "reserve", found, 1)
        return stock().adjust(WHO, found, AdjustmentInput(quantity=1, reason=Reason.RECEIVED), None)

    outcomes = at_once(12, write)
    reserved = sum(1 for outcome in outcomes if outcome is None)
    received = sum(1 for outcome in outcomes if isinstance(outcome, tuple))
    assert received == 6
    assert numbers(api, found) == (5 + received, reserved, 5 + received - reserved)
    assert len(stock().history(WHO, found, 100, None).items) == 1 + received


@pytest.mark.usefixtures("atomic_writes")
def test_one_idempotency_key_adjusts_once_for_all_who_send_it(api: Call) -> None:
    found = product(api)
    asked = AdjustmentInput(quantity=1, reason=Reason.RECEIVED)
    outcomes = at_once(8, lambda _: stock().adjust(WHO, found, asked, "k1"))
    assert len({made.adjustment_id for made, _ in outcomes}) == 1
    assert numbers(api, found) == (1, 0, 1)


def change(old: dict[str, Any] | None, new: dict[str, Any] | None) -> Change:
    return Change("e1", "inventory", "modify", old, new, clock.iso_now())


def stored(cloud: Cloud) -> dict[str, Any]:
    (item,) = (item for item in cloud.items("inventory") if item["entity"] == "level")
    return item


def test_an_order_that_empties_a_shelf_is_seen_once_the_stream_was_read(api: Call, cloud: Cloud) -> None:
    found = product(api)
    adjust(api, found, 5)
    full = stored(cloud)
    move(cloud, "reserve", found, 5)
    empty = stored(cloud)
    low = {"low_stock": "true"}
    for _ in range(2):  # streams deliver at least once
        low_stock.react(change(full, empty))
        assert [item["available"] for item in api("GET", "/inventory", query=low).json["items"]] == [0]
    listed = stored(cloud)
    assert listed["version"] == empty["version"]
    move(cloud, "release", found, 5)
    assert api("GET", "/inventory", query=low).json["items"] == []
    low_stock.react(change(full, empty))  # late: what it saw is over
    low_stock.react(change(listed, stored(cloud)))
    assert "gsi1pk" not in stored(cloud)


def test_what_is_no_level_or_gone_has_no_reaction(cloud: Cloud) -> None:
    low_stock.react(change({"entity": "level"}, None))
    low_stock.react(change(None, {"entity": "adjustment"}))
    assert cloud.items("inventory") == []


@pytest.mark.usefixtures("atomic_writes")
def test_stock_that_comes_while_its_product_is_deleted_is_not_lost_from_sight(api: Call, cloud: Cloud) -> None:
    for number in range(4):
        found = product(api, number)
        adjust(api, found, 0)

        def write(writer: int, found: str = found) -> Any:
            if writer:
                return stock().adjust(WHO, found, AdjustmentInput(quantity=1, reason=Reason.RECEIVED), None)
            return catalogue().delete(WHO, found, None)

        deleted, *received = at_once(4, write)
        levels = [
            item for item in cloud.items("inventory") if item["entity"] == "level" and item["product_id"] == found
        ]
        if deleted is None:
            assert levels == []
            assert all(isinstance(outcome, NotFoundError) for outcome in received)
        else:
            assert isinstance(deleted, ConflictError)
            assert levels[0]["on_hand"] == sum(isinstance(outcome, tuple) for outcome in received)
