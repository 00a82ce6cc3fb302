"""One call under the cost guard, as its tests make it, and what must add up when none is under way."""

from types import SimpleNamespace

import pytest

from omnix import clock, deadline
from omnix.costs import counters, keys, ledger
from omnix.costs.guard import Guard
from omnix.costs.model import Feature, Usage
from omnix.dynamodb import Table
from omnix.integrity.check import said
from tests.unit.functions import conftest
from tests.unit.functions.costs_table import PRICES, limits, model

NOON = 1_795_348_800  # 2026-11-22T12:00:00Z
MIDNIGHT = 1_795_392_000  # 2026-11-23T00:00:00Z
DECEMBER = 1_796_083_200  # 2026-12-01T00:00:00Z
MODEL = model()
WORST = PRICES.worst(1000, 100)
ANSWER = Usage(input=400, output=50, cache_read=100)
COST = PRICES.cost(ANSWER)


@pytest.fixture
def now(monkeypatch):
    """The moment, epoch seconds; a test moves it."""
    moment = SimpleNamespace(seconds=NOON)
    monkeypatch.setattr(clock, "epoch_seconds", lambda: moment.seconds)
    return moment


@pytest.fixture
def table(cloud):
    return Table(cloud.client("dynamodb"), conftest.table("analytics"))


@pytest.fixture
def made(table, now):  # noqa: ARG001 - a moment that stands
    """A guard of those limits."""
    return lambda **bounds: Guard(lambda: table, lambda: limits(**bounds))


def reserve(own, **changes):
    known = {
        "tenant_id": "t1", "user_id": "u1", "feature": Feature.CHAT, "model": MODEL, "input_tokens": 1000,
        "max_output": 100, "request_id": "r1",
    }  # fmt: skip
    return own.reserve(**known | changes)


def settle(own, reserved, used=ANSWER, **changes):
    return own.settle(reserved, used, **{"stop_reason": "end_turn", "latency_ms": 70} | changes)


def counted(table, key):
    item = table.get(*key) or {}
    return {name: value for name, value in item.items() if type(value) is int and name != "expires_at"}


def environment(table, day="2026-11-22"):
    return counted(table, keys.environment(day))


def everything_adds_up(cloud, table):
    """The ledger, both copies, is the calls' sum and the counters', and nothing is left under way."""
    items = cloud.items("analytics")
    calls = [item for item in items if item["entity"] == "ai_call"]
    months = {call["day"][:7] for call in calls}
    assert not [item for item in items if item["entity"] == "ai_hold"]
    by_tenant = [item for item in items if item["entity"] == "ai_ledger" and item["pk"].startswith("TENANT#")]
    by_day = [item for item in items if item["entity"] == "ai_ledger" and not item["pk"].startswith("TENANT#")]
    assert ledger.merged(by_tenant) == ledger.merged(by_day)
    total = sum(call["cost"] for call in calls)
    assert sum(row.counts[ledger.COST] for row in ledger.merged(by_day)) == total
    assert sum(environment(table, f"{month}-01").get("m", 0) for month in months) == total
    limits_items = [item for item in items if item["entity"] == "ai_limits" and item["pk"].startswith("TENANT#")]
    assert sum(item["m"] for item in limits_items) == total
    assert not any(counters.marks(item) for item in items if item["entity"] == "ai_limits")
    for wire in cloud.client("dynamodb").scan(TableName=table.name)["Items"]:
        assert not list(said("analytics", wire, NOON)), "the restore's checks know it"


def dead(own, seconds=20.0):
    """A reservation of a function that will be no more."""
    deadline._ends = clock.monotonic() + seconds
    try:
        return reserve(own)
    finally:
        deadline.begin(None)
