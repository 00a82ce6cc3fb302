"""Brings one tenant or one item back: restores the table beside the live one, compares, writes back, cleans up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.backup import reading, restoring
from ops.backup.bringing_back import Change, Kind, belongs, changes
from ops.backup.writing import Written, live_items, write_back
from ops.dr.scratch import Run, Scratch
from ops.dr.sweeping import Sweeper
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from omnix.migration.checksum import WireItem
    from ops.backup.bringing_back import Key
    from ops.backup.estate import Estate, Vault
    from ops.backup.points import RecoveryPoint
    from ops.backup.tables import Protected
    from ops.backup.waiting import Patience


@dataclass(frozen=True)
class Source:
    """What is restored: a recovery point of a vault, or the live table as of a time."""

    point: tuple[RecoveryPoint, Vault] | None = None
    moment: datetime | None = None

    def vault(self, estate: Estate) -> Vault:
        """Where the restored table will be."""
        return self.point[1] if self.point else estate.home


@dataclass(frozen=True)
class Part:
    """One tenant's items, or one item."""

    tenant: str | None = None
    item: Key | None = None

    def takes(self, found: WireItem) -> bool:
        """Whether an item is of the part."""
        if self.item is not None and (found["pk"]["S"], found["sk"]["S"]) != self.item:
            return False
        return self.tenant is None or belongs(found, self.tenant)


@dataclass
class Brought:
    """What a run found and did. `restored`: items of the part in the restored table."""

    restored: int
    changes: list[Change]
    written: Written | None
    left: list[str]


def restore_whole(estate: Estate, physical: str, source: Source, target: str, patience: Patience) -> str:
    """The whole table under a new name; its ARN once it is ACTIVE."""
    if source.point:
        return restoring.restore_point(estate, source.point[0], source.point[1], target, patience)
    return restoring.restore_at(estate, physical, source.moment, target, patience)


def bring_back(
    estate: Estate,
    table: Protected,
    source: Source,
    part: Part,
    *,
    undo: Path | None,
    overwrite: bool,
    patience: Patience,
    say: Callable[[str], None],
) -> Brought:
    """Compare, and with an `undo` file to write write back. Holds the part's items; the scratch table always goes.

    Raises Refused for a table of other keys than the platform's: which of its items are the part's cannot be said.
    """
    physical, run, scratch = table.physical, Run.now(), Scratch.of(estate.environment)
    sweeper = Sweeper(estate, scratch, say)
    name = scratch.name(run, f"{table.label}-part")
    _require_keys(estate, physical, patience)
    try:
        say(f"restoring {table.label} into {name}")
        restore_whole(estate, physical, source, name, patience)
        client = estate.client("dynamodb", source.vault(estate))
        restored = _part(client, name, part, patience)
        live_client = estate.client("dynamodb")
        live = live_items(live_client, physical, sorted(restored), patience)
        found = changes(restored, live)
        wanted = [one for one in found if overwrite or one.kind is not Kind.NEWER]
        written = write_back(live_client, physical, wanted, undo, patience) if undo and wanted else None
    except BaseException:
        patience.stop.set()
        sweeper.remove_run(run)
        raise
    return Brought(len(restored), found, written, sweeper.remove_run(run))


def _require_keys(estate: Estate, physical: str, patience: Patience) -> None:
    keys = reading.key_names(estate.client("dynamodb"), physical, patience)
    if keys != reading.STANDARD:
        raise Refused(
            f"the keys of {physical} are {', '.join(keys)}, not {', '.join(reading.STANDARD)}",
            "restore it whole: leave --tenant and --item out",
        )


def _part(client: object, table: str, part: Part, patience: Patience) -> dict[Key, WireItem]:
    def take(found: dict[Key, WireItem], item: WireItem) -> None:
        if part.takes(item):
            found[item["pk"]["S"], item["sk"]["S"]] = item

    parts = reading.read(client, table, dict[tuple[str, str], "WireItem"], take, patience)
    return {key: item for one in parts for key, item in one.items()}
