"""The verdict on one test of AWS Backup's restore testing: the table that it restored against the one backed up."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from omnix import logs
from omnix.recovery.comparison import differences

if TYPE_CHECKING:
    from types_boto3_backup import BackupClient
    from types_boto3_backup.type_defs import DescribeRestoreJobOutputTypeDef
    from types_boto3_dynamodb import DynamoDBClient

# PutRestoreValidationResult: ValidationStatusMessage
MESSAGE_CHARACTERS = 1024
# Enough to see that there are items and that their key decrypts them; no more than a page.
SAMPLE_ITEMS = 100
# All that the function's role may ask of an item.
READABLE = frozenset({"pk", "sk"})
_OPEN = (None, "VALIDATING")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """`passed`, and why, in a sentence that people read in AWS Backup's console."""

    passed: bool
    message: str

    @property
    def status(self) -> Literal["SUCCESSFUL", "FAILED"]:
        """AWS Backup's word for it."""
        return "SUCCESSFUL" if self.passed else "FAILED"


class Validation:
    """Judges finished restore jobs and tells AWS Backup, which then deletes the restored table.

    `key_arn`: the key that restored tables must lie under.
    """

    def __init__(self, backup: BackupClient, dynamodb: DynamoDBClient, key_arn: str) -> None:
        self._backup, self._dynamodb, self._key_arn = backup, dynamodb, key_arn

    def validate(self, job_id: str) -> Verdict | None:
        """Judge the restore job and report the verdict; None where it has one already, or is no finished test.

        Events come more than once, and again when a verdict is given. Raises what AWS refuses: Lambda tries again, and
        a test that nobody could judge ends as TIMED_OUT.
        """
        job = self._backup.describe_restore_job(RestoreJobId=job_id)
        tested = job.get("CreatedBy", {}).get("RestoreTestingPlanArn")
        if not tested or job["Status"] != "COMPLETED" or job.get("ValidationStatus") not in _OPEN:
            return None
        verdict = self.judge(job)
        self._backup.put_restore_validation_result(
            RestoreJobId=job_id, ValidationStatus=verdict.status, ValidationStatusMessage=verdict.message
        )
        said = {"job": job_id, "table": job["CreatedResourceArn"], "verdict": verdict.message}
        _logger.log(
            logging.INFO if verdict.passed else logging.ERROR, logs.line(f"restore {verdict.status.lower()}", **said)
        )
        return verdict

    def judge(self, job: DescribeRestoreJobOutputTypeDef) -> Verdict:
        """Compare the job's restored table with its source, and read a sample of it."""
        source, restored = (_table(job[end]) for end in ("SourceResourceArn", "CreatedResourceArn"))
        described = {name: self._described(name) for name in (source, restored)}
        if gone := [name for name, found in described.items() if found is None]:
            return _failed(source, [f"{' and '.join(gone)} is gone: nothing to compare"])
        faults = differences(described[source], described[restored], self._key_arn)
        keys = [key["AttributeName"] for key in described[restored]["KeySchema"]]
        seen = f"its keys are {', '.join(keys)}: no item was sampled"
        if READABLE.issuperset(keys):
            sampled = self._sample(restored, keys)
            seen = f"{sampled} items sampled"
            # the recovery point's own size: the live table's counts are six hours old, and may have been emptied since
            if not sampled and job.get("BackupSizeInBytes", 0) > 0:
                faults.append(f"it is empty, and the backup has {job['BackupSizeInBytes']} bytes")
        if faults:
            return _failed(source, faults)
        indexes = len(described[restored].get("GlobalSecondaryIndexes", []))
        return Verdict(True, f"{source}: keys and {indexes} indexes as in the source, the environment's key; {seen}")

    def _described(self, table: str) -> Any:
        try:
            return self._dynamodb.describe_table(TableName=table)["Table"]
        except self._dynamodb.exceptions.ResourceNotFoundException:
            return None

    def _sample(self, table: str, keys: list[str]) -> int:
        """How many items a page has. Only their keys are asked for, and allowed: the copy holds credentials, too."""
        names = {f"#key{index}": key for index, key in enumerate(keys)}
        answer = self._dynamodb.scan(
            TableName=table,
            Limit=SAMPLE_ITEMS,
            Select="SPECIFIC_ATTRIBUTES",
            ProjectionExpression=", ".join(names),
            ExpressionAttributeNames=names,
        )
        return len(answer["Items"])


def _failed(source: str, faults: list[str]) -> Verdict:
    return Verdict(False, f"{source}: {'; '.join(faults)}"[:MESSAGE_CHARACTERS])


def _table(arn: str) -> str:
    return arn.rpartition("/")[2]
