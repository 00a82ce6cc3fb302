"""A run put together: its mapping, its tables on both sides, its journal, and how fast it may go."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omnix.migration.moving import Mover
from omnix.migration.pace import CapacityPace
from omnix.migration.patience import Patience
from omnix.migration.placing import Placer
from omnix.migration.reading import Legacy
from omnix.migration.store import DynamoStore, Pace, Unpaced
from ops.migrate.journal import Journal
from ops.migrate.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omnix.migration.mapping import Mapping as MappingFile
    from ops.migrate.account import Account
    from ops.migrate.folder import Folder, Run

UPDATED = "updated_at"


@dataclass(frozen=True)
class Speed:
    """`threads`: segments at once. `read_units`, `write_units`: capacity a second; None: as fast as it goes.

    `patience`: seconds without any progress after which the run gives up, to be taken up again.
    """

    threads: int = 8
    read_units: float | None = None
    write_units: float | None = None
    patience: float = 600.0


@dataclass
class Engine:
    """One run at work."""

    folder: Folder
    run: Run
    file: MappingFile
    legacy: Legacy
    store: DynamoStore
    journal: Journal
    mover: Mover
    speed: Speed

    def snapshot(self, each: Callable[[str, int], None]) -> None:
        """Begin or take up the pass. Raises what stopped it."""
        segments = {name: source.segments for name, source in self.run.sources.items()}
        Snapshot(self.mover, self.legacy, self.journal, self.run.passes, segments, self.speed.threads, each).run()
        self.run.finished = time.time()
        self.folder.save(self.run)


def assembled(folder: Folder, run: Run, file: MappingFile, source: Account, target: Account, speed: Speed) -> Engine:
    """The engine of a run. `source`: the account of the legacy tables, `target`: of the standard ones."""
    patience = Patience(speed.patience)
    connections = speed.threads * 2 + 4
    legacy = Legacy(
        source.wire(connections=connections),
        file.keys,
        patience,
        _pace(speed.read_units),
    )
    store = DynamoStore(target.wire(connections=connections), run.targets, patience, _pace(speed.write_units))
    journal = Journal(folder.journal)
    newer_by: Mapping[str, str] = {table: file.newer_by.get(table, UPDATED) for table in run.targets}
    placer = Placer(
        store, newer_by, idle=run.idle, turn=journal.turns(), announce=journal.announce, retract=journal.retract
    )
    return Engine(folder, run, file, legacy, store, journal, Mover(file, legacy, placer), speed)


def _pace(units: float | None) -> Pace:
    return CapacityPace(units) if units else Unpaced()
