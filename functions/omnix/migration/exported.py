"""A table's export, placed file by file: what the state machine's function does, step by step.

An export ("DynamoDB table export output format") has a summary, a list of its data files with the number of items in
each, and the data files: a line an item, `{"Item": {…}}`, gzipped. A file is placed in parts, for a function has
fifteen minutes. A part says from which line to which it goes and what became of the items; the next begins where it
ends. Parts are written after their items: what is done again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from dataclasses import dataclass, field
from itertools import batched, islice
from typing import TYPE_CHECKING, Any

from omnix.migration.deciding import Fate
from omnix.migration.mapping import digest, read
from omnix.migration.moving import Mover
from omnix.migration.pace import CapacityPace
from omnix.migration.patience import Patience
from omnix.migration.placing import Placer
from omnix.migration.record import Key, Stamp, item_of
from omnix.migration.store import DynamoStore, Unpaced
from omnix.migration.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from omnix.migration.deciding import Loss, Seen
    from omnix.migration.files import Files
    from omnix.migration.mapping import Mapping as MappingFile
    from omnix.migration.moving import Result
    from omnix.migration.wire import Item

AT_ONCE = 100
UPDATED = "updated_at"  # of an item of the standard tables, unless the mapping says otherwise
# Left of an invocation to write the part: no batch is begun in it. A batch that stalls fails the step, which is
# tried again from the part's first line.
RESERVE_MS = 120_000
STALL_SECONDS = 90.0
# What needs no word of its own: it is where the mapping wants it, or nowhere by the mapping's own word.
_EXPECTED = frozenset({Fate.WRITTEN, Fate.MERGED, Fate.LEFT_OUT})


class RunError(Exception):
    """The run cannot go on, or did not come out even; the message says what differs."""


@dataclass(frozen=True)
class Run:
    """One execution: its id, its place in the bucket, its mapping and the table that was exported."""

    files: Files
    run: str
    prefix: str
    mapping_key: str
    mapping_sha256: str
    table: str
    export: str

    @classmethod
    def of(cls, event: Mapping[str, Any], files: Files) -> Run:
        """From a step's event. `export` is the id of the export, empty for `place`, whose event names the file."""
        table = event["table_arn"].rpartition("/")[2]
        export = event.get("export_arn", "").rpartition("/")[2]
        mapping = event["mapping"]
        return cls(files, event["run"], event["prefix"], mapping["key"], mapping["sha256"], table, export)

    @property
    def parts(self) -> str:
        """Where the parts are."""
        return f"{self.prefix}/parts/"

    @property
    def announced(self) -> str:
        """Where it says who was about to lose its place."""
        return f"{self.prefix}/announced/"

    def mapping(self) -> MappingFile:
        """The reviewed mapping. Raises RunError when it is not the one that was started with, or not this table's."""
        text = self.files.text(self.mapping_key)
        if digest(text) != self.mapping_sha256:
            raise RunError(f"{self.mapping_key} changed since the run was started")
        file = read(text)
        if self.table not in {source.table for source in file.sources}:
            raise RunError(f"the mapping {file.name} has no source {self.table}")
        return file

    def summary(self) -> Mapping[str, Any]:
        """The export's own summary."""
        summary: Mapping[str, Any] = self.files.document(f"{self._root}/manifest-summary.json")
        return summary

    def data_files(self) -> dict[str, int]:
        """The number of items by the key of each data file."""
        lines = self.files.text(self.summary()["manifestFilesS3Key"]).splitlines()
        rows = [json.loads(line) for line in lines if line.strip()]
        return {row["dataFileS3Key"]: int(row["itemCount"]) for row in rows}

    @property
    def data_prefix(self) -> str:
        """What the data files' keys begin with."""
        return f"{self._root}/data/"

    @property
    def _root(self) -> str:
        return f"{self.prefix}/AWSDynamoDB/{self.export}"


@dataclass
class Part:
    """Lines `line` to `end` of a data file: what became of their items, by count, and `exceptions` (`_exception`).

    An exception says of an item why it has no place, or of another one, maybe of another file, that it took its place.
    """

    line: int
    end: int
    last: bool = False
    fates: Counter[str] = field(default_factory=Counter)
    exceptions: list[dict[str, Any]] = field(default_factory=list)

    def add(self, results: Iterable[Result]) -> None:
        """Count what became of source items."""
        for result in results:
            self.fates[result.fate] += 1
            if result.fate not in _EXPECTED or result.losses:
                self.exceptions.append(_exception(result))

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "line": self.line,
            "end": self.end,
            "last": self.last,
            "fates": dict(self.fates),
            "exceptions": self.exceptions,
        }


def _exception(result: Result) -> dict[str, Any]:
    losses = [_loss(one) for one in result.losses]
    return {"source": result.source, "fate": result.fate, "reasons": list(result.reasons), "losses": losses}


def _loss(loss: Loss) -> dict[str, Any]:
    return {"source": loss.source, "fate": loss.fate, "reason": loss.reason, "key": list(loss.key)}


@dataclass(frozen=True)
class Placed:
    """Where a step stopped in its file."""

    next_line: int
    done: bool


def begin(run: Run) -> dict[str, Any]:
    """Check the mapping and the export before the first item. Raises RunError."""
    run.mapping()
    items, listed = int(run.summary()["itemCount"]), sum(run.data_files().values())
    if items != listed:
        raise RunError(f"the export has {items} items, and its files {listed}")
    return {"data_prefix": run.data_prefix, "items": items, "files": len(run.data_files())}


def store(units: float | None = None) -> DynamoStore:
    """The environment's tables; `units`: write units a second at most."""
    from omnix.tables import current

    pace = CapacityPace(units) if units else Unpaced()
    return DynamoStore(Wire(os.environ["AWS_REGION"]), current().tables, Patience(STALL_SECONDS), pace)


def mover(run: Run, placed_in: DynamoStore) -> Mover:
    """Places by conditional writes: other children write beside it."""
    from omnix.migration.reading import Legacy

    file = run.mapping()
    newer_by = {table: file.newer_by.get(table, UPDATED) for table in placed_in.names}
    placer = Placer(placed_in, newer_by, announce=lambda losses: announce(run, losses))
    return Mover(file, Legacy(placed_in.wire, file.keys, placed_in.patience), placer)


def announce(run: Run, losses: Sequence[Loss]) -> None:
    """Say who is about to lose its place: a step that is killed before it wrote its part does not know it later."""
    for loss in losses:
        run.files.write(f"{run.announced}{_hashed(loss.source)}.json", _loss(loss))


def place(run: Run, event: Mapping[str, Any], moving: Mover, remaining_ms: Callable[[], int]) -> Placed:
    """Place lines of a data file from `event["line"]` on, until its end or the invocation's.

    What an earlier execution of the run placed is not placed again.
    """
    reached = Placed(event["line"], done=False)
    for before in _chain(run, event["key"], reached.next_line):
        reached = Placed(before["end"], before["last"])
    if reached.done:
        return reached
    part = Part(reached.next_line, reached.next_line)
    lines = islice(run.files.lines(event["key"]), part.line, None)
    for batch in batched(lines, AT_ONCE, strict=False):
        part.add(moving.move(run.table, [_item(line) for line in batch]))
        part.end += len(batch)
        if remaining_ms() < RESERVE_MS:
            break
    else:
        part.last = True
    run.files.write(f"{_place_of(run, event['key'])}{part.line:015}.json", part.document())
    return Placed(part.end, part.last)


def _item(line: bytes) -> Item:
    item: Item = json.loads(line)["Item"]
    return item


def _place_of(run: Run, key: str) -> str:
    return f"{run.parts}{_hashed(key)}/"


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def finish(run: Run, stored: Callable[[Iterable[Key]], Seen]) -> dict[str, Any]:
    """Add up every file's parts, hold them against the export, and write the report and the exceptions.

    `stored` reads items of the standard tables. Raises RunError if it is uneven.
    """
    fates: Counter[str] = Counter()
    exceptions: list[dict[str, Any]] = []
    for key, items in run.data_files().items():
        end, last = 0, False
        for part in _chain(run, key):
            fates.update(part["fates"])
            exceptions += part["exceptions"]
            end, last = part["end"], part["last"]
        if end != items or not last:
            raise RunError(f"{key} has {items} items, and {end} were looked at")
    exceptions += _unsaid(run, exceptions, stored)
    for fate in _displaced(exceptions).values():  # placed first, before another one took its place
        fates[Fate.WRITTEN] -= 1
        fates[fate] += 1
    expected, found = int(run.summary()["itemCount"]), sum(fates.values())
    if found != expected:
        raise RunError(f"the export has {expected} items, and {found} are accounted for")
    report: dict[str, Any] = {
        "run": run.run,
        "table": run.table,
        "export": run.export,
        "items": found,
        "fates": {str(fate): count for fate, count in sorted(fates.items()) if count},
        "exceptions": f"{run.prefix}/exceptions.ndjson",
    }
    run.files.write_lines(report["exceptions"], exceptions)
    run.files.write(f"{run.prefix}/report.json", report)
    return report


def _displaced(exceptions: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Names and fates of source items that were placed and then lost their place."""
    own, others = set(), {}
    for one in exceptions:
        if one["fate"] != Fate.WRITTEN:
            own.add(one["source"])
        others.update({item_of(loss["source"]): loss["fate"] for loss in one["losses"]})
    return {name: fate for name, fate in others.items() if name not in own}


def _unsaid(run: Run, exceptions: Iterable[Mapping[str, Any]], stored: Callable[[Iterable[Key]], Seen]) -> Any:
    """Losses that were announced and are in no part: those that happened, as the target shows."""
    said = {loss["source"] for one in exceptions for loss in one["losses"]}
    for batch in batched(run.files.keys(run.announced), AT_ONCE, strict=False):
        losses = {loss["source"]: loss for key in batch if (loss := run.files.document(key))["source"] not in said}
        seen = stored(Key(*loss["key"]) for loss in losses.values())
        for name, loss in losses.items():
            stamp = Stamp.read(seen.get(Key(*loss["key"])) or {})
            if stamp is not None and stamp.source != name:
                yield {"source": stamp.source, "fate": Fate.WRITTEN, "reasons": [], "losses": [loss]}


def _chain(run: Run, key: str, line: int = 0) -> Iterator[Mapping[str, Any]]:
    """A file's parts from a line on, each beginning where the one before ends, as far as there are any."""
    there = set(run.files.keys(_place_of(run, key)))
    while (place := f"{_place_of(run, key)}{line:015}.json") in there:
        part: Mapping[str, Any] = run.files.document(place)
        yield part
        if part["last"]:
            return
        if part["end"] <= line:
            raise RunError(f"a part of {key} ends where it begins, at line {line}")
        line = part["end"]
