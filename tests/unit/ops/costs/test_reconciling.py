"""The ledger against Bedrock's record: what agrees, what is corrected, what is reported, and when it is an error."""

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from omnix.costs import keys, ledger
from omnix.costs.model import Feature, Outcome, Usage
from ops.cli import main
from ops.commands import costs as command
from ops.costs import record
from ops.costs.books import Books
from ops.costs.reconciliation import Compared, Finding, Reconciled
from ops.costs.reconciling import Period, correct, reconcile
from ops.errors import Refused
from tests.unit.ops.costs.conftest import ANSWER, GROUP, HAIKU, IDENTITY, MODELS, PROFILE, ROLE, TODAY, World

FOREIGN = "arn:aws:iam::123456789012:user/somebody"


def books(world: World) -> Books:
    from omnix.costs.limits import parse as parse_limits
    from omnix.costs.prices import parse as parse_models

    return Books(
        environment="dev",
        table=world.table,
        models=parse_models(json.dumps(MODELS)),
        default_model=HAIKU,
        limits=parse_limits('{"environment": {}}'),
        profile_arns=frozenset({PROFILE}),
        function_role=ROLE,
    )


def reconciled(world: World, **changes: Any) -> Reconciled:
    """As of an hour after the calls."""
    known: dict[str, Any] = {
        "first": TODAY,
        "last": TODAY,
        "now": datetime.fromtimestamp(world.now + 3600, UTC),
    } | changes
    return reconcile(books(world), world.client("logs"), GROUP, Period(**known), lambda _: None)


def corrected(world: World, *, unrecorded: bool = False) -> tuple[Reconciled, list[Compared]]:
    done: list[Compared] = []
    return correct(books(world), reconciled(world), unrecorded=unrecorded, each=done.append), done


def committed(world: World) -> tuple[int, int]:
    """What counts against the environment's day and against the tenant's."""
    items = [world.table.get(*key) or {} for key in (keys.environment(TODAY), keys.tenant("t1", TODAY))]
    return items[0]["d22"], items[1]["d22"]


def test_calls_that_both_have_agree_and_the_books_are_in_order(world: World) -> None:
    world.call("t1")
    world.call("t2", feature=Feature.INSIGHTS)
    found = reconciled(world)
    assert found.findings == {Finding.AGREED: 2}
    assert list(found.by_tenant_and_feature()) == [("t1", "chat"), ("t2", "insights")]
    assert (found.total.difference, found.faults) == (0, [])


def test_a_random_workload_agrees_by_tenant_and_feature_within_one_percent(world: World) -> None:
    chance = random.Random(7)
    for number in range(60):
        used = Usage(*[chance.randrange(200) for _ in range(4)])
        who: dict[str, Any] = {"tenant": f"t{chance.randrange(4)}", "feature": chance.choice(list(Feature))}
        match number % 12:
            case 0:
                world.guard.release(world.reserve(**who), "throttled")
            case 1:
                reserved = world.reserve(**who)
                world.record(reserved, None)  # refused, and tried again on the same reservation
                world.guard.settle(reserved, used, stop_reason="end_turn", latency_ms=1)
                world.record(reserved, used)
            case 2:
                reserved = world.reserve(**who)
                world.guard.lapse(reserved, "read time-out")
                world.record(reserved, used)
            case _:
                world.call(used=used, **who)
    before = reconciled(world)
    assert before.total.difference > 0.01, "what lapsed is counted in full"
    after, done = corrected(world)
    assert len(done) == 5
    assert (after.total.difference, after.faults) == (0, [])
    assert all(sums.difference == 0 for sums in after.by_tenant_and_feature().values())
    again = reconciled(world)
    assert (again.total, again.books) == (after.total, after.books), "the ledger says the same as what was reported"
    assert again.total.ledger == ledger.total(ledger.of_all(world.table, TODAY, TODAY))[ledger.COST]


def test_a_lapsed_call_is_corrected_once_by_what_the_record_has(world: World) -> None:
    reserved = world.reserve()
    world.guard.lapse(reserved, "read time-out")
    world.record(reserved, ANSWER)
    assert committed(world) == (reserved.amount, reserved.amount)
    found = reconciled(world)
    assert found.findings == {Finding.KNOWN: 1}
    assert len(found.correctable) == 1
    assert committed(world) == (reserved.amount, reserved.amount), "looking corrects nothing"
    after, done = corrected(world)
    cost = reserved.prices.cost(ANSWER)
    assert ([one.counted for one in done], after.correctable) == ([cost], [])
    assert committed(world) == (cost, cost)
    assert corrected(world)[1] == [], "it agrees now"
    assert committed(world) == (cost, cost)


def test_a_lapsed_call_that_the_record_has_only_a_refusal_of_cost_nothing(world: World) -> None:
    reserved = world.reserve()
    world.guard.lapse(reserved, "lost", 2)
    for attempt in (1, 2):
        world.record(reserved, None, attempt=attempt)
    assert reconciled(world).findings == {Finding.UNPAID: 1}
    assert len(corrected(world)[1]) == 1
    assert committed(world) == (0, 0)


@pytest.mark.parametrize("attempts", [0, 2])
def test_the_refusal_of_an_earlier_attempt_says_nothing_of_the_one_that_may_have_been_paid(
    world: World, attempts: int
) -> None:
    """Nor of a function that died, whose attempts nobody knows."""
    reserved = world.reserve()
    world.guard.lapse(reserved, "lost", attempts)
    world.record(reserved, None, attempt=1)
    assert reconciled(world).findings == {Finding.UNRECORDED: 1}
    assert corrected(world)[1] == []
    assert committed(world) == (reserved.amount, reserved.amount)


def test_what_the_record_has_nothing_of_stays_counted_until_somebody_says_otherwise(world: World) -> None:
    reserved = world.reserve()
    world.guard.lapse(reserved, "killed")
    found, done = corrected(world)
    assert (found.findings, done) == ({Finding.UNRECORDED: 1}, [])
    assert found.faults
    with pytest.raises(Refused, match="has not one call"):
        corrected(world, unrecorded=True)  # a record that was off has nothing of any call
    assert committed(world) == (reserved.amount, reserved.amount)
    other = world.call("t2")
    assert len(corrected(world, unrecorded=True)[1]) == 1
    assert committed(world) == (other.prices.cost(ANSWER), 0)


def test_a_released_call_that_was_paid_after_all_is_counted(world: World) -> None:
    reserved = world.reserve()
    world.guard.release(reserved, "throttled")
    world.record(reserved, ANSWER)
    assert reconciled(world).findings == {Finding.KNOWN: 1}
    corrected(world)
    cost = reserved.prices.cost(ANSWER)
    assert committed(world) == (cost, cost)


def test_an_answer_with_other_tokens_is_reported_and_left_as_it_is(world: World) -> None:
    reserved = world.call(record=False)
    world.record(reserved, Usage(input=800, output=50))
    found, done = corrected(world)
    assert (found.findings, done) == ({Finding.DIFFERS: 1}, [])
    assert any("ledger and record differ" in fault for fault in found.faults)


def test_two_groups_that_are_wrong_by_as_much_are_faults_though_the_total_is_right(world: World) -> None:
    for tenant, recorded in (("t1", 300), ("t2", 100)):
        world.record(world.call(tenant, Usage(input=200), record=False), Usage(input=recorded))
    found = reconciled(world)
    assert found.total.difference == 0
    assert found.faults == [
        "ledger and record of t1's chat differ by 33.33%",
        "ledger and record of t2's chat differ by 50.00%",
    ]


@pytest.mark.parametrize("lapsed", [False, True])
def test_a_call_that_the_record_has_for_another_tenant_is_a_fault_and_corrects_nothing(
    world: World, lapsed: bool
) -> None:
    reserved = world.reserve("t1") if lapsed else world.call("t1", record=False)
    if lapsed:
        world.guard.lapse(reserved, "lost")
    world.record(replace(reserved, tenant_id="t2"), ANSWER)
    before = committed(world)
    found, done = corrected(world)
    assert (found.findings, done, committed(world)) == ({Finding.MISPLACED: 1}, [], before)
    assert "1 calls are another tenant's in the record" in found.faults
    assert found.compared[0].document()["record_tenants"] == ["t2"]


def test_writes_to_the_cache_agree_whatever_their_time(world: World) -> None:
    reserved = world.call(record=False, used=Usage(input=10, output=5, cache_write=3, cache_write_1h=4))
    world.record(reserved, Usage(input=10, output=5, cache_write=7))
    assert reconciled(world).findings == {Finding.AGREED: 1}


@pytest.mark.parametrize(
    "event",
    [
        {"requestMetadata": {"environment": "dev", "reservation": "zzzzzzaaaaaaaa"}},
        {"requestMetadata": {"environment": "dev"}},
        {},  # our profile
        {"modelId": "anthropic.claude", "identity": {"arn": IDENTITY}},
        {"modelId": PROFILE, "identity": {"arn": FOREIGN}},
    ],
)
def test_a_call_of_ours_without_a_reservation_is_a_fault(world: World, event: dict[str, Any]) -> None:
    world.event(input={"inputTokenCount": 5}, **event)
    found = reconciled(world)
    assert len(found.strangers) == 1
    assert found.faults == ["1 calls of models without a reservation"]


def test_a_stream_that_broke_was_paid_and_is_a_fault_without_a_reservation(world: World) -> None:
    said = {"environment": "dev", "reservation": "zzzzzzaaaaaaaa"}
    world.event(requestMetadata=said, errorCode="ModelStreamErrorException", input={"inputTokenCount": 5})
    world.event(requestMetadata=said, errorCode="ThrottlingException")
    found = reconciled(world)
    assert [one.error for one in found.strangers] == ["ModelStreamErrorException"]
    assert found.faults == ["1 calls of models without a reservation"]


def test_calls_of_others_are_counted_by_caller_and_no_fault(world: World) -> None:
    world.event(modelId="anthropic.claude", identity={"arn": FOREIGN})
    world.event(requestMetadata={"environment": "prod", "reservation": "x"})
    world.event(message="Permissions are correctly set for Amazon Bedrock logs.")
    world.event(message="[1]")
    found = reconciled(world)
    assert (found.foreign, found.faults) == ({FOREIGN: 1}, [])


def test_a_call_under_way_is_no_stranger(world: World) -> None:
    world.record(world.reserve(), ANSWER)
    assert reconciled(world).strangers == []


def test_a_call_around_midnight_belongs_to_the_day_on_which_it_began(world: World) -> None:
    world.now += 12 * 3600 - 2
    reserved = world.call(record=False)
    world.record(reserved, ANSWER, at=world.now + 20)
    assert reserved.day == TODAY
    assert reconciled(world).findings == {Finding.AGREED: 1}
    tomorrow = reconciled(world, first="2026-11-23", last="2026-11-23")
    assert (tomorrow.compared, tomorrow.strangers) == ([], [])


def test_what_is_too_young_to_be_recorded_is_left_out(world: World) -> None:
    world.call(record=False)
    now = datetime.fromtimestamp(world.now + 60, UTC)
    found = reconciled(world, now=now)
    assert (found.compared, found.young, found.faults) == ([], 1, [])
    assert reconciled(world, now=now, young=timedelta(0)).findings == {Finding.UNRECORDED: 1}


def test_a_row_that_the_ledger_lost_is_a_fault(world: World) -> None:
    reserved = world.call()
    for place in keys.ledger("t1", TODAY, "chat", HAIKU, keys.shard(reserved.reservation_id))[1:]:
        row = world.table.get(*place) or {}
        world.client("dynamodb").update_item(
            TableName=world.table.name,
            Key={"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}},
            UpdateExpression="ADD cost :less",
            ExpressionAttributeValues={":less": {"N": str(-row["cost"] // 2)}},
        )
    assert any("its own calls" in fault for fault in reconciled(world).faults)


def test_the_record_is_read_over_many_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_PAGE", 3)
    for _ in range(8):
        world.call()
    read: list[int] = []
    period = Period(TODAY, TODAY, datetime.fromtimestamp(world.now + 3600, UTC))
    found = reconcile(books(world), world.client("logs"), GROUP, period, read.append)
    assert found.findings == {Finding.AGREED: 8}
    assert read[-1] == 8
    assert len(read) > 1


def run(world: World, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(command, "_today", lambda: date.fromisoformat(TODAY))

    monkeypatch.setattr(command, "_now", lambda: datetime.fromtimestamp(world.now + 3600, UTC))
    with pytest.raises(SystemExit) as ended:
        main(["costs", "reconcile", *arguments, "--outputs", str(world.outputs)])
    return int(ended.value.code or 0)


def test_the_command_ends_with_1_until_the_books_agree(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reserved = world.reserve()
    world.guard.lapse(reserved, "lost")
    world.record(reserved, ANSWER)
    assert run(world, monkeypatch) == 1
    said = capsys.readouterr()
    assert "known" in said.out
    assert "--apply" in said.err
    assert run(world, monkeypatch, "--apply") == 0
    assert (world.table.get(*keys.call("t1", TODAY, reserved.reservation_id)) or {})["outcome"] == Outcome.CORRECTED
    capsys.readouterr()
    assert run(world, monkeypatch, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["findings"], document["total"]["difference_share"]) == ({"agreed": 1}, 0)


def test_a_stranger_is_shown_loudly(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.event(identity={"arn": FOREIGN})
    assert run(world, monkeypatch) == 1
    said = capsys.readouterr()
    assert f"without a reservation: 2026-11-22T12:00:03Z {PROFILE} by {FOREIGN}" in said.out
    assert "1 calls of models without a reservation" in said.err
