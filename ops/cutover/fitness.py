"""Whether a table can serve in the place of another: everything that the stack gives the one that it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.data.tables import PARTITION_KEY, SORT_KEY, TABLES, TableDefinition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def lacking(dynamodb: Any, logical: str, physical: str, key_arn: str | None) -> list[str]:
    """What `physical` lacks to serve as `logical`, in words. `key_arn`: the stack's key, which its functions may use.

    Raises ClientError when there is no such table, or it cannot be described.
    """
    definition = TABLES[logical]
    table = dynamodb.describe_table(TableName=physical)["Table"]
    expiry = dynamodb.describe_time_to_live(TableName=physical)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=physical)["ContinuousBackupsDescription"]
    return [*_shape(definition, table), *_settings(definition, table, expiry, backups, key_arn)]


def stream_arn(dynamodb: Any, physical: str) -> str | None:
    """What `legacyTables` in the stack's config is to say of a table's stream."""
    found = dynamodb.describe_table(TableName=physical)["Table"].get("LatestStreamArn")
    return str(found) if found else None


def _shape(definition: TableDefinition, table: Mapping[str, Any]) -> Iterator[str]:
    if table["TableStatus"] != "ACTIVE":
        yield f"it is {table['TableStatus']}, not ACTIVE"
    if _keys(table) != (PARTITION_KEY, SORT_KEY):
        yield f"its keys are {_keys(table)}, not ('{PARTITION_KEY}', '{SORT_KEY}')"
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    yield from (
        f"the key attribute {name} is no string" for name in definition.attributes if types.get(name, "S") != "S"
    )
    indexes = {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", ())}
    for name in definition.indexes:
        index = indexes.get(name)
        if index is None:
            yield f"the index {name} is missing"
        elif _keys(index) != (f"{name}pk", f"{name}sk") or index["Projection"]["ProjectionType"] != "ALL":
            yield f"the index {name} has other keys, or does not project everything"
        elif index.get("IndexStatus", "ACTIVE") != "ACTIVE":
            yield f"the index {name} is {index['IndexStatus']}, not ACTIVE"


def _settings(
    definition: TableDefinition,
    table: Mapping[str, Any],
    expiry: Mapping[str, Any],
    backups: Mapping[str, Any],
    key_arn: str | None,
) -> Iterator[str]:
    if definition.ttl and (expiry.get("TimeToLiveStatus"), expiry.get("AttributeName")) != ("ENABLED", definition.ttl):
        yield f"its items do not expire by {definition.ttl}"
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    if recovery != "ENABLED":
        yield "point-in-time recovery is off"
    encryption = table.get("SSEDescription", {})
    if encryption.get("SSEType") != "KMS" or (key_arn and encryption.get("KMSMasterKeyArn") != key_arn):
        yield "it is not encrypted with the stack's key"
    stream = table.get("StreamSpecification", {})
    if definition.stream and stream.get("StreamViewType") != "NEW_AND_OLD_IMAGES":
        yield "it has no stream of new and old images"


def _keys(table: Mapping[str, Any]) -> tuple[str, ...]:
    keys = {key["KeyType"]: key["AttributeName"] for key in table["KeySchema"]}
    return tuple(keys[kind] for kind in ("HASH", "RANGE") if kind in keys)
