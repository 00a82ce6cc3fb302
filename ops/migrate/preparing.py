"""What is looked at before anything is written: the mapping against both sides' tables, samples, cost and time."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from omnix.migration.checksum import canonical
from omnix.migration.entities import ENTITIES, TABLES
from omnix.migration.mapping import MappingError, digest, read
from omnix.migration.moving import Mover
from omnix.migration.patience import Patience
from omnix.migration.placing import Placer
from omnix.migration.reading import Legacy
from omnix.migration.record import PARTITION, SORT, source_key
from omnix.migration.store import DynamoStore
from ops.errors import Refused
from ops.migrate.folder import SourceTable
from ops.migrate.masking import Masking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.migration.mapping import Lookup
    from omnix.migration.mapping import Mapping as MappingFile
    from omnix.migration.transform import Transformed
    from omnix.migration.wire import Item
    from ops.migrate.account import Account

_SEGMENT_BYTES = 1_000_000_000
_UNIT_READ, _UNIT_WRITE = 4096, 1024
# What one thread was measured to place beside DynamoDB Local; a store's own limit may be lower.
_ITEMS_PER_THREAD = 400.0
_SHOWN = 3


@dataclass(frozen=True)
class Prepared:
    """A mapping that fits the tables of both sides."""

    file: MappingFile
    text: str
    sources: dict[str, SourceTable]
    targets: dict[str, str]

    @property
    def sha256(self) -> str:
        """Of the file."""
        return digest(self.text)


@dataclass
class Sample:
    """What some items of a source become: how many were looked at, what became of them, and a few of each, masked."""

    source: str
    looked_at: int = 0
    fates: dict[str, int] = field(default_factory=dict)
    shown: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    written_items: int = 0
    written_units: int = 0


def target_tables(file: MappingFile) -> set[str]:
    """The logical tables that a mapping writes to."""
    entities = (rule.entity for source in file.sources for rule in source.records if rule.entity)
    return file.targets | {TABLES[one] for one in entities if one in TABLES}


def prepared(text: str, source: Account, target: Account, names: Mapping[str, str], threads: int) -> Prepared:
    """Raises Refused with all that is wrong, in the file and against the tables; nothing was touched then."""
    try:
        file = read(text)
    except MappingError as error:
        raise _wrong(error.errors) from None
    wrong = _unknown_entities(file)
    sources: dict[str, SourceTable] = {}
    for one in file.sources:
        found = _described(source, one.table)
        if found is None:
            wrong.append(f"{one.table}: there is no such table in account {source.account_id}, {source.region}")
            continue
        wrong += _against_source(found, one.key, source.account_id)
        if found["TableArn"].split(":")[4] == target.account_id and one.table in names.values():
            wrong.append(f"{one.table}: is a standard table of this environment, and no source")
        sources[one.table] = _source(found, threads)
        wrong += [line for lookup in one.lookup for line in _against_lookup(source, lookup)]
    targets: dict[str, str] = {}
    for logical in sorted(target_tables(file)):
        if logical not in names:
            wrong.append(f"{logical}: the stack has no such table; it has {', '.join(sorted(names))}")
            continue
        targets[logical] = names[logical]
        wrong += _against_target(logical, _described(target, names[logical]))
    if wrong:
        raise _wrong(wrong)
    return Prepared(file, text, sources, targets)


def _wrong(errors: list[str]) -> Refused:
    lines = "\n".join(f"  - {one}" for one in errors)
    return Refused(f"the mapping is not right; nothing was touched:\n{lines}", "correct the file and check it again")


def _unknown_entities(file: MappingFile) -> list[str]:
    return [
        f"{source.table}.{rule.name}: {rule.entity!r} is none of {', '.join(sorted(ENTITIES))}"
        for source in file.sources
        for rule in source.records
        if rule.entity and rule.entity not in ENTITIES
    ]


def _described(account: Account, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = account.client("dynamodb").describe_table(TableName=name)["Table"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    return found


def _against_source(found: Mapping[str, Any], key: list[str], account_id: str) -> list[str]:
    name, wrong = found["TableName"], []
    real = [one["AttributeName"] for one in sorted(found["KeySchema"], key=lambda one: one["KeyType"] != "HASH")]
    if real != key:
        wrong.append(f"{name}: its key is {real}, and the mapping says {key}")
    if found["TableArn"].split(":")[4] != account_id:
        wrong.append(f"{name}: belongs to account {found['TableArn'].split(':')[4]}, and not to {account_id}")
    if found["TableStatus"] not in {"ACTIVE", "UPDATING"}:
        wrong.append(f"{name}: is {found['TableStatus']}")
    return wrong


def _against_lookup(account: Account, lookup: Lookup) -> list[str]:
    found = _described(account, lookup.table)
    if found is None:
        return [f"{lookup.table}: there is no such table to look up {lookup.name} in"]
    real = {one["AttributeName"] for one in found["KeySchema"]}
    return [] if real == lookup.key.keys() else [f"{lookup.name}: the key of {lookup.table} is {sorted(real)}"]


def _against_target(logical: str, found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return [f"{logical}: the stack's table is not there"]
    real = [one["AttributeName"] for one in sorted(found["KeySchema"], key=lambda one: one["KeyType"] != "HASH")]
    return [] if real == [PARTITION, SORT] else [f"{logical}: its key is {real}, and not [pk, sk]"]


def _source(found: Mapping[str, Any], threads: int) -> SourceTable:
    size = int(found.get("TableSizeBytes", 0))
    stream = found.get("StreamSpecification") or {}
    images = stream.get("StreamEnabled") and stream.get("StreamViewType") in {"NEW_AND_OLD_IMAGES", "OLD_IMAGE"}
    return SourceTable(
        arn=found["TableArn"],
        key=[one["AttributeName"] for one in sorted(found["KeySchema"], key=lambda one: one["KeyType"] != "HASH")],
        items=int(found.get("ItemCount", 0)),
        bytes=size,
        segments=max(threads, math.ceil(size / _SEGMENT_BYTES)),
        stream_arn=found.get("LatestStreamArn") if images else None,
    )


def sampled(
    ready: Prepared, source: Account, target: Account, items: int, *, idle: bool, show_values: bool = False
) -> list[Sample]:
    """What the first `items` of each source become; reads only. Only with `show_values` as they are (`masking`)."""
    patience = Patience(30)
    legacy = Legacy(source.wire(), ready.file.keys, patience)
    mover = Mover(ready.file, legacy, Placer(DynamoStore(target.wire(), ready.targets, patience), {}))
    masking = None if show_values else Masking()
    return [_sample(mover, legacy, name, items, masking, idle=idle) for name in ready.sources]


def _sample(mover: Mover, legacy: Legacy, name: str, items: int, masking: Masking | None, *, idle: bool) -> Sample:
    page = legacy.page(name, 0, 1, None, items).items
    transformer = mover.transformer(name)
    sample, fates = Sample(name, len(page)), Counter[str]()
    heads = [item for item in page if transformer.leader(item) is None]
    fates.update(one.fate.value for one in mover.members(name, [i for i in page if transformer.leader(i) is not None]))
    images = {transformer.name(item): item for item in heads}
    for one, found in mover.transformed(name, heads).items():
        fates["quarantined" if found.refused else "left out" if found.left_out is not None else "written"] += 1
        if found.refused and len(sample.refused) < _SHOWN * 10:
            sample.refused.append(_refused(one, images[one], found, masking))
        if found.records and len(sample.shown) < _SHOWN:
            sample.shown.append(_shown(images[one], found, masking))
        for record in found.records:
            for target in record.targets:
                sample.written_items += 1
                sample.written_units += _units(target.item, idle=idle)
    sample.fates = dict(sorted(fates.items()))
    return sample


def _shown(image: Item, found: Transformed, masking: Masking | None) -> dict[str, Any]:
    targets = [target for record in found.records for target in record.targets]
    items = [image, *(one.item for one in targets)]
    if masking:
        items = list(map(masking.over(items).item, items))
    tables = [one.key.table for one in targets]
    return {
        "from": items[0],
        "becomes": [{"table": table, "item": item} for table, item in zip(tables, items[1:], strict=True)],
    }


def _refused(name: str, image: Item, found: Transformed, masking: Masking | None) -> dict[str, Any]:
    key, reasons = source_key(name)[1], list(found.refused)
    if masking:
        masked = masking.over([image])
        key, reasons = masked.item(key), list(map(masked.text, reasons))
    return {"item": key, "reasons": reasons}


def _units(item: Item, *, idle: bool) -> int:
    """Write units: a transaction costs double, and each index that lists the item as much as the item once."""
    once = math.ceil(len(canonical(item)) / _UNIT_WRITE)
    indexes = sum(name.startswith("gsi") and name.endswith("pk") for name in item)
    return once * (1 if idle else 2) + once * indexes


@dataclass(frozen=True)
class Estimate:
    """Items, units, dollars (on-demand list prices) and seconds; the tables' own counts are up to six hours old.

    `backup_gb`: what the backups of the sources hold, billed by the month until somebody deletes them.
    """

    items: int
    written_items: int
    read_units: float
    write_units: float
    usd: float | None
    seconds: float
    backup_gb: float = 0.0

    def document(self) -> dict[str, Any]:
        """As JSON shows it."""
        return asdict(self)


def estimate(
    ready: Prepared,
    samples: list[Sample],
    threads: int,
    *,
    read_rate: float | None,
    write_rate: float | None,
    prices: tuple[float, float] | None,
) -> Estimate:
    """`prices`: dollars for a million read and write units."""
    items = written = 0
    reads = writes = 0.0
    for sample in samples:
        table = ready.sources[sample.source]
        count = max(table.items, sample.looked_at)
        share = count / sample.looked_at if sample.looked_at else 0.0
        items += count
        written += round(sample.written_items * share)
        reads += max(table.bytes, count * 100) / _UNIT_READ
        writes += sample.written_units * share
    seconds = items / (_ITEMS_PER_THREAD * threads)
    if read_rate:
        seconds = max(seconds, reads / read_rate)
    if write_rate:
        seconds = max(seconds, writes / write_rate)
    usd = (reads * prices[0] + writes * prices[1]) / 1e6 if prices else None
    gigabytes = sum(ready.sources[sample.source].bytes for sample in samples) / 1e9
    return Estimate(items, written, round(reads, 1), round(writes, 1), usd, round(seconds, 1), round(gigabytes, 3))


def list_prices(region: str) -> tuple[float, float] | None:
    """Of a million read and write units on demand; None for a region whose prices are not known here."""
    from ops.preview.price_table import read_prices

    table = read_prices()
    if table.region != region:
        return None
    return table.prices["table_reads"].usd, table.prices["table_writes"].usd
