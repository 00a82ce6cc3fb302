"""What is to be done for one source item, given what the target holds: pure, so that every case is a test.

The rule: a key holds the item of the source with the greatest claim among those that want it, unless the target's
own users wrote there, whose item stays if it is newer. So the result does not depend on the order of arrival, and what
was done before and is done again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from omnix.migration.record import Record, Stamp, item_of, untouched
from omnix.migration.times import milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omnix.migration.record import Key, Target
    from omnix.migration.wire import Item

type Seen = Mapping[Key, Item | None]


class Fate(StrEnum):
    """What became of a source item."""

    WRITTEN = "written"
    MERGED = "merged"  # a part of another source item's record
    DUPLICATE = "duplicate"  # another source's item has its place, by the mapping's rule: merged into it
    SUPERSEDED = "superseded"  # the target has a newer one
    QUARANTINED = "quarantined"
    LEFT_OUT = "left out"  # the mapping says so
    GONE = "gone"  # deleted in the source


@dataclass(frozen=True)
class Loss:
    """A source that does not have its place, why, and the key that another one has. `turn`: when it was seen."""

    source: str
    fate: Fate
    reason: str
    key: Key
    turn: int = 0


@dataclass(frozen=True)
class Plan:
    """One transaction. `writes`: the items to put, or None to delete, by key, each on the condition that it is `seen`.

    `need`: keys that must be read before it can be decided; nothing else counts then. `freed`: keys that a source which
    lost before may have now.
    """

    fate: Fate
    writes: Mapping[Key, Target | None] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    need: frozenset[Key] = frozenset()
    freed: frozenset[Key] = frozenset()


def decide(source: str, record: Record | None, seen: Seen, newer_by: Mapping[str, str]) -> Plan:
    """The plan for a source item; `record` is None when the source has it no more.

    `seen`: what is stored at the record's keys, and at those where the source's item may have been before.
    `newer_by`: by table, the attribute that says when one of its items was written.
    """
    stamps = {key: Stamp.read(item) for key, item in seen.items() if item is not None}
    need = frozenset(_related(source, record, stamps)) - seen.keys()
    if need:
        return Plan(Fate.WRITTEN, need=need)
    mine = {key for key, stamp in stamps.items() if stamp and stamp.source == source}
    kept = {key for key in _group(mine, stamps) if _theirs(seen, stamps, key)}
    own: dict[Key, Target | None] = {} if kept else dict.fromkeys(mine)
    if record is None:
        # What somebody changed in the target since is newer than the deletion can be told to be: it stays, whole.
        return Plan(Fate.SUPERSEDED) if kept else Plan(Fate.GONE, own, freed=frozenset(own))
    puts = {target.key: target for target in record.targets if not _same(target, seen, stamps)}
    loss = _loss(record, seen, stamps, newer_by) or (_moved(record, kept) if puts else None)
    if loss:
        return Plan(loss.fate, own, (loss,), freed=frozenset(own))
    losers = _losers(record, stamps)
    deletes: dict[Key, Target | None] = dict.fromkeys({*own, *_keys_of(losers, stamps)} - set(record.keys))
    weaker = {key for key in mine if (stamp := stamps[key]) and stamp.rank > record.rank}
    item = item_of(source)
    losses = tuple(_lost(one, key, record) for one, key in losers.items() if item_of(one) != item)
    return Plan(Fate.WRITTEN, {**deletes, **puts}, losses, freed=frozenset({*deletes, *weaker}))


def _related(source: str, record: Record | None, stamps: Mapping[Key, Stamp | None]) -> Iterable[Key]:
    """The record's keys, and all keys of the records, this source's and others', that an item here is part of."""
    if record:
        yield from record.keys
    wanted = set(record.keys) if record else set()
    for key, stamp in stamps.items():
        if stamp and (stamp.source == source or key in wanted):
            yield from stamp.group


def _group(keys: Iterable[Key], stamps: Mapping[Key, Stamp | None]) -> set[Key]:
    """Keys, and those of the records that they are part of."""
    return {one for key in keys if (stamp := stamps[key]) for one in (key, *stamp.group)}


def _same(target: Target, seen: Seen, stamps: Mapping[Key, Stamp | None]) -> bool:
    """Whether the very item is stored already."""
    key = target.key
    return seen[key] is not None and stamps[key] == Stamp.read(target.item) and not _theirs(seen, stamps, key)


def _theirs(seen: Seen, stamps: Mapping[Key, Stamp | None], key: Key) -> bool:
    """Whether the target's own users wrote the item, or changed it."""
    item, stamp = seen[key], stamps.get(key)
    return item is not None and (stamp is None or not untouched(item, stamp))


def _loss(record: Record, seen: Seen, stamps: Mapping[Key, Stamp | None], newer_by: Mapping[str, str]) -> Loss | None:
    """Why the record cannot be written; None when it can."""
    for key in record.keys:
        stamp = stamps.get(key)
        if _theirs(seen, stamps, key):
            found = _against_the_target(record, key, seen, stamps, newer_by)
        elif stamp and stamp.source != record.source:
            found = _against_another(record, key, stamp)
            found = found or _whole(record, stamp, seen, stamps)
        else:
            continue
        if found:
            return found
    return None


def _moved(record: Record, kept: set[Key]) -> Loss | None:
    """The source's item would have another key now, and the target's users changed what has the old one."""
    for key in sorted(kept - set(record.keys)):
        reason = f"its key changed, and {_place(key)} was changed in the target since"
        return Loss(record.source, Fate.QUARANTINED, reason, key)
    return None


def _against_the_target(
    record: Record, key: Key, seen: Seen, stamps: Mapping[Key, Stamp | None], newer_by: Mapping[str, str]
) -> Loss | None:
    item, stamp = seen[key], stamps.get(key)
    owned = stamp is not None and stamp.source == record.source
    if key != record.keys[0] and not owned:
        return Loss(record.source, Fate.QUARANTINED, f"{_place(key)} belongs to another item of the target", key)
    theirs = milliseconds((item or {}).get(newer_by.get(key.table, "")))
    single = len(record.keys) == 1 and not (stamp and stamp.group)
    if single and record.changed is not None and theirs is not None and record.changed > theirs:
        return None
    if record.changed is not None and theirs is not None and record.changed > theirs:
        reason = f"{_place(key)} was changed in the target, and later in the source"
        return Loss(record.source, Fate.QUARANTINED, reason, key)
    return Loss(record.source, Fate.SUPERSEDED, f"the target's {_place(key)} is newer", key)


def _against_another(record: Record, key: Key, stamp: Stamp) -> Loss | None:
    if stamp.of == record.of and (stamp.claim < record.claim or item_of(stamp.source) == item_of(record.source)):
        return None  # what the same item was before always gives way
    fate = Fate.QUARANTINED if record.unique or stamp.of != record.of else Fate.DUPLICATE
    return Loss(record.source, fate, f"{stamp.source} has {_place(key)}", key)


def _whole(record: Record, stamp: Stamp, seen: Seen, stamps: Mapping[Key, Stamp | None]) -> Loss | None:
    """A record gives way whole: not when the target's users changed a part of it."""
    for key in stamp.group:
        if _theirs(seen, stamps, key):
            reason = f"{stamp.source} has {_place(key)}, which the target's users changed since"
            return Loss(record.source, Fate.QUARANTINED, reason, key)
    return None


def _losers(record: Record, stamps: Mapping[Key, Stamp | None]) -> dict[str, Key]:
    """Sources whose place the record takes, and where."""
    found: dict[str, Key] = {}
    for key in record.keys:
        stamp = stamps.get(key)
        if stamp and stamp.source != record.source:
            found.setdefault(stamp.source, key)
    return found


def _keys_of(losers: Mapping[str, Key], stamps: Mapping[Key, Stamp | None]) -> set[Key]:
    return {key for key, stamp in stamps.items() if stamp and stamp.source in losers}


def _lost(source: str, key: Key, winner: Record) -> Loss:
    fate = Fate.QUARANTINED if winner.unique else Fate.DUPLICATE
    return Loss(source, fate, f"{winner.source} has {_place(key)}", key)


def _place(key: Key) -> str:
    return f"{key.table}/{key.pk}/{key.sk}"
