"""In a running cloud: permissions, vault policies, the control page, and what survives a restart."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.localcloud.conftest import ACCOUNT, REGION, Running

ROLE = f"arn:aws:iam::{ACCOUNT}:role/backup"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
SERVICE = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyFor"


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Running]) -> Running:
    running = launch()
    trust = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    for name, policies in (("backup", ("Backup", "Restores")), ("half", ("Backup",))):
        running.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
        for policy in policies:
            running.client("iam").attach_role_policy(RoleName=name, PolicyArn=SERVICE + policy)
    running.client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    running.client("dynamodb").update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    running.client("dynamodb").put_item(TableName="orders", Item={"pk": {"S": "one"}})
    running.client("backup").create_backup_vault(BackupVaultName="vault")
    return running


def ended(cloud: Running, kind: str, id_: str) -> dict[str, Any]:
    parameter = {"backup": "BackupJobId", "restore": "RestoreJobId"}[kind]
    deadline = time.monotonic() + 20
    while True:
        found: dict[str, Any] = getattr(cloud.client("backup"), f"describe_{kind}_job")(**{parameter: id_})
        if found.get("State", found.get("Status")) in ("COMPLETED", "FAILED"):
            return found
        assert time.monotonic() < deadline
        time.sleep(0.05)


def taken(cloud: Running) -> str:
    begun = cloud.client("backup").start_backup_job(BackupVaultName="vault", ResourceArn=TABLE, IamRoleArn=ROLE)
    point: str = ended(cloud, "backup", begun["BackupJobId"])["RecoveryPointArn"]
    return point


def restored(cloud: Running, point: str, name: str, role: str = ROLE) -> dict[str, Any]:
    begun = cloud.client("backup").start_restore_job(
        RecoveryPointArn=point, IamRoleArn=role, Metadata={"targetTableName": name}
    )
    return ended(cloud, "restore", begun["RestoreJobId"])


def scanned(cloud: Running, table: str) -> int:
    count: int = cloud.client("dynamodb").scan(TableName=table)["Count"]
    return count


def test_a_role_that_may_not_restore_fails_the_job_and_one_that_trusts_nobody_is_refused(cloud: Running) -> None:
    point = taken(cloud)
    job = restored(cloud, point, "half", ROLE.replace("/backup", "/half"))
    assert job["Status"] == "FAILED"
    assert "dynamodb:RestoreTableFromAwsBackup" in job["StatusMessage"]
    assert restored(cloud, point, "whole")["Status"] == "COMPLETED"
    with pytest.raises(ClientError, match="cannot be assumed"):
        restored(cloud, point, "nobody", ROLE.replace("/backup", "/nobody"))


def test_a_vaults_policy_keeps_its_points_from_everyone(cloud: Running) -> None:
    point, backup = taken(cloud), cloud.client("backup")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    backup.put_backup_vault_access_policy(BackupVaultName="vault", Policy=policy)
    named = {"BackupVaultName": "vault", "RecoveryPointArn": point}
    with pytest.raises(ClientError, match="AccessDenied"):
        backup.delete_recovery_point(**named)
    backup.delete_backup_vault_access_policy(BackupVaultName="vault")
    backup.delete_recovery_point(**named)


def test_points_jobs_and_the_past_survive_a_restart(cloud: Running) -> None:
    point, before = taken(cloud), time.time() + 1
    time.sleep(2.2)
    cloud.client("dynamodb").put_item(TableName="orders", Item={"pk": {"S": "two"}})
    time.sleep(2.2)
    cloud.restart()
    assert restored(cloud, point, "again")["Status"] == "COMPLETED"
    assert scanned(cloud, "again") == 1
    cloud.client("dynamodb").restore_table_to_point_in_time(
        SourceTableName="orders", TargetTableName="past", RestoreDateTime=before
    )
    cloud.client("dynamodb").get_waiter("table_exists").wait(TableName="past", WaiterConfig={"Delay": 1})
    assert (scanned(cloud, "past"), scanned(cloud, "orders")) == (1, 2)


def test_a_job_that_a_stop_cuts_off_goes_on_with_the_cloud(cloud: Running) -> None:
    point = taken(cloud)
    begun = cloud.client("backup").start_restore_job(
        RecoveryPointArn=point, IamRoleArn=ROLE, Metadata={"targetTableName": "cut"}
    )
    cloud.restart()
    assert ended(cloud, "restore", begun["RestoreJobId"])["Status"] == "COMPLETED"
    assert scanned(cloud, "cut") == scanned(cloud, "orders")


def test_the_control_page_damages_a_point_and_refuses_one_that_is_not_there(cloud: Running) -> None:
    point, url = taken(cloud), f"{cloud.info['endpoint_url']}/_localcloud/faults"

    def corrupt(arn: str) -> dict[str, Any]:
        body = json.dumps({"kind": "corrupt", "resource": arn, "probability": 1}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the loopback's own
            found: dict[str, Any] = json.load(answer)
            return found

    assert corrupt(point)["corrupted"]["dropped"] >= 1
    with pytest.raises(urllib.error.HTTPError, match="400"):
        corrupt(point[:-4] + "0000")
