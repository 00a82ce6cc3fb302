"""The cost guard on moto and on DynamoDB Local: what is kept, counted, given back, ended for the dead, and shown."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError

from omnix import clock, deadline
from omnix.authorisation import Principal, Role
from omnix.costs import closing, counters, keys, ledger, metrics
from omnix.costs import limits as costs_limits
from omnix.costs.guard import Guard, guard
from omnix.costs.model import Feature, Outcome, Usage
from omnix.costs.parameters import catalogue
from omnix.costs.usage import usage
from omnix.deadline import OutOfTimeError
from omnix.dynamodb import Table, dump_item
from omnix.errors import ForbiddenError, LimitReachedError, UnavailableError, ValidationFailedError
from omnix.integrity.check import said
from tests.unit.functions import conftest
from tests.unit.functions.bedrock import Money
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


def dead(own, seconds=20.0):
    """A reservation of a function that will be no more."""
    deadline._ends = clock.monotonic() + seconds
    try:
        return reserve(own)
    finally:
        deadline.begin(None)


def test_the_sweep_counts_a_dead_functions_call_in_full_when_its_lease_is_over(made, table, cloud, now):
    own = made()
    reserved = dead(own)
    now.seconds += 20
    assert own.sweep() == 0
    now.seconds += 6
    assert own.sweep() == 1
    assert own.sweep() == 0
    (call,) = [item for item in cloud.items("analytics") if item["entity"] == "ai_call"]
    assert (call["reservation_id"], call["outcome"]) == (reserved.reservation_id, "lapsed")
    assert environment(table)["m"] == WORST
    everything_adds_up(cloud, table)


def test_a_later_caller_ends_what_a_dead_function_left(made, cloud, table, now):
    own = made(environment={"daily": 3 * WORST})
    dead(own)
    now.seconds += 60
    settle(own, reserve(own, tenant_id="t2"))
    assert environment(table)["d22"] == WORST + COST
    everything_adds_up(cloud, table)


def test_money_that_a_function_kept_before_it_died_is_found_before_anybody_is_refused(made, cloud, table, now, failing):
    """It died between the tenant's counters and its ledger: what it had not spent is room."""
    own = made(tenant={"daily": WORST})
    failing("TransactWriteItems")
    settle(own, reserve(own), Usage(input=1))
    reserved = reserve(own, input_tokens=900)
    failing()
    now.seconds += 1000
    settle(own, reserved)
    own.sweep()
    everything_adds_up(cloud, table)


@pytest.fixture
def failing(monkeypatch):
    """From now on these operations fail, as if DynamoDB were away; called without one, none does."""
    plain: Any = BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore's types leave it out
    broken: set[str] = set()

    def call(self, operation, arguments):
        if operation in broken:
            raise EndpointConnectionError(endpoint_url="https://dynamodb")
        return plain(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)

    def choose(*operations):
        broken.clear()
        broken.update(operations)

    return choose


def test_a_hold_that_cannot_be_ended_now_keeps_none_of_the_others(made, table, now, monkeypatch):
    own = made()
    kept = [reserve(own) for _ in range(4)]
    now.seconds += 1000
    plain = closing.finish

    def finish(table, hold):
        if hold["sk"] == kept[0].reservation_id:
            raise UnavailableError
        plain(table, hold)

    monkeypatch.setattr(closing, "finish", finish)
    assert own.sweep() == 3
    monkeypatch.setattr(closing, "finish", plain)
    assert own.sweep() == 1
    assert environment(table)["m"] == 4 * WORST


def test_neither_a_lost_connection_nor_a_hold_of_a_later_version_ends_the_sweep(made, cloud, table, now, monkeypatch):
    own = made()
    unknown, lost, *_ = (reserve(own) for _ in range(4))
    key = keys.hold(unknown.reservation_id)
    wire = cloud.client("dynamodb")
    wire.put_item(TableName=table.name, Item=dump_item({**table.get(*key), "feature": "seance"}))
    now.seconds += 1000
    plain = closing.finish

    def finish(table, hold):
        if hold["sk"] == lost.reservation_id:
            raise EndpointConnectionError(endpoint_url="https://dynamodb")
        plain(table, hold)

    monkeypatch.setattr(closing, "finish", finish)
    assert own.sweep() == 2
    monkeypatch.setattr(closing, "finish", plain)
    assert own.sweep() == 1
    assert [item["feature"] for item in cloud.items("analytics") if item["entity"] == "ai_hold"] == ["seance"]
    wire.put_item(TableName=table.name, Item=dump_item({**table.get(*key), "feature": "chat"}))
    assert own.sweep() == 1, "the version that knows it ends it"
    everything_adds_up(cloud, table)


def test_a_sweep_without_time_left_says_so(made, now, monkeypatch):
    own = made()
    reserve(own)
    now.seconds += 1000

    def finish(*_):
        raise OutOfTimeError(left=0.0)

    monkeypatch.setattr(closing, "finish", finish)
    with pytest.raises(OutOfTimeError):
        own.sweep()


def test_a_callers_money_is_not_lost_for_anothers_hold_that_cannot_be_read(made, cloud, table, now):
    own = made()
    key = keys.hold(dead(own).reservation_id)
    hold = table.get(*key)
    cloud.client("dynamodb").put_item(TableName=table.name, Item=dump_item({**hold, "feature": "seance"}))
    now.seconds += 60
    settle(own, reserve(own, tenant_id="t2"))
    assert environment(table)["m"] == WORST + COST


def test_who_is_refused_ends_no_more_of_the_dead_than_who_is_let_through(made, cloud, now):
    own = made(tenant={"daily": 5 * WORST})
    for _ in range(5):
        dead(own)
    now.seconds += 60
    with pytest.raises(LimitReachedError):
        reserve(own)
    assert len([item for item in cloud.items("analytics") if item["entity"] == "ai_hold"]) == 2


def emitted(capsys):
    """The rare events that were told since it was last asked."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    return [name for line in lines for name in (metrics.LATE, metrics.UNENDED) if name in line]


@pytest.mark.parametrize("end", ["settle", "release", "lapse"])
def test_who_ends_later_than_its_lease_is_told_as_late_and_others_are_not(made, now, capsys, end):
    own = made()
    ends = {"settle": lambda one: settle(own, one), "release": lambda one: own.release(one, "throttled")}
    finish = ends.get(end, lambda one: own.lapse(one, "read time-out"))
    finish(reserve(own))
    assert emitted(capsys) == []
    reserved = dead(own)
    now.seconds += 60
    own.sweep()
    finish(reserved)
    assert emitted(capsys) == [metrics.LATE]


def test_a_table_that_does_not_take_the_end_of_a_call_is_no_late_settlement(made, capsys, failing):
    own = made()
    reserved = reserve(own)
    failing("UpdateItem")
    settle(own, reserved)
    assert emitted(capsys) == [metrics.UNENDED]


def test_an_answer_that_is_paid_for_is_not_lost_with_the_table(made, cloud, table, now, failing):
    own = made()
    reserved = reserve(own)
    failing("UpdateItem", "TransactWriteItems")
    assert settle(own, reserved).cost == COST
    failing()
    now.seconds += 1000
    own.sweep()
    assert environment(table)["m"] == WORST, "in full: nobody could write down what it did cost"
    everything_adds_up(cloud, table)


def test_a_table_that_is_away_keeps_nothing_and_calls_nothing(made, cloud, table, now, failing):
    own = made()
    failing("UpdateItem")
    with pytest.raises(EndpointConnectionError):
        reserve(own)
    failing()
    now.seconds += 1000
    own.sweep()
    assert not environment(table).get("m")
    everything_adds_up(cloud, table)


def test_who_ends_later_than_its_lease_puts_right_what_was_counted_in_full(made, cloud, table, now):
    own = made()
    reserved = dead(own)
    now.seconds += 60
    own.sweep()
    assert settle(own, reserved).outcome is Outcome.CORRECTED
    (row,) = ledger.of_all(table, "2026-11-22", "2026-11-22")
    assert (row.counts[ledger.LAPSED], row.counts[ledger.CORRECTED], row.counts[ledger.CALLS]) == (0, 1, 1)
    assert environment(table)["m"] == COST
    assert settle(own, reserved, Usage(input=1)).outcome is Outcome.SETTLED
    assert environment(table)["m"] == COST, "once"
    everything_adds_up(cloud, table)


def test_a_lapsed_call_that_the_log_does_not_know_costs_nothing(made, cloud, table):
    own = made()
    reserved = reserve(own)
    own.lapse(reserved, "read time-out")
    assert own.correct("t1", "2026-11-22", reserved.reservation_id, Usage(), reason="not in the invocation log")
    assert own.correct("t1", "2026-11-22", reserved.reservation_id, Usage()) is None
    assert own.correct("t1", "2026-11-22", "nobody", Usage()) is None
    assert environment(table)["m"] == 0
    everything_adds_up(cloud, table)


def test_ending_a_call_twice_counts_it_once(made, cloud, table):
    own = made()
    reserved = reserve(own)
    settle(own, reserved)
    settle(own, reserved)
    own.release(reserved, "no")
    own.lapse(reserved, "no")
    assert environment(table)["m"] == COST
    everything_adds_up(cloud, table)


def test_a_mark_that_came_after_everything_ended_is_taken_away(made, cloud, table, now):
    own = made(tenant={"daily": WORST})
    reserved = reserve(own)
    own.release(reserved, "gone")
    current, mark = limits(), closing.mark_of(reserved)
    for key, bounds in (
        (keys.tenant("t1", "2026-11-22"), costs_limits.of_tenant(current, "t1", "2026-11-22")),
        (keys.environment("2026-11-22"), costs_limits.of_environment(current, Feature.CHAT, "2026-11-22")),
    ):
        assert counters.take(table, key, mark, WORST, bounds, NOON)[0]
    with pytest.raises(LimitReachedError):
        reserve(own)
    now.seconds += 2000
    settle(own, reserve(own))
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
