"""Restore jobs: a new table from a recovery point, with what a restore keeps and no more."""

import functools
import uuid
from collections.abc import Mapping
from typing import Any

from localcloud.backup import access, points, tables
from localcloud.backup.backup_jobs import ENDED, found
from localcloud.backup.listing import chosen, page
from localcloud.backup.refused import Refused, missing, wrong_request, wrong_value
from localcloud.backup.service import Backup
from localcloud.backup.state import Document, RecoveryPoint, now
from localcloud.endpoint.call import Call
from localcloud.enforcement.need import Need

# DynamoDB developer guide, "Quotas": concurrent restores of an account in a region, of any type.
CONCURRENT_RESTORES = 50
_RESTORES = ("RestoreTableFromAwsBackup", "DescribeTable", "Scan", "Query", "UpdateItem", "PutItem", "GetItem")
_FILTERS = {
    "ByAccountId": "AccountId",
    "ByResourceType": "ResourceType",
    "ByStatus": "Status",
    "ByCreatedBefore": "CreationDate",
    "ByCreatedAfter": "CreationDate",
    "ByCompleteBefore": "CompletionDate",
    "ByCompleteAfter": "CompletionDate",
}
_MESSAGE = 1024


def start(backup: Backup, call: Call, creator: Document | None = None) -> Document:
    """StartRestoreJob; `creator`: CreatedBy of a restore test's job."""
    parameters, state = call.parameters, backup.region(call.region)
    token = ("restore", str(parameters.get("IdempotencyToken") or ""))
    if token[1] and token in state.tokens:
        return state.tokens[token]
    point = state.points.get(str(parameters["RecoveryPointArn"]))
    if point is None:
        raise missing(f"Recovery point {parameters['RecoveryPointArn']} not found.")
    if point.contents is None:
        raise wrong_request(f"Recovery point {point.arn} is in state {point.document['Status']}.")
    metadata = {str(name): str(value) for name, value in (parameters.get("Metadata") or {}).items()}
    _check(backup, parameters, metadata)
    job = _job(backup, point, parameters)
    if creator:
        job["CreatedBy"] = creator
    state.restore_jobs[job["RestoreJobId"]] = job
    state.restore_metadata[job["RestoreJobId"]] = metadata
    answer = {"RestoreJobId": job["RestoreJobId"]}
    if token[1]:
        state.tokens[token] = answer
    _tell(backup, call.region, job, "RESTORE_JOB_STARTED")
    copied = bool(parameters.get("CopySourceTagsToRestoredResource"))
    tags = points.tags(backup, call.region, point) if copied else {}
    backup.jobs.start(functools.partial(run, backup, call.region, job["RestoreJobId"], tags))
    return answer


def _check(backup: Backup, parameters: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    named = value(metadata, "targetTableName")
    if not named:
        raise Refused("MissingParameterValueException", "Metadata is missing the parameter: targetTableName")
    if parameters.get("ResourceType") not in (None, "DynamoDB"):
        raise wrong_value(f"Resource type {parameters['ResourceType']} is not the recovery point's: DynamoDB.")
    kind = value(metadata, "encryptionType") or "Default"
    if kind not in ("Default", "KMS"):
        raise wrong_value(f"Invalid encryptionType: {kind}. It is Default or KMS.")
    if not parameters.get("IamRoleArn"):
        raise Refused("MissingParameterValueException", "IamRoleArn is required to restore a DynamoDB table.")
    if not access.assumable(backup.acting, parameters["IamRoleArn"]):
        raise wrong_value(f"IAM Role {parameters['IamRoleArn']} cannot be assumed by AWS Backup")


def value(metadata: Mapping[str, str], name: str) -> str | None:
    """A restore's metadata by name, whose case does not matter."""
    return next((text for key, text in metadata.items() if key.lower() == name.lower()), None)


def _job(backup: Backup, point: RecoveryPoint, parameters: Mapping[str, Any]) -> Document:
    return {
        "AccountId": backup.account.id,
        "RestoreJobId": str(uuid.uuid4()).upper(),
        "RecoveryPointArn": point.arn,
        "SourceResourceArn": point.document["ResourceArn"],
        "BackupVaultArn": point.document["BackupVaultArn"],
        "CreationDate": now(),
        "Status": "PENDING",
        "PercentDone": "0.00%",
        "BackupSizeInBytes": point.document["BackupSizeInBytes"],
        "IamRoleArn": parameters["IamRoleArn"],
        "ResourceType": "DynamoDB",
        "RecoveryPointCreationDate": point.document["CreationDate"],
        "IsParent": False,
    }


def run(backup: Backup, region: str, id_: str, tags: Mapping[str, str] | None = None) -> None:
    """From PENDING to its end."""
    with backup.lock.hold():
        job = backup.region(region).restore_jobs.get(id_)
        if job is None or job["Status"] in ENDED:
            return
        job["Status"] = "RUNNING"
        _tell(backup, region, job)
    why, table = backup.disturbed("RestoreJob", region, (job["SourceResourceArn"], job["RecoveryPointArn"])), None
    with backup.lock.hold():
        point = backup.region(region).points.get(job["RecoveryPointArn"])
        metadata = backup.region(region).restore_metadata[id_]
        if why is None:
            why, table = _begin(backup, region, job, point, metadata)
    backup.jobs.step()
    stored = None
    if why is None and point is not None and point.contents is not None:
        stored = tables.stored(point.definition, point.contents.rows())
    with backup.lock.hold():
        if stored is None or table is None:
            job |= {"Status": "FAILED", "StatusMessage": why}
        else:
            table.items, table.restoring = stored, False
            if tags:
                table.tags = [{"Key": name, "Value": text} for name, text in tags.items()]
            job |= {"Status": "COMPLETED", "PercentDone": "100.00%", "CreatedResourceArn": table.table_arn}
            if point is not None:
                point.document["LastRestoreTime"] = now()
        job["CompletionDate"] = now()
        _tell(backup, region, job, "RESTORE_JOB_COMPLETED")
    backup.changed()


def _begin(
    backup: Backup, region: str, job: Document, point: RecoveryPoint | None, metadata: Mapping[str, str]
) -> tuple[str | None, tables.Restored | None]:
    """Why not, or the table that is to be filled."""
    if point is None:
        return f"Recovery point {job['RecoveryPointArn']} does not exist.", None
    backend = backup.account.backend("dynamodb", region)
    name = str(value(metadata, "targetTableName"))
    present = backend.tables.get(name)
    if isinstance(present, tables.Restored) and present.restoring:  # the cloud was stopped in between
        return None, present
    if present is not None:
        return f"Table already exists: {name}", None
    if tables.restoring(backend) >= CONCURRENT_RESTORES:
        return f"Subscriber limit exceeded: only {CONCURRENT_RESTORES} restores may be in progress at a time.", None
    encryption = _encryption(metadata)
    target = f"arn:aws:dynamodb:{region}:{backup.account.id}:table/{name}"
    key, kept = encryption.get("KMSMasterKeyId"), point.document.get("EncryptionKeyArn")
    needs = [Need(f"dynamodb:{action}", target) for action in _RESTORES]
    needs += access.key_needs(kept, ("Decrypt",))
    needs += access.key_needs(key, ("DescribeKey", "CreateGrant", "GenerateDataKey", "Decrypt"))
    if why := access.problem(backup.acting, job["IamRoleArn"], [kept, key], needs):
        return why, None
    made = tables.made(backend, name, point.definition, encryption, point.arn, job["RecoveryPointCreationDate"])
    return None, made


def _encryption(metadata: Mapping[str, str]) -> dict[str, Any]:
    """By default DynamoDB's own key, whatever the source was encrypted with."""
    if value(metadata, "encryptionType") != "KMS":
        return {}
    key = value(metadata, "kmsMasterKeyArn")
    return {"Enabled": True, "SSEType": "KMS", **({"KMSMasterKeyId": key} if key else {})}


def _describe(backup: Backup, call: Call) -> Document:
    return found(backup.region(call.region).restore_jobs, call.parameters["RestoreJobId"])


def _list(backup: Backup, call: Call) -> Document:
    rows = chosen(backup.region(call.region).restore_jobs.values(), call.parameters, _FILTERS)
    if plan := call.parameters.get("ByRestoreTestingPlanArn"):
        rows = [row for row in rows if row.get("CreatedBy", {}).get("RestoreTestingPlanArn") == plan]
    return page(rows, call.parameters, "RestoreJobs")


def _of_resource(backup: Backup, call: Call) -> Document:
    arn, status = call.parameters["ResourceArn"], call.parameters.get("ByStatus")
    rows = [
        row
        for row in backup.region(call.region).restore_jobs.values()
        if row["SourceResourceArn"] == arn and status in (None, row["Status"])
    ]
    return page(rows, call.parameters, "RestoreJobs")


def _metadata(backup: Backup, call: Call) -> Document:
    id_ = str(call.parameters["RestoreJobId"])
    found(backup.region(call.region).restore_jobs, id_)
    return {"RestoreJobId": id_, "Metadata": backup.region(call.region).restore_metadata[id_]}


def _validate(backup: Backup, call: Call) -> Document:
    """PutRestoreValidationResult: once, for a job that is complete."""
    job = found(backup.region(call.region).restore_jobs, call.parameters["RestoreJobId"])
    status = call.parameters["ValidationStatus"]
    message = call.parameters.get("ValidationStatusMessage") or ""
    if status not in ("FAILED", "SUCCESSFUL", "TIMED_OUT", "VALIDATING"):
        raise wrong_value(f"Invalid ValidationStatus: {status}")
    if len(message) > _MESSAGE:
        raise wrong_value(f"ValidationStatusMessage is longer than {_MESSAGE} characters.")
    if job["Status"] != "COMPLETED":
        raise wrong_request(f"Restore job {job['RestoreJobId']} is in state {job['Status']}, not COMPLETED.")
    job["ValidationStatus"] = status
    if message:
        job["ValidationStatusMessage"] = message
    if job.get("CreatedBy") and status != "VALIDATING":  # a test's table is deleted when it was looked at
        name = str(job["CreatedResourceArn"]).rpartition("/")[2]
        backup.account.backend("dynamodb", call.region).tables.pop(name, None)
        job["DeletionStatus"] = "SUCCESSFUL"
    _tell(backup, call.region, job)
    return {}


def _tell(backup: Backup, region: str, job: Document, notification: str | None = None) -> None:
    told = dict(job)
    detail = {
        "restoreJobId": told["RestoreJobId"],
        "backupSizeInBytes": str(told["BackupSizeInBytes"]),
        "creationDate": told["CreationDate"],
        "iamRoleArn": told["IamRoleArn"],
        "resourceType": "DynamoDB",
        "status": told["Status"],
        "recoveryPointArn": told["RecoveryPointArn"],
        "sourceResourceArn": told["SourceResourceArn"],
        "backupVaultArn": told["BackupVaultArn"],
    }
    names = {"CompletionDate": "completionDate", "CreatedResourceArn": "createdResourceArn"}
    names |= {"StatusMessage": "statusMessage", "ValidationStatus": "validationStatus"}
    names |= {"ValidationStatusMessage": "validationStatusMessage"}
    detail |= {said: told[name] for name, said in names.items() if told.get(name)}
    if told.get("CreatedBy"):
        detail["restoreTestingPlanArn"] = told["CreatedBy"]["RestoreTestingPlanArn"]
    words = {"COMPLETED": "was completed successfully", "FAILED": "failed"}
    message = {
        "text": f"A restore job {words.get(told['Status'], 'was started')}. Recovery point ARN: "
        f"{told['RecoveryPointArn']}. RestoreJob ID : {told['RestoreJobId']}",
        "attributes": {"EventType": "RESTORE_JOB", "State": told["Status"], "Id": told["RestoreJobId"]},
    }
    vault = {"BackupVaultArn": told["BackupVaultArn"], "BackupVaultName": told["BackupVaultArn"].split(":")[-1]}

    def announce() -> None:
        backup.announcer.event(region, "Restore Job State Change", [told["RecoveryPointArn"]], detail)
        state = backup.region(region)
        if notification:
            backup.announcer.notification(region, state, vault, notification, message)
        if notification == "RESTORE_JOB_COMPLETED" and told["Status"] == "FAILED":
            backup.announcer.notification(region, state, vault, "RESTORE_JOB_FAILED", message)

    backup.jobs.tell(announce)


OPERATIONS = {
    "StartRestoreJob": start,
    "DescribeRestoreJob": _describe,
    "ListRestoreJobs": _list,
    "ListRestoreJobsByProtectedResource": _of_resource,
    "GetRestoreJobMetadata": _metadata,
    "PutRestoreValidationResult": _validate,
}
