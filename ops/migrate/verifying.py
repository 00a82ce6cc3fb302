"""Whether the target holds exactly what the sources become, and what became of every source item: read, not remembered.

First by counts and sums in buckets of the keys' hashes; then, for the buckets that differ, item by item against the
very rule by which items are placed. Memory does not grow with the tables.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from omnix.migration.checksum import Buckets
from omnix.migration.deciding import Fate
from omnix.migration.placing import Wanted
from omnix.migration.record import PARTITION, SORT, Key, Stamp, content, item_of, source_key, untouched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from omnix.migration.reading import Legacy
    from omnix.migration.transform import Transformed
    from omnix.migration.wire import Item
    from ops.migrate.engine import Engine

PAGE_ITEMS = 400
_SHOWN = 200
_GRAVITY = (Fate.QUARANTINED, Fate.SUPERSEDED, Fate.DUPLICATE)


@dataclass(frozen=True)
class Problem:
    """An item that is not as it should be. `what`: missing, different or extra."""

    what: str
    source: str
    key: str
    detail: str


@dataclass
class Report:
    """`ledger`: by source what became of its items, whose sum is `read`. `expected` and `found`: items and checksums of
    the target by table. `exact` when there is no problem. `problems` holds the first ones of `problem_count`.
    """

    ledger: dict[str, dict[str, int]] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    expected: dict[str, dict[str, Any]] = field(default_factory=dict)
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    differing_buckets: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    kept: int = 0

    @property
    def exact(self) -> bool:
        """Nothing is missing, different or extra, and the ledger adds up."""
        return not self.problem_count and all(sum(self.ledger[one].values()) == n for one, n in self.read.items())


@dataclass
class Verification:
    """One look at both sides of an engine's run."""

    engine: Engine
    tables: Legacy  # the target's
    bits: int
    each: Callable[[str, int], None]
    report: Report = field(default_factory=Report)
    _counts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _differing: dict[str, set[int]] = field(default_factory=dict)
    _placed: int = 0
    _lock: Lock = field(default_factory=Lock)

    def run(self) -> Report:
        """Both passes; the second reads nothing where no bucket differs."""
        expected, found = self._expected(), self._found()
        for table in self.engine.run.targets:
            differing = expected[table].differing(found[table])
            self._differing[table] = set(differing)
            self.report.expected[table] = _sums(expected[table])
            self.report.found[table] = _sums(found[table])
            self.report.differing_buckets[table] = len(differing)
        if any(self._differing.values()):
            self._compare()
            held = sum(found[table].counts[one] for table, buckets in self._differing.items() for one in buckets)
            if held != self._placed + self.report.kept:
                self._problem(Problem("different", "", "", f"{held} items, of {self._placed + self.report.kept}"))
        self.report.ledger = {source: dict(counts) for source, counts in sorted(self._counts.items())}
        return self.report

    def _expected(self) -> dict[str, Buckets]:
        whole = self._empty()

        def segment(source: str, pages: Iterable[list[Item]]) -> None:
            part, counts, read = self._empty(), Counter[str](), 0
            for items in pages:
                read += len(items)
                for one in self._transformed(source, items, counts):
                    for record in one.records:
                        for target in record.targets:
                            part[target.key.table].add(target.key.wire(), content(target.item))
                self.each(source, len(items))
            with self._lock:
                self._counts[source] += counts
                self.report.read[source] = self.report.read.get(source, 0) + read
                for table, buckets in part.items():
                    whole[table].merge(buckets)

        self._scan_sources(segment)
        return whole

    def _transformed(self, source: str, items: Sequence[Item], counts: Counter[str]) -> Iterator[Transformed]:
        """What the items become that become something; counts them, and those that do not."""
        mover = self.engine.mover
        transformer = mover.transformer(source)
        members = [item for item in items if transformer.leader(item) is not None]
        counts.update(one.fate.value for one in mover.members(source, members))
        heads = [item for item in items if transformer.leader(item) is None]
        for found in mover.transformed(source, heads).values():
            if found.refused:
                counts[Fate.QUARANTINED.value] += 1
            elif found.left_out is not None:
                counts[Fate.LEFT_OUT.value] += 1
            else:
                counts[Fate.WRITTEN.value] += 1
                yield found

    def _found(self) -> dict[str, Buckets]:
        whole = self._empty()

        def segment(table: str, pages: Iterable[list[Item]]) -> None:
            part = Buckets(self.bits)
            for items in pages:
                for item in items:
                    if self._ours(item):
                        part.add(_key(table, item).wire(), content(item))
                self.each(table, len(items))
            with self._lock:
                whole[table].merge(part)

        self._scan_targets(segment)
        return whole

    def _compare(self) -> None:
        def source_segment(source: str, pages: Iterable[list[Item]]) -> None:
            for items in pages:
                ignored = Counter[str]()
                for found in self._transformed(source, items, ignored):
                    if any(self._differs(key) for record in found.records for key in record.keys):
                        self._judge(source, found)

        def target_segment(table: str, pages: Iterable[list[Item]]) -> None:
            for items in pages:
                self._judge_held(table, [i for i in items if self._ours(i) and self._differs(_key(table, i))])

        self._scan_sources(source_segment)
        self._scan_targets(target_segment)

    def _judge(self, source: str, found: Transformed) -> None:
        """Whether there is anything left to do for an item; where it lost its place, what became of it."""
        fates = set()
        for record in found.records:
            plan, _ = self.engine.mover.placer.planned(Wanted(record.source, record))
            if plan.writes:
                key = min(plan.writes)
                self._problem(
                    Problem("missing or different", record.source, "/".join(key), f"{len(plan.writes)} items")
                )
            fates.add(plan.fate)
            if plan.fate is Fate.WRITTEN:
                with self._lock:
                    self._placed += sum(self._differs(key) for key in record.keys)
        fate = next((one for one in _GRAVITY if one in fates), None)
        if fate:
            with self._lock:
                self._counts[source][Fate.WRITTEN.value] -= 1
                self._counts[source][fate.value] += 1

    def _judge_held(self, table: str, items: Sequence[Item]) -> None:
        """Whether each item of the target is one that its source becomes."""
        stamps = [stamp for item in items if (stamp := Stamp.read(item))]
        got = self.engine.legacy.get(source_key(item_of(stamp.source)) for stamp in stamps)
        for item, stamp in zip(items, stamps, strict=True):
            key, name = _key(table, item), item_of(stamp.source)
            found = self._of(name, got.get(name))
            wanted = (
                {one for record in found.records if record.source == stamp.source for one in record.keys}
                if found
                else set()
            )
            if key in wanted:
                if self.engine.mover.placer.planned(_wanted(found, stamp.source))[0].fate is not Fate.WRITTEN:
                    self._keep()
            elif not untouched(item, stamp) or (found and found.refused):
                self._keep()  # newer in the target, or as it was before its source was quarantined
            else:
                self._problem(Problem("extra", stamp.source, "/".join(key), "its source is gone or has another key"))

    def _of(self, name: str, item: Item | None) -> Transformed | None:
        table, _ = source_key(name)
        return None if item is None else self.engine.mover.transformed(table, [item])[name]

    def _keep(self) -> None:
        with self._lock:
            self.report.kept += 1

    def _problem(self, problem: Problem) -> None:
        with self._lock:
            self.report.problem_count += 1
            if len(self.report.problems) < _SHOWN:
                self.report.problems.append(problem)

    def _ours(self, item: Item) -> bool:
        stamp = Stamp.read(item)
        return stamp is not None and stamp.of == self.engine.file.name

    def _differs(self, key: Key) -> bool:
        buckets = self._differing.get(key.table)
        return bool(buckets) and Buckets.of(self.bits, key.wire()) in (buckets or ())

    def _empty(self) -> dict[str, Buckets]:
        return {table: Buckets(self.bits) for table in self.engine.run.targets}

    def _scan_sources(self, segment: Callable[[str, Iterable[list[Item]]], None]) -> None:
        sources = [(name, one.segments) for name, one in self.engine.run.sources.items()]
        self._scan(self.engine.legacy, [(name, name, segments) for name, segments in sources], segment)

    def _scan_targets(self, segment: Callable[[str, Iterable[list[Item]]], None]) -> None:
        threads = self.engine.speed.threads
        self._scan(self.tables, [(t, name, threads) for t, name in self.engine.run.targets.items()], segment)

    def _scan(
        self,
        tables: Legacy,
        wanted: Iterable[tuple[str, str, int]],
        segment: Callable[[str, Iterable[list[Item]]], None],
    ) -> None:
        with ThreadPoolExecutor(self.engine.speed.threads, thread_name_prefix="verify") as pool:
            for done in [
                pool.submit(segment, table, tables.pages(name, number, segments, PAGE_ITEMS))
                for table, name, segments in wanted
                for number in range(segments)
            ]:
                done.result()


def _wanted(found: Transformed | None, source: str) -> Wanted:
    record = next(one for one in (found.records if found else ()) if one.source == source)
    return Wanted(source, record)


def _key(table: str, item: Item) -> Key:
    return Key(table, item[PARTITION]["S"], item[SORT]["S"])


def _sums(buckets: Buckets) -> dict[str, Any]:
    return {"items": buckets.count, "checksum": f"{buckets.checksum:032x}"}
