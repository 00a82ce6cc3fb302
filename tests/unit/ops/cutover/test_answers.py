"""What `omnix cutover` tells a program when a move goes wrong: what it did, and the refusal, in one document."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from omnix.table_names import TableNames
from ops import cli
from ops.commands import cutover
from ops.cutover import moving
from ops.cutover.moving import Change, Move, Outcome
from ops.cutover.parameter import Version
from tests.unit.ops.test_finding import summary

NAMES = TableNames({"orders": "omnix-ai-dev-orders"})
CHANGE = Change("orders", "legacy-orders", "omnix-ai-dev-orders")


class Parameter:
    def current(self) -> Version:
        return Version(3, NAMES, datetime(2026, 11, 21, tzinfo=UTC), "ada")

    def history(self) -> list[Version]:
        return [self.current()]


@pytest.fixture
def move(home: Path, monkeypatch: pytest.MonkeyPatch) -> Move:
    summary(home)
    made = Move(Parameter().current(), (CHANGE,))
    monkeypatch.setattr(cutover, "_parameter", lambda _: Parameter())
    monkeypatch.setattr(moving, "planned", lambda *_: made)
    monkeypatch.setattr(moving, "back", lambda *_: made)
    return made


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["cutover", *arguments, "--stack", "dev", "--json"])
    code = stopped.value.code
    return code if isinstance(code, int) else 0, json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("move")
@pytest.mark.parametrize("reverted", [True, False])
@pytest.mark.parametrize("arguments", [("switch", "--table", "orders=omnix-ai-dev-orders"), ("revert",)])
def test_a_move_after_which_it_got_worse_tells_what_it_did_and_why_it_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], *, reverted: bool
) -> None:
    worse = ["5xx of the API: 40"]
    monkeypatch.setattr(moving, "followed", lambda *_, **__: Outcome(9.0, worse, reverted))
    code, document = answer(capsys, *arguments, "--apply")
    error = document.pop("error")
    assert code == 1
    assert "5xx of the API: 40" in error["message"]
    assert document == {
        "stack": "dev", "changes": [vars(CHANGE)], "applied": True, "moved_at": 9.0, "worse": worse,
        "reverted": reverted,
    }  # fmt: skip


@pytest.mark.usefixtures("move")
def test_a_watch_that_saw_it_get_worse_tells_what_and_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cutover, "_watched", lambda *_: ["5xx of the API: 40"])
    code, document = answer(capsys, "watch", "--minutes", "3")
    assert (code, document["worse"], document["minutes"]) == (1, ["5xx of the API: 40"], 3)
    assert "5xx of the API: 40" in document["error"]["message"]
