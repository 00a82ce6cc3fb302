"""How calls under the cost guard end: by a dead function's lease, late, without a table; and who is told."""

import json
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError

from omnix.costs import closing, counters, keys, ledger, metrics
from omnix.costs import limits as costs_limits
from omnix.costs.model import Feature, Outcome, Usage
from omnix.deadline import OutOfTimeError
from omnix.dynamodb import dump_item
from omnix.errors import LimitReachedError, UnavailableError
from tests.unit.functions.costs_call import (
    COST,
    NOON,
    WORST,
    dead,
    environment,
    everything_adds_up,
    made,
    now,
    reserve,
    settle,
    table,
)
from tests.unit.functions.costs_table import limits

__all__ = ["made", "now", "table"]


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
