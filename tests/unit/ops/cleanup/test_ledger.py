"""The ledger: nothing in it changes, half a line is no line, and one process has it at a time."""

import json
from pathlib import Path

import pytest

from ops.cleanup.ledger import Ledger, Phase, State
from ops.errors import Refused


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Ledger(tmp_path / "run" / "ledger.ndjson") as ledger:
        ledger.add(Phase.SECURE, "arn:a", "archive", State.BEGUN)
        ledger.add(Phase.SECURE, "arn:a", "archive", State.DONE, {"file": "one"})
        ledger.add(Phase.REMOVE, "arn:a", "delete", State.BEGUN)
    return tmp_path / "run" / "ledger.ndjson"


def test_what_was_written_is_read_by_the_next_process(path: Path) -> None:
    with Ledger(path) as ledger:
        assert ledger.done(Phase.SECURE, "arn:a", "archive")
        assert not ledger.done(Phase.REMOVE, "arn:a", "delete")
        assert ledger.begun(Phase.REMOVE, "arn:a")
        assert ledger.memory("arn:a") == {"file": "one"}


def test_half_a_line_of_a_killed_process_is_cut_off(path: Path) -> None:
    whole = path.read_bytes()
    for length in (1, 20, len(whole.splitlines()[-1])):
        path.write_bytes(whole + whole.splitlines()[-1][:length])
        with Ledger(path) as ledger:
            ledger.add(Phase.REMOVE, "arn:a", "delete", State.DONE)
        with Ledger(path) as ledger:
            assert ledger.done(Phase.REMOVE, "arn:a", "delete")
        assert path.read_bytes().startswith(whole)
        assert path.read_bytes().count(b"\n") == 4


def test_reading_alone_changes_nothing(path: Path) -> None:
    torn = path.read_bytes() + b'{"half'
    path.write_bytes(torn)
    with Ledger(path, writable=False) as ledger:
        assert len(ledger.lines) == 3
    assert path.read_bytes() == torn


@pytest.mark.parametrize("number", [0, 1])
def test_an_altered_line_is_found(path: Path, number: int) -> None:
    lines = path.read_text().splitlines()
    lines[number] = json.dumps(json.loads(lines[number]) | {"arn": "arn:b"})
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(Refused, match=f"line {number + 2} was altered, or one before it"):
        Ledger(path)


def test_a_line_that_was_taken_out_is_found(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[2])
    with pytest.raises(Refused, match="altered"):
        Ledger(path)


def test_a_second_process_is_refused(path: Path) -> None:
    with Ledger(path), pytest.raises(Refused, match="another process"):
        Ledger(path)


def test_nobody_else_may_read_it(path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0
