"""Recovery points: what they say, how long they are kept, and when they cannot be deleted."""

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from localcloud.backup.contents import Definition
from localcloud.backup.listing import chosen, page
from localcloud.backup.refused import missing, wrong_request, wrong_value
from localcloud.backup.service import Backup
from localcloud.backup.state import Document, RecoveryPoint
from localcloud.endpoint.call import Call

_COLD_DAYS = 90
_OF_VAULT = {
    "ByResourceArn": "ResourceArn",
    "ByResourceType": "ResourceType",
    "ByCreatedBefore": "CreationDate",
    "ByCreatedAfter": "CreationDate",
}


def begun(vault: Any, definition: Definition, job: Document, arn: str | None = None) -> RecoveryPoint:
    """The recovery point of a job that starts; `arn` where it is not a new one of AWS Backup's own."""
    region, account = vault.backup_vault_arn.split(":")[3:5]
    document = {
        "RecoveryPointArn": arn or f"arn:aws:backup:{region}:{account}:recovery-point:{str(uuid.uuid4()).upper()}",
        "BackupVaultName": vault.backup_vault_name,
        "BackupVaultArn": vault.backup_vault_arn,
        "ResourceArn": definition.arn,
        "ResourceName": definition.name,
        "ResourceType": "DynamoDB",
        "IamRoleArn": job["IamRoleArn"],
        "Status": "CREATING",
        "CreationDate": job["CreationDate"],
        "InitiationDate": job["CreationDate"],
        "EncryptionKeyArn": vault.encryption_key_arn,
        "EncryptionKeyType": "CUSTOMER_MANAGED_KMS_KEY" if vault.encryption_key_arn else "AWS_OWNED_KMS_KEY",
        "IsEncrypted": True,
        "StorageClass": "WARM",
        "VaultType": "BACKUP_VAULT",
        "IsParent": False,
        "BackupSizeInBytes": 0,
    }
    if job.get("CreatedBy"):
        document["CreatedBy"] = job["CreatedBy"]
    return RecoveryPoint({name: value for name, value in document.items() if value is not None}, definition)


def keep_for(document: Document, lifecycle: Mapping[str, Any]) -> None:
    """Set a point's lifecycle and the dates that follow from it."""
    kept = {name: lifecycle[name] for name in ("MoveToColdStorageAfterDays", "DeleteAfterDays") if lifecycle.get(name)}
    if not kept:
        document.pop("Lifecycle", None)
        document.pop("CalculatedLifecycle", None)
        return
    created: datetime.datetime = document["CreationDate"]
    dates = {"MoveToColdStorageAfterDays": "MoveToColdStorageAt", "DeleteAfterDays": "DeleteAt"}
    document["Lifecycle"] = kept
    document["CalculatedLifecycle"] = {dates[name]: created + datetime.timedelta(days=kept[name]) for name in kept}


def lifecycle_of(parameters: Mapping[str, Any]) -> Document:
    """A request's lifecycle. Raises `Refused`: cold storage is paid for 90 days at least."""
    lifecycle = dict(parameters.get("Lifecycle") or {})
    cold, days = lifecycle.get("MoveToColdStorageAfterDays") or 0, lifecycle.get("DeleteAfterDays") or 0
    if days < 0 and days != -1:
        raise wrong_value("Invalid lifecycle. DeleteAfterDays must be a positive number of days.")
    if cold > 0 and 0 < days < cold + _COLD_DAYS:
        raise wrong_value(
            "Invalid lifecycle. DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays"
        )
    return {name: value for name, value in lifecycle.items() if value not in (None, -1)}


def retention_problem(vault: Any, lifecycle: Mapping[str, Any]) -> str | None:
    """Why a locked vault takes no point of this retention; None when it does."""
    if not vault.locked:
        return None
    days = lifecycle.get("DeleteAfterDays")
    least, most = vault.min_retention_days, vault.max_retention_days
    if least and days is not None and days < least:
        return f"Retention period of {days} days is below the vault's minimum of {least} days (vault lock)."
    if most and (days is None or days > most):
        said = "no end" if days is None else f"{days} days"
        return f"Retention period of {said} is above the vault's maximum of {most} days (vault lock)."
    return None


def of(backup: Backup, call: Call) -> RecoveryPoint:
    """The point that a call names. Raises `Refused`."""
    name, arn = str(call.parameters["BackupVaultName"]), str(call.parameters["RecoveryPointArn"])
    backup.vault(name, call.region)
    point = backup.region(call.region).points.get(arn)
    if point is None or point.vault != name:
        raise missing(f"Recovery point {arn} not found in vault {name}.")
    return point


def _describe(backup: Backup, call: Call) -> Document:
    return of(backup, call).document


def _of_vault(backup: Backup, call: Call) -> Document:
    name = str(call.parameters["BackupVaultName"])
    backup.vault(name, call.region)
    points = backup.region(call.region).points.values()
    rows = chosen((one.document for one in points if one.vault == name), call.parameters, _OF_VAULT)
    if plan := call.parameters.get("ByBackupPlanId"):
        rows = [row for row in rows if row.get("CreatedBy", {}).get("BackupPlanId") == plan]
    return page(rows, call.parameters, "RecoveryPoints")


def _of_resource(backup: Backup, call: Call) -> Document:
    arn = call.parameters["ResourceArn"]
    rows = [
        {**one.document, "BackupSizeBytes": one.document["BackupSizeInBytes"]}
        for one in backup.region(call.region).points.values()
        if one.document["ResourceArn"] == arn
    ]
    return page(rows, call.parameters, "RecoveryPoints")


def _metadata(backup: Backup, call: Call) -> Document:
    point = of(backup, call)
    metadata = {"encryptionType": "KMS" if point.definition.key_arn else "Default"}
    if point.definition.key_arn:
        metadata["kmsMasterKeyArn"] = point.definition.key_arn
    kept = ("BackupVaultArn", "RecoveryPointArn", "ResourceType")
    return {**{name: point.document[name] for name in kept}, "RestoreMetadata": metadata}


def _update(backup: Backup, call: Call) -> Document:
    """A lock lets a retention only grow; cold storage is for what it supports."""
    point, lifecycle = of(backup, call), lifecycle_of(call.parameters)
    vault = backup.vault(point.vault, call.region)
    before = point.document.get("Lifecycle", {}).get("DeleteAfterDays")
    after = lifecycle.get("DeleteAfterDays")
    if vault.locked and after is not None and (before is None or after < before):
        raise wrong_request("Retention period cannot be shortened. Backup vault is configured with vault lock.")
    if why := retention_problem(vault, lifecycle):
        raise wrong_request(why)
    keep_for(point.document, lifecycle)
    _tell(backup, call.region, point, "RECOVERY_POINT_MODIFIED", "MODIFIED")
    kept = ("BackupVaultArn", "RecoveryPointArn", "Lifecycle", "CalculatedLifecycle")
    return {name: point.document[name] for name in kept if name in point.document}


def _delete(backup: Backup, call: Call) -> Document:
    point = of(backup, call)
    vault = backup.vault(point.vault, call.region)
    if vault.locked:  # a compliance lock's grace time is for the lock itself, not for what it guards
        raise wrong_request("Recovery point cannot be deleted. Backup vault is configured with vault lock.")
    if point.document["Status"] == "CREATING":
        raise wrong_request(f"Recovery point {point.arn} is being created and cannot be deleted.")
    remove(backup, call.region, point)
    return {}


def remove(backup: Backup, region: str, point: RecoveryPoint) -> None:
    """Forget a point and tell of it."""
    state = backup.region(region)
    del state.points[point.arn]
    backup.account.backend("backup", region).tagger.delete_all_tags_for_resource(point.arn)
    count(backup, region, point.vault)
    _tell(backup, region, point, "RECOVERY_POINT_MODIFIED", "DELETED")


def count(backup: Backup, region: str, vault: str) -> None:
    """Let moto's vault say how many points it holds."""
    held = sum(one.vault == vault for one in backup.region(region).points.values())
    backup.vault(vault, region).num_of_recovery_points = held


def tag(backup: Backup, region: str, point: RecoveryPoint, wanted: Mapping[str, str]) -> None:
    """Put tags on a point; ListTags, TagResource and UntagResource are moto's."""
    if wanted:
        backup.account.backend("backup", region).tag_resource(point.arn, dict(wanted))


def tags(backup: Backup, region: str, point: RecoveryPoint) -> dict[str, str]:
    """The tags on a point."""
    found: dict[str, str] = backup.account.backend("backup", region).list_tags(point.arn)
    return found


def told(backup: Backup, region: str, point: RecoveryPoint) -> None:
    """Say that a point is complete."""
    _tell(backup, region, point, "RECOVERY_POINT_MODIFIED", "COMPLETED")


def _tell(backup: Backup, region: str, point: RecoveryPoint, event: str, status: str) -> None:
    document = point.document
    detail = {
        "backupVaultName": point.vault,
        "backupVaultArn": document["BackupVaultArn"],
        "creationDate": document["CreationDate"],
        "iamRoleArn": document["IamRoleArn"],
        "resourceType": "DynamoDB",
        "resourceArn": document["ResourceArn"],
        "status": status,
        "isEncrypted": True,
        "storageClass": "WARM",
    }
    message = {
        "text": f"Recovery point {status.lower()}. Recovery point ARN: {point.arn}.",
        "attributes": {"EventType": "RECOVERY_POINT", "State": status, "Id": point.arn},
    }

    def announce() -> None:
        backup.announcer.event(region, "Recovery Point State Change", [point.arn], detail)
        backup.announcer.notification(region, backup.region(region), document, event, message)

    backup.jobs.tell(announce)


OPERATIONS = {
    "DescribeRecoveryPoint": _describe,
    "ListRecoveryPointsByBackupVault": _of_vault,
    "ListRecoveryPointsByResource": _of_resource,
    "GetRecoveryPointRestoreMetadata": _metadata,
    "UpdateRecoveryPointLifecycle": _update,
    "DeleteRecoveryPoint": _delete,
}
