"""A run's folder: what it was told (`run.json`, `mapping.yaml`), what it did (`journal.sqlite`), and its results.

One process at a time has it, and nobody but its owner reads it: it holds people's data whole, so that nothing is lost.
`run.json` is replaced whole, so that a kill leaves the old one or the new one.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = 1
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
_OWN = frozenset({"run", "mapping", "journal", "quarantine", "verify", "lock"})


@dataclass
class SourceTable:
    """A source as it was when the run began; `position`: when its stream was taken note of (epoch seconds)."""

    arn: str
    key: list[str]
    items: int
    bytes: int
    segments: int
    stream_arn: str | None = None
    position: float | None = None


@dataclass
class Run:
    """What a run works on. `passes`: how many snapshots were begun, the last included.

    `began` and `finished`: of the last one (epoch seconds). `backups`: by table ARN, what brings it back.
    """

    id: str
    mapping: str
    mapping_sha256: str
    environment: str
    account_id: str
    region: str
    role_arn: str | None
    targets: dict[str, str]
    sources: dict[str, SourceTable]
    idle: bool
    backups: dict[str, str] = field(default_factory=dict)
    passes: int = 1
    began: float = 0.0
    finished: float | None = None
    version: int = VERSION


class Folder:
    """A run's folder at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.path / "journal.sqlite"

    @property
    def quarantine(self) -> Path:
        """The items that did not go over, one JSON document a line."""
        return self.path / "quarantine.ndjson"

    def exists(self) -> bool:
        """Whether a run began here."""
        return (self.path / "run.json").is_file()

    def create(self, run: Run, mapping: str) -> None:
        """Begin a run: from here on nobody else looks in, also where the folder was there before."""
        self._make()
        self.path.chmod(_FOLDER_MODE)
        _replace(self.path / "mapping.yaml", mapping)
        self.save(run)

    def save(self, run: Run) -> None:
        """Keep what changed."""
        _replace(self.path / "run.json", json.dumps(asdict(run), indent=2) + "\n")

    def load(self) -> Run:
        """The run. Raises Refused where there is none, or one of another version."""
        try:
            document: dict[str, Any] = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise Refused(
                f"no migration began in {self.path}", "begin one: `omnix migrate run MAPPING --apply`"
            ) from None
        if document.get("version") != VERSION:
            raise Refused(f"{self.path} is of another version of omnix", "finish it with the one that began it")
        sources = {name: SourceTable(**one) for name, one in document.pop("sources").items()}
        return Run(**document, sources=sources)

    def mapping(self) -> str:
        """The mapping file as the run was told it."""
        return (self.path / "mapping.yaml").read_text(encoding="utf-8")

    def result(self, name: str, document: Any) -> None:
        """Write a result, as `verify.json`."""
        _replace(self.path / name, json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def read_result(self, name: str) -> Any:
        """A result; None where there is none."""
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    @contextmanager
    def alone(self, *, may_begin: bool = False) -> Iterator[None]:
        """Have the folder; raises Refused while another process has it. The system takes the lock of a killed one.

        Without `may_begin` also where no run began, with it where the folder is for something else: a mistyped path
        is left as it is. Only a run's folder is closed to others, and only if it is ours: root takes no colleague's.
        """
        if not may_begin:
            self.load()
        elif not self.exists():
            self._make()
            self._require_for_runs()
        if self.exists() and self._ours():
            self.path.chmod(_FOLDER_MODE)
        with self._lock() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused(f"another process works in {self.path}", "wait for it, or end it") from None
            yield

    def _ours(self) -> bool:
        return self.path.stat().st_uid == os.geteuid()

    def _require_for_runs(self) -> None:
        """What is left of a run that was killed as it began may be there."""
        others = sorted(one.name for one in self.path.iterdir() if one.name.partition(".")[0] not in _OWN)
        if others or not self._ours():
            why = f"it holds {others[0]}" if others else "it is somebody else's"
            raise Refused(f"{self.path} is no folder for a run: {why}", "name a new one: --folder")

    def _lock(self) -> TextIO:
        try:
            return private(self.path / "lock")
        except PermissionError:
            raise Refused(
                f"{self.path} is somebody else's", "work as who began it, or name a folder of your own"
            ) from None

    def _make(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)


def private(path: Path) -> TextIO:
    """Open a file to write it anew, from its first moment its owner's only."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
    os.fchmod(file, _FILE_MODE)  # it may have been there before
    return os.fdopen(file, "w", encoding="utf-8")


def _replace(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    with private(new) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
