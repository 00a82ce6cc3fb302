"""Copy jobs: a recovery point of one vault into another, of this region or the next, under that vault's key."""

import functools
import uuid
from typing import Any

from localcloud.backup import access, points
from localcloud.backup.backup_jobs import ENDED, found
from localcloud.backup.listing import chosen, page
from localcloud.backup.refused import missing, wrong_request, wrong_value
from localcloud.backup.service import Backup
from localcloud.backup.state import Document, RecoveryPoint, now
from localcloud.endpoint.call import Call
from localcloud.enforcement.need import Need

_FILTERS = {
    "ByResourceArn": "ResourceArn",
    "ByState": "State",
    "ByResourceType": "ResourceType",
    "ByDestinationVaultArn": "DestinationBackupVaultArn",
    "BySourceRecoveryPointArn": "SourceRecoveryPointArn",
    "ByAccountId": "AccountId",
    "ByMessageCategory": "MessageCategory",
    "ByCreatedBefore": "CreationDate",
    "ByCreatedAfter": "CreationDate",
    "ByCompleteBefore": "CompletionDate",
    "ByCompleteAfter": "CompletionDate",
}


def start(backup: Backup, call: Call) -> Document:
    """StartCopyJob, asked in the region of the source."""
    parameters, state = call.parameters, backup.region(call.region)
    token = ("copy", str(parameters.get("IdempotencyToken") or ""))
    if token[1] and token in state.tokens:
        return state.tokens[token]
    name = str(parameters["SourceBackupVaultName"])
    vault, point = backup.vault(name, call.region), state.points.get(str(parameters["RecoveryPointArn"]))
    if point is None or point.vault != name:
        raise missing(f"Recovery point {parameters['RecoveryPointArn']} not found in vault {name}.")
    if point.contents is None:
        raise wrong_request(f"Recovery point {point.arn} is in state {point.document['Status']}.")
    if not point.arn.startswith("arn:aws:backup:"):
        raise wrong_request("Copy jobs need recovery points that AWS Backup manages: turn on advanced DynamoDB backup.")
    destination = _destination(backup, str(parameters["DestinationBackupVaultArn"]))
    if destination is vault:
        raise wrong_value("The destination vault must be different from the source vault.")
    if not access.assumable(backup.acting, parameters["IamRoleArn"]):
        raise wrong_value(f"IAM Role {parameters['IamRoleArn']} cannot be assumed by AWS Backup")
    job = _job(backup, vault, destination, point, parameters)
    state.copy_jobs[job["CopyJobId"]] = job
    answer = {"CopyJobId": job["CopyJobId"], "CreationDate": job["CreationDate"], "IsParent": False}
    if token[1]:
        state.tokens[token] = answer
    _tell(backup, call.region, job, "COPY_JOB_STARTED")
    backup.jobs.start(functools.partial(run, backup, call.region, job["CopyJobId"]))
    return answer


def _destination(backup: Backup, arn: str) -> Any:
    parts = arn.split(":")
    if len(parts) != 7 or parts[2] != "backup" or parts[5] != "backup-vault":  # noqa: PLR2004 - an ARN's parts
        raise wrong_value(f"Invalid destination vault ARN: {arn}")
    if parts[4] != backup.account.id:
        raise wrong_request("Cross-account copy is not enabled for this account.")
    return backup.vault(parts[6], parts[3])


def _job(backup: Backup, vault: Any, destination: Any, point: RecoveryPoint, parameters: Any) -> Document:
    job = {
        "AccountId": backup.account.id,
        "CopyJobId": str(uuid.uuid4()).upper(),
        "SourceBackupVaultArn": vault.backup_vault_arn,
        "SourceRecoveryPointArn": point.arn,
        "DestinationBackupVaultArn": destination.backup_vault_arn,
        "DestinationVaultType": "BACKUP_VAULT",
        "DestinationEncryptionKeyArn": destination.encryption_key_arn,
        "DestinationRecoveryPointLifecycle": points.lifecycle_of(parameters) or None,
        "ResourceArn": point.document["ResourceArn"],
        "ResourceName": point.document["ResourceName"],
        "ResourceType": "DynamoDB",
        "IamRoleArn": parameters["IamRoleArn"],
        "CreationDate": now(),
        "State": "CREATED",
        "BackupSizeInBytes": point.document["BackupSizeInBytes"],
        "CreatedBy": point.document.get("CreatedBy"),
        "IsParent": False,
    }
    return {name: value for name, value in job.items() if value is not None}


def run(backup: Backup, region: str, id_: str) -> None:
    """From CREATED to its end."""
    with backup.lock.hold():
        job = backup.region(region).copy_jobs.get(id_)
        if job is None or job["State"] in ENDED:
            return
        job["State"] = "RUNNING"
        _tell(backup, region, job)
        source = backup.region(region).points.get(job["SourceRecoveryPointArn"])
    disturbed = backup.disturbed("CopyJob", region, (job["ResourceArn"], job["SourceRecoveryPointArn"]))
    backup.jobs.step()
    with backup.lock.hold():
        why = disturbed or _problem(backup, job, source)
        if why is None and source is not None:
            _copy(backup, job, source)
            job |= {"State": "COMPLETED", "MessageCategory": "SUCCESS"}
        else:
            job |= {"State": "FAILED", "StatusMessage": why, "MessageCategory": "AccessDenied"}
        job["CompletionDate"] = now()
        _tell(backup, region, job, "COPY_JOB_SUCCESSFUL" if why is None else "COPY_JOB_FAILED")
    backup.changed()


def _problem(backup: Backup, job: Document, source: RecoveryPoint | None) -> str | None:
    if source is None:
        return f"Recovery point {job['SourceRecoveryPointArn']} does not exist."
    destination = _destination(backup, job["DestinationBackupVaultArn"])
    if why := points.retention_problem(destination, job.get("DestinationRecoveryPointLifecycle", {})):
        return why
    read, write = source.document.get("EncryptionKeyArn"), destination.encryption_key_arn
    needs = [
        Need("backup:CopyFromBackupVault", source.arn),
        Need("backup:CopyIntoBackupVault", destination.backup_vault_arn),
        *access.key_needs(read, ("Decrypt",)),
        *access.key_needs(write, ("GenerateDataKey",)),
    ]
    return access.problem(backup.acting, job["IamRoleArn"], [read, write], needs)


def _copy(backup: Backup, job: Document, source: RecoveryPoint) -> None:
    """The same contents, under a new ARN in the destination's region, as old as the source."""
    destination = _destination(backup, job["DestinationBackupVaultArn"])
    region = access.region_of(destination.backup_vault_arn)
    made = points.begun(destination, source.definition, {**job, "CreationDate": source.document["CreationDate"]})
    made.contents = source.contents
    made.document |= {
        "Status": "COMPLETED",
        "InitiationDate": job["CreationDate"],
        "CompletionDate": now(),
        "BackupSizeInBytes": source.document["BackupSizeInBytes"],
        "SourceBackupVaultArn": source.document["BackupVaultArn"],
    }
    points.keep_for(made.document, job.get("DestinationRecoveryPointLifecycle", {}))
    backup.region(region).points[made.arn] = made
    points.tag(backup, region, made, points.tags(backup, access.region_of(source.arn), source))
    points.count(backup, region, made.vault)
    points.told(backup, region, made)
    job["DestinationRecoveryPointArn"] = made.arn


def _describe(backup: Backup, call: Call) -> Document:
    return {"CopyJob": found(backup.region(call.region).copy_jobs, call.parameters["CopyJobId"])}


def _list(backup: Backup, call: Call) -> Document:
    rows = chosen(backup.region(call.region).copy_jobs.values(), call.parameters, _FILTERS)
    return page(rows, call.parameters, "CopyJobs")


def _tell(backup: Backup, region: str, job: Document, notification: str | None = None) -> None:
    told = dict(job)
    detail = {
        "copyJobId": told["CopyJobId"],
        "backupSizeInBytes": told["BackupSizeInBytes"],
        "creationDate": told["CreationDate"],
        "iamRoleArn": told["IamRoleArn"],
        "resourceArn": told["ResourceArn"],
        "resourceType": "DynamoDB",
        "sourceBackupVaultArn": told["SourceBackupVaultArn"],
        "sourceRecoveryPointArn": told["SourceRecoveryPointArn"],
        "state": told["State"],
        "destinationBackupVaultArn": told["DestinationBackupVaultArn"],
    }
    names = {"CompletionDate": "completionDate", "StatusMessage": "statusMessage"}
    names["DestinationRecoveryPointArn"] = "destinationRecoveryPointArn"
    detail |= {said: told[name] for name, said in names.items() if told.get(name)}
    words = {"COMPLETED": "was completed successfully", "FAILED": "failed"}
    message = {
        "text": f"A copy job {words.get(told['State'], 'was started')}. Source recovery point ARN: "
        f"{told['SourceRecoveryPointArn']}. CopyJob ID : {told['CopyJobId']}",
        "attributes": {"EventType": "COPY_JOB", "State": told["State"], "Id": told["CopyJobId"]},
    }
    arn = told["SourceBackupVaultArn"]
    vault = {"BackupVaultArn": arn, "BackupVaultName": arn.split(":")[-1]}

    def announce() -> None:
        backup.announcer.event(region, "Copy Job State Change", [told["SourceRecoveryPointArn"]], detail)
        if notification:
            backup.announcer.notification(region, backup.region(region), vault, notification, message)

    backup.jobs.tell(announce)


OPERATIONS = {"StartCopyJob": start, "DescribeCopyJob": _describe, "ListCopyJobs": _list}
