"""A product's guard: no level is opened behind the delete of its product, and none beyond the most that it may have."""

from collections.abc import Callable
from typing import Any

import pytest

from omnix.catalogue.service import catalogue
from omnix.errors import ConflictError, NotFoundError
from omnix.inventory import keys, store
from omnix.inventory.model import Adjustment, AdjustmentInput, ReorderPointInput
from omnix.inventory.service import stock as stocks
from omnix.inventory.store import StockStore
from omnix.tables import opened

from .conftest import Cloud
from .shop import WHO, level, product, stock
from .test_races import at_once, kinds

pytestmark = pytest.mark.usefixtures("cloud", "atomic_writes")

MOST = 3


def receive(product_id: str, location: str, units: int = 24) -> Adjustment:
    asked = AdjustmentInput.model_validate({"quantity": units, "reason": "received", "location_id": location})
    return stocks().adjust(WHO, product_id, asked, None)[0]


def plan(product_id: str, location: str) -> None:
    asked = ReorderPointInput.model_validate({"reorder_point": 1, "location_id": location})
    stocks().set_reorder_point(WHO, product_id, asked, None)


def by_adjustment(product_id: str) -> None:
    plan(product_id, "north")


def as_before_guards(product_id: str) -> None:
    stock(product_id, 0, "north")


def without(_: str) -> None:
    """No level at all."""


@pytest.mark.parametrize("opened", [without, by_adjustment, as_before_guards])
def test_stock_that_comes_while_its_product_is_deleted_stays_with_the_product(
    monkeypatch: pytest.MonkeyPatch, opened: Callable[[str], None]
) -> None:
    tea = product("TEA-1")
    opened(tea)
    plain = StockStore.emptied
    came: list[Adjustment] = []

    def emptied(self: StockStore, tenant_id: str, product_id: str) -> list[dict[str, Any]]:
        found = plain(self, tenant_id, product_id)
        if not came:
            came.append(receive(product_id, "main"))
        return found

    monkeypatch.setattr(StockStore, "emptied", emptied)
    with pytest.raises(ConflictError, match="There is stock"):
        catalogue().delete(WHO, tea, None)
    assert catalogue().get(WHO, tea).product_id == tea
    assert level(tea) == (24, 0, 24)


def test_a_level_that_is_opened_while_the_levels_are_read_is_not_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    tea = product("TEA-1")
    plain = StockStore.of_product
    came: list[bool] = []

    def of_product(self: StockStore, tenant_id: str, product_id: str) -> Any:
        found = plain(self, tenant_id, product_id)
        if not came:
            came.append(True)  # first: an adjustment reads them too
            receive(product_id, "main")
        return found

    monkeypatch.setattr(StockStore, "of_product", of_product)
    with pytest.raises(ConflictError, match="There is stock"):
        catalogue().delete(WHO, tea, None)
    assert level(tea) == (24, 0, 24)


def test_of_a_delete_and_an_adjustment_at_once_only_one_is_done(cloud: Cloud) -> None:
    for number in range(6):
        tea = product(f"TEA-{number}")

        def write(writer: int, tea: str = tea) -> Any:
            return catalogue().delete(WHO, tea, None) if writer == 0 else receive(tea, f"l{writer}")

        deleted, *received = at_once(4, write)
        done = kinds(received)
        if deleted is None:
            assert done == {"NotFoundError": 3}
        else:
            assert isinstance(deleted, ConflictError)
            assert done["Adjustment"]
            assert catalogue().get(WHO, tea).product_id == tea
    products = {item["product_id"] for item in cloud.items("products")}
    levels = [item for item in cloud.items("inventory") if item["entity"] == "level"]
    assert {item["product_id"] for item in levels} <= products
    guards = {item["sk"]: item["opened"] for item in cloud.items("inventory") if item["entity"] == "guard"}
    assert sum(guards.values()) == len(levels)


def test_a_product_has_no_more_levels_than_it_may_have_whoever_opens_them_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "MAX_LOCATIONS", MOST)
    tea = product("TEA-1")
    outcomes = at_once(6, lambda number: receive(tea, f"l{number}"))
    assert kinds(outcomes) == {"Adjustment": MOST, "ConflictError": 6 - MOST}
    assert len(stocks().of_product(WHO, tea).levels) == MOST
    with pytest.raises(ConflictError, match="locations at most"):
        receive(tea, "one-more")


def test_levels_from_before_there_were_guards_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_LOCATIONS", MOST)
    tea = product("TEA-1")
    stock(tea, 1, "north")
    stock(tea, 1, "south")
    assert kinds(at_once(2, lambda number: receive(tea, f"l{number}"))) == {"Adjustment": 1, "ConflictError": 1}
    guard = opened("inventory").get(*keys.guard("t1", tea))
    assert guard is not None
    assert guard["opened"] == MOST


def test_a_product_with_the_most_levels_is_deleted_with_them_and_its_guard(cloud: Cloud) -> None:
    tea = product("TEA-1")
    for number in range(store.MAX_LOCATIONS):
        plan(tea, f"l{number}")
    with pytest.raises(ConflictError, match="40 locations at most"):
        plan(tea, "one-more")
    catalogue().delete(WHO, tea, None)
    assert cloud.items("products") == cloud.items("inventory") == []
    with pytest.raises(NotFoundError):
        receive(tea, "main")
    assert cloud.items("inventory") == []


def test_a_guard_is_no_level(cloud: Cloud) -> None:
    tea = product("TEA-1")
    receive(tea, "main")
    assert "guard" in {item["entity"] for item in cloud.items("inventory")}
    assert [found.location_id for found in stocks().list(WHO, None, False, 10, None).items] == ["main"]
    assert len(stocks().of_product(WHO, tea).levels) == 1
