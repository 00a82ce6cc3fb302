"""What of a restored table differs from the live one, and which of it may be written back. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from omnix.integrity.saying import tenant_of
from omnix.migration.checksum import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.migration.checksum import WireItem

type Key = tuple[str, str]


class Kind(StrEnum):
    """How the live item stands to the restored one."""

    MISSING = "missing"  # there is none: it is written
    DAMAGED = "damaged"  # of the same version or an older one, with other content: it is replaced
    NEWER = "newer"  # written since, or nobody can tell: only replaced when that is asked for


@dataclass(frozen=True)
class Change:
    """One item that is not live as it was."""

    key: Key
    kind: Kind
    restored: WireItem
    live: WireItem | None

    def attributes(self) -> list[str]:
        """The names of what differs."""
        live = self.live or {}
        return sorted(name for name in {*self.restored, *live} if self.restored.get(name) != live.get(name))


def belongs(item: WireItem, tenant: str) -> bool:
    """Whether an item is a tenant's: by its key, or by what it says where that names no tenant."""
    named = item.get("tenant_id", {}).get("S")
    return tenant_of({"pk": item["pk"]["S"], "tenant_id": named}) == tenant


def changes(restored: Mapping[Key, WireItem], live: Mapping[Key, WireItem]) -> list[Change]:
    """What differs, by key. Items that are only live are not looked at: they are newer, and stay."""
    found = []
    for key, item in sorted(restored.items()):
        there = live.get(key)
        if there is None:
            found.append(Change(key, Kind.MISSING, item, None))
        elif canonical(item) != canonical(there):
            found.append(Change(key, Kind.NEWER if _is_newer(there, item) else Kind.DAMAGED, item, there))
    return found


def _is_newer(live: WireItem, restored: WireItem) -> bool:
    """By version, or by time of the last write; what has neither is taken for newer."""
    for name, kind in (("version", "N"), ("updated_at", "S")):
        mine, theirs = live.get(name, {}).get(kind), restored.get(name, {}).get(kind)
        if mine is not None and theirs is not None:
            return int(mine) > int(theirs) if kind == "N" else mine > theirs
    return True


def unchanged(item: WireItem | None) -> dict[str, Any]:
    """A condition for a write: that the item is what was read, attribute by attribute, or that there is none."""
    if item is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    names = {f"#n{number}": name for number, name in enumerate(sorted(item))}
    return {
        "ConditionExpression": " AND ".join(f"{name} = :v{name[2:]}" for name in names),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {f":v{name[2:]}": item[attribute] for name, attribute in names.items()},
    }
