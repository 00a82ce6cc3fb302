"""Fills the legacy tables: `seed(dynamodb, 2_000)` writes about that many items, each table its share."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import batched
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from tests.integration.legacy.items import Item, items
from tests.integration.legacy.tables import LEGACY, LegacyTable

_BATCH = 25  # BatchWriteItem's limit


def counts(total: int) -> dict[str, int]:
    """How many items each table gets of `total`; a table with a share has at least three."""
    return {table.name: max(3, round(total * table.share)) if table.shape else 0 for table in LEGACY}


def seed(dynamodb: Any, total: int, *, only: Iterable[str] | None = None) -> Mapping[str, int]:
    """Write the items with a low-level client, to all tables or `only` those; what was written, by table."""
    wanted = set(only) if only is not None else {table.name for table in LEGACY}
    sizes = {name: count for name, count in counts(total).items() if name in wanted}
    for table in LEGACY:
        if table.shape and sizes.get(table.name):
            write(dynamodb, table.name, rows(table, sizes[table.name]))
    return sizes


def rows(table: LegacyTable, count: int) -> Iterator[dict[str, Any]]:
    """A table's first `count` items in DynamoDB's JSON."""
    assert table.shape, f"{table.name} is empty by design"
    return serialised(items(table.shape, count))


def serialised(plain: Iterable[Item]) -> Iterator[dict[str, Any]]:
    """Items in DynamoDB's JSON."""
    encode = TypeSerializer().serialize
    return ({name: encode(value) for name, value in item.items()} for item in plain)


def write(dynamodb: Any, table: str, encoded: Iterable[dict[str, Any]]) -> None:
    """Put items in batches until every one is acknowledged."""
    for batch in batched(encoded, _BATCH, strict=False):
        waiting = {table: [{"PutRequest": {"Item": item}} for item in batch]}
        while waiting:
            waiting = dynamodb.batch_write_item(RequestItems=waiting).get("UnprocessedItems") or {}
