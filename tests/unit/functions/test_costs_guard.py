"""The cost guard on moto and on DynamoDB Local: what is kept, counted, given back, refused, and shown."""

import json
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from omnix.authorisation import Principal, Role
from omnix.costs import closing, keys, ledger
from omnix.costs.guard import guard
from omnix.costs.model import Feature, Outcome
from omnix.costs.parameters import catalogue
from omnix.costs.usage import usage
from omnix.errors import ForbiddenError, LimitReachedError, UnavailableError, ValidationFailedError
from tests.unit.functions.bedrock import Money
from tests.unit.functions.costs_call import (
    ANSWER,
    COST,
    DECEMBER,
    MIDNIGHT,
    WORST,
    counted,
    environment,
    everything_adds_up,
    made,
    now,
    reserve,
    settle,
    table,
)
from tests.unit.functions.costs_table import PRICES

__all__ = ["made", "now", "table"]


def test_the_worst_case_is_kept_and_the_rest_given_back(made, cloud, table):
    own = made(environment={"daily": WORST})
    reserved = reserve(own)
    mark = closing.mark_of(reserved).name
    every = dict.fromkeys(["m", "d22", "chat_m", "chat_d22"], WORST)
    assert environment(table) == every | {mark: WORST}
    assert counted(table, keys.tenant("t1", "2026-11-22")) == {"m": WORST, "d22": WORST, mark: WORST}
    assert len(Money(cloud.items("analytics")).marks) == 2, "what other tests look at sees them"
    found = settle(own, reserved)
    assert (found.cost, found.outcome, found.usd) == (COST, Outcome.SETTLED, "0.000165")
    assert environment(table) == dict.fromkeys(every, COST)
    (row,) = ledger.of_tenant(table, "t1", "2026-11-22", "2026-11-22")
    assert (row.counts[ledger.CALLS], row.counts[ledger.COST], ledger.usage(row.counts)) == (1, COST, ANSWER)
    assert row.counts[ledger.LATENCY_MS] == 70
    everything_adds_up(cloud, table)


def test_what_is_released_is_as_if_it_had_never_been(made, cloud, table):
    own = made()
    own.release(reserve(own), "throttled")
    assert set(environment(table).values()) == {0}
    (call,) = [item for item in cloud.items("analytics") if item["entity"] == "ai_call"]
    assert (call["outcome"], call["reason"], call["cost"]) == ("released", "throttled", 0)
    everything_adds_up(cloud, table)


def test_what_nobody_knows_is_counted_in_full(made, cloud, table):
    own = made()
    assert own.lapse(reserve(own), "read time-out").cost == WORST
    (row,) = ledger.of_all(table, "2026-11-22", "2026-11-22")
    assert (row.counts[ledger.LAPSED], row.counts[ledger.COST_LAPSED], row.counts[ledger.COST]) == (1, WORST, WORST)
    everything_adds_up(cloud, table)


@pytest.mark.parametrize(
    ("bounds", "status", "scope", "period"),
    [
        ({"tenant": {"daily": 2 * WORST - 1}}, 429, "tenant", "day"),
        ({"tenant": {"monthly": 2 * WORST - 1}}, 402, "tenant", "month"),
        ({"tenants": {"t1": {"daily": 2 * WORST - 1}}}, 429, "tenant", "day"),
        ({"features": {"chat": {"daily": 2 * WORST - 1}}}, 429, "feature", "day"),
        ({"features": {"chat": {"monthly": 2 * WORST - 1}}}, 402, "feature", "month"),
        ({"environment": {"daily": 2 * WORST - 1}}, 429, "environment", "day"),
        ({"environment": {"monthly": 2 * WORST - 1}}, 402, "environment", "month"),
    ],
)
def test_without_room_a_call_is_refused_and_every_limit_is_as_it_was(made, cloud, table, bounds, status, scope, period):
    own = made(**bounds)
    first = reserve(own)
    before = environment(table), counted(table, keys.tenant("t1", "2026-11-22"))
    with pytest.raises(LimitReachedError) as caught:
        reserve(own)
    assert (caught.value.status, caught.value.code) == (status, "limit_reached")
    (detail,) = caught.value.details
    assert (detail["scope"], detail["period"]) == (scope, period)
    assert (detail["committed_usd"], detail["needed_usd"]) == ("0.000438", "0.000438")
    assert (caught.value.headers.get("Retry-After") == "43200") is (period == "day")
    assert (environment(table), counted(table, keys.tenant("t1", "2026-11-22"))) == before
    settle(own, first)
    reserve(own, tenant_id="t1")  # there is room again, for it cost less than was kept
    assert sum(row.counts[ledger.REFUSED] for row in ledger.of_all(table, "2026-11-22", "2026-11-22")) == 1
    assert len([item for item in cloud.items("analytics") if item["entity"] == "ai_hold"]) == 1


def test_a_feature_without_room_leaves_the_other_its_own(made):
    own = made(features={"chat": {"daily": 1}})
    with pytest.raises(LimitReachedError):
        reserve(own)
    assert reserve(own, feature=Feature.INSIGHTS).amount == WORST


def test_no_call_is_made_that_passes_a_limit_by_itself_on_a_day_without_calls(made):
    with pytest.raises(LimitReachedError) as caught:
        reserve(made(tenant={"daily": WORST - 1}))
    assert caught.value.details[0]["committed_usd"] == "0.000000"
    assert caught.value.details[0]["resets_at"] is None
    assert "too large for the tenant's limit of this day" in caught.value.message
    assert "Retry-After" not in caught.value.headers


def test_where_the_bound_finds_no_room_the_exact_count_is_tried_once(made):
    asked = []
    own = made(environment={"daily": PRICES.worst(300, 100)})

    def exact(count):
        asked.append(count)
        return count

    for count in (None, 301, 1000):
        with pytest.raises(LimitReachedError):
            reserve(own, exact=lambda count=count: exact(count))
    assert reserve(own, exact=lambda: exact(300)).input_tokens == 300
    assert asked == [None, 301, 1000, 300]


def test_a_call_of_the_last_second_settles_on_its_own_day(made, table, cloud, now):
    now.seconds = MIDNIGHT - 1
    own = made(environment={"daily": WORST})
    reserved = reserve(own)
    now.seconds = MIDNIGHT + 4
    reserve(own, tenant_id="t2")  # a new day has its own room
    settle(own, reserved)
    assert reserved.day == "2026-11-22"
    found = environment(table)
    assert (found["d22"], found["d23"], found["m"]) == (COST, WORST, COST + WORST)
    assert [row.day for row in ledger.of_tenant(table, "t1", "2026-11-20", "2026-11-30")] == ["2026-11-22"]
    now.seconds += 2000
    own.sweep()
    everything_adds_up(cloud, table)


def test_a_call_of_the_last_second_of_a_month_settles_in_it(made, table, cloud, now):
    now.seconds = DECEMBER - 1
    own = made(environment={"monthly": WORST})
    reserved = reserve(own)
    now.seconds = DECEMBER
    later = reserve(own)
    settle(own, reserved)
    assert environment(table, "2026-11-30")["m"] == COST
    assert environment(table, "2026-12-01")["m"] == WORST
    own.release(later, "throttled")
    everything_adds_up(cloud, table)


def test_a_busy_item_is_waited_for_and_a_busier_one_is_503(made, monkeypatch):
    plain: Any = BaseClient._make_api_call  # type: ignore[attr-defined]  # the same
    left = [3]

    def call(self, operation, arguments):
        if operation == "UpdateItem" and left[0]:
            left[0] -= 1
            raise ClientError({"Error": {"Code": "TransactionConflictException"}}, operation)
        return plain(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    monkeypatch.setattr("time.sleep", lambda _: None)
    own = made()
    reserve(own)
    left[0] = 10**6
    with pytest.raises(UnavailableError):
        reserve(own)


def test_the_environments_guard_and_usage_read_its_parameters(cloud, table, now):  # noqa: ARG001
    entry = {"call": "arn:a", "max_output": 4096, "context": 200_000, "caching": True, "tools": True}
    cloud.set_parameter("bedrock/models", json.dumps({"model-a": entry | {"prices": PRICES.__dict__}}))
    cloud.set_parameter("bedrock/limits", json.dumps({"environment": {}, "tenant": {"daily": 2 * WORST}}))
    own = guard()
    settle(own, reserve(own, model=catalogue().model("model-a")), stop_reason="tool_use")
    now.seconds += 24 * 3600
    settle(own, reserve(own, feature=Feature.INSIGHTS))
    now.seconds -= 24 * 3600
    held = reserve(own)
    caller = Principal("t1", "u1", Role.OWNER, "s", "jwt")
    report = usage().report(caller, "2026-11-22", "2026-11-23")
    assert [(one.key, one.calls) for one in report.days] == [("2026-11-22", 1), ("2026-11-23", 1)]
    assert [(one.key, one.cost.nano_usd) for one in report.features] == [("chat", COST), ("insights", COST)]
    assert report.total.cost.nano_usd == sum(one.cost.nano_usd for one in report.models) == 2 * COST
    month, day = report.limits
    assert (month.limit, month.spent.nano_usd, month.held.nano_usd) == (None, 2 * COST, WORST)
    assert day.limit
    assert (day.limit.nano_usd, day.spent.nano_usd, day.held.nano_usd) == (2 * WORST, COST, held.amount)
    assert report.watch[0].cheapest_model
    assert report.watch[0].cheapest_model.model == "model-a"
    assert usage().report(Principal("t2", "u", Role.OWNER, "s", "jwt")).total.calls == 0
    with pytest.raises(ForbiddenError):
        usage().report(Principal("t1", "u1", Role.STAFF, "s", "jwt"))
    for since, until in (("2026-11-23", "2026-11-22"), ("2025-01-01", None), ("20261122", None), ("x", "y")):
        with pytest.raises(ValidationFailedError):
            usage().report(caller, since, until)
