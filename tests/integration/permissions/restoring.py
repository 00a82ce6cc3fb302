"""Jobs of recovery: tables backed up, copied, restored and judged; files replicated. All done, none only decided."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.permissions.refusing import refused
from tests.integration.permissions.site import Site, wait_until

TABLE = "users"
# What a locked vault takes: its shortest retention.
_KEPT = {"DeleteAfterDays": 7}
_ENDED = {"COMPLETED", "FAILED", "ABORTED"}
_SECONDS = 10.0


def _end(describe: Callable[[], Mapping[str, Any]], status: str) -> Mapping[str, Any]:
    """A job when it has ended; raises AssertionError with its own words where it failed."""
    wait_until(lambda: describe()[status] in _ENDED, "the job ends", _SECONDS)
    job = describe()
    assert job[status] == "COMPLETED", job.get("StatusMessage")
    return job


def _back_up(site: Site) -> str:
    """A recovery point of a table in the home vault."""
    backup, outputs = site.client("backup"), site.environment.outputs
    started = backup.start_backup_job(
        BackupVaultName=outputs["backup_vault_name"],
        ResourceArn=site.arn("dynamodb", f"table/{outputs['tables'][TABLE]}"),
        IamRoleArn=outputs["backup_role_arn"],
        Lifecycle=_KEPT,
    )
    job = _end(lambda: backup.describe_backup_job(BackupJobId=started["BackupJobId"]), "State")
    return str(job["RecoveryPointArn"])


def _copy(site: Site, point: str, source: str, target: str, role_arn: str | None = None) -> str:
    """The copy, in the vault of region `target`, of a recovery point in that of region `source`."""
    backup, vaults = site.client("backup", source), site.vaults()
    started = backup.start_copy_job(
        RecoveryPointArn=point,
        SourceBackupVaultName=vaults[source],
        DestinationBackupVaultArn=site.arn("backup", f"backup-vault:{vaults[target]}", target),
        IamRoleArn=role_arn or site.environment.outputs["backup_role_arn"],
        Lifecycle=_KEPT,
    )
    job = _end(lambda: backup.describe_copy_job(CopyJobId=started["CopyJobId"])["CopyJob"], "State")
    return str(job["DestinationRecoveryPointArn"])


def _kept_point(site: Site, region: str) -> str:
    """A recovery point in a region's vault that was there before, or a new one that stays."""
    backup, vault = site.client("backup", region), site.vaults()[region]
    for point in backup.list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"]:
        if point["Status"] == "COMPLETED":
            return str(point["RecoveryPointArn"])
    return _back_up(site) if region == site.region else _copy(site, _kept_point(site, site.region), site.region, region)


def a_table_is_backed_up_copied_and_brought_home(site: Site) -> None:
    """As every night, and as after a failover."""
    home, there = site.region, site.recovery_region
    made: list[tuple[str, str]] = []
    try:
        made.append((home, _back_up(site)))
        made.append((there, _copy(site, made[0][1], home, there)))
        made.append((home, _copy(site, made[1][1], there, home)))
    finally:
        for region, point in () if site.keeps else made:
            vault = site.vaults()[region]
            site.client("backup", region).delete_recovery_point(BackupVaultName=vault, RecoveryPointArn=point)


@contextmanager
def _hearing(site: Site, topic: str) -> Iterator[Callable[[str], bool]]:
    """Subscribe to a topic: whether a message with these words came."""
    region, name = topic.split(":")[3], f"omnix-ai-{site.name}-hearing-{uuid.uuid4().hex[:8]}"
    sqs, sns = site.client("sqs", region), site.client("sns", region)
    queue = site.arn("sqs", name, region)
    from_sns = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**from_sns, "Resource": queue}]})
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]

    def heard(words: str) -> bool:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return any(words in message["Body"] for message in messages)

    try:
        yield heard
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=url)


def a_copy_is_restored_in_the_recovery_region_and_told_there(site: Site) -> None:
    region, name = site.recovery_region, f"omnix-ai-{site.name}-restored-{uuid.uuid4().hex[:8]}"
    backup, point = site.client("backup", region), _kept_point(site, site.recovery_region)
    encrypted = {"encryptionType": "KMS", "kmsMasterKeyArn": site.recovery_key}
    with _hearing(site, site.arn("sns", f"omnix-ai-{site.name}-alarms-dr", region)) as heard:
        job = backup.start_restore_job(
            RecoveryPointArn=point,
            Metadata={"targetTableName": name, **encrypted},
            IamRoleArn=site.environment.outputs["backup_role_arn"],
            ResourceType="DynamoDB",
        )["RestoreJobId"]
        try:
            _end(lambda: backup.describe_restore_job(RestoreJobId=job), "Status")
            wait_until(lambda: heard(job), "the recovery region's topic hears of the restore")
        finally:
            _delete_table(site, name, region)


def _delete_table(site: Site, name: str, region: str) -> None:
    dynamodb = site.client("dynamodb", region)
    if name in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=name)


def a_copy_that_fails_is_told(site: Site) -> None:
    """It fails for a role of its own that may do nothing."""
    iam, name = site.client("iam"), f"omnix-ai-{site.name}-powerless-{uuid.uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    point = _kept_point(site, site.region)
    try:
        with _hearing(site, site.environment.outputs["alarm_topic_arn"]) as heard:
            with pytest.raises(AssertionError, match=name):
                _copy(site, point, site.region, site.recovery_region, role)
            wait_until(lambda: heard(point), "the alarm topic hears of the copy")
    finally:
        iam.delete_role(RoleName=name)


def every_restore_test_is_judged(site: Site) -> None:
    """The weekly test, now: restored by AWS Backup, judged by the function, told to AWS Backup."""
    backup = site.client("backup")
    _kept_point(site, site.region)
    began = site.cloud("restore-tests", post=True)
    assert began["started"], began
    assert not began["refused"], began
    try:
        for job in began["started"]:
            _end(lambda job=job: backup.describe_restore_job(RestoreJobId=job), "Status")  # type: ignore[misc]
            _judged(backup, job)
    finally:
        for name in site.client("dynamodb").list_tables()["TableNames"]:
            if name.startswith("awsbackup-restore-test-"):
                _delete_table(site, name, site.region)


def _judged(backup: Any, job: str) -> None:
    def verdict() -> Any:
        return backup.describe_restore_job(RestoreJobId=job)

    wait_until(lambda: "ValidationStatus" in verdict(), "the restored table is judged", _SECONDS)
    assert verdict()["ValidationStatus"] == "SUCCESSFUL", verdict()["ValidationStatusMessage"]


def an_event_that_was_given_up_is_told(site: Site) -> None:
    """As Lambda does for `validation`: with its role to the encrypted topic."""
    topic = site.environment.outputs["alarm_topic_arn"]
    site.as_role("validation", "sns").publish(TopicArn=topic, Message="job")


def nobody_deletes_or_shortens_what_is_kept(site: Site) -> None:
    """Not even the account's administrator. Where nothing is kept (dev, staging), there is nothing to ask."""
    for region, vault in site.vaults().items() if site.keeps else ():
        backup, point = site.client("backup", region), _kept_point(site, region)
        named = {"BackupVaultName": vault, "RecoveryPointArn": point}
        refused(lambda: backup.delete_recovery_point(**named), "backup:DeleteRecoveryPoint")  # noqa: B023
        refused(
            lambda: backup.update_recovery_point_lifecycle(**named, Lifecycle={"DeleteAfterDays": 8}),  # noqa: B023
            "backup:UpdateRecoveryPointLifecycle",
        )


def a_file_is_replicated_tagged_and_hidden(site: Site) -> None:
    outputs, key = site.environment.outputs, f"job/{uuid.uuid4().hex}"
    home, there = site.client("s3"), site.client("s3", site.recovery_region)
    source, target = outputs["file_bucket"], outputs["file_bucket_dr"]
    home.put_object(Bucket=source, Key=key, Body=b"job", Tagging="job=replicated")
    try:
        wait_until(lambda: _there(there, target, key), "the file is replicated")
        tags = there.get_object_tagging(Bucket=target, Key=key)["TagSet"]
        assert tags == [{"Key": "job", "Value": "replicated"}], tags
        home.delete_object(Bucket=source, Key=key)
        wait_until(lambda: not _there(there, target, key), "the replica is hidden")
    finally:
        for s3, bucket in ((home, source), (there, target)):
            _forget(s3, bucket, key)


def _there(s3: Any, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        return False
    return True


def _forget(s3: Any, bucket: str, key: str) -> None:
    found = s3.list_object_versions(Bucket=bucket, Prefix=key)
    for version in (*found.get("Versions", ()), *found.get("DeleteMarkers", ())):
        s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])
