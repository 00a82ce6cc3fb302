"""Places records in the target: many at once where nothing stands in the way, one by one where something does.

Nothing is acknowledged that is not stored. Whatever is done again, after a kill or by two at a time, changes nothing.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

from omnix.migration.deciding import Fate, Loss, decide
from omnix.migration.store import CHANGE_AT_ONCE, REQUEST_BYTES, UnwritableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from omnix.migration.deciding import Plan, Seen
    from omnix.migration.record import Key, Record
    from omnix.migration.store import Store

_ATTEMPTS = 60
_LONGEST_PAUSE_SECONDS = 0.5


class BusyError(Exception):
    """Others kept writing to the same items."""


@dataclass(frozen=True)
class Wanted:
    """What a source item becomes (None: it is gone), and the keys at which it may have been before."""

    source: str
    record: Record | None
    before: frozenset[Key] = frozenset()

    @property
    def keys(self) -> frozenset[Key]:
        """All of them."""
        return self.before | frozenset(self.record.keys if self.record else ())


@dataclass(frozen=True)
class Outcome:
    """What became of a source item, who lost its place, and the keys that those who lost before may have now.

    `turn` was taken before it was written, a loss's after what is lost was seen: so a record's loss has a later turn
    than the writing that it undoes, whichever thread tells of it first.
    """

    source: str
    fate: Fate
    turn: int
    losses: tuple[Loss, ...] = ()
    freed: frozenset[Key] = frozenset()


class Claims:
    """Keys that one thread is at; another one that wants any of them waits."""

    def __init__(self) -> None:
        self._taken: set[Key] = set()
        self._changed = threading.Condition()

    @contextmanager
    def of(self, keys: frozenset[Key]) -> Iterator[None]:
        """Have all of the keys alone."""
        with self._changed:
            self._changed.wait_for(lambda: self._taken.isdisjoint(keys))
            self._taken |= keys
        try:
            yield
        finally:
            with self._changed:
                self._taken -= keys
                self._changed.notify_all()


@dataclass
class Placer:
    """Writes into `store`. `newer_by`: as `deciding.decide`.

    `idle`: nobody else writes to the target until the cut-over. Then what is not there is put without a condition,
    after a look, for half of a transaction's cost; this process's own threads keep out of each other's way by `claims`.
    `turn`: the next of numbers that only grow. `announce`: told who is about to lose its place, before it does, so that
    a kill between the two forgets nobody; `retract`: that it did not.
    """

    store: Store
    newer_by: Mapping[str, str]
    idle: bool = False
    turn: Callable[[], int] = field(default_factory=lambda: count(1).__next__)
    announce: Callable[[Sequence[Loss]], None] = lambda _: None
    retract: Callable[[Sequence[Loss]], None] = lambda _: None
    claims: Claims = field(default_factory=Claims)

    def place(self, wanted: Sequence[Wanted]) -> list[Outcome]:
        """The outcomes in the order of `wanted`. Raises StalledError and BusyError."""
        counts = Counter(key for one in wanted for key in one.keys)
        alone = [one for one in wanted if one.record and not one.before and all(counts[key] == 1 for key in one.keys)]
        done = self._many(alone)
        return [done.get(one.source) or self.settle(one) for one in wanted]

    def _many(self, wanted: Sequence[Wanted]) -> dict[str, Outcome]:
        """Those that could be written, or were already, with many others."""
        if self.idle:
            with self.claims.of(frozenset(key for one in wanted for key in one.keys)):
                return self._bulk(wanted, self.turn())
        found: dict[str, Outcome] = {}
        for group in _groups(wanted):
            found |= self._group(group, self.turn())
        return found

    def _bulk(self, wanted: Sequence[Wanted], turn: int) -> dict[str, Outcome]:
        seen = self.store.read(key for one in wanted for key in one.keys)
        found = self._as_they_are(wanted, seen, turn)
        fresh = [one for one in wanted if one.source not in found and all(seen[key] is None for key in one.keys)]
        try:
            self.store.put([target for one in fresh if one.record for target in one.record.targets])
        except UnwritableError:
            return found  # one by one it shows which it is
        return found | _written(fresh, turn)

    def _group(self, wanted: Sequence[Wanted], turn: int, tries: int = 2) -> dict[str, Outcome]:
        """One transaction on the condition that nothing is there; then another one without those where something is."""
        writes = {target.key: target for one in wanted if one.record for target in one.record.targets}
        try:
            if self.store.change(writes, dict.fromkeys(writes)):
                return _written(wanted, turn)
        except UnwritableError:
            return {}
        seen = self.store.read(writes)
        found = self._as_they_are(wanted, seen, turn)
        fresh = [one for one in wanted if one.source not in found and all(seen[key] is None for key in one.keys)]
        return found | (self._group(fresh, turn, tries - 1) if fresh and tries > 1 else {})

    def _as_they_are(self, wanted: Sequence[Wanted], seen: Seen, turn: int) -> dict[str, Outcome]:
        """Those that are stored already: an earlier attempt was killed, or its answer lost."""
        found: dict[str, Outcome] = {}
        for one in wanted:
            if any(seen[key] is None for key in one.keys):
                continue
            plan = decide(one.source, one.record, {key: seen[key] for key in one.keys}, self.newer_by)
            if not (plan.need or plan.writes or plan.losses or plan.freed):
                found[one.source] = Outcome(one.source, plan.fate, turn)
        return found

    def settle(self, one: Wanted) -> Outcome:
        """One source item by itself, whatever stands in its way. Raises as `place`."""
        if not self.idle:
            return self._settle(one)
        with self.claims.of(one.keys):
            return self._settle(one)

    def _settle(self, one: Wanted) -> Outcome:
        for attempt in range(_ATTEMPTS):
            turn = self.turn()
            plan, seen = self.planned(one)
            seen_at = self.turn()
            losses = tuple(replace(loss, turn=seen_at) for loss in plan.losses)
            announced = losses if plan.writes else ()
            if announced:
                self.announce(announced)
            try:
                if self.store.change(plan.writes, seen):
                    return Outcome(one.source, plan.fate, turn, losses, plan.freed)
            except UnwritableError as error:
                self.retract(announced)
                if one.record is None:
                    raise
                loss = Loss(one.source, Fate.QUARANTINED, f"DynamoDB: {error}", one.record.keys[0], seen_at)
                return Outcome(one.source, Fate.QUARANTINED, turn, (loss,))
            self.retract(announced)
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE_SECONDS, 0.01 * 2**attempt)))
        raise BusyError(f"{one.source}: others kept writing to the same items")

    def planned(self, one: Wanted) -> tuple[Plan, Seen]:
        """The plan for what is stored now, read in as many steps as it takes to know all that it touches."""
        seen = self.store.read(one.keys)
        while True:
            plan = decide(one.source, one.record, seen, self.newer_by)
            if not plan.need:
                return plan, seen
            seen = {**seen, **self.store.read(plan.need)}


def _written(wanted: Iterable[Wanted], turn: int) -> dict[str, Outcome]:
    return {one.source: Outcome(one.source, Fate.WRITTEN, turn) for one in wanted}


def _groups(wanted: Sequence[Wanted]) -> Iterator[list[Wanted]]:
    """As many whole records as one transaction takes."""
    group: list[Wanted] = []
    actions = total = 0
    for one in wanted:
        targets = one.record.targets if one.record else ()
        bytes_ = sum(target.bytes for target in targets)
        if group and (actions + len(targets) > CHANGE_AT_ONCE or total + bytes_ > REQUEST_BYTES):
            yield group
            group, actions, total = [], 0, 0
        group.append(one)
        actions += len(targets)
        total += bytes_
    if group:
        yield group
