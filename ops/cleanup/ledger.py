"""The ledger: one line of JSON for every step, written before and after it, on the disk before the step goes on.

Lines are only ever added, and each holds the sha256 of the one before it. A process that was killed while writing
leaves half a line at the end, which no step has relied on: it is cut off. A second process is refused by a lock.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

_NOTHING = "0" * 64


class Phase(StrEnum):
    """Securing changes nothing that exists; removing does; undoing brings back."""

    SECURE = "secure"
    REMOVE = "remove"
    UNDO = "undo"


class State(StrEnum):
    """Of one step: `begun` without an end means that a process was killed in it, and it is done again."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Line:
    """One line. `arn` is empty in lines that concern the whole run."""

    at: datetime
    phase: Phase | None
    arn: str
    step: str
    state: State
    detail: dict[str, Any] = field(default_factory=dict)


class Ledger:
    """One plan's ledger, opened by one process. Use as a context manager."""

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        """Open or make the file; Refused when another process has it or when its lines do not follow each other."""
        self.path = path
        if not writable and not path.is_file():
            raise Refused(f"there is no ledger {path}", "check the path: a run says where its ledger is")
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        # 0600: it names what the account holds. Append only, for the kernel too.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT if writable else os.O_RDONLY
        self._file = os.open(path, flags, 0o600)
        self._locked(exclusive=writable)
        if new:
            _sync_folder(path.parent)
        self._previous = _NOTHING
        self._lines = list(self._read(writable=writable))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    @property
    def lines(self) -> list[Line]:
        """Every line, oldest first."""
        return list(self._lines)

    @property
    def plan_sha256(self) -> str | None:
        """The plan whose ledger this is; None before its first run."""
        return next((one.detail["plan"] for one in self._lines if one.step == "run"), None)

    def add(self, phase: Phase | None, arn: str, step: str, state: State, detail: dict[str, Any] | None = None) -> None:
        """Add a line; it is on the disk when this returns."""
        line = Line(datetime.now(UTC), phase, arn, step, state, detail or {})
        document = {
            "at": line.at.isoformat(), "phase": phase, "arn": arn, "step": step, "state": state,
            "detail": line.detail, "previous": self._previous,
        }  # fmt: skip
        text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
        data = text.encode() + b"\n"
        if os.write(self._file, data) != len(data):
            raise OSError(f"the disk of {self.path} is full")
        os.fsync(self._file)
        self._previous = hashlib.sha256(data).hexdigest()
        self._lines.append(line)

    def of(self, phase: Phase, arn: str) -> list[Line]:
        """One resource's lines in a phase, oldest first."""
        return [one for one in self._lines if one.phase is phase and one.arn == arn]

    def done(self, phase: Phase, arn: str, step: str) -> Line | None:
        """The line that says that a step was done."""
        found = (one for one in reversed(self.of(phase, arn)) if one.step == step and one.state is State.DONE)
        return next(found, None)

    def begun(self, phase: Phase, arn: str, step: str | None = None) -> bool:
        """True when a step (or any step) of a resource was begun."""
        return any(step in {None, one.step} for one in self.of(phase, arn))

    def memory(self, arn: str) -> dict[str, Any]:
        """What a resource's steps found out or made, the latest of each name: what undo and resume go by."""
        known: dict[str, Any] = {}
        for one in self._lines:
            if one.arn == arn and one.state is not State.FAILED:
                known.update(one.detail)
        return known

    def _locked(self, *, exclusive: bool) -> None:
        if not exclusive:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise Refused(f"another process works with {self.path}", "wait until it has ended") from error

    def _read(self, *, writable: bool) -> Iterator[Line]:
        data = os.pread(self._file, os.fstat(self._file).st_size, 0)
        whole, _, torn = data.rpartition(b"\n")
        if torn and writable:
            os.ftruncate(self._file, len(data) - len(torn))
            os.fsync(self._file)
        for number, raw in enumerate(whole.split(b"\n") if whole else [], start=1):
            yield self._line(raw, number)
            self._previous = hashlib.sha256(raw + b"\n").hexdigest()

    def _line(self, raw: bytes, number: int) -> Line:
        try:
            document = json.loads(raw)
            follows = document["previous"] == self._previous
            line = Line(
                datetime.fromisoformat(document["at"]),
                Phase(document["phase"]) if document["phase"] else None,
                document["arn"],
                document["step"],
                State(document["state"]),
                document["detail"],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise _altered(self.path, number) from error
        if not follows:
            raise _altered(self.path, number)
        return line


def _altered(path: Path, number: int) -> Refused:
    return Refused(
        f"{path}: line {number} was altered, or one before it",
        "bring the ledger back from its copy; without it nothing is removed and nothing undone",
    )


def _sync_folder(path: Path) -> None:
    """A new file's name is on the disk only when its folder is."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
