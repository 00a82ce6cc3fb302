"""Pages of any size are the list once and in order, whatever is written between them."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omnix.authorisation import Principal, Role
from omnix.catalogue.search import Search, Sort
from omnix.catalogue.service import catalogue
from omnix.customers.model import CustomerInput
from omnix.customers.service import customers

from .conftest import Cloud
from .shop import product

SERIAL = itertools.count()


@dataclass(frozen=True)
class Listed:
    """A list of the shop: how something enters and leaves it, one page of it, and what it is sorted by."""

    enter: Callable[[Principal, str, int], str]
    leave: Callable[[Principal, str], None]
    page: Callable[[Principal, int, str | None], tuple[list[Any], str | None]]
    place: Callable[[Any], Any]
    descending: bool = False


def _products(sort: Sort, place: Callable[[Any], Any]) -> Listed:
    def page(who: Principal, limit: int, after: str | None) -> tuple[list[Any], str | None]:
        found = catalogue().list(who, Search.of(sort), limit, after)
        return list(found.items), found.next_cursor

    return Listed(
        lambda who, name, amount: product(f"S{next(SERIAL)}", amount, who=who, name=name),
        lambda who, one: catalogue().delete(who, one, None),
        page,
        place,
        sort.value.startswith("-"),
    )


def _customer(who: Principal, name: str, _: int) -> str:
    content = CustomerInput.model_validate({"name": name, "email": f"b{next(SERIAL)}@example.com"})
    return customers().create(who, content, None)[0].customer_id


def _customers(who: Principal, limit: int, after: str | None) -> tuple[list[Any], str | None]:
    found = customers().list(who, prefix="", segment=None, limit=limit, after=after)
    return list(found.items), found.next_cursor


LISTS = {
    "products by name": _products(Sort.NAME, lambda item: (item.name, item.product_id)),
    "products by price, falling": _products(Sort.PRICE_DESCENDING, lambda item: (item.price.amount, item.product_id)),
    "customers by name": Listed(
        _customer,
        lambda who, one: customers().delete(who, one, None),
        _customers,
        lambda item: (item.name, item.customer_id),
    ),
}
THINGS = st.tuples(st.sampled_from("abcd"), st.integers(1, 4))  # few names and prices: equal ones meet
# Between two pages: what comes, or which one goes. Drawn before: ids are random, and so is which page is the last.
_MOST = 12
STEPS = st.one_of(st.none(), THINGS, st.integers(0, 11))


@pytest.mark.parametrize("name", LISTS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.lists(THINGS, max_size=8), limit=st.integers(1, 5), steps=st.lists(STEPS, max_size=24))
def test_what_stays_is_on_one_page_and_what_comes_or_goes_on_one_at_most(
    cloud: Cloud,  # noqa: ARG001 - must exist first
    name: str,
    first: list[tuple[str, int]],
    limit: int,
    steps: list[tuple[str, int] | int | None],
) -> None:
    listed, who = LISTS[name], Principal(f"t{next(SERIAL)}", "u1", Role.OWNER, "s1", "jwt")
    there = {listed.enter(who, *thing) for thing in first}
    stayed = set(there)
    seen: list[Any] = []
    cursor = None
    while True:
        items, cursor = listed.page(who, limit, cursor)
        assert len(items) <= limit
        seen += items
        if cursor is None:
            break
        match steps.pop() if steps else None:
            case (label, amount) if len(there) < _MOST:
                there.add(listed.enter(who, label, amount))
            case int(position) if there:
                gone = sorted(there)[position % len(there)]
                listed.leave(who, gone)
                there.discard(gone)
                stayed.discard(gone)
    ids = [listed.place(item)[1] for item in seen]
    assert len(ids) == len(set(ids))
    assert stayed <= set(ids)
    places = [listed.place(item) for item in seen]
    assert places == sorted(places, reverse=listed.descending)
