"""Point-in-time recovery honours the time: journal, window, restores, exports."""

import base64
import datetime
import gzip
import hashlib
import json
import pickle
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.backup import jobs, journal
from tests.unit.localcloud.backup.conftest import TABLE, Region, until

DAY = 86_400


def enable(home: Region, **options: int) -> None:
    home.tables.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, **options}
    )


def window(home: Region) -> tuple[float, float]:
    found = home.tables.describe_continuous_backups(TableName="orders")["ContinuousBackupsDescription"]
    described = found["PointInTimeRecoveryDescription"]
    return described["EarliestRestorableDateTime"].timestamp(), described["LatestRestorableDateTime"].timestamp()


def restore(home: Region, moment: float, target: str = "restored", **options: Any) -> dict[str, str]:
    home.tables.restore_table_to_point_in_time(
        SourceTableName="orders",
        TargetTableName=target,
        RestoreDateTime=datetime.datetime.fromtimestamp(moment, datetime.UTC),
        **options,
    )
    home.active(target)
    return home.items(target)


def test_a_restore_brings_back_the_items_of_its_moment(home: Region, clock: Any) -> None:
    home.put("before", v="0")
    enable(home)
    home.put("kept", v="1")
    home.put("changed", v="1")
    home.put("deleted", v="1")
    then = clock(10)
    clock(10)
    home.put("added", v="2")
    update = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"S": "2"}}}
    home.tables.update_item(TableName="orders", Key={"pk": {"S": "changed"}}, **update)
    home.tables.update_item(TableName="orders", Key={"pk": {"S": "upserted"}}, **update)
    home.tables.delete_item(TableName="orders", Key={"pk": {"S": "deleted"}})
    home.tables.delete_item(TableName="orders", Key={"pk": {"S": "before"}})
    clock(10)
    assert restore(home, then) == {"before": "0", "kept": "1", "changed": "1", "deleted": "1"}
    assert home.items() == {"kept": "1", "changed": "2", "added": "2", "upserted": "2"}


def test_every_state_of_an_item_comes_back_from_the_packed_journal(home: Region, clock: Any) -> None:
    enable(home)
    table = home.server.backup.account.table("orders", home.name)
    moments = []
    for number in range(300):  # more than one pack holds
        table.put_item({"pk": {"S": "one"}, "v": {"S": str(number)}})
        table.put_item({"pk": {"S": "two"}, "v": {"S": str(number)}})
        moments.append(clock(2))
        clock(2)
    for number in (0, 100, 299):
        found = restore(home, moments[number], f"restored-{number}")
        assert found == {"one": str(number), "two": str(number)}


def test_a_transaction_that_is_cancelled_leaves_nothing_in_the_past(home: Region, clock: Any) -> None:
    enable(home)
    home.put("one", v="1")
    clock(5)
    put = {"Put": {"TableName": "orders", "Item": {"pk": {"S": "two"}, "v": {"S": "9"}}}}
    key = {"TableName": "orders", "Key": {"pk": {"S": "one"}}}
    check = {"ConditionCheck": {**key, "ConditionExpression": "attribute_not_exists(pk)"}}
    with pytest.raises(ClientError, match="TransactionCanceled"):
        home.tables.transact_write_items(TransactItems=[put, check])
    then = clock(5)
    clock(5)
    assert restore(home, then) == home.items() == {"one": "1"}


def test_a_failed_update_changes_neither_the_item_nor_the_past(home: Region, clock: Any) -> None:
    enable(home)
    home.put("one", v="1")
    then = clock(5)
    clock(5)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        home.tables.update_item(
            TableName="orders",
            Key={"pk": {"S": "one"}},
            UpdateExpression="SET v = :v",
            ConditionExpression="v = :v",
            ExpressionAttributeValues={":v": {"S": "2"}},
        )
    clock(5)
    assert restore(home, then) == home.items() == {"one": "1"}


def test_the_window_begins_when_it_was_switched_on_and_ends_just_before_now(home: Region, clock: Any) -> None:
    began = clock(0)
    enable(home)
    now = clock(100)
    earliest, latest = window(home)
    assert began - 1 <= earliest <= began + 1
    assert now - 3 <= latest <= now
    for outside in (earliest - 5, now + 5):
        with pytest.raises(ClientError, match="InvalidRestoreTime"):
            restore(home, outside)


def test_switching_off_and_on_begins_a_new_window(home: Region, clock: Any) -> None:
    enable(home)
    clock(100)
    home.tables.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    with pytest.raises(ClientError, match="PointInTimeRecoveryUnavailable"):
        restore(home, clock(0))
    again = clock(10)
    enable(home)
    assert window(home)[0] >= again - 1


def test_the_past_ends_at_the_recovery_period(home: Region, clock: Any) -> None:
    enable(home, RecoveryPeriodInDays=2)
    home.put("one", v="1")
    now = clock(5 * DAY)
    assert window(home)[0] == pytest.approx(now - 2 * DAY, abs=2)


def test_a_journal_that_is_too_large_forgets_its_beginning(monkeypatch: pytest.MonkeyPatch, home: Region) -> None:
    enable(home)
    monkeypatch.setattr(journal, "_MOST_BYTES", 20_000)
    began = window(home)[0]
    kept = home.server.backup.account.table("orders", home.name).journal
    for number in range(3000):
        home.server.backup.account.table("orders", home.name).put_item({"pk": {"S": str(number)}, "v": {"S": "1"}})
    kept.pack()
    assert kept.began > began
    assert sum(len(chunk.content) for _, chunk in kept._packed) <= 20_000


def test_a_snapshot_of_the_journal_holds_bytes_and_restores_the_same(home: Region, clock: Any) -> None:
    enable(home)
    home.put("one", v="1")
    then = clock(5)
    clock(5)
    home.put("one", v="2")
    clock(5)
    table = home.server.backup.account.table("orders", home.name)
    vars(table)["journal"] = pickle.loads(pickle.dumps(table.journal))  # noqa: S301
    assert restore(home, then) == {"one": "1"}


def test_a_restored_table_keeps_indexes_and_billing_and_loses_the_rest(home: Region, clock: Any) -> None:
    enable(home)
    tables = home.tables
    tables.update_table(
        TableName="orders",
        DeletionProtectionEnabled=True,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    tables.update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    tables.tag_resource(ResourceArn=TABLE, Tags=[{"Key": "team", "Value": "retail"}])
    clock(10)
    tables.restore_table_to_point_in_time(
        SourceTableName="orders", TargetTableName="restored", UseLatestRestorableTime=True
    )
    found = home.active("restored")
    assert [one["IndexName"] for one in found["GlobalSecondaryIndexes"]] == ["by-v"]
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert found["RestoreSummary"]["SourceTableArn"] == TABLE
    assert not found["DeletionProtectionEnabled"]
    assert "StreamSpecification" not in found
    assert tables.describe_time_to_live(TableName="restored")["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"
    assert tables.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"] == []
    recovery = tables.describe_continuous_backups(TableName="restored")["ContinuousBackupsDescription"]
    assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


def test_a_table_is_creating_until_its_items_are_there(
    home: Region, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "STEP_SECONDS", 2)
    enable(home)
    clock(10)
    answer = home.tables.restore_table_to_point_in_time(
        SourceTableName="orders", TargetTableName="restored", UseLatestRestorableTime=True
    )["TableDescription"]
    assert (answer["TableStatus"], answer["RestoreSummary"]["RestoreInProgress"]) == ("CREATING", True)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        home.items("restored")
    with pytest.raises(ClientError, match="TableAlreadyExists"):
        restore(home, clock(0) - 5)
    assert home.active("restored")["RestoreSummary"]["RestoreInProgress"] is False


def test_an_export_has_the_manifests_and_the_items_of_its_moment(home: Region, clock: Any) -> None:
    home.client("s3").create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    enable(home)
    home.tables.put_item(
        TableName="orders", Item={"pk": {"S": "one"}, "v": {"S": "é"}, "b": {"B": b"\x00\x01"}, "n": {"N": "1.50"}}
    )
    then = clock(10)
    clock(10)
    home.put("two", v="2")
    clock(10)
    arn = home.tables.export_table_to_point_in_time(
        TableArn=TABLE,
        S3Bucket="exports",
        S3Prefix="nightly",
        ExportTime=datetime.datetime.fromtimestamp(then, datetime.UTC),
    )["ExportDescription"]["ExportArn"]

    def done() -> dict[str, Any] | None:
        described: dict[str, Any] = home.tables.describe_export(ExportArn=arn)["ExportDescription"]
        return described if described["ExportStatus"] != "IN_PROGRESS" else None

    export = until(done)
    assert (export["ExportStatus"], export["ItemCount"]) == ("COMPLETED", 1)

    def read(key: str) -> bytes:
        content: bytes = home.client("s3").get_object(Bucket="exports", Key=key)["Body"].read()
        return content

    summary = json.loads(read(export["ExportManifest"]))
    assert (summary["itemCount"], summary["outputFormat"]) == (1, "DYNAMODB_JSON")
    assert summary["manifestFilesS3Key"].startswith("nightly/AWSDynamoDB/")
    files = [json.loads(line) for line in read(summary["manifestFilesS3Key"]).splitlines()]
    data = read(files[0]["dataFileS3Key"])
    assert files[0]["md5Checksum"] == base64.b64encode(hashlib.md5(data).digest()).decode()  # noqa: S324
    assert [json.loads(line) for line in gzip.decompress(data).splitlines()] == [
        {"Item": {"pk": {"S": "one"}, "v": {"S": "é"}, "b": {"B": "AAE="}, "n": {"N": "1.50"}}}
    ]


def test_an_export_into_no_bucket_fails_and_says_so(home: Region, clock: Any) -> None:
    enable(home)
    clock(10)
    arn = home.tables.export_table_to_point_in_time(TableArn=TABLE, S3Bucket="nowhere")["ExportDescription"][
        "ExportArn"
    ]

    def failed() -> str | None:
        described: dict[str, str] = home.tables.describe_export(ExportArn=arn)["ExportDescription"]
        return described.get("FailureCode")

    assert until(failed) == "S3NoSuchBucket"


def test_a_deleted_table_leaves_a_system_backup_where_recovery_was_on(home: Region) -> None:
    enable(home)
    home.put("one", v="1")
    home.tables.delete_table(TableName="orders")
    left = home.tables.list_backups(BackupType="SYSTEM")["BackupSummaries"]
    assert [one["BackupName"] for one in left] == ["orders$DeletedTableBackup"]
    home.tables.restore_table_from_backup(TargetTableName="orders", BackupArn=left[0]["BackupArn"])
    home.active("orders")
    assert home.items() == {"one": "1"}


def test_a_backup_on_demand_is_of_its_moment_and_can_leave_indexes_out(home: Region) -> None:
    home.put("one", v="1")
    made = home.tables.create_backup(TableName="orders", BackupName="now")["BackupDetails"]
    update = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"S": "2"}}}
    home.tables.update_item(TableName="orders", Key={"pk": {"S": "one"}}, **update)

    def available() -> bool | None:
        described = home.tables.describe_backup(BackupArn=made["BackupArn"])["BackupDescription"]
        return described["BackupDetails"]["BackupStatus"] == "AVAILABLE" or None

    until(available)
    home.tables.restore_table_from_backup(
        TargetTableName="restored", BackupArn=made["BackupArn"], GlobalSecondaryIndexOverride=[]
    )
    assert not home.active("restored").get("GlobalSecondaryIndexes")
    assert home.items("restored") == {"one": "1"}
    home.tables.delete_backup(BackupArn=made["BackupArn"])
    with pytest.raises(ClientError, match="BackupNotFound"):
        home.tables.describe_backup(BackupArn=made["BackupArn"])
