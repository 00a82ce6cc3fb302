"""Restore testing, run when it is asked for: no schedule starts it here.

The newest recovery point of each resource is restored under a name of AWS's own, and deleted after its validation.
Source: AWS Backup developer guide, "Restore testing", "… inferred metadata", "… validation".
"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.backup import restore_jobs
from localcloud.backup.refused import Refused
from localcloud.backup.service import Backup
from localcloud.endpoint.call import Call
from localcloud.registry import Registry

PLAN, SELECTION = "backup:restore-testing-plan", "backup:restore-testing-selection"


def run(backup: Backup, registry: Registry) -> dict[str, Any]:
    """Start every plan's tests: `{"started": [job ids], "refused": [reasons]}`."""
    started: list[str] = []
    refused: list[str] = []
    with backup.lock.hold():
        for row, selection in registry.all(SELECTION).items():
            region, plan, name = row.split("/", 2)
            creator = {"RestoreTestingPlanArn": registry.all(PLAN)[f"{region}/{plan}"]["computed"]["arn"]}
            for call in _calls(backup, region, selection["inputs"]):
                try:
                    started.append(restore_jobs.start(backup, call, creator)["RestoreJobId"])
                except Refused as refusal:
                    refused.append(f"{plan}/{name}: {refusal.message}")
    return {"started": started, "refused": refused}


def _calls(backup: Backup, region: str, inputs: Mapping[str, Any]) -> Iterator[Call]:
    points = sorted(backup.region(region).points.values(), key=lambda one: one.document["CreationDate"])
    newest = {point.document["ResourceArn"]: point for point in points if point.contents is not None}
    wanted = list(inputs.get("protectedResourceArns") or ())
    for arn, point in newest.items():
        if "*" not in wanted and arn not in wanted:
            continue
        inferred = {"encryptionType": "Default", "targetTableName": f"awsbackup-restore-test-{uuid.uuid4().hex}"}
        metadata = {**inferred, **(inputs.get("restoreMetadataOverrides") or {})}
        parameters = {"RecoveryPointArn": point.arn, "IamRoleArn": inputs["iamRoleArn"], "Metadata": metadata}
        yield Call("backup", "StartRestoreJob", parameters, region, None)
