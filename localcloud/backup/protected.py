"""What is backed up: resources with recovery points."""

from localcloud.backup.listing import page
from localcloud.backup.refused import missing
from localcloud.backup.service import Backup
from localcloud.backup.state import Document
from localcloud.endpoint.call import Call


def _rows(backup: Backup, region: str) -> dict[str, Document]:
    """By resource, the newest complete point of each."""
    rows: dict[str, Document] = {}
    for point in sorted(backup.region(region).points.values(), key=lambda one: one.document["CreationDate"]):
        document = point.document
        if point.contents is None:
            continue
        rows[document["ResourceArn"]] = {
            "ResourceArn": document["ResourceArn"],
            "ResourceName": document["ResourceName"],
            "ResourceType": document["ResourceType"],
            "LastBackupTime": document["CreationDate"],
            "LastBackupVaultArn": document["BackupVaultArn"],
            "LastRecoveryPointArn": point.arn,
        }
    return rows


def _describe(backup: Backup, call: Call) -> Document:
    found = _rows(backup, call.region).get(str(call.parameters["ResourceArn"]))
    if found is None:
        raise missing(f"Protected resource {call.parameters['ResourceArn']} not found.")
    jobs = [
        job
        for job in backup.region(call.region).restore_jobs.values()
        if job["SourceResourceArn"] == found["ResourceArn"] and job["Status"] == "COMPLETED"
    ]
    if not jobs:
        return found
    last = jobs[-1]
    minutes = int((last["CompletionDate"] - last["CreationDate"]).total_seconds() // 60)
    return {
        **found,
        "LatestRestoreExecutionTimeMinutes": minutes,
        "LatestRestoreJobCreationDate": last["CreationDate"],
        "LatestRestoreRecoveryPointCreationDate": last["RecoveryPointCreationDate"],
    }


OPERATIONS = {
    "ListProtectedResources": lambda backup, call: page(
        _rows(backup, call.region).values(), call.parameters, "Results"
    ),
    "DescribeProtectedResource": _describe,
}
