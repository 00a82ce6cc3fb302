"""What point-in-time recovery goes back with: the image that each write replaced, by time.

A restore begins with the items of now and undoes what came after its moment. Old images are packed a few hundred at a
time, so that a write pays for a tuple and the snapshot for bytes. Bounded by the recovery period and by size.
"""

from bisect import bisect_right
from collections.abc import Iterator
from decimal import Decimal
from time import time as clock
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from localcloud.backup import items
from localcloud.backup.contents import Chunk, held
from localcloud.backup.items import Plain, PlainItem

type Key = tuple[Plain, Plain | None]
type Row = tuple[float, Key, PlainItem | None]

_RECENT = 256
# Compressed, of one table: some hundred thousand old images. AWS keeps them all, for 35 days.
_MOST_BYTES = 64 * 1024 * 1024
_DAY = 86_400.0
DAYS = 35
# AWS is about five minutes behind; here a second is enough to keep callers honest.
LAG_SECONDS = 1.0


class Journal:
    """Of one table, since point-in-time recovery was switched on. Written under the state lock."""

    def __init__(self, began: float) -> None:
        self.began = began  # nothing before it can be restored
        self.days = DAYS
        self._recent: list[tuple[float, DynamoType, DynamoType | None, Item | None]] = []
        self._packed: list[tuple[float, Chunk]] = []  # by the time of its last row
        self._bytes = 0

    def note(self, hash_key: DynamoType, range_key: DynamoType | None, old: Item | None) -> None:
        """A write replaced `old`, which nobody changes any more; None where nothing was."""
        self._recent.append((clock(), hash_key, range_key, old))
        if len(self._recent) >= _RECENT:
            self.pack()

    def pack(self) -> None:
        """Turn the last images into bytes; forget what is too old, and the oldest where it is too much."""
        if self._recent:
            chunk = Chunk(items.pack(map(_row, self._recent)))
            self._packed.append((self._recent[-1][0], chunk))
            self._bytes += len(chunk.content)
            self._recent = []
        oldest = clock() - self.days * _DAY
        while self._packed and (self._packed[0][0] < oldest or self._bytes > _MOST_BYTES):
            last, gone = self._packed.pop(0)
            self._bytes -= len(gone.content)
            self.began = max(self.began, last)

    def __getstate__(self) -> dict[str, Any]:
        """Snapshots hold bytes, not moto's objects."""
        self.pack()
        return dict(vars(self))

    def since(self, moment: float) -> Iterator[Row]:
        """What was replaced after `moment`, newest first."""
        for row in reversed(self._recent):
            if row[0] <= moment:
                return
            yield _row(row)
        first = bisect_right(self._packed, moment, key=lambda entry: entry[0])
        for _, chunk in reversed(self._packed[first:]):
            for packed in reversed(list(chunk.rows())):
                if packed[0] <= moment:
                    return
                yield packed

    def window(self) -> tuple[float, float]:
        """The earliest and the latest moment that can be restored, in whole seconds of the epoch."""
        now = clock()
        earliest = max(self.began, now - self.days * _DAY)
        return earliest, max(earliest, float(int(now - LAG_SECONDS)))


def _row(entry: tuple[float, DynamoType, DynamoType | None, Item | None]) -> Row:
    moment, hash_key, range_key, old = entry
    ranged = (range_key.type, range_key.value) if range_key is not None else None
    return moment, ((hash_key.type, hash_key.value), ranged), items.plain(old) if old is not None else None


def of(table: Table) -> Journal | None:
    """A table's journal; None where point-in-time recovery is off."""
    journal: Journal | None = vars(table).get("journal")
    if journal is None and _enabled(table):  # from a snapshot that knew none
        journal = vars(table)["journal"] = Journal(clock())
    return journal


def _enabled(table: Table) -> bool:
    described = table.continuous_backups["PointInTimeRecoveryDescription"]
    return bool(described["PointInTimeRecoveryStatus"] == "ENABLED")


def refresh(table: Table) -> None:
    """Begin or end the journal as point-in-time recovery is now, and say what can be restored."""
    described = table.continuous_backups["PointInTimeRecoveryDescription"]
    if not _enabled(table):
        vars(table).pop("journal", None)
        return
    journal = of(table)
    if journal is not None:
        journal.days = int(described.get("RecoveryPeriodInDays") or DAYS)
        described["EarliestRestorableDateTime"], described["LatestRestorableDateTime"] = journal.window()


class PastItems:
    """A table's items as they were; taken under the state lock, read without it."""

    def __init__(self, table: Table, journal: Journal, moment: float) -> None:
        self._now = held(table)
        self._undone: dict[Any, PlainItem | None] = {}
        for _, key, old in journal.since(moment):
            self._undone[_hashable(key)] = old

    def rows(self) -> Iterator[PlainItem]:
        """Each item once."""
        undone = dict(self._undone)
        for item in self._now:
            ranged = (item.range_key.type, item.range_key.value) if item.range_key is not None else None
            key = _hashable(((item.hash_key.type, item.hash_key.value), ranged))
            if key not in undone:
                yield items.plain(item)
            elif (old := undone.pop(key)) is not None:
                yield old
        yield from (old for old in undone.values() if old is not None)


def _hashable(key: Key) -> Any:
    """Numbers are equal by value, not by digits: 1 is 1.0."""
    return tuple(None if one is None else (one[0], _number(one)) for one in key)


def _number(key: Plain) -> Any:
    return Decimal(key[1]) if key[0] == "N" else key[1]
