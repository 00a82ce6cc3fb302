"""Whether two roads to one moment's data agree: a recovery point, and point-in-time recovery as of its time.

A recovery point is no moment but a second or so of one: what changed between its beginning and its end may be in it or
not. That is decided, never assumed: where the two differ, the table is restored as of the end too, and an item that is
the same at beginning and end has to be the same in the recovery point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omnix.migration.checksum import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.migration.checksum import WireItem

type Key = tuple[str, ...]
type Items = Mapping[Key, WireItem]


@dataclass(frozen=True)
class Difference:
    """An item that one of the roads does not bring back as the other does."""

    key: Key
    what: str

    def __str__(self) -> str:
        return f"{' '.join(self.key)}: {self.what}"


def differences(restored: Items, source: Items) -> list[Difference]:
    """Items of one bucket or table that are not the same in both, by key."""
    found = []
    for key in sorted({*restored, *source}):
        mine, theirs = restored.get(key), source.get(key)
        if mine is None:
            found.append(Difference(key, "missing"))
        elif theirs is None:
            found.append(Difference(key, "not in the source"))
        elif canonical(mine) != canonical(theirs):
            names = sorted(name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name))
            found.append(Difference(key, f"differs in {', '.join(names)}"))
    return found


def changed_between(began: Items, ended: Items) -> set[Key]:
    """What changed while a recovery point was made."""
    return {one.key for one in differences(began, ended)}


def judged(restored: Items, began: Items, ended: Items) -> tuple[list[Difference], int]:
    """The differences that nothing explains, and how many are of items that changed meanwhile."""
    moved = changed_between(began, ended)
    found = differences(restored, began)
    unexplained = [one for one in found if one.key not in moved]
    return unexplained, len(found) - len(unexplained)
