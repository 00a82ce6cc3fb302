"""Backup and copy jobs, started and waited for."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from ops.backup.points import COMPLETED, RecoveryPoint
from ops.errors import Refused

if TYPE_CHECKING:
    from ops.backup.estate import Estate, Vault
    from ops.backup.waiting import Patience

# What a job ends in without a recovery point that may be relied on.
_FAILED = frozenset({"FAILED", "ABORTED", "EXPIRED", "PARTIAL"})


def back_up(estate: Estate, table: str, keep_days: int, patience: Patience) -> RecoveryPoint:
    """A recovery point of a (physical) table in the home vault, made now. Raises Refused with AWS's reason."""
    client = estate.client("backup")
    arguments: dict[str, Any] = {
        "BackupVaultName": estate.home.name,
        "ResourceArn": estate.table_arn(table),
        "IamRoleArn": estate.role_arn,
        "IdempotencyToken": str(uuid.uuid4()),  # a call whose answer was lost starts no second job
        "Lifecycle": {"DeleteAfterDays": keep_days},
        "RecoveryPointTags": {"omnix:made-by": "omnix backup create"},
    }
    job = patience.insist(client.start_backup_job, **arguments)["BackupJobId"]

    def ended() -> dict[str, Any] | None:
        return _ended(client.describe_backup_job(BackupJobId=job), "State", f"the backup of {table}")

    arn = patience.until(ended, f"the backup job {job} of {table}")["RecoveryPointArn"]
    return described(estate, estate.home, arn)


def copy_to_dr(estate: Estate, point: RecoveryPoint, keep_days: int, patience: Patience) -> RecoveryPoint:
    """A copy of the recovery point in the DR vault. Raises Refused with AWS's reason, or where there is none."""
    client, there = estate.client("backup"), estate.recovery()
    arguments: dict[str, Any] = {
        "RecoveryPointArn": point.arn,
        "SourceBackupVaultName": estate.home.name,
        "DestinationBackupVaultArn": estate.vault_arn(there),
        "IamRoleArn": estate.role_arn,
        "IdempotencyToken": str(uuid.uuid4()),
        "Lifecycle": {"DeleteAfterDays": keep_days},
    }
    job = patience.insist(client.start_copy_job, **arguments)["CopyJobId"]

    def ended() -> dict[str, Any] | None:
        return _ended(client.describe_copy_job(CopyJobId=job)["CopyJob"], "State", f"the copy of {point.table}")

    arn = patience.until(ended, f"the copy job {job} of {point.table}")["DestinationRecoveryPointArn"]
    return described(estate, there, arn)


def described(estate: Estate, vault: Vault, arn: str) -> RecoveryPoint:
    """The recovery point as its vault describes it."""
    client = estate.client("backup", vault)
    answer = client.describe_recovery_point(BackupVaultName=vault.name, RecoveryPointArn=arn)
    return RecoveryPoint.of(answer, vault.region)


def _ended(job: dict[str, Any], state: str, what: str) -> dict[str, Any] | None:
    """The job when it has come to its good end; None while it runs. Raises Refused for a bad one."""
    if job[state] in _FAILED:
        raise failed(what, job[state], job.get("StatusMessage"))
    return job if job[state] == COMPLETED else None


def failed(what: str, state: str, message: str | None) -> Refused:
    """A job that came to a bad end, with AWS's own words."""
    return Refused(
        f"{what} ended as {state}: {message or 'AWS gives no reason'}",
        "mend what the message names (the role's permissions, the key of vault and table), then try again",
    )
