"""Restores of a table into a new one, from a recovery point or as of a time; nothing is ever restored over a table.

A table that is restored has its data, keys, indexes and capacity. It has lost TTL, streams, tags, point-in-time
recovery, deletion protection and scaling ("Restoring a DynamoDB table": what must be set again); `settings` brings
those back.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.backup.jobs import failed
from ops.backup.points import COMPLETED
from ops.errors import Refused

if TYPE_CHECKING:
    from ops.backup.estate import Estate, Vault
    from ops.backup.points import RecoveryPoint
    from ops.backup.waiting import Patience

_FAILED = frozenset({"FAILED", "ABORTED"})
_WINDOW_SECONDS = 1800.0
# DescribeContinuousBackups has a code of its own for it.
_NO_TABLE = frozenset({"TableNotFoundException", "ResourceNotFoundException"})


def restore_point(estate: Estate, point: RecoveryPoint, vault: Vault, target: str, patience: Patience) -> str:
    """Restore a recovery point of `vault` into the new table `target` there, under the vault's region's key.

    Returns the table's ARN once it is ACTIVE. Raises Refused with AWS's own words when the job fails.
    """
    client = estate.client("backup", vault)
    given = patience.insist(
        client.get_recovery_point_restore_metadata, BackupVaultName=vault.name, RecoveryPointArn=point.arn
    )
    # Without these the table would lie under a key that DynamoDB owns. Names are not case sensitive ("Restore testing
    # inferred metadata"), so that what AWS gave is replaced whatever its spelling.
    own = {"targetTableName": target, "encryptionType": "KMS", "kmsMasterKeyArn": vault.key_arn}
    taken = {name.lower() for name in own}
    kept = {name: text for name, text in given["RestoreMetadata"].items() if name.lower() not in taken}
    arguments: dict[str, Any] = {
        "RecoveryPointArn": point.arn,
        "Metadata": kept | own,
        "IamRoleArn": estate.role_arn,
        "IdempotencyToken": str(uuid.uuid4()),
        "ResourceType": "DynamoDB",
    }
    job = patience.insist(client.start_restore_job, **arguments)["RestoreJobId"]

    def ended() -> str | None:
        found = client.describe_restore_job(RestoreJobId=job)
        if found["Status"] in _FAILED:
            raise failed(f"the restore of {point.table}", found["Status"], found.get("StatusMessage"))
        return found["CreatedResourceArn"] if found["Status"] == COMPLETED else None

    patience.until(ended, f"the restore job {job} of {point.table}")
    return active(estate, vault, target, patience)


def restore_at(estate: Estate, table: str, moment: datetime | None, target: str, patience: Patience) -> str:
    """Restore the (physical) table as of `moment` (aware; None: the latest possible) into `target`, at home.

    Returns the table's ARN once it is ACTIVE. Raises Refused for a time outside of the table's window.
    """
    client = estate.client("dynamodb")
    when: dict[str, Any] = {"UseLatestRestorableTime": True}
    if moment is not None:
        await_restorable(estate, table, moment, patience)
        when = {"RestoreDateTime": moment}
    encryption = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": estate.home.key_arn}
    patience.insist(
        client.restore_table_to_point_in_time,
        SourceTableName=table,
        TargetTableName=target,
        SSESpecificationOverride=encryption,
        **when,
    )
    return active(estate, estate.home, target, patience)


def window(estate: Estate, table: str) -> tuple[datetime, datetime] | None:
    """The earliest and the latest time that a table can be restored to (aware); None without PITR, or without it."""
    from botocore.exceptions import ClientError

    try:
        answer = estate.client("dynamodb").describe_continuous_backups(TableName=table)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NO_TABLE:
            raise
        return None
    found = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    earliest, latest = found.get("EarliestRestorableDateTime"), found.get("LatestRestorableDateTime")
    if found.get("PointInTimeRecoveryStatus") != "ENABLED" or earliest is None or latest is None:
        return None
    return earliest.astimezone(UTC), latest.astimezone(UTC)


def await_restorable(estate: Estate, table: str, moment: datetime, patience: Patience) -> None:
    """Wait until the time is in the table's window: it ends about five minutes before now."""

    def reached() -> bool | None:
        found = window(estate, table)
        if found is None:
            raise Refused(
                f"{table} has no point-in-time recovery, or is gone",
                "restore a recovery point: `--point ARN`, from `omnix backup list`; for later, where the table is "
                "still there, turn it on (`up` does for the stack's own tables)",
            )
        if moment < found[0]:
            raise Refused(
                f"{table} can be restored from {found[0].isoformat(timespec='seconds')} on, "
                f"not to {moment.isoformat(timespec='seconds')}",
                "name a later time, or a recovery point from `omnix backup list`",
            )
        if moment > datetime.now(UTC) + timedelta(seconds=1):
            raise Refused(f"{moment.isoformat()} is in the future", "name a time that has been")
        return True if moment <= found[1] else None

    # The window ends five minutes before now on AWS: one that does not come nearer will not come.
    brief = replace(patience, seconds=min(patience.seconds, _WINDOW_SECONDS))
    brief.until(reached, f"{table}'s window to reach {moment.isoformat(timespec='seconds')}")


def active(estate: Estate, vault: Vault, table: str, patience: Patience) -> str:
    """Wait until a table and its indexes are ACTIVE; its ARN."""
    client = estate.client("dynamodb", vault)

    def ready() -> str | None:
        found = client.describe_table(TableName=table)["Table"]
        indexes = found.get("GlobalSecondaryIndexes", [])
        waits = found["TableStatus"] != "ACTIVE" or any(one["IndexStatus"] != "ACTIVE" for one in indexes)
        return None if waits else str(found["TableArn"])

    return patience.until(ready, f"the table {table}")


def delete_table(client: Any, table: str, patience: Patience) -> bool:
    """Delete a table that was made by a restore, with its protection; whether it was there.

    A table that is still being restored cannot be deleted: it is waited for.
    """
    from botocore.exceptions import ClientError

    def status() -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = client.describe_table(TableName=table)["Table"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return {}
            raise
        return None if found["TableStatus"] in {"CREATING", "UPDATING"} else found

    found = patience.until(status, f"the table {table}")
    if not found:
        return False
    if found.get("DeletionProtectionEnabled"):
        patience.insist(client.update_table, TableName=table, DeletionProtectionEnabled=False)
        patience.until(status, f"the table {table}")
    if found["TableStatus"] != "DELETING":
        patience.insist(client.delete_table, TableName=table)
    patience.until(lambda: True if status() == {} else None, f"the deletion of {table}")
    return True
