"""Reads whole tables, in segments side by side, without ever holding one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from components.data.tables import PARTITION_KEY, SORT_KEY
from omnix.migration.checksum import Buckets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omnix.migration.checksum import WireItem
    from ops.backup.waiting import Patience

STANDARD = (PARTITION_KEY, SORT_KEY)
SEGMENTS = 4
BITS = 12  # buckets of a table's keys: of a million items, 250 are compared for one that differs


def key_names(client: Any, table: str, patience: Patience) -> tuple[str, ...]:
    """The names of a table's key attributes, the partition key's first: `STANDARD`, but of a legacy table any."""
    schema = patience.insist(client.describe_table, TableName=table)["Table"]["KeySchema"]
    return tuple(one["AttributeName"] for one in sorted(schema, key=lambda one: one["KeyType"] != "HASH"))


def key_of(item: WireItem, names: tuple[str, ...] = STANDARD) -> WireItem:
    """The key of an item."""
    return {name: item[name] for name in names}


def key_text(item: WireItem, names: tuple[str, ...]) -> tuple[str, ...]:
    """The values of an item's key, whatever their type."""
    return tuple(str(value) for name in names for value in item[name].values())


def scanned(client: Any, table: str, patience: Patience, **arguments: Any) -> Iterator[list[WireItem]]:
    """Pages of a table (or of the segment that the arguments name), strongly consistent."""
    start: dict[str, Any] = {}
    while True:
        page: dict[str, Any] = patience.insist(client.scan, TableName=table, ConsistentRead=True, **arguments, **start)
        yield page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def read[T](
    client: Any, table: str, make: Callable[[], T], take: Callable[[T, WireItem], None], patience: Patience
) -> list[T]:
    """Read a table in segments side by side: each item is given to its segment's own `make()`."""

    def segment(number: int) -> T:
        part = make()
        for page in scanned(client, table, patience, Segment=number, TotalSegments=SEGMENTS):
            for item in page:
                take(part, item)
        return part

    with ThreadPoolExecutor(SEGMENTS, thread_name_prefix=f"read-{table}") as pool:
        return list(pool.map(segment, range(SEGMENTS)))


def checksums(client: Any, table: str, names: tuple[str, ...], patience: Patience) -> Buckets:
    """The table's items as sums in buckets of their keys, which are of the attributes `names`."""

    def take(sums: Buckets, item: WireItem) -> None:
        sums.add(key_of(item, names), item)

    whole = Buckets(BITS)
    for part in read(client, table, lambda: Buckets(BITS), take, patience):
        whole.merge(part)
    return whole


def items_of_buckets(
    client: Any, table: str, names: tuple[str, ...], buckets: frozenset[int], patience: Patience
) -> dict[tuple[str, ...], WireItem]:
    """The items of some buckets, by key."""
    sums = Buckets(BITS)

    def keep(found: dict[tuple[str, ...], WireItem], item: WireItem) -> None:
        if sums.bucket(key_of(item, names)) in buckets:
            found[key_text(item, names)] = item

    parts = read(client, table, dict[tuple[str, ...], Any], keep, patience)
    return {key: item for part in parts for key, item in part.items()}
