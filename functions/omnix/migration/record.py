"""What a source item becomes: a record of one or several items, each stamped with where it came from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from omnix.migration.checksum import canonical, hash_of, item_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omnix.migration.wire import Item

STAMP = "migration"
PARTITION, SORT = "pk", "sk"
_STAMP_BYTES = 300
MAX_ITEMS = 40  # of one record: what it replaces and what it becomes are one transaction of 100


class Key(NamedTuple):
    """An item of a standard table by the table's logical name."""

    table: str
    pk: str
    sk: str

    def wire(self) -> Item:
        """For the API."""
        return {PARTITION: {"S": self.pk}, SORT: {"S": self.sk}}


@dataclass(frozen=True, slots=True)
class Target:
    """An item to be written, stamp and keys in it; `bytes`: about what it takes on the wire."""

    key: Key
    item: Item
    bytes: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where an item of a standard table came from; its attribute `migration`.

    `of`: the mapping's name. `source`: the source item (`Record.source`). `rank`: how it compares with others that
    want the same key, the greater wins. `sum`: the checksum of the item without its stamp, so that what somebody
    changed since is told. `group`: of a record of several items, all of their keys, its head first.
    """

    of: str
    source: str
    rank: str
    sum: str
    group: tuple[Key, ...] = ()

    def wire(self) -> dict[str, Any]:
        """As an attribute value."""
        found = {"of": self.of, "from": self.source, "rank": self.rank, "sum": self.sum}
        if self.group:
            found["group"] = json.dumps(self.group, ensure_ascii=False, separators=(",", ":"))
        return {"M": {name: {"S": text} for name, text in found.items()}}

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Stamp | None:
        """The stamp of an item; None where it has none of ours."""
        try:
            found = {name: value["S"] for name, value in item[STAMP]["M"].items()}
            group = tuple(Key(*key) for key in json.loads(found.get("group", "[]")))
            return cls(found["of"], found["from"], found["rank"], found["sum"], group)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    @property
    def claim(self) -> tuple[str, str]:
        """What is compared between two who want the same key; no two sources have the same."""
        return self.rank, self.source


@dataclass(frozen=True, slots=True)
class Record:
    """What one source item becomes. `source` names it, `changed` is when it was last written (epoch milliseconds).

    `unique`: whether another source that wants one of its keys is an error, and not a duplicate that loses by rank.
    """

    of: str
    source: str
    rank: str
    changed: int | None
    targets: tuple[Target, ...]
    unique: bool = True

    @property
    def claim(self) -> tuple[str, str]:
        """As `Stamp.claim`."""
        return self.rank, self.source

    @property
    def keys(self) -> tuple[Key, ...]:
        """Of its items, the head's first."""
        return tuple(target.key for target in self.targets)


def record(
    of: str,
    source: str,
    rank: str,
    changed: int | None,
    items: Sequence[tuple[str, Item]],
    *,
    unique: bool = True,
) -> Record:
    """A record of (logical table, item with its keys) pairs, head first; stamps them."""
    keys = [Key(table, item[PARTITION]["S"], item[SORT]["S"]) for table, item in items]
    group = tuple(keys) if len(keys) > 1 else ()
    targets = []
    for key, (_, item) in zip(keys, items, strict=True):
        spelled = canonical(item)
        stamp = Stamp(of, source, rank, f"{hash_of(spelled):032x}", group)
        targets.append(Target(key, {**item, STAMP: stamp.wire()}, len(spelled) + _STAMP_BYTES + 80 * len(group)))
    return Record(of, source, rank, changed, tuple(targets), unique)


def source_name(table: str, key: Mapping[str, Any]) -> str:
    """A source item's name: its table and key; `source_key` reads it."""
    return f"{table} {canonical(key).decode()}"


def source_key(name: str) -> tuple[str, Item]:
    """The table and the key of a source item."""
    table, _, text = name.partition(" ")
    return table, {part: {kind: value} for part, (kind, value) in json.loads(text).items()}


def item_of(record_source: str) -> str:
    """The name of the source item that a record is of: one item may become several records, each with its own name."""
    table, _, key = record_source.partition(" ")
    return f"{table.partition('/')[0]} {key}"


def content(item: Mapping[str, Any]) -> Item:
    """An item without its stamp."""
    return {name: value for name, value in item.items() if name != STAMP}


def untouched(item: Mapping[str, Any], stamp: Stamp) -> bool:
    """Whether nobody changed an item since it was stamped."""
    return _sum(content(item)) == stamp.sum


def _sum(item: Mapping[str, Any]) -> str:
    return f"{item_hash(item):032x}"
