"""The parts of a drill that decide: names of scratch tables, comparison of roads, and the verdict."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.naming import Names
from ops.backup.waiting import Patience
from ops.dr.comparison import changed_between, differences, judged
from ops.dr.proof import blur
from ops.dr.report import DrillReport, Step, TableReport, duration, markdown
from ops.dr.scratch import LONGEST_RUN, Run, Scratch, left_over, settled
from ops.stack import Cloud

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
SCRATCH = Scratch.of("dev")


def items(**values: int) -> dict[tuple[str, ...], dict[str, Any]]:
    return {("p", key): {"pk": {"S": "p"}, "sk": {"S": key}, "n": {"N": str(n)}} for key, n in values.items()}


def test_a_scratch_table_says_its_run_in_its_name() -> None:
    run = Run.now()
    name = SCRATCH.name(run, "customer-profiles-pitr-end")
    assert SCRATCH.run_of(name) == run
    assert len(name) <= 255
    assert name.startswith(f"{Names('dev', 'eu-central-1', '100000000001').prefix}-")


@pytest.mark.parametrize(
    "name",
    [
        "omnix-ai-dev-orders",
        "omnix-ai-dev-drill",
        "omnix-ai-dev-drill-orders",
        "omnix-ai-dev-drill-99999999t999999-0bbfd16a-1-orders",
        "omnix-ai-prod-drill-20261121t090000-0bbfd16a-1-orders",
        "drill-20261121t090000-0bbfd16a-1-orders",
    ],
)
def test_no_other_table_is_ever_taken_for_a_scratch_table(name: str) -> None:
    assert SCRATCH.run_of(name) is None


def test_a_run_is_over_when_its_process_is_dead_here_or_when_it_is_too_old() -> None:
    alive = replace(Run.now(), started_at=NOW)
    dead = replace(alive, process=2**22 + 1)  # above Linux's highest process id
    elsewhere = replace(dead, host="00000000")
    assert not alive.is_over(NOW)
    assert dead.is_over(NOW)
    assert not elsewhere.is_over(NOW)
    assert elsewhere.is_over(NOW + LONGEST_RUN + timedelta(seconds=1))
    assert alive.process == os.getpid()
    over, others = left_over({"a": alive, "b": dead, "c": elsewhere}, NOW)
    assert (over, others) == (["b"], ["a", "c"])


def test_a_lost_a_new_and_a_changed_item_are_three_differences() -> None:
    found = differences(items(same=1, changed=1, new=1), items(same=1, changed=2, lost=1))
    assert [str(one) for one in found] == ["p changed: differs in n", "p lost: missing", "p new: not in the source"]


def test_only_what_changed_while_the_backup_was_made_is_excused() -> None:
    began, ended = items(still=1, moving=1), items(still=1, moving=2, made=1)
    assert changed_between(began, ended) == {("p", "moving"), ("p", "made")}
    assert judged(items(still=1, moving=2, made=1), began, ended) == ([], 2)
    assert judged(items(still=1, moving=1), began, ended) == ([], 0)
    unexplained, meanwhile = judged(items(still=7, moving=2), began, ended)
    assert ([one.key for one in unexplained], meanwhile) == ([("p", "still")], 1)
    assert len(judged({}, began, ended)[0]) == 1  # the one that changed may be in it or not


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3)), st.sampled_from("abcdef"))
def test_a_damaged_item_never_hides_behind_one_that_changed(state: dict[str, int], damaged: str) -> None:
    began = items(**state)
    ended = items(**{**state, "a": 9})
    spoiled = items(**{**state, damaged: 7})
    found, _ = judged(spoiled, began, ended)
    assert [one.key[1] for one in found] == ([] if damaged == "a" else [damaged])


def report(**changes: Any) -> DrillReport:
    table = TableReport(
        "orders", "arn", NOW, items=3, rpo_seconds=60, usable_after_seconds=30.0, proven=True,
        steps=[Step("restore", 0, 30)], reapplied=["TTL"],
    )  # fmt: skip
    made = DrillReport("dev", "1", "eu-central-1", "vault", "run", NOW, NOW, [table])
    return replace(made, **changes)


def test_a_drill_passes_when_every_table_is_proven_in_time_and_nothing_is_left() -> None:
    assert report().passed
    assert report().document()["date"] == "2026-11-21"
    assert report().document()["rto_seconds"] == 30.0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tables": []}, "is not known"),
        ({"tables": [TableReport("orders", problems=["broke"])]}, "orders: broke"),
        ({"broken": 2}, "2 items or relations that are broken"),
        ({"rto_hours": 0.001}, "RTO of 30.0 s is over"),
        ({"rpo_hours": 0.001}, "RPO of 1 min 0 s is over"),
        ({"left": ["a table"]}, "left behind: a table"),
        ({"interrupted": True}, "interrupted"),
        ({"problems": ["no vault"]}, "no vault"),
    ],
)
def test_a_drill_does_not_pass_otherwise_and_says_why(changes: dict[str, Any], said: str) -> None:
    made = report(**changes)
    assert not made.passed
    assert any(said in one for one in made.verdicts())
    assert said in markdown(made)


def test_a_table_that_was_never_proven_does_not_pass() -> None:
    table = replace(report().tables[0], proven=False)
    assert not report(tables=[table]).passed


def test_roll_ups_that_are_behind_are_told_and_fail_nothing() -> None:
    finding = {"weight": "behind", "table": "analytics", "rule": "sales-counts", "place": "p", "detail": "d"}
    made = report(behind=1, findings=[finding])
    assert made.passed
    assert "behind: analytics, sales-counts" in markdown(made)


def test_times_are_told_as_people_say_them() -> None:
    assert [duration(one) for one in (None, 0.84, 250, 12_000)] == ["-", "0.8 s", "4 min 10 s", "3 h 20 min"]


@pytest.mark.parametrize(("cloud", "seconds"), [(Cloud.AWS, 60), (Cloud.LOCAL, 0)])
def test_what_a_backup_of_aws_has_is_certain_only_a_minute_away_from_its_time(cloud: Cloud, seconds: int) -> None:
    estate: Any = SimpleNamespace(aws=SimpleNamespace(place=SimpleNamespace(cloud=cloud)))
    assert blur(estate) == timedelta(seconds=seconds)


class _Restores:
    """AWS Backup's list of restore jobs, one answer a round: what runs then."""

    def __init__(self, *rounds: dict[str, Any]) -> None:
        self.rounds = list(rounds)
        self.asked = 0

    def get_paginator(self, _operation: str) -> "_Restores":
        self.asked += 1
        return self

    def paginate(self, **selection: str) -> list[dict[str, Any]]:
        job = {"IamRoleArn": "role", **self.rounds[min(self.asked, len(self.rounds)) - 1]}
        return [{"RestoreJobs": [job] if job["Status"] == selection["ByStatus"] else []}]


def test_a_restore_that_runs_and_has_no_table_yet_is_waited_for() -> None:
    begun, made = {"Status": "RUNNING"}, {"Status": "RUNNING", "CreatedResourceArn": "table"}
    restores = _Restores({"Status": "PENDING"}, begun, begun, made)
    settled(restores, "role", Patience(30))
    assert restores.asked == 4


@pytest.mark.parametrize(
    "job",
    [
        {"Status": "COMPLETED"},
        {"Status": "RUNNING", "IamRoleArn": "somebody else's"},
        {"Status": "RUNNING", "CreatedBy": {"RestoreTestingPlanArn": "weekly"}},
    ],
)
def test_restores_that_can_make_no_table_of_a_drill_are_not_waited_for(job: dict[str, Any]) -> None:
    restores = _Restores(job)
    settled(restores, "role", Patience(30))
    assert restores.asked == 1
