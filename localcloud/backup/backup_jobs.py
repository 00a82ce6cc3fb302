"""Backup jobs: a table's items as of the moment in which the job begins to run."""

import functools
import uuid
from typing import Any

from localcloud.backup import access, contents, items, points
from localcloud.backup.contents import Contents, Definition
from localcloud.backup.listing import chosen, page
from localcloud.backup.refused import missing, wrong_request, wrong_value
from localcloud.backup.service import Backup
from localcloud.backup.state import Document, RecoveryPoint, now
from localcloud.endpoint.call import Call
from localcloud.enforcement.need import Need

_READ_KEY = ("Decrypt", "DescribeKey")
_WRITE_KEY = ("GenerateDataKey",)
ENDED = frozenset({"COMPLETED", "FAILED", "ABORTED", "EXPIRED", "PARTIAL"})
_FILTERS = {
    "ByResourceArn": "ResourceArn",
    "ByState": "State",
    "ByBackupVaultName": "BackupVaultName",
    "ByResourceType": "ResourceType",
    "ByAccountId": "AccountId",
    "ByMessageCategory": "MessageCategory",
    "ByCreatedBefore": "CreationDate",
    "ByCreatedAfter": "CreationDate",
    "ByCompleteBefore": "CompletionDate",
    "ByCompleteAfter": "CompletionDate",
}


def table_of(backup: Backup, arn: str, region: str) -> Any:
    """The table to be backed up. Raises `Refused`."""
    parts = arn.split(":", 5)
    if parts[2:3] != ["dynamodb"] or parts[3] != region or "/" not in parts[-1]:
        raise wrong_value(f"Invalid or unsupported resource ARN: {arn}")
    table = backup.account.backend("dynamodb", region).tables.get(parts[-1].partition("/")[2])
    if table is None:
        raise missing(f"Resource {arn} does not exist.")
    return table


def start(backup: Backup, call: Call) -> Document:
    """StartBackupJob."""
    parameters, state = call.parameters, backup.region(call.region)
    token = ("backup", str(parameters.get("IdempotencyToken") or ""))
    if token[1] and token in state.tokens:
        return state.tokens[token]
    vault = backup.vault(str(parameters["BackupVaultName"]), call.region)
    table = table_of(backup, str(parameters["ResourceArn"]), call.region)
    if not access.assumable(backup.acting, parameters["IamRoleArn"]):
        raise wrong_value(f"IAM Role {parameters['IamRoleArn']} cannot be assumed by AWS Backup")
    job = _job(backup, vault, table, parameters)
    point = points.begun(vault, Definition.of(table), job)
    points.keep_for(point.document, points.lifecycle_of(parameters))
    job["RecoveryPointArn"] = point.arn
    state.points[point.arn], state.backup_jobs[job["BackupJobId"]] = point, job
    points.count(backup, call.region, vault.backup_vault_name)
    own = {str(one["Key"]): str(one["Value"]) for one in table.tags or ()}
    points.tag(backup, call.region, point, {**own, **(parameters.get("RecoveryPointTags") or {})})
    answer = {
        "BackupJobId": job["BackupJobId"],
        "RecoveryPointArn": point.arn,
        "CreationDate": job["CreationDate"],
        "IsParent": False,
    }
    if token[1]:
        state.tokens[token] = answer
    _tell(backup, call.region, job, "BACKUP_JOB_STARTED")
    backup.jobs.start(functools.partial(run, backup, call.region, job["BackupJobId"]))
    return answer


def _job(backup: Backup, vault: Any, table: Any, parameters: Any) -> Document:
    job = {
        "AccountId": backup.account.id,
        "BackupJobId": str(uuid.uuid4()).upper(),
        "BackupVaultName": vault.backup_vault_name,
        "BackupVaultArn": vault.backup_vault_arn,
        "VaultType": "BACKUP_VAULT",
        "ResourceArn": table.table_arn,
        "ResourceName": table.name,
        "ResourceType": "DynamoDB",
        "IamRoleArn": parameters["IamRoleArn"],
        "CreationDate": now(),
        "InitiationDate": now(),
        "State": "CREATED",
        "PercentDone": "0.0",
        "BackupSizeInBytes": 0,
        "BytesTransferred": 0,
        "EncryptionKeyArn": vault.encryption_key_arn,
        "IsEncrypted": True,
        "IsParent": False,
        "RecoveryPointLifecycle": points.lifecycle_of(parameters) or None,
    }
    return {name: value for name, value in job.items() if value is not None}


def run(backup: Backup, region: str, id_: str) -> None:
    """From CREATED to its end."""
    with backup.lock.hold():
        job = backup.region(region).backup_jobs.get(id_)
        if job is None or job["State"] in ENDED:
            return
        job["State"] = "RUNNING"
        _tell(backup, region, job)
        point = backup.region(region).points[job["RecoveryPointArn"]]
    disturbed = backup.disturbed("BackupJob", region, (job["ResourceArn"], point.arn))
    with backup.lock.hold():
        table = backup.account.backend("dynamodb", region).tables.get(job["ResourceName"])
        why = disturbed or _problem(backup, region, point, table)
        taken = contents.held(table) if why is None else []
        if why is None:
            point.definition = Definition.of(table)
    made = Contents.of(map(items.plain, taken)) if why is None else None
    backup.jobs.step()
    with backup.lock.hold():
        if job["State"] != "RUNNING":  # stopped meanwhile
            return
        _end(backup, region, job, point, made, why)
    backup.changed()


def _problem(backup: Backup, region: str, point: RecoveryPoint, table: Any) -> str | None:
    if table is None:
        return f"Resource {point.document['ResourceArn']} does not exist."
    vault = backup.vault(point.vault, region)
    if why := points.retention_problem(vault, point.document.get("Lifecycle", {})):
        return why
    source = Definition.of(table).key_arn
    actions = ("dynamodb:StartAwsBackupJob", "dynamodb:DescribeTable", "dynamodb:ListTagsOfResource")
    needs = [Need(action, table.table_arn) for action in actions]
    needs += access.key_needs(source, _READ_KEY)
    needs += access.key_needs(vault.encryption_key_arn, _WRITE_KEY)
    return access.problem(backup.acting, point.document["IamRoleArn"], [source, vault.encryption_key_arn], needs)


def _end(
    backup: Backup, region: str, job: Document, point: RecoveryPoint, made: Contents | None, why: str | None
) -> None:
    job["CompletionDate"] = now()
    if made is None:
        job["State"], job["StatusMessage"], job["MessageCategory"] = "FAILED", why, _category(why)
        _discard(backup, region, job)
        _tell(backup, region, job, "BACKUP_JOB_COMPLETED")
        return
    point.contents = made
    job |= {
        "State": "COMPLETED",
        "PercentDone": "100.0",
        "BackupSizeInBytes": made.size,
        "BytesTransferred": made.size,
        "MessageCategory": "SUCCESS",
    }
    point.document |= {"Status": "COMPLETED", "CompletionDate": now(), "BackupSizeInBytes": made.size}
    points.told(backup, region, point)
    _tell(backup, region, job, "BACKUP_JOB_COMPLETED")


def _discard(backup: Backup, region: str, job: Document) -> None:
    """A job that failed leaves no recovery point."""
    backup.region(region).points.pop(job["RecoveryPointArn"], None)
    points.count(backup, region, job["BackupVaultName"])
    del job["RecoveryPointArn"]


def _category(why: str | None) -> str:
    return "AccessDenied" if why and ("permission" in why or "KMS" in why) else "InvalidParameters"


def _stop(backup: Backup, call: Call) -> Document:
    job = found(backup.region(call.region).backup_jobs, call.parameters["BackupJobId"])
    if job["State"] in ENDED:
        raise wrong_request(f"Backup job {job['BackupJobId']} is in state {job['State']} and cannot be stopped.")
    job |= {"State": "ABORTED", "CompletionDate": now(), "StatusMessage": "The job was stopped by the user."}
    _discard(backup, call.region, job)
    _tell(backup, call.region, job, "BACKUP_JOB_COMPLETED")
    return {}


def found(jobs: dict[str, Document], id_: Any) -> Document:
    """The job. Raises `Refused`."""
    job = jobs.get(str(id_))
    if job is None:
        raise missing(f"Cannot find job with id {id_}.")
    return job


def _describe(backup: Backup, call: Call) -> Document:
    return found(backup.region(call.region).backup_jobs, call.parameters["BackupJobId"])


def _list(backup: Backup, call: Call) -> Document:
    rows = chosen(backup.region(call.region).backup_jobs.values(), call.parameters, _FILTERS)
    return page(rows, call.parameters, "BackupJobs")


def _tell(backup: Backup, region: str, job: Document, notification: str | None = None) -> None:
    told = dict(job)
    detail = {
        "backupJobId": told["BackupJobId"],
        "backupVaultArn": told["BackupVaultArn"],
        "backupVaultName": told["BackupVaultName"],
        "bytesTransferred": str(told["BytesTransferred"]),
        "backupSizeInBytes": str(told["BackupSizeInBytes"]),
        "creationDate": told["CreationDate"],
        "iamRoleArn": told["IamRoleArn"],
        "resourceArn": told["ResourceArn"],
        "resourceType": "DynamoDB",
        "state": told["State"],
        "percentDone": float(told["PercentDone"]),
        **({"completionDate": told["CompletionDate"]} if "CompletionDate" in told else {}),
        **({"statusMessage": told["StatusMessage"]} if told.get("StatusMessage") else {}),
        **({"recoveryPointArn": told["RecoveryPointArn"]} if "RecoveryPointArn" in told else {}),
    }
    words = {"COMPLETED": "was completed successfully", "FAILED": "failed", "ABORTED": "was aborted"}
    text = f"An AWS Backup job {words.get(told['State'], 'was started')}. Resource ARN : {told['ResourceArn']}. "
    text += f"BackupJob ID : {told['BackupJobId']}"
    message = {
        "text": text,
        "attributes": {"EventType": "BACKUP_JOB", "State": told["State"], "Id": told["BackupJobId"]},
    }

    def announce() -> None:
        resources = [told["ResourceArn"]]
        backup.announcer.event(region, "Backup Job State Change", resources, detail)
        state = backup.region(region)
        if notification:
            backup.announcer.notification(region, state, told, notification, message)
        if notification == "BACKUP_JOB_COMPLETED" and told["State"] == "FAILED":
            backup.announcer.notification(region, state, told, "BACKUP_JOB_FAILED", message)

    backup.jobs.tell(announce)


OPERATIONS = {
    "StartBackupJob": start,
    "StopBackupJob": _stop,
    "DescribeBackupJob": _describe,
    "ListBackupJobs": _list,
}
