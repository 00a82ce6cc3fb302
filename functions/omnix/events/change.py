"""A change of one item, as a table's stream tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from omnix import clock
from omnix.dynamodb import load_item

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.dynamodb import Item

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


def change(record: Mapping[str, Any], prefix: str) -> Change:
    """The change that a record of a Lambda event (`Records[]`, NEW_AND_OLD_IMAGES) tells.

    `prefix` is what physical table names begin with (`omnix-ai-dev-`). Raises KeyError for a record that is no
    DynamoDB stream's, ValueError for a table of another environment.
    """
    data = record["dynamodb"]
    name = str(record["eventSourceARN"]).partition(":table/")[2].partition("/")[0]
    if not name.startswith(prefix):
        raise ValueError(f"{name} is not a table of this environment")
    old, new = data.get("OldImage"), data.get("NewImage")
    return Change(
        event_id=record["eventID"],
        table=name.removeprefix(prefix),
        kind=_KINDS[record["eventName"]],
        old=load_item(old) if old else None,
        new=load_item(new) if new else None,
        at=clock.iso(float(data["ApproximateCreationDateTime"])),
        expired=record.get("userIdentity", {}).get("principalId") == "dynamodb.amazonaws.com",
    )
