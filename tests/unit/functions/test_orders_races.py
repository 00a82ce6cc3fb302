"""Orders that meet: no unit is sold twice, released twice or lost, whoever comes when and whatever fails."""

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omnix.authorisation import Principal, Role
from omnix.catalogue.model import Money, ProductChanges
from omnix.catalogue.service import catalogue
from omnix.errors import ApiError, ConflictError, UnavailableError, from_aws
from omnix.orders.model import OrderChanges
from omnix.orders.service import orders
from omnix.orders.status import STEPS, OrderStatus

from .conftest import Cloud
from .shop import WHO, asked, level, order, product, step, stock

pytestmark = pytest.mark.usefixtures("cloud", "atomic_writes")


def until_answered(write: Callable[[], Any], attempts: int = 100) -> Any:
    """As a caller does: what the API answers with 503 is tried again."""
    for _ in range(attempts):
        try:
            return write()
        except UnavailableError:
            continue
        except ApiError as error:
            return error
        except (ClientError, BotoCoreError) as error:
            if not isinstance(from_aws(error), UnavailableError):
                raise
    raise AssertionError("never answered")


def at_once(writers: int, write: Callable[[int], Any], threads: int = 32) -> list[Any]:
    start = Barrier(min(threads, writers), timeout=30)

    def run(number: int) -> Any:
        if number < start.parties:
            start.wait()
        return until_answered(lambda: write(number))

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(writers)))


def kinds(outcomes: list[Any]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


def test_two_hundred_orders_of_fifty_units_sell_exactly_fifty(cloud: Cloud) -> None:
    tea = product("TEA-1")
    stock(tea, 50)
    outcomes = at_once(200, lambda n: orders().create(WHO, asked((tea, 1)), f"key-{n}"), threads=200)
    assert kinds(outcomes) == {"tuple": 50, "ConflictError": 150}
    assert level(tea) == (50, 50, 0)
    made = {item["order_id"] for item in cloud.items("orders") if item["entity"] == "order"}
    assert made == {done[0].order_id for done in outcomes if isinstance(done, tuple)}
    assert len([item for item in cloud.items("sessions") if item["entity"] == "idempotency"]) == 50


def test_orders_of_several_products_take_all_of_them_or_none() -> None:
    tea, mug = product("TEA-1"), product("MUG-1")
    stock(tea, 10)
    stock(mug, 20)
    outcomes = at_once(24, lambda n: orders().create(WHO, asked((tea, 1), (mug, 1 + n % 2)), None))
    made = [done[0] for done in outcomes if isinstance(done, tuple)]
    assert made
    assert level(tea) == (10, len(made), 10 - len(made))
    units = sum(line.quantity for sold in made for line in sold.lines if line.product_id == mug)
    assert level(mug) == (20, units, 20 - units)
    assert level(tea)[2] == 0 or level(mug)[2] <= 1


def test_one_idempotency_key_makes_one_order_for_all_who_send_it(cloud: Cloud) -> None:
    tea = product("TEA-1")
    stock(tea, 3)
    outcomes = at_once(16, lambda _: orders().create(WHO, asked((tea, 2)), "key-1"))
    assert kinds(outcomes) == {"tuple": 16}
    assert len({made.order_id for made, _ in outcomes}) == 1
    assert Counter(replayed for _, replayed in outcomes) == {False: 1, True: 15}
    assert level(tea) == (3, 2, 1)
    assert len(cloud.items("orders")) == 2


def test_of_those_who_cancel_fulfil_and_refund_one_moves_the_stock() -> None:
    tea = product("TEA-1")
    stock(tea, 10)
    wanted = [OrderStatus.CANCELLED, OrderStatus.REFUNDED, OrderStatus.CANCELLED]
    for _ in range(4):
        made = order((tea, 2))
        step(made, "paid")

        def write(number: int, made: str = made) -> Any:
            return orders().change(WHO, made, OrderChanges(status=wanted[number % 3]), None)[0]

        assert kinds(at_once(12, write)) == {"Order": 1, "ConflictError": 11}
        assert level(tea) == (10, 0, 10)


def test_of_steps_with_one_if_match_exactly_one_is_taken() -> None:
    tea = product("TEA-1")
    stock(tea, 10)
    made = order((tea, 2))
    wanted = [OrderStatus.CANCELLED, OrderStatus.PAID]
    outcomes = at_once(12, lambda n: orders().change(WHO, made, OrderChanges(status=wanted[n % 2]), '"1"')[0])
    assert kinds(outcomes) == {"Order": 1, "PreconditionFailedError": 11}


def test_no_order_is_sold_at_a_price_that_was_gone() -> None:
    tea = product("TEA-1", 100)
    stock(tea, 100)

    def write(number: int) -> Any:
        if number % 4 == 0:
            return catalogue().update(WHO, tea, ProductChanges(price=Money(amount=200, currency="EUR")), None)
        return orders().create(WHO, asked((tea, 1)), None)

    outcomes = at_once(16, write)
    assert kinds(outcomes) == {"Product": 4, "tuple": 12}
    assert {made[0].totals.amount for made in outcomes if isinstance(made, tuple)} <= {100, 200}
    assert level(tea) == (100, 12, 88)
    assert orders().create(WHO, asked((tea, 1)), None)[0].totals.amount == 200


WALKS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(OrderStatus)), max_size=25)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walk=WALKS, quantities=st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_whatever_is_asked_stock_is_what_the_orders_statuses_say(
    walk: list[tuple[int, OrderStatus]], quantities: list[int]
) -> None:
    tenant = uuid.uuid4().hex
    who = Principal(tenant, "u1", Role.OWNER, "s1", "jwt")
    tea = product("TEA-1", who=who)
    stock(tea, 8, tenant=tenant)
    made: list[tuple[str, int]] = []
    expected: dict[str, OrderStatus] = {}
    for quantity in quantities:
        try:
            made.append((order((tea, quantity), who=who), quantity))
        except ConflictError:
            assert sum(units for _, units in made) + quantity > 8
    for number, status in walk:
        name = made[number % len(made)][0]
        before = expected.get(name, OrderStatus.PENDING)
        try:
            step(name, status, who=who)
        except ConflictError:
            assert (before, status) not in STEPS
        else:
            assert (before, status) in STEPS
            expected[name] = status
    sums = Counter[str]()
    for name, units in made:
        sums[expected.get(name, OrderStatus.PENDING)] += units
    reserved = sums["pending"] + sums["paid"]
    gone = sums["fulfilled"] + sums["delivered"]
    assert level(tea, tenant=tenant) == (8 - gone, reserved, 8 - gone - reserved)


class Fault:
    """Fails every transaction whose number is in `at`, before it is sent or after its answer was lost."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *at: int, when: str, error: Exception) -> None:
        self.calls = 0
        plain = BaseClient._make_api_call  # type: ignore[attr-defined]

        def call(client: Any, operation: str, arguments: Any) -> Any:
            if operation != "TransactWriteItems":
                return plain(client, operation, arguments)
            self.calls += 1
            if self.calls not in at:
                return plain(client, operation, arguments)
            if when == "after":
                plain(client, operation, arguments)
            raise error

        monkeypatch.setattr(BaseClient, "_make_api_call", call)


def busy() -> ClientError:
    said = {"Error": {"Code": "InternalServerError", "Message": "x"}, "ResponseMetadata": {"HTTPStatusCode": 500}}
    return ClientError(said, "TransactWriteItems")  # type: ignore[arg-type]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("error", [busy(), ReadTimeoutError(endpoint_url="https://aws")])
def test_an_order_whose_answer_was_lost_is_there_once_for_who_asks_again(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, when: str, error: Exception
) -> None:
    tea = product("TEA-1")
    stock(tea, 10)
    Fault(monkeypatch, 1, when=when, error=error)
    with pytest.raises(type(error)) as met:
        orders().create(WHO, asked((tea, 2)), "key-1")
    assert isinstance(from_aws(met.value), UnavailableError)
    made, replayed = orders().create(WHO, asked((tea, 2)), "key-1")
    assert replayed == (when == "after")
    assert level(tea) == (10, 2, 8)
    assert [item["order_id"] for item in cloud.items("orders")] == [made.order_id] * 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_step_whose_answer_was_lost_moves_the_stock_once(monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    tea = product("TEA-1")
    stock(tea, 10)
    made = order((tea, 2))
    Fault(monkeypatch, 1, when=when, error=busy())
    with pytest.raises(ClientError):
        step(made, "cancelled")
    if when == "before":
        step(made, "cancelled")
    else:
        with pytest.raises(ConflictError):
            step(made, "cancelled")
    assert orders().get(WHO, made).status == "cancelled"
    assert level(tea) == (10, 0, 10)


def test_with_a_database_that_fails_now_and_then_every_answered_order_is_kept(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    tea = product("TEA-1")
    stock(tea, 20)
    Fault(monkeypatch, *range(1, 200, 3), when="after", error=busy())

    outcomes = at_once(24, lambda n: orders().create(WHO, asked((tea, 1)), f"key-{n}")[0].order_id, threads=8)
    kept = {item["order_id"] for item in cloud.items("orders")}
    assert {found for found in outcomes if isinstance(found, str)} == kept
    assert (len(kept), level(tea)) == (20, (20, 20, 0))


def test_the_clients_own_retry_of_a_written_order_is_no_second_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that is sent again (its token forgotten) finds its own order and answers with it."""
    tea = product("TEA-1")
    stock(tea, 10)
    plain = BaseClient._make_api_call  # type: ignore[attr-defined]

    def twice(client: Any, operation: str, arguments: Any) -> Any:
        if operation == "TransactWriteItems":
            plain(client, operation, arguments)
        return plain(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", twice)
    made, _ = orders().create(WHO, asked((tea, 2)), None)
    assert orders().get(WHO, made.order_id) == made
    assert level(tea) == (10, 2, 8)
