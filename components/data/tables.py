"""The nine tables as data: keys, indexes, expiry and streams.

Every table has the partition key `pk` and the sort key `sk`, both strings; an index `gsi1` has the keys
`gsi1pk` and `gsi1sk`, and projects everything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

PARTITION_KEY = "pk"
SORT_KEY = "sk"


@dataclass(frozen=True)
class TableDefinition:
    """One table. `ttl` is the attribute of an item's expiry (epoch seconds); `stream` keeps 24 h."""

    name: str
    indexes: tuple[str, ...] = ()
    ttl: str | None = None
    stream: bool = False

    @property
    def attributes(self) -> tuple[str, ...]:
        """The key attributes, table first: DynamoDB refuses a definition with any other attribute."""
        keys = [PARTITION_KEY, SORT_KEY]
        for index in self.indexes:
            keys += [f"{index}pk", f"{index}sk"]
        return tuple(keys)


TABLES: Mapping[str, TableDefinition] = MappingProxyType(
    {
        table.name: table
        for table in (
            TableDefinition("users", indexes=("gsi1",)),
            TableDefinition("products", indexes=("gsi1",), stream=True),
            TableDefinition("orders", indexes=("gsi1", "gsi2"), stream=True),
            TableDefinition("inventory", indexes=("gsi1",), stream=True),
            TableDefinition("sessions", indexes=("gsi1",), ttl="expires_at"),
            TableDefinition("customer-profiles", indexes=("gsi1",)),
            TableDefinition("recommendations", ttl="expires_at"),
            TableDefinition("analytics", ttl="expires_at"),
            TableDefinition("workspaces", indexes=("gsi1", "gsi2"), ttl="expires_at", stream=True),
        )
    }
)
