"""A table at one moment: how it was made and what was in it, apart from the table itself."""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched
from typing import Any, Self

from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table

from localcloud.backup import items
from localcloud.backup.items import PlainItem

_CHUNK = 1000


class Chunk:
    """Packed rows; the snapshot writes large ones once, by their hash (see `localcloud.persistence.pickling`)."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def rows(self) -> Iterator[Any]:
        """What was packed."""
        return items.unpack(self.content)


@dataclass(frozen=True)
class Definition:
    """What a restore makes a table from: neither its items nor what a restore loses."""

    name: str
    arn: str
    schema: list[dict[str, Any]]
    attributes: list[dict[str, str]]
    billing_mode: str
    throughput: dict[str, Any]
    indexes: list[Any]
    global_indexes: list[Any]
    encryption: dict[str, Any]
    created: Any

    @classmethod
    def of(cls, table: Table) -> Self:
        """A table's, as it is now."""
        return cls(
            name=table.name,
            arn=table.table_arn,
            schema=copy.deepcopy(table.schema),
            attributes=copy.deepcopy(table.attr),
            billing_mode=table.billing_mode or "PROVISIONED",
            throughput=copy.deepcopy(table.throughput),
            indexes=copy.deepcopy(table.indexes),
            global_indexes=copy.deepcopy(table.global_indexes),
            encryption=copy.deepcopy(table.sse_specification or {}),
            created=table.created_at,
        )

    @property
    def keys(self) -> tuple[str, str | None]:
        """The names of the partition key and of the sort key."""
        names = {key["KeyType"]: key["AttributeName"] for key in self.schema}
        return names["HASH"], names.get("RANGE")

    @property
    def key_arn(self) -> str | None:
        """The customer's KMS key the table is encrypted with; None for DynamoDB's own."""
        return self.encryption.get("KMSMasterKeyId") if self.encryption.get("Enabled") else None


@dataclass
class Contents:
    """Items, packed. `size`: bytes as DynamoDB counts them."""

    chunks: list[Chunk] = field(default_factory=list)
    count: int = 0
    size: int = 0

    @classmethod
    def of(cls, held: Iterable[PlainItem]) -> Self:
        """Items that nobody writes to any more."""
        made = cls()
        for rows in batched(held, _CHUNK, strict=False):
            made.chunks.append(Chunk(items.pack(rows)))
            made.count += len(rows)
            made.size += sum(map(items.size, rows))
        return made

    def rows(self) -> Iterator[PlainItem]:
        """The items again."""
        for chunk in self.chunks:
            yield from chunk.rows()


def held(table: Table) -> list[Item]:
    """The items of a table as of now: writes after this replace them (see `writes`). Under the state lock."""
    stored: Any = table.items
    if not table.has_range_key:
        return list(stored.values())
    return [found for ranges in stored.values() for found in ranges.values()]
