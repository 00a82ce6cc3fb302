"""The snapshot: every item of every source once, by parallel segments, each page acknowledged when it is placed."""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from omnix.migration.deciding import Fate
from omnix.migration.record import source_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from omnix.migration.moving import Mover, Result
    from omnix.migration.reading import Legacy
    from omnix.migration.wire import Item
    from ops.migrate.journal import Journal, Segment

PAGE_ITEMS = 400


@dataclass
class Snapshot:
    """One pass over the sources. `segments`: by source. `each` is told how many items a page had."""

    mover: Mover
    legacy: Legacy
    journal: Journal
    number: int
    segments: Mapping[str, int]
    threads: int
    each: Callable[[str, int], None]
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until every segment is acknowledged. Raises what stopped it; what is acknowledged stays so.

        A source begins when the one before is done, in the mapping's order: the platform counts an order for the
        customer that is there, once.
        """
        begun = {
            source: self.journal.begin_pass(self.number, source, segments) for source, segments in self.segments.items()
        }
        with ThreadPoolExecutor(self.threads, thread_name_prefix="segment") as pool:
            for source, segments in begun.items():
                work: queue.SimpleQueue[tuple[str, Segment]] = queue.SimpleQueue()
                for segment in segments:
                    if not segment.done:
                        work.put((source, segment))
                for done in [pool.submit(self._work, work) for _ in range(self.threads)]:
                    done.result()
        again(self.mover, self.legacy, self.journal)

    def _work(self, work: queue.SimpleQueue[tuple[str, Segment]]) -> None:
        while not self._stopped.is_set():
            try:
                source, segment = work.get_nowait()
            except queue.Empty:
                return
            try:
                self._segment(source, segment)
            except BaseException:
                self._stopped.set()
                raise

    def _segment(self, source: str, segment: Segment) -> None:
        start = segment.next
        while not self._stopped.is_set():
            page = self.legacy.page(source, segment.number, self.segments[source], start, PAGE_ITEMS)
            results, images = moved(self.mover, self.legacy, self.journal, source, page.items)
            self.journal.acknowledge(self.number, source, segment.number, page.following, results, images)
            self.each(source, len(page.items))
            if page.following is None:
                return
            start = page.following


def moved(
    mover: Mover,
    legacy: Legacy,
    journal: Journal,
    table: str,
    items: Sequence[Item],
    before: Mapping[str, Sequence[Item]] | None = None,
) -> tuple[list[Result], dict[str, Item]]:
    """Place items, and then those that lost their place at a key which became free. Results, and images by name."""
    transformer = mover.transformer(table)
    images = {transformer.name(item): item for item in items}
    results = mover.move(table, items, before, journal.held({*images, *(before or {})}))
    return results + _restored(mover, legacy, journal, results), images


def _restored(mover: Mover, legacy: Legacy, journal: Journal, results: Sequence[Result]) -> list[Result]:
    found: list[Result] = []
    freed = frozenset[object]().union(*(one.freed for one in results))
    seen = {one.source for one in results}
    while freed:
        names = [name for name in journal.waiting_for(freed) if name not in seen]  # type: ignore[arg-type]
        more = revisited(mover, legacy, journal, names)
        seen |= set(names)
        found += more
        freed = frozenset[object]().union(*(one.freed for one in more))
    return found


def revisited(mover: Mover, legacy: Legacy, journal: Journal, names: Iterable[str]) -> list[Result]:
    """Place source items, by name, as they are now; those that are gone are left alone."""
    wanted = list(names)
    got, held = legacy.get(map(source_key, wanted)), journal.held(wanted)
    by_table: defaultdict[str, list[Item]] = defaultdict(list)
    for name, item in got.items():
        by_table[source_key(name)[0]].append(item)
    return [result for table, items in by_table.items() for result in mover.move(table, items, held=held)]


def again(mover: Mover, legacy: Legacy, journal: Journal) -> None:
    """Look once more at every exception, and at what a killed process announced and did not tell the end of."""
    announced = journal.announced()
    _look_again(mover, legacy, journal, announced)
    journal.settled(announced)
    after = ""
    while page := journal.exceptions(after):
        after = page[-1].record
        _look_again(mover, legacy, journal, list(dict.fromkeys(one.item for one in page)))


def _look_again(mover: Mover, legacy: Legacy, journal: Journal, names: Sequence[str]) -> None:
    results = revisited(mover, legacy, journal, names)
    seen = {one.source for one in results}
    gone = [_gone(name) for name in names if name not in seen]
    images = legacy.get(map(source_key, names))
    journal.note([*results, *_restored(mover, legacy, journal, results), *gone], images)


def _gone(name: str) -> Result:
    from omnix.migration.moving import Result

    return Result(name, Fate.GONE)
