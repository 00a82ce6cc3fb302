"""The data layer's own checks: silent over what the functions wrote, loud over everything that was changed since."""

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import omnix
from omnix import clock
from omnix.assistant.actions import actions
from omnix.assistant.conversation import conversations
from omnix.assistant.model import Turn
from omnix.customers.model import CustomerInput
from omnix.customers.service import customers
from omnix.dynamodb import dump_item
from omnix.integrity.check import ACROSS, TABLES, Check, Resolution
from omnix.integrity.finding import Finding, Weight
from omnix.integrity.rules import RULES
from omnix.integrity.saying import tenant_of
from omnix.inventory.model import AdjustmentInput, Reason
from omnix.inventory.service import stock
from omnix.orders.status import OrderStatus
from omnix.tools import registry

from . import shop
from .conftest import Answer, Cloud
from .worker import Worker

type Items = dict[str, list[dict[str, Any]]]

PAID, CANCELLED, FULFILLED = OrderStatus.PAID, OrderStatus.CANCELLED, OrderStatus.FULFILLED


_WEEKS: dict[str | None, Items] = {}


@pytest.fixture
def trading(request: pytest.FixtureRequest, database: str | None) -> Items:
    """What a shop's week leaves in every table; traded once, and each test's own to spoil."""
    if database not in _WEEKS:
        _WEEKS[database] = _traded(*map(request.getfixturevalue, ("cloud", "auth", "api")))
    return copy.deepcopy(_WEEKS[database])


def _traded(cloud: Cloud, auth: Callable[..., Answer], api: Callable[..., Answer]) -> Items:
    """After the worker has caught up."""
    person = {"email": "ada@shop.example", "password": "correct horse battery", "name": "Ada", "tenant_name": "Shop"}
    assert auth("POST", "/auth/register", body=person).status == 201
    worker = Worker(cloud)
    tea, mug = shop.product("TEA", 150), shop.product("MUG", 1600, category="tableware")
    for one, units in ((tea, 90), (mug, 20)):
        stock().adjust(shop.WHO, one, AdjustmentInput(quantity=units, reason=Reason.RECEIVED), None)
    buyer, _ = customers().create(shop.WHO, CustomerInput(name="Grace", email="grace@example.com"), None)
    shop.step(shop.order((tea, 3), (mug, 1), customer=buyer.customer_id), PAID, FULFILLED)
    shop.step(shop.order((tea, 2), customer=buyer.customer_id), PAID)
    shop.step(shop.order((mug, 2)), CANCELLED)
    shop.order((mug, 19))  # low from now on
    occurred = clock.iso_now()
    event = {"event_id": "event-0001", "type": "product_view", "occurred_at": occurred}
    assert api("POST", "/analytics/events", body={"events": [event]}).status in {200, 202}
    said = conversations().begin()
    conversations().add(shop.WHO, said, Turn(at=occurred, message="More tea", answer="Five more?"))
    change = {"product_id": tea, "quantity": 5, "reason": "found"}
    actions().propose(
        shop.WHO, said.conversation_id, next(tool for tool in registry.TOOLS if tool.name == "adjust_stock"), change
    )
    worker.catch_up()
    return cloud.everything()


def checked(items: Items, changed_since: str | None = None, parts: int = 1) -> list[Finding]:
    """Both passes, over so many parts as threads would take them."""
    now = clock.epoch_seconds()
    everything = [(table, dump_item(item)) for table, found in items.items() for item in found]
    first = Check(now)
    for number in range(parts):
        part = Check(now)
        for table, item in everything[number::parts]:
            part.add(table, item)
        first.merge(part)
    second = Resolution(first.doubts(), now, frozenset(items))
    for table, item in everything:
        second.add(table, item)
    return [*first.findings, *second.findings(changed_since)]


def only(items: Items, entity: str) -> tuple[str, dict[str, Any]]:
    """The first item of an entity, and its table."""
    return next((table, item) for table, found in items.items() for item in found if item.get("entity") == entity)


def entities(items: Items) -> Iterator[tuple[str, str]]:
    yield from sorted({(table, item["entity"]) for table, found in items.items() for item in found})


@pytest.mark.parametrize("parts", [1, 3])
def test_what_the_functions_wrote_is_in_order(trading: Items, parts: int) -> None:
    assert checked(trading, parts=parts) == []
    assert len(list(entities(trading))) > 15  # else the test above shows little


def test_every_item_that_is_lost_is_missed_unless_it_stands_alone(trading: Items) -> None:
    alone = {"family", "limit", "event", "adjustment", "alert", "counts", "idempotency", "guard", "rollup", "cohort"}
    alone |= {"conversation", "assistant_action"}
    for table, entity in entities(trading):
        left = copy.deepcopy(trading)
        left[table].remove(next(item for item in left[table] if item["entity"] == entity))
        assert entity in alone or any(one.weight is Weight.BROKEN for one in checked(left)), entity


def test_a_lost_counter_is_told_as_behind_the_orders(trading: Items) -> None:
    day = next(one for one in trading["analytics"] if one["sk"].startswith("SALES#DAY#") and one["pk"] == "TENANT#t1")
    trading["analytics"].remove(day)
    found = checked(trading)
    assert {one.rule for one in found} == {"sales-counts"}
    assert {one.weight for one in found} == {Weight.BEHIND}


@pytest.mark.parametrize(
    ("entity", "change", "rules"),
    [
        ("product", {"name": "Other"}, {"content", "product-copies"}),
        (
            "product",
            {"price": {"amount": -1, "currency": "EUR"}},
            {"model", "product-copies", "level-product", "catalogue-counts"},
        ),
        ("product_sku", {"version": 7}, {"product-copies"}),
        ("product_entry", {"product_id": "0" * 32}, {"product-copies"}),
        ("order", {"totals": {"units": 4, "amount": 1}}, {"sums", "order-copies", "sales-counts", "customer-value"}),
        ("order", {"status": "delivered"}, {"history", "order-copies", "sales-counts", "reservations"}),
        ("order_status", {"updated_at": "x"}, {"order-copies"}),
        ("level", {"available": 1, "on_hand": 1}, {"sums", "low-list", "stock-counts"}),
        ("level", {"reserved": 0, "on_hand": 0, "available": 0}, {"reservations", "stock-counts", "low-list"}),
        ("guard", {"opened": 3}, {"guard"}),
        ("adjustment", {"product_id": "0" * 32}, {"content"}),
        ("alert", {"gsi1sk": "x"}, {"content"}),
        ("location_entry", {"product_id": "0" * 32}, {"location-entries"}),
        ("customer", {"email": "other@example.com"}, {"customer-address"}),
        ("customer_value", {"orders": 9}, {"customer-value", "cohorts", "content"}),
        ("cohort", {"f5m5": 1}, {"cohorts"}),
        ("user", {"role": "staff"}, {"owners"}),
        ("user", {"email": "other@example.com"}, {"credential"}),
        ("tenant", {"owners": 2}, {"owners"}),
        ("credential", {"password_hash": ""}, {"content"}),
        ("family", {"gsi1pk": "x"}, {"content"}),
        ("counts", {"counts": {"a": 0}}, {"content"}),
        ("conversation", {"user_id": "another"}, {"place"}),
        ("conversation", {"turns": [{"at": "now"}]}, {"model"}),
        ("conversation", {"turns": []}, {"content"}),
        ("assistant_action", {"arguments": '{"quantity": 500}'}, {"content"}),
        ("assistant_action", {"sk": "CHAT#u1#ACTION#1"}, {"content", "place"}),
        ("event", {"expires_at": "never"}, {"content"}),
    ],
)
def test_what_was_changed_since_is_found(trading: Items, entity: str, change: dict[str, Any], rules: set[str]) -> None:
    only(trading, entity)[1].update(change)
    found = {one.rule for one in checked(trading)}
    assert found
    assert found <= rules


def test_every_kind_of_item_that_the_functions_write_is_one_that_is_checked() -> None:
    """Else a restore test and a drill call what was just written broken."""
    texts = (path.read_text(encoding="utf-8") for path in Path(omnix.__path__[0]).rglob("*.py"))
    written = {entity for text in texts for entity in re.findall(r'"entity": "(\w+)"', text)}
    assert len(written) > 20  # else nothing was read
    assert written - {entity for known in TABLES.values() for entity in known} == set()


def test_an_item_that_nobody_knows_or_can_read_is_told_without_its_values(trading: Items) -> None:
    trading["workspaces"] = [{"pk": "TENANT#t1", "sk": "X", "entity": "dream", "secret": "tell nobody"}]
    trading["users"].append({"pk": "TENANT#t1", "sk": "Y", "secret": "tell nobody"})
    found = checked(trading)
    assert [(one.table, one.rule) for one in found] == [("users", "model"), ("workspaces", "entity")]
    assert "tell nobody" not in str(found)


def test_a_level_without_its_product_is_found_and_named(trading: Items) -> None:
    product_id = only(trading, "level")[1]["product_id"]
    trading["products"] = [one for one in trading["products"] if one["product_id"] != product_id]
    assert ("level-product", f"TENANT#t1 LEVEL#{product_id}#main") in {
        (one.rule, one.place) for one in checked(trading)
    }


def test_reservations_that_changed_while_tables_were_read_are_behind_and_older_ones_broken(trading: Items) -> None:
    level = only(trading, "level")[1]
    level["reserved"] += 1
    level["on_hand"] += 1

    def weights(since: str) -> set[Weight]:
        return {one.weight for one in checked(trading, since) if one.rule == "reservations"}

    assert weights("2000-01-01T00:00:00.000Z") == {Weight.BEHIND}
    assert weights("2999-01-01T00:00:00.000Z") == {Weight.BROKEN}


def test_orders_of_a_customer_who_was_erased_are_nobody_s(trading: Items) -> None:
    gone = {"customer", "customer_email", "customer_value", "cohort"}
    trading["customer-profiles"] = [one for one in trading["customer-profiles"] if one["entity"] not in gone]
    assert checked(trading) == []


def test_rules_across_tables_say_nothing_when_one_of_them_was_not_read(trading: Items) -> None:
    for table in list(trading):
        assert checked({table: trading[table]}) == [], table


def test_every_rule_is_of_tables_that_are_checked() -> None:
    assert {rule.table for rule in RULES.values()} <= set(TABLES)
    assert set(ACROSS) <= set(RULES)
    assert all(RULES[name].table in tables for name, tables in ACROSS.items())


def test_the_tenant_of_an_item_is_read_from_its_key_or_from_what_it_says() -> None:
    assert tenant_of({"pk": "TENANT#t1#PRODUCTS", "sk": "x"}) == "t1"
    assert tenant_of({"pk": "FAMILY#f", "sk": "FAMILY", "tenant_id": "t2"}) == "t2"
    assert tenant_of({"pk": "LIMIT#x", "sk": "x"}) is None
