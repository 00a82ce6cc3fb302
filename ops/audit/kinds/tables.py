"""DynamoDB tables. Their metrics are per table (and per table and index for index reads)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.audit.model import Kind, Resource
from ops.audit.plain import chosen, moment, settled, tags
from ops.audit.reader import Notes
from ops.audit.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.audit.reader import Reader

KINDS = (Kind.TABLE,)


def read(reader: Reader, region: str, only: str | None = None) -> Iterator[Seen]:
    """The region's tables, or the one named `only`."""
    names = [only] if only else reader.pages("dynamodb", "list_tables", region, "TableNames", KINDS)
    for name in names:
        notes = Notes()
        asked: dict[str, Any] = {"subject": name, "notes": notes}
        answer = reader.call("dynamodb", "describe_table", region, KINDS, TableName=name, **asked)
        if answer or notes.missing:
            yield Seen(_table(reader, region, name, (answer or {}).get("Table", {}), notes))


def _table(reader: Reader, region: str, name: str, table: dict[str, Any], notes: Notes) -> Resource:
    arn = table.get("TableArn") or reader.arn("dynamodb", region, f"table/{name}")
    asked: dict[str, Any] = {"subject": name, "notes": notes}
    ttl = reader.call("dynamodb", "describe_time_to_live", region, KINDS, TableName=name, **asked) or {}
    copies = reader.call("dynamodb", "describe_continuous_backups", region, KINDS, TableName=name, **asked) or {}
    marks = reader.pages("dynamodb", "list_tags_of_resource", region, "Tags", KINDS, ResourceArn=arn, **asked)
    recovery = copies.get("ContinuousBackupsDescription", {}).get("PointInTimeRecoveryDescription", {})
    facts = chosen(table, "TableId", "AttributeDefinitions", "DeletionProtectionEnabled", "StreamSpecification")
    # keys have an order that means something: partition first
    facts["KeySchema"] = table.get("KeySchema", [])
    facts["BillingMode"] = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    facts["TableClass"] = table.get("TableClassSummary", {}).get("TableClass", "STANDARD")
    facts["SSE"] = chosen(table.get("SSEDescription", {}), "SSEType", "KMSMasterKeyArn")
    facts["Indexes"] = {
        index["IndexName"]: [index["KeySchema"], settled(index.get("Projection", {}))]
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        for index in table.get(kind) or []
    }
    facts["Replicas"] = sorted(replica["RegionName"] for replica in table.get("Replicas") or [])
    facts["TimeToLive"] = chosen(ttl.get("TimeToLiveDescription", {}), "TimeToLiveStatus", "AttributeName")
    facts["PointInTimeRecovery"] = recovery.get("PointInTimeRecoveryStatus", "DISABLED")
    throughput = table.get("ProvisionedThroughput", {})
    measures = {
        "status": table.get("TableStatus"),
        "items": table.get("ItemCount"),
        "bytes": table.get("TableSizeBytes"),
        "read_units": throughput.get("ReadCapacityUnits", 0),
        "write_units": throughput.get("WriteCapacityUnits", 0),
        "stream_arn": table.get("LatestStreamArn"),
    }
    return Resource(
        kind=Kind.TABLE, arn=arn, name=name, region=region, account_id=reader.account_id,
        created_at=moment(table.get("CreationDateTime")), tags=tags(marks), facts=facts, measures=measures,
        incomplete=notes.missing,
    )  # fmt: skip
