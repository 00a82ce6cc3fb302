"""A change of one item, as a table's stream tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from omnix import clock
from omnix.dynamodb import load_item

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.dynamodb import Item
    from omnix.events.source import Source

type Kind = Literal["insert", "modify", "remove"]

_KINDS: Mapping[str, Kind] = {"INSERT": "insert", "MODIFY": "modify", "REMOVE": "remove"}


@dataclass(frozen=True)
class Change:
    """One item before and after; `old` is None for an insert, `new` for a remove.

    `event_id` is the stream's own and the same at every delivery. `table` is the logical name (`orders`). `at` is the
    second of the write, UTC ISO 8601. `expired`: TTL removed the item, no caller did.
    """

    event_id: str
    table: str
    kind: Kind
    old: Item | None
    new: Item | None
    at: str
    expired: bool = False

    @property
    def item(self) -> Item:
        """The newest image there is."""
        return self.new or self.old or {}

    @property
    def tenant_id(self) -> str:
        """The owner, from the partition key; empty for what no tenant owns."""
        kind, _, rest = str(self.item.get("pk", "")).partition("#")
        return rest.partition("#")[0] if kind == "TENANT" else ""


def change(record: Mapping[str, Any], source: Source) -> Change:
    """The change that a record of a Lambda event (`Records[]`, NEW_AND_OLD_IMAGES) tells. Raises as `source.table`."""
    data = record["dynamodb"]
    old, new = data.get("OldImage"), data.get("NewImage")
    return Change(
        event_id=record["eventID"],
        table=source.table(record),
        kind=_KINDS[record["eventName"]],
        old=load_item(old) if old else None,
        new=load_item(new) if new else None,
        at=clock.iso(float(data["ApproximateCreationDateTime"])),
        expired=record.get("userIdentity", {}).get("principalId") == "dynamodb.amazonaws.com",
    )
