"""`omnix costs` on moto: sums, limits and advice, from calls that went through the guard itself."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from omnix.costs.model import Feature, Usage
from omnix.costs.optimising import Choice, Watch
from ops.cli import main
from ops.commands import costs as command
from ops.costs.advice import advice
from ops.costs.show import BAR, bar
from tests.unit.ops.costs.conftest import ANSWER, HAIKU, MICRO, PREFIX, TODAY, World

type Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command with --json: its exit code and its document; the day is the guard's."""
    monkeypatch.setattr(command, "_today", lambda: date.fromisoformat(TODAY))

    def call(*arguments: str, shown: bool = False) -> tuple[int, Any]:
        capsys.readouterr()
        given = ["costs", *arguments, "--outputs", str(world.outputs), *([] if shown else ["--json"])]
        code = 0
        try:
            main(given)
        except SystemExit as ended:
            code = int(ended.code or 0)
        text = capsys.readouterr()
        return code, text.out + text.err if shown else json.loads(text.out)

    return call


def test_sums_are_by_what_is_asked_for_and_add_up_however_they_are_made(world: World, run: Run) -> None:
    world.call("t1")
    world.call("t1", user="u2", feature=Feature.INSIGHTS)
    world.call("t2", model=MICRO, used=Usage(input=10, output=5))
    world.guard.release(world.reserve("t2"), "throttled")
    price = world.model().prices.cost(ANSWER)
    wholes = set()
    for by in ("tenant", "feature", "model", "day", "user", "weekday,hour", "tenant,feature,model,day,user"):
        code, found = run("--by", by)
        assert code == 0
        assert found["cost_nano_usd"] == sum(row["cost_nano_usd"] for row in found["rows"])
        assert sum(row["calls"] for row in found["rows"]) == 3
        assert sum(row["failed"] for row in found["rows"]) == 1
        wholes.add(found["cost_nano_usd"])
    assert wholes == {2 * price + 10 * 46 + 5 * 184}
    _, found = run("--by", "tenant")
    assert [(row["tenant"], row["cost_nano_usd"]) for row in found["rows"]] == [("t1", 2 * price), ("t2", 1380)]
    assert found["rows"][0]["tokens"]["cache_read"] == 200
    _, found = run("--by", "user", "--tenant", "t1")
    assert [row["user"] for row in found["rows"]] == ["u1", "u2"]


def test_when_a_customer_works_is_shown_by_weekday_and_hour(world: World, run: Run) -> None:
    world.call("t1")
    world.now += 26 * 3600
    world.call("t1")
    began = [datetime.fromtimestamp(world.now - hours * 3600, UTC) for hours in (26, 0)]
    _, found = run("--by", "weekday,hour", "--tenant", "t1", "--to", f"{began[1]:%Y-%m-%d}")
    shown = [(row["weekday"], row["hour"]) for row in found["rows"]]
    assert shown == sorted((f"{at:%u %a}", f"{at:%H}") for at in began)


def test_days_outside_the_period_are_not_in_it(world: World, run: Run) -> None:
    world.call()
    assert run("--to", "2026-11-21")[1]["rows"] == []
    assert len(run("--from", TODAY, "--to", TODAY)[1]["rows"]) == 1


def test_table_and_chart_are_shown_to_people(world: World, run: Run) -> None:
    world.call("t1")
    world.call("t2", used=Usage(input=800))
    code, text = run("--by", "tenant", "--chart", shown=True)
    assert code == 0
    assert "0.000726" in text
    assert "█" * BAR in text, "the largest fills its bar"
    assert "No model was called." in run("--to", "2026-11-21", shown=True)[1]


@pytest.mark.parametrize(
    "wrong",
    [
        ["--by", "shop"],
        ["--by", "tenant,tenant"],
        ["--by", ""],
        ["--from", "yesterday"],
        ["--from", "2026-11-22", "--to", "2026-11-21"],
        ["--from", "2025-01-01"],
        ["--by", "user", "--from", "2026-10-01"],
        ["reconcile", "--unrecorded"],
        ["reconcile", "--from", "2026-10-01"],
    ],
)
def test_wrong_use_says_what_would_be_right(run: Run, wrong: list[str]) -> None:
    code, found = run(*wrong)
    assert code == 2
    assert found["error"]["remedy"]


@pytest.mark.parametrize(
    ("command", "oldest"),
    [
        (["--by", "hour"], date(2026, 10, 19)),
        (["--by", "user"], date(2026, 10, 19)),  # calls are kept for 35 days
        (["reconcile"], date(2026, 10, 20)),  # which looks at the day before as well
        ([], date(2025, 10, 19)),
        (["optimise"], date(2025, 10, 19)),
    ],
)
def test_a_short_period_of_which_something_is_deleted_already_is_refused(
    run: Run, command: list[str], oldest: date
) -> None:
    before = oldest - timedelta(days=1)
    code, found = run(*command, "--from", str(before), "--to", str(oldest))
    assert (code, found["error"]["remedy"]) == (2, f"begin with --from {oldest} or later")
    assert run(*command, "--from", str(oldest), "--to", str(oldest))[0] == 0


def test_a_row_of_a_feature_that_this_version_does_not_know_is_shown_and_its_calls_are_refused(
    world: World, run: Run
) -> None:
    world.call("t1")
    client, name = world.client("dynamodb"), world.table.name
    for item in client.scan(TableName=name)["Items"]:
        if item["entity"]["S"] in {"ai_ledger", "ai_call"}:
            client.put_item(TableName=name, Item=item | {"feature": {"S": "seance"}})
    _, found = run()
    assert [(row["feature"], row["calls"]) for row in found["rows"]] == [("seance", 1)]
    for refused in (["--by", "user"], ["reconcile"]):
        code, found = run(*refused)
        assert (code, "seance" in found["error"]["message"]) == (1, True)


def test_limits_show_what_is_spent_and_what_is_held(world: World, run: Run) -> None:
    world.call("t1")
    held = world.reserve("t1").amount
    spent = world.model().prices.cost(ANSWER)
    _, found = run("limits")
    by = {(one["scope"], one["whose"], one["period"]): one for one in found["limits"]}
    assert set(by) == {
        (scope, whose, period)
        for scope, whose in (
            ("environment", "dev"), ("feature", "chat"), ("feature", "insights"), ("tenant", "t1"), ("tenant", "vip"),
        )
        for period in ("day", "month")
    }  # fmt: skip
    for scope, whose in (("environment", "dev"), ("feature", "chat"), ("tenant", "t1")):
        one = by[scope, whose, "day"]
        assert (one["spent_nano_usd"], one["held_nano_usd"]) == (spent, held)
        assert one["resets_at"] == "2026-11-23T00:00:00Z"
    assert by["tenant", "t1", "day"]["used_share"] == round((spent + held) / 10**8, 6)
    assert by["tenant", "vip", "month"]["limit_nano_usd"] is None
    assert by["feature", "insights", "day"]["spent_nano_usd"] == 0
    assert len(run("limits", "--tenant", "vip")[1]["limits"]) == 8
    assert "none" in run("limits", shown=True)[1]


def test_a_stack_is_named_before_or_after_the_part_of_the_command(world: World, run: Run, tmp_path: Path) -> None:
    world.call()
    with pytest.raises(SystemExit) as ended:
        main(["costs", "--outputs", str(world.outputs), "limits", "--json", str(tmp_path / "limits.json")])
    assert not ended.value.code
    assert json.loads((tmp_path / "limits.json").read_text()) == run("limits")[1]


def test_a_stack_whose_parameters_are_missing_or_wrong_says_so(world: World, run: Run) -> None:
    world.client("ssm").delete_parameter(Name=f"{PREFIX}/bedrock/limits")
    code, found = run("limits")
    assert (code, found["error"]["message"]) == (1, f"Parameter Store has no {PREFIX}/bedrock/limits")
    world.client("ssm").put_parameter(Name=f"{PREFIX}/bedrock/limits", Value="[]", Type="String")
    assert "none of the stack's" in run("limits")[1]["error"]["message"]


def test_optimise_shows_what_is_wasted_and_which_model_would_do(world: World, run: Run) -> None:
    for number in range(24):
        world.call(stop="max_tokens" if number == 0 else "end_turn", used=Usage(input=400, output=50))
    _, found = run("optimise")
    (feature,) = found["features"]
    assert (feature["feature"], feature["calls"], feature["cache_hit_share"]) == ("chat", 24, 0.0)
    assert feature["cheapest"]["model_id"] == MICRO
    told = " ".join(one["seen"] + one["do"] for one in found["advice"])
    assert "cut off" in told
    assert "cache" in told
    assert MICRO in told
    assert "chat" in run("optimise", shown=True)[1]


def watch(**changes: Any) -> Watch:
    known: dict[str, Any] = {
        "feature": Feature.CHAT, "calls": 100, "cost": 10**6, "cache_hit_share": 0.6, "tokens_per_answer": 200.0,
        "input_tokens_per_answer": 900.0, "truncated_share": 0.0, "unread_share": 0.0, "wasted": 0, "cheapest": None,
    }  # fmt: skip
    return Watch(**known | changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"cache_hit_share": 0.1}, ["came from the cache"]),
        ({"truncated_share": 0.03, "unread_share": 0.03}, ["cut off", "thrown away"]),
        ({"wasted": 10**5}, ["was wasted"]),
        ({"cheapest": Choice(MICRO, 10, 90, proven=True)}, [MICRO]),
        ({"cheapest": Choice(HAIKU, 10, 90, proven=True)}, []),
        ({"cheapest": Choice(MICRO, 10, -1, proven=True)}, []),
        ({"calls": 19, "truncated_share": 1.0}, []),
    ],
)
def test_advice_is_given_for_what_is_seen_and_for_nothing_else(changes: dict[str, Any], expected: list[str]) -> None:
    told = advice([watch(**changes)], default_model=HAIKU, caching=True)
    assert len(told) == len(expected)
    for one, part in zip(told, expected, strict=True):
        assert part in one.seen


@pytest.mark.parametrize(
    ("value", "most", "drawn"),
    [(0, 10, ""), (5, 0, ""), (10, 10, "████"), (5, 10, "██"), (1, 10**9, "▏"), (9, 16, "██▎")],
)
def test_bars_are_as_long_as_their_share_and_show_what_is_not_nothing(value: int, most: int, drawn: str) -> None:
    assert bar(value, most, width=4) == drawn
