"""From source items to outcomes: joins, transformation, placement; of a scan's page, a stream's change, a file's lines.

What an item becomes is a function of the source as it is now, never of the order in which changes were seen: a change
says only which item to look at again, and old images only where its records may have been.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from omnix.migration.deciding import Fate, Loss
from omnix.migration.placing import Wanted
from omnix.migration.record import source_name
from omnix.migration.transform import Transformer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from omnix.migration.mapping import Mapping as MappingFile
    from omnix.migration.placing import Outcome, Placer
    from omnix.migration.record import Key, Record
    from omnix.migration.transform import Transformed
    from omnix.migration.wire import Item

type Held = Mapping[str, frozenset[Key]]  # by the names of records, the keys that they may have

_GRAVITY = (Fate.QUARANTINED, Fate.SUPERSEDED, Fate.DUPLICATE, Fate.WRITTEN, Fate.GONE)


class Sources(Protocol):
    """The legacy tables, read strongly consistent."""

    def get(self, wanted: Iterable[tuple[str, Item]]) -> dict[str, Item]:
        """Items by `record.source_name`; those that are not there are left out."""

    def members(self, table: str, partition: Item, sort: str) -> list[Item]:
        """All items of a partition (its key attribute with the value), in the order of their sort keys."""


@dataclass(frozen=True)
class Result:
    """What became of one source item: `source` is its name, `losses` those of its records and of others', by record.

    `reasons`: why it is quarantined or left out. `freed`: see `Outcome`. `records`: by the names of its records, their
    turns. `held`: of an item that cannot go over, the keys that its earlier records, by name, may still have: whoever
    moves it next must be told, for no later change of the source names them.
    """

    source: str
    fate: Fate
    losses: tuple[Loss, ...] = ()
    reasons: tuple[str, ...] = ()
    freed: frozenset[Key] = frozenset()
    records: Mapping[str, int] = field(default_factory=dict)
    held: Held = field(default_factory=dict)


@dataclass
class Mover:
    """Moves the items of one mapping file's sources."""

    file: MappingFile
    sources: Sources
    placer: Placer
    _transformers: dict[str, Transformer] = field(init=False)

    def __post_init__(self) -> None:
        self._transformers = {one.table: Transformer(self.file, one) for one in self.file.sources}

    def transformer(self, table: str) -> Transformer:
        """Of a source table. Raises KeyError."""
        return self._transformers[table]

    def leaders(self, table: str, items: Iterable[Item]) -> dict[str, tuple[str, Item]]:
        """Tables and keys of the items that these are, or are part of, by name: what is to be looked at again."""
        transformer = self.transformer(table)
        found = [transformer.leader(item) or (table, transformer.key(item)) for item in items]
        return {source_name(*one): one for one in found}

    def move(
        self,
        table: str,
        items: Sequence[Item],
        before: Mapping[str, Sequence[Item]] | None = None,
        held: Mapping[str, Held] | None = None,
    ) -> list[Result]:
        """Place the items of a table as they are now. `before`: by name, images of them that were seen earlier.

        `held`: by name, what their last results said of it.

        Items that are in `before` only are gone from the source. Members are merged by their heads: here it is only
        seen to that they have one.
        """
        transformer = self.transformer(table)
        heads = [item for item in items if transformer.leader(item) is None]
        results = self.members(table, [item for item in items if transformer.leader(item) is not None])
        transformed = self.transformed(table, heads)
        olds = {name: self._old_records(table, images) for name, images in (before or {}).items()}
        for name, kept in (held or {}).items():
            if name in transformed or name in olds:
                olds[name] = _merged(olds.get(name, {}), kept)
        wanted: list[Wanted] = []
        for name, found in transformed.items():
            if not found.refused:  # what was right before stays where it is until the item is right again
                wanted += _wanted(found.records, olds.get(name, {}))
        for name in olds.keys() - transformed.keys():
            wanted += _wanted((), olds[name])
        outcomes = {one.source: one for one in self.placer.place(wanted)}
        results += [_result(name, found, olds.get(name, {}), outcomes) for name, found in transformed.items()]
        gone = (_gone(name, olds[name], outcomes) for name in olds.keys() - transformed.keys())
        return [*results, *gone]

    def transformed(self, table: str, heads: Sequence[Item]) -> dict[str, Transformed]:
        """What items that stand by themselves become, by name, with what is merged into them."""
        transformer = self.transformer(table)
        mates = self._mates(transformer, heads)
        return {
            transformer.name(item): transformer.apply(item, joined) for item, joined in zip(heads, mates, strict=True)
        }

    def _mates(self, transformer: Transformer, heads: Sequence[Item]) -> list[dict[str, Any]]:
        asked = [transformer.mates(item) for item in heads]
        got = self.sources.get(one for mates in asked for one in mates.values()) if any(asked) else {}
        joined: list[dict[str, Any]] = []
        for item, mates in zip(heads, asked, strict=True):
            names = {name: source_name(*one) for name, one in mates.items()}
            found = {name: {"M": got[mate]} if mate in got else None for name, mate in names.items()}
            joined.append(found | self._gathered(transformer, item))
        return joined

    def _gathered(self, transformer: Transformer, item: Item) -> dict[str, Any]:
        gather = transformer.source.gather
        if gather is None:
            return {}
        partition, sort = transformer.source.key
        found = self.sources.members(transformer.source.table, {partition: item[partition]}, sort)
        return {gather.name: {"L": [{"M": one} for one in found if one[sort] != item[sort]]}}

    def members(self, table: str, items: Sequence[Item]) -> list[Result]:
        """Items that are parts of others: merged where those are there."""
        transformer = self.transformer(table)
        leaders = {transformer.name(item): transformer.leader(item) for item in items}
        there = self.sources.get(one for one in leaders.values() if one) if items else {}
        results = []
        for name, leader in leaders.items():
            head = source_name(*leader) if leader else ""
            if head in there:
                results.append(Result(name, Fate.MERGED))
            else:
                results.append(Result(name, Fate.QUARANTINED, reasons=(f"there is no {head} for it",)))
        return results

    def _old_records(self, table: str, images: Sequence[Item]) -> Held:
        """By the names of earlier records, the keys that they had."""
        found: defaultdict[str, set[Key]] = defaultdict(set)
        for image in images:
            if self.transformer(table).leader(image) is None:
                for one in self.transformed(table, [image]).values():
                    for record in one.records:
                        found[record.source] |= set(record.keys)
        return {name: frozenset(keys) for name, keys in found.items()}


def _merged(one: Held, other: Held) -> Held:
    """Keys by record, of both."""
    return {name: one.get(name, frozenset()) | other.get(name, frozenset()) for name in {*one, *other}}


def _wanted(records: Sequence[Record], olds: Held) -> list[Wanted]:
    new = [Wanted(record.source, record, olds.get(record.source, frozenset())) for record in records]
    names = {record.source for record in records}
    return new + [Wanted(name, None, keys) for name, keys in olds.items() if name not in names]


def _result(name: str, found: Transformed, olds: Held, outcomes: Mapping[str, Outcome]) -> Result:
    if found.refused:
        return Result(name, Fate.QUARANTINED, reasons=found.refused, held=olds)
    records = {record.source: outcomes[record.source].turn for record in found.records}
    mine = [outcomes[one] for one in {*records, *olds} if one in outcomes]
    losses, freed = _sums(mine, olds)
    if found.left_out is not None:
        return Result(name, Fate.LEFT_OUT, losses, (found.left_out,), freed)
    fates = {outcomes[one].fate for one in records}
    fate = next(one for one in _GRAVITY if one in fates)
    held = olds if fate is Fate.QUARANTINED else {}
    return Result(name, fate, losses, (), freed, records, held)


def _gone(name: str, olds: Held, outcomes: Mapping[str, Outcome]) -> Result:
    mine = [outcomes[one] for one in olds if one in outcomes]
    kept = any(one.fate is Fate.SUPERSEDED for one in mine)
    losses, freed = _sums(mine, olds)
    return Result(name, Fate.SUPERSEDED if kept else Fate.GONE, losses, freed=freed)


def _sums(outcomes: Iterable[Outcome], olds: Held) -> tuple[tuple[Loss, ...], frozenset[Key]]:
    """All losses and freed keys. What an earlier attempt freed before it was killed is among the earlier keys."""
    losses: list[Loss] = []
    freed: set[Key] = set().union(*olds.values())
    for one in outcomes:
        losses += one.losses
        freed |= one.freed
    return tuple(losses), frozenset(freed)
