"""Recovery points of tables, as AWS Backup lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ops.backup.estate import Estate, Vault

COMPLETED = "COMPLETED"


@dataclass(frozen=True)
class RecoveryPoint:
    """One recovery point. `table`: physical name of what it holds; `created_at`: the moment whose data it has.

    A copy keeps the moment of its original, and names its vault in `copied_from`.
    """

    arn: str
    table: str
    vault: str
    region: str
    status: str
    created_at: datetime
    completed_at: datetime | None
    size_bytes: int
    expires_at: datetime | None
    key_arn: str | None
    rule: str | None = None
    copied_from: str | None = None
    message: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any], region: str) -> Self:
        """One entry of ListRecoveryPointsByBackupVault, or an answer of DescribeRecoveryPoint."""
        return cls(
            arn=document["RecoveryPointArn"],
            table=document["ResourceArn"].rpartition("/")[2],
            vault=document["BackupVaultName"],
            region=region,
            status=document["Status"],
            created_at=document["CreationDate"].astimezone(UTC),
            completed_at=document["CompletionDate"].astimezone(UTC) if document.get("CompletionDate") else None,
            size_bytes=document.get("BackupSizeInBytes") or 0,
            expires_at=(document.get("CalculatedLifecycle") or {}).get("DeleteAt"),
            key_arn=document.get("EncryptionKeyArn"),
            rule=(document.get("CreatedBy") or {}).get("BackupRuleName"),
            copied_from=document.get("SourceBackupVaultArn"),
            message=document.get("StatusMessage") or "",
        )

    @property
    def usable(self) -> bool:
        """Whether it can be restored."""
        return self.status == COMPLETED

    def age_seconds(self, now: datetime) -> float:
        """How old its data is."""
        return (now - self.created_at).total_seconds()

    def document(self, now: datetime) -> dict[str, Any]:
        """As JSON."""
        return {
            "arn": self.arn,
            "table": self.table,
            "vault": self.vault,
            "region": self.region,
            "status": self.status,
            "created_at": self.created_at.isoformat(),
            "age_seconds": round(self.age_seconds(now)),
            "size_bytes": self.size_bytes,
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
            "key_arn": self.key_arn,
            "rule": self.rule,
            "copied_from": self.copied_from,
            "message": self.message,
        }


def points(estate: Estate, vault: Vault) -> list[RecoveryPoint]:
    """The recovery points of the environment's tables in a vault, the newest first."""
    client = estate.client("backup", vault)
    pages = client.get_paginator("list_recovery_points_by_backup_vault").paginate(
        BackupVaultName=vault.name, ByResourceType="DynamoDB"
    )
    own = {one.physical for one in estate.protected.values()}
    found = [RecoveryPoint.of(entry, vault.region) for page in pages for entry in page["RecoveryPoints"]]
    return sorted((one for one in found if one.table in own), key=lambda one: one.created_at, reverse=True)


def newest(found: Iterable[RecoveryPoint], table: str) -> RecoveryPoint | None:
    """The newest one of a (physical) table that can be restored."""
    return max(
        (one for one in found if one.table == table and one.usable), key=lambda one: one.created_at, default=None
    )


def point_of(estate: Estate, arn: str) -> tuple[RecoveryPoint, Vault]:
    """The recovery point with this ARN, of one of the environment's tables, and its vault. Raises Refused."""
    from botocore.exceptions import ClientError

    for vault in estate.vaults:
        try:
            answer = estate.client("backup", vault).describe_recovery_point(
                BackupVaultName=vault.name, RecoveryPointArn=arn
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"ResourceNotFoundException", "InvalidParameterValueException"}:
                raise
            continue
        found = RecoveryPoint.of(answer, vault.region)
        if estate.of_physical(found.table) is None:
            raise Refused(f"{arn} is of table {found.table}", f"it is none of {estate.environment}'s tables")
        return found, vault
    looked = " nor in ".join(vault.name for vault in estate.vaults)
    raise Refused(
        f"the recovery point {arn} is not in {looked}",
        "list what there is: `omnix backup list`",
    )
