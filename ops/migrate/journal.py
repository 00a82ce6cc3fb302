"""What a run has done, on disk before anything counts as done: acknowledged pages, exceptions, places in streams.

One SQLite file, each entry one transaction that is synced: a kill at any moment leaves the entry or nothing of it.
Its size does not grow with the items that go over, only with those that do not.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from omnix.migration.deciding import Fate
from omnix.migration.record import Key, item_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from omnix.migration.deciding import Loss
    from omnix.migration.moving import Result
    from omnix.migration.wire import Item

_SCHEMA = """
CREATE TABLE IF NOT EXISTS segment (
    pass INTEGER, source TEXT, number INTEGER, next TEXT, done INTEGER, pages INTEGER, counts TEXT,
    PRIMARY KEY (pass, source, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS exception (
    record TEXT PRIMARY KEY, item TEXT, fate TEXT, reason TEXT, at TEXT, image TEXT, turn INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS exception_item ON exception (item);
CREATE INDEX IF NOT EXISTS exception_at ON exception (at);
CREATE TABLE IF NOT EXISTS announced (
    record TEXT, turn INTEGER, item TEXT, fate TEXT, reason TEXT, at TEXT, PRIMARY KEY (record, turn)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (
    item TEXT, record TEXT, key TEXT, PRIMARY KEY (item, record, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shard (
    source TEXT, id TEXT, sequence TEXT, done INTEGER, changes INTEGER, PRIMARY KEY (source, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Segment:
    """How far a segment's scan is acknowledged; `next` is None before the first page."""

    number: int
    next: Item | None
    done: bool


@dataclass(frozen=True)
class Exceptional:
    """A source item, or a record of one, that did not go over, and the item as it was."""

    record: str
    item: str
    fate: str
    reason: str
    image: Item | None


class Journal:
    """One run's. Safe for threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        path.chmod(0o600)  # quarantined items are in it
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    def turns(self) -> Callable[[], int]:
        """Numbers that only grow, over all processes of the run."""
        with self._lock:
            (last,) = self._db.execute(
                "SELECT MAX((SELECT COALESCE(MAX(turn), 0) FROM exception), "
                "(SELECT COALESCE(MAX(turn), 0) FROM announced))"
            ).fetchone()
        return count(last + 1).__next__

    def close(self) -> None:
        """Nothing more is written."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _entry(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def begin_pass(self, number: int, source: str, segments: int) -> list[Segment]:
        """The segments of a pass over a source, as far as they came."""
        with self._entry() as db:
            db.executemany(
                "INSERT OR IGNORE INTO segment VALUES (?, ?, ?, NULL, 0, 0, '{}')",
                [(number, source, one) for one in range(segments)],
            )
            rows = db.execute(
                "SELECT number, next, done FROM segment WHERE pass = ? AND source = ? ORDER BY number", (number, source)
            ).fetchall()
        return [Segment(one, json.loads(place) if place else None, bool(done)) for one, place, done in rows]

    def acknowledge(
        self,
        number: int,
        source: str,
        segment: int,
        following: Item | None,
        results: Sequence[Result],
        images: Mapping[str, Item],
    ) -> None:
        """A page is placed: what became of it, and where the next one starts (None: the segment is done)."""
        counts = Counter(one.fate.value for one in results if one.source in images)
        with self._entry() as db:
            self._note(db, results, images)
            (before,) = db.execute(
                "SELECT counts FROM segment WHERE pass = ? AND source = ? AND number = ?", (number, source, segment)
            ).fetchone()
            total = Counter(json.loads(before)) + counts
            db.execute(
                "UPDATE segment SET next = ?, done = ?, pages = pages + 1, counts = ? "
                "WHERE pass = ? AND source = ? AND number = ?",
                (
                    json.dumps(following) if following else None,
                    following is None,
                    json.dumps(total),
                    number,
                    source,
                    segment,
                ),
            )

    def note(self, results: Sequence[Result], images: Mapping[str, Item]) -> None:
        """What became of items outside of a scan."""
        with self._entry() as db:
            self._note(db, results, images)

    def announce(self, losses: Sequence[Loss]) -> None:
        """Who is about to lose its place: beside what is known of it, which stays true when it does not."""
        with self._entry() as db:
            rows = [(one.source, one.turn, *_row(one)[1:]) for one in losses]
            db.executemany("INSERT OR REPLACE INTO announced VALUES (?, ?, ?, ?, ?, ?)", rows)

    def retract(self, losses: Sequence[Loss]) -> None:
        """What was announced did not happen."""
        if losses:
            with self._entry() as db:
                gone = [(loss.source, loss.turn) for loss in losses]
                db.executemany("DELETE FROM announced WHERE record = ? AND turn = ?", gone)

    def announced(self) -> list[str]:
        """Source items of which a process that was killed did not say whether they lost their place."""
        with self._lock:
            rows = self._db.execute("SELECT DISTINCT item FROM announced ORDER BY item").fetchall()
        return [item for (item,) in rows]

    def settled(self, names: Iterable[str]) -> None:
        """Announced items were looked at again."""
        with self._entry() as db:
            db.executemany("DELETE FROM announced WHERE item = ?", [(name,) for name in names])

    def held(self, names: Iterable[str]) -> dict[str, dict[str, frozenset[Key]]]:
        """By source item, as `moving.Result.held`: those of which there is any."""
        found: dict[str, dict[str, frozenset[Key]]] = {}
        with self._lock:
            for name in names:
                rows = self._db.execute("SELECT record, key FROM held WHERE item = ?", (name,)).fetchall()
                for record, key in rows:
                    of_item = found.setdefault(name, {})
                    of_item[record] = of_item.get(record, frozenset()) | {Key(*json.loads(key))}
        return found

    def _note(self, db: sqlite3.Connection, results: Sequence[Result], images: Mapping[str, Item]) -> None:
        for result in results:
            for loss in result.losses:
                _put(db, _row(loss), images, loss.turn)
                db.execute("DELETE FROM announced WHERE record = ? AND turn = ?", (loss.source, loss.turn))
            db.execute("DELETE FROM held WHERE item = ?", (result.source,))
            rows = [(result.source, one, json.dumps(key)) for one, keys in result.held.items() for key in keys]
            db.executemany("INSERT INTO held VALUES (?, ?, ?)", rows)
        for result in results:
            if result.fate is Fate.QUARANTINED and result.reasons:
                _put(db, (result.source, result.source, result.fate.value, "; ".join(result.reasons), None), images, 0)
                continue
            lost = {loss.source for loss in result.losses}
            cleared = [(record, turn) for record, turn in result.records.items() if record not in lost]
            db.executemany("DELETE FROM exception WHERE record = ? AND turn < ?", cleared)
            db.execute("DELETE FROM exception WHERE record = ?", (result.source,))
            if result.fate in {Fate.GONE, Fate.LEFT_OUT}:
                db.execute("DELETE FROM exception WHERE item = ?", (result.source,))

    def waiting_for(self, keys: Iterable[Key]) -> list[str]:
        """Source items that lost their place at one of the keys."""
        found: dict[str, None] = {}
        with self._lock:
            for key in keys:
                rows = self._db.execute("SELECT DISTINCT item FROM exception WHERE at = ?", (json.dumps(key),))
                found.update(dict.fromkeys(item for (item,) in rows))
        return list(found)

    def exceptions(self, after: str = "", limit: int = 500) -> list[Exceptional]:
        """A page of them in the order of their records' names."""
        with self._lock:
            rows = self._db.execute(
                "SELECT record, item, fate, reason, image FROM exception WHERE record > ? ORDER BY record LIMIT ?",
                (after, limit),
            ).fetchall()
        return [
            Exceptional(record, item, fate, reason, json.loads(image) if image else None)
            for record, item, fate, reason, image in rows
        ]

    def every_exception(self) -> Iterator[Exceptional]:
        """All of them, a page at a time."""
        after = ""
        while page := self.exceptions(after):
            yield from page
            after = page[-1].record

    def counts(self, number: int) -> dict[str, dict[str, int]]:
        """By source, what became of the items of a pass's acknowledged pages."""
        with self._lock:
            rows = self._db.execute("SELECT source, counts FROM segment WHERE pass = ?", (number,)).fetchall()
        found: dict[str, Counter[str]] = {}
        for source, text in rows:
            found.setdefault(source, Counter()).update(json.loads(text))
        return {source: dict(counts) for source, counts in sorted(found.items())}

    def unfinished(self, number: int) -> int:
        """Segments of a pass that are not done."""
        with self._lock:
            row = self._db.execute("SELECT COUNT(*) FROM segment WHERE pass = ? AND NOT done", (number,)).fetchone()
        return int(row[0])

    def shard(self, source: str, shard: str) -> tuple[str | None, bool]:
        """The last sequence number that is done, and whether the whole shard is."""
        with self._lock:
            row = self._db.execute(
                "SELECT sequence, done FROM shard WHERE source = ? AND id = ?", (source, shard)
            ).fetchone()
        return (row[0], bool(row[1])) if row else (None, False)

    def followed(
        self,
        source: str,
        shard: str,
        sequence: str | None,
        results: Sequence[Result],
        images: Mapping[str, Item],
        *,
        done: bool,
    ) -> None:
        """A page of a stream's shard is done, up to `sequence` (None: it had no record)."""
        with self._entry() as db:
            self._note(db, results, images)
            db.execute(
                "INSERT INTO shard VALUES (?, ?, ?, ?, ?) ON CONFLICT (source, id) DO UPDATE SET "
                "sequence = COALESCE(excluded.sequence, sequence), done = excluded.done, "
                "changes = changes + excluded.changes",
                (source, shard, sequence, done, len(results)),
            )

    def fact(self, name: str) -> Any:
        """What was remembered under a name; None when nothing was."""
        with self._lock:
            row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def remember(self, name: str, value: Any) -> None:
        """Keep a JSON value under a name."""
        with self._entry() as db:
            db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, json.dumps(value)))


def _row(loss: Loss) -> tuple[str, str, str, str, str]:
    return loss.source, item_of(loss.source), loss.fate.value, loss.reason, json.dumps(loss.key)


def _put(
    db: sqlite3.Connection, row: tuple[str, str, str, str, str | None], images: Mapping[str, Item], turn: int
) -> None:
    """The later turn stays, whoever tells of it first."""
    image = images.get(row[1])
    db.execute(
        "INSERT INTO exception VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (record) DO UPDATE SET fate = excluded.fate, "
        "reason = excluded.reason, at = excluded.at, image = COALESCE(excluded.image, image), turn = excluded.turn "
        "WHERE excluded.turn >= turn",
        (*row, json.dumps(image, ensure_ascii=False) if image else None, turn),
    )
