"""AWS Backup's jobs: backups, copies to the other region, restores, and what makes each of them fail."""

import datetime
import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.backup import frameworks, jobs, restore_tests
from localcloud.faults.fault import Fault
from tests.unit.localcloud.backup.conftest import ACCOUNT, DR, HOME, ROLE, TABLE, Region, until

DESTINATION = f"arn:aws:backup:{DR}:{ACCOUNT}:backup-vault:dr"
DAYS = {"DeleteAfterDays": 30}


def key(region: Region) -> str:
    made: str = region.client("kms").create_key()["KeyMetadata"]["Arn"]
    return made


def test_a_backup_holds_the_table_as_it_was_however_it_changes_afterwards(home: Region) -> None:
    home.put("one", v="1")
    home.put("two", v="1")
    point = home.take()["RecoveryPointArn"]
    update = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"S": "2"}}}
    home.tables.update_item(TableName="orders", Key={"pk": {"S": "one"}}, **update)
    home.tables.delete_item(TableName="orders", Key={"pk": {"S": "two"}})
    job = home.restore(point, "restored")
    assert job["CreatedResourceArn"] == f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/restored"
    assert home.items("restored") == {"one": "1", "two": "1"}
    assert home.items() == {"one": "2"}


def test_every_type_of_value_comes_back_as_it_was(home: Region) -> None:
    item = {
        "pk": {"S": "one"},
        "n": {"N": "1.50"},
        "b": {"B": b"\x00\xff"},
        "yes": {"BOOL": True},
        "none": {"NULL": True},
        "l": {"L": [{"M": {"x": {"L": [{"N": "1"}]}}}, {"S": "é"}]},
        "ss": {"SS": ["a", "b"]},
        "ns": {"NS": ["1", "2"]},
        "bs": {"BS": [b"1", b"2"]},
    }
    home.tables.put_item(TableName="orders", Item=item)
    home.restore(home.take()["RecoveryPointArn"], "restored")
    assert home.tables.get_item(TableName="restored", Key={"pk": {"S": "one"}})["Item"] == item


def test_a_job_runs_before_it_is_complete_and_its_point_with_it(home: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "STEP_SECONDS", 1.0)
    begun = home.backup.start_backup_job(BackupVaultName="vault", ResourceArn=TABLE, IamRoleArn=ROLE)
    seen = []

    def ended() -> bool | None:
        job = home.backup.describe_backup_job(BackupJobId=begun["BackupJobId"])
        point = home.backup.describe_recovery_point(BackupVaultName="vault", RecoveryPointArn=begun["RecoveryPointArn"])
        seen.append((job["State"], point["Status"]))
        return job["State"] == "COMPLETED" or None

    until(ended)
    # two calls: the job may go on between them
    assert list(dict.fromkeys(job for job, _ in seen)) == ["CREATED", "RUNNING", "COMPLETED"]
    assert list(dict.fromkeys(point for _, point in seen)) == ["CREATING", "COMPLETED"]
    assert home.backup.describe_backup_vault(BackupVaultName="vault")["NumberOfRecoveryPoints"] == 1


def test_a_point_says_when_it_ends_and_a_shorter_retention_is_taken_where_no_lock_is(home: Region) -> None:
    point = home.take(Lifecycle=DAYS, RecoveryPointTags={"why": "drill"})["RecoveryPointArn"]
    named = {"BackupVaultName": "vault", "RecoveryPointArn": point}
    found = home.backup.describe_recovery_point(**named)
    assert found["CalculatedLifecycle"]["DeleteAt"] - found["CreationDate"] == datetime.timedelta(days=30)
    assert home.backup.list_tags(ResourceArn=point)["Tags"] == {"why": "drill"}
    home.backup.update_recovery_point_lifecycle(**named, Lifecycle={"DeleteAfterDays": 7})
    assert home.backup.describe_recovery_point(**named)["Lifecycle"] == {"DeleteAfterDays": 7}
    with pytest.raises(ClientError, match="90 days apart"):
        home.backup.update_recovery_point_lifecycle(
            **named, Lifecycle={"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 60}
        )


def test_a_restored_table_has_dynamodbs_own_key_unless_another_is_asked_for(home: Region) -> None:
    own = key(home)
    home.tables.update_table(
        TableName="orders", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": own}
    )
    point = home.take()["RecoveryPointArn"]
    home.restore(point, "plain")
    home.restore(point, "encrypted", encryptionType="KMS", kmsMasterKeyArn=own)
    assert "SSEDescription" not in home.active("plain")
    assert home.active("encrypted")["SSEDescription"]["KMSMasterKeyArn"] == own


def test_a_copy_is_restored_in_the_other_region_under_its_key_alone(home: Region, dr: Region) -> None:
    home.put("one", v="1")
    own, other = key(home), key(dr)
    home.backup.create_backup_vault(BackupVaultName="keyed", EncryptionKeyArn=own)
    dr.backup.create_backup_vault(BackupVaultName="keyed", EncryptionKeyArn=other)
    point = home.take("keyed")["RecoveryPointArn"]
    begun = home.backup.start_copy_job(
        RecoveryPointArn=point,
        SourceBackupVaultName="keyed",
        DestinationBackupVaultArn=DESTINATION.replace(":dr", ":keyed"),
        IamRoleArn=ROLE,
        Lifecycle=DAYS,
    )
    copied = home.job("copy", begun["CopyJobId"])["DestinationRecoveryPointArn"]
    assert copied.startswith(f"arn:aws:backup:{DR}:")
    home.client("kms").disable_key(KeyId=own.rpartition("/")[2])  # the home region is lost, its key with it
    home.backup.delete_recovery_point(BackupVaultName="keyed", RecoveryPointArn=point)
    assert dr.restore(copied, "orders")["Status"] == "COMPLETED"
    assert dr.items("orders") == {"one": "1"}
    found = dr.backup.describe_recovery_point(BackupVaultName="keyed", RecoveryPointArn=copied)
    assert (found["EncryptionKeyArn"], found["ResourceArn"]) == (other, TABLE)


@pytest.mark.parametrize(("action", "says"), [("disable_key", "is disabled"), ("schedule_key_deletion", "pending")])
def test_a_key_that_cannot_be_used_fails_the_restore_and_the_copy(
    home: Region, dr: Region, action: str, says: str
) -> None:
    own = key(home)
    home.backup.create_backup_vault(BackupVaultName="keyed", EncryptionKeyArn=own)
    point = home.take("keyed")["RecoveryPointArn"]
    getattr(home.client("kms"), action)(KeyId=own.rpartition("/")[2])
    job = home.restore(point, "restored")
    assert (job["Status"], says in job["StatusMessage"], own in job["StatusMessage"]) == ("FAILED", True, True)
    assert "restored" not in home.tables.list_tables()["TableNames"]
    failed = home.take("keyed")
    assert (failed["State"], "RecoveryPointArn" in failed) == ("FAILED", False)
    begun = home.backup.start_copy_job(
        RecoveryPointArn=point,
        SourceBackupVaultName="keyed",
        DestinationBackupVaultArn=DESTINATION,
        IamRoleArn=ROLE,
    )
    assert home.job("copy", begun["CopyJobId"])["State"] == "FAILED"
    assert dr.backup.list_recovery_points_by_backup_vault(BackupVaultName="dr")["RecoveryPoints"] == []


def test_a_locked_vault_keeps_its_points_and_takes_none_that_end_too_early(home: Region) -> None:
    point = home.take(Lifecycle=DAYS)["RecoveryPointArn"]
    home.backup.put_backup_vault_lock_configuration(BackupVaultName="vault", MinRetentionDays=14, MaxRetentionDays=365)
    named = {"BackupVaultName": "vault", "RecoveryPointArn": point}
    with pytest.raises(ClientError, match="vault lock"):
        home.backup.delete_recovery_point(**named)
    with pytest.raises(ClientError, match="cannot be shortened"):
        home.backup.update_recovery_point_lifecycle(**named, Lifecycle={"DeleteAfterDays": 20})
    home.backup.update_recovery_point_lifecycle(**named, Lifecycle={"DeleteAfterDays": 60})
    assert "minimum of 14" in home.take(Lifecycle={"DeleteAfterDays": 7})["StatusMessage"]
    assert "maximum of 365" in home.take()["StatusMessage"]
    with pytest.raises(ClientError, match="contains 1 recovery points"):
        home.backup.delete_backup_vault(BackupVaultName="vault")
    home.backup.delete_backup_vault_lock_configuration(BackupVaultName="vault")
    home.backup.delete_recovery_point(**named)
    home.backup.delete_backup_vault(BackupVaultName="vault")


def test_a_restore_over_a_table_that_is_there_fails_and_leaves_it(home: Region) -> None:
    home.put("one", v="1")
    point = home.take()["RecoveryPointArn"]
    job = home.restore(point, "orders")
    assert (job["Status"], job["StatusMessage"]) == ("FAILED", "Table already exists: orders")
    assert home.items() == {"one": "1"}


def test_what_is_not_there_is_refused(home: Region) -> None:
    with pytest.raises(ClientError, match="does not exist"):
        home.take(table=TABLE + "-no")
    with pytest.raises(ClientError, match="Backup vault no not found"):
        home.take("no")
    with pytest.raises(ClientError, match="targetTableName"):
        home.backup.start_restore_job(
            RecoveryPointArn=home.take()["RecoveryPointArn"], IamRoleArn=ROLE, Metadata={"encryptionType": "KMS"}
        )
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        home.backup.describe_restore_job(RestoreJobId="none")


def test_the_same_token_starts_one_job(home: Region) -> None:
    given = {"BackupVaultName": "vault", "ResourceArn": TABLE, "IamRoleArn": ROLE, "IdempotencyToken": "t"}
    first, second = (home.backup.start_backup_job(**given)["BackupJobId"] for _ in range(2))
    assert first == second
    assert len(home.backup.list_backup_jobs()["BackupJobs"]) == 1


def test_lists_are_filtered_and_paged(home: Region) -> None:
    arns = [home.take()["RecoveryPointArn"] for _ in range(3)]
    pages = home.backup.get_paginator("list_recovery_points_by_backup_vault").paginate(
        BackupVaultName="vault", PaginationConfig={"PageSize": 2}
    )
    assert [one["RecoveryPointArn"] for page in pages for one in page["RecoveryPoints"]] == arns[::-1]
    assert len(home.backup.list_recovery_points_by_resource(ResourceArn=TABLE)["RecoveryPoints"]) == 3
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    assert home.backup.list_backup_jobs(ByCreatedAfter=later)["BackupJobs"] == []
    assert len(home.backup.list_backup_jobs(ByState="COMPLETED", ByResourceArn=TABLE)["BackupJobs"]) == 3
    protected = home.backup.list_protected_resources()["Results"]
    assert [(one["ResourceArn"], one["LastRecoveryPointArn"]) for one in protected] == [(TABLE, arns[-1])]


def test_a_damaged_point_restores_fewer_and_other_items_while_its_copy_stays_whole(home: Region, dr: Region) -> None:
    for number in range(20):
        home.put(str(number), v="1")
    point = home.take()["RecoveryPointArn"]
    copied = home.copy(point, DESTINATION)["DestinationRecoveryPointArn"]
    done = home.server.backup.corrupt({"kind": "corrupt", "resource": point, "probability": 0.2, "seed": 7})
    assert min(done["dropped"], done["changed"]) >= 1
    home.restore(point, "restored")
    dr.restore(copied, "restored")
    found = home.items("restored")
    assert len(found) == 20 - done["dropped"]
    assert sum(value != "1" for value in found.values()) == done["changed"]
    assert dr.items("restored") == home.items()


@pytest.mark.parametrize("kind", ["throttle", "fail"])
def test_jobs_of_one_region_fail_on_a_fault_and_the_others_go_on(home: Region, dr: Region, kind: Any) -> None:
    point = home.take()["RecoveryPointArn"]
    copied = home.copy(point, DESTINATION)["DestinationRecoveryPointArn"]
    faults = home.server.backup.faults
    faults.add([Fault(kind, service="backup", operation="RestoreJob", caller="anyone", region=DR)])
    try:
        job = dr.restore(copied, "restored")
        assert (job["Status"], bool(job["StatusMessage"])) == ("FAILED", True)
        assert home.restore(point, "restored")["Status"] == "COMPLETED"
    finally:
        faults.clear()


def test_a_vault_tells_its_topic_and_the_region_its_bus(home: Region) -> None:
    sqs, sns, events = (home.client(name) for name in ("sqs", "sns", "events"))
    queues = {}
    for name in ("told", "evented"):
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        queues[name] = (url, f"arn:aws:sqs:{HOME}:{ACCOUNT}:{name}")
    topic = sns.create_topic(Name="backups")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queues["told"][1])
    pattern = {"source": ["aws.backup"], "detail-type": ["Restore Job State Change"], "detail": {"status": ["FAILED"]}}
    events.put_rule(Name="restores", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="restores", Targets=[{"Id": "q", "Arn": queues["evented"][1]}])
    wanted = ["BACKUP_JOB_COMPLETED", "RESTORE_JOB_FAILED"]
    home.backup.put_backup_vault_notifications(BackupVaultName="vault", SNSTopicArn=topic, BackupVaultEvents=wanted)
    point = home.take()["RecoveryPointArn"]
    home.restore(point, "orders")  # which is there already

    def received(name: str, count: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []

        def enough() -> bool | None:
            answer = sqs.receive_message(QueueUrl=queues[name][0], MaxNumberOfMessages=10)
            found.extend(json.loads(one["Body"]) for one in answer.get("Messages", ()))
            return len(found) >= count or None

        until(enough)
        return found

    told = [one["MessageAttributes"] for one in received("told", 2)]
    said = {(one["EventType"]["Value"], one["State"]["Value"]) for one in told}
    assert said == {("BACKUP_JOB", "COMPLETED"), ("RESTORE_JOB", "FAILED")}
    (event,) = received("evented", 1)
    assert (event["detail"]["recoveryPointArn"], event["region"]) == (point, HOME)
    assert "Table already exists" in event["detail"]["statusMessage"]


def test_a_validation_is_put_on_a_restore_that_is_complete(home: Region) -> None:
    point = home.take()["RecoveryPointArn"]
    id_ = home.restore(point, "restored")["RestoreJobId"]
    result = {"ValidationStatus": "FAILED", "ValidationStatusMessage": "3 items are missing"}
    home.backup.put_restore_validation_result(RestoreJobId=id_, **result)
    found = home.backup.describe_restore_job(RestoreJobId=id_)
    assert {name: found[name] for name in result} == result
    failed = home.restore(point, "orders")["RestoreJobId"]
    with pytest.raises(ClientError, match="not COMPLETED"):
        home.backup.put_restore_validation_result(RestoreJobId=failed, **result)


def test_a_stopped_job_leaves_no_point(home: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "STEP_SECONDS", 0.5)
    begun = home.backup.start_backup_job(BackupVaultName="vault", ResourceArn=TABLE, IamRoleArn=ROLE)
    home.backup.stop_backup_job(BackupJobId=begun["BackupJobId"])
    time.sleep(1.2)
    assert home.job("backup", begun["BackupJobId"])["State"] == "ABORTED"
    assert home.backup.describe_backup_vault(BackupVaultName="vault")["NumberOfRecoveryPoints"] == 0


def test_a_restore_test_takes_the_newest_point_says_its_plan_and_leaves_no_table(home: Region) -> None:
    home.take()
    home.put("one", v="1")
    point = home.take()["RecoveryPointArn"]
    registry, plan = home.server.registry, f"arn:aws:backup:{HOME}:{ACCOUNT}:restore-testing-plan:weekly-1"
    registry.put(restore_tests.PLAN, f"{HOME}/weekly", {"inputs": {}, "computed": {"arn": plan}})
    selection = {"iamRoleArn": ROLE, "protectedResourceArns": [TABLE], "protectedResourceType": "DynamoDB"}
    registry.put(restore_tests.SELECTION, f"{HOME}/weekly/tables", {"inputs": selection, "computed": {}})
    (id_,) = restore_tests.run(home.server.backup, registry)["started"]
    job = home.job("restore", id_)
    assert (job["RecoveryPointArn"], job["CreatedBy"]["RestoreTestingPlanArn"]) == (point, plan)
    table = job["CreatedResourceArn"].rpartition("/")[2]
    assert (table.startswith("awsbackup-restore-test-"), home.items(table)) == (True, {"one": "1"})
    home.backup.put_restore_validation_result(RestoreJobId=id_, ValidationStatus="SUCCESSFUL")
    assert home.backup.describe_restore_job(RestoreJobId=id_)["DeletionStatus"] == "SUCCESSFUL"
    assert table not in home.tables.list_tables()["TableNames"]


def test_a_framework_that_was_deployed_is_described_and_another_is_not_there(home: Region) -> None:
    control = {"name": "BACKUP_RECOVERY_POINT_ENCRYPTED", "scope": {"complianceResourceTypes": ["DynamoDB"]}}
    made = {"arn": "arn", "creationTime": "2026-11-21T09:00:00Z", "deploymentStatus": "COMPLETED", "status": "ACTIVE"}
    home.server.registry.put(
        frameworks.FRAMEWORK, f"{HOME}/ours", {"inputs": {"controls": [control]}, "computed": made}
    )
    found = home.backup.describe_framework(FrameworkName="ours")
    assert (found["DeploymentStatus"], found["FrameworkStatus"]) == ("COMPLETED", "ACTIVE")
    assert [one["ControlName"] for one in found["FrameworkControls"]] == ["BACKUP_RECOVERY_POINT_ENCRYPTED"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        home.backup.describe_framework(FrameworkName="theirs")
