"""What each service holds comes back after a real stop and start."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.unit.localcloud.conftest import ACCOUNT, REGION, Running, create_echo

KIND, ID = "apigateway:account", REGION
Answers = dict[str, Any]


def _fill(cloud: Running) -> None:
    """One of everything, before the restart."""
    call = cloud.client
    create_echo(cloud)
    call("dynamodb").create_table(
        TableName="items",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    item = {"pk": {"S": "a"}, "bytes": {"B": b"\x00\x01"}, "tags": {"SS": ["x", "y"]}, "n": {"N": "1.5"}}
    call("dynamodb").put_item(TableName="items", Item=item)
    call("dynamodb").update_continuous_backups(
        TableName="items", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    s3 = call("s3")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="kept", Key="big", Body=b"1" * 300_000)
    s3.put_object(Bucket="kept", Key="big", Body=b"2" * 300_000)
    iam = call("iam")
    managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName="echo", PolicyArn=managed)
    key = call("kms").create_key()["KeyMetadata"]["KeyId"]
    call("kms").create_alias(AliasName="alias/kept", TargetKeyId=key)
    signing = call("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    call("kms").create_alias(AliasName="alias/signing", TargetKeyId=signing)
    sealed = call("kms").encrypt(KeyId="alias/kept", Plaintext=b"secret")["CiphertextBlob"]
    s3.put_object(Bucket="kept", Key="sealed", Body=sealed)
    call("secretsmanager").create_secret(Name="kept", SecretString="value")
    call("ssm").put_parameter(Name="/kept/one", Value="1", Type="SecureString", KeyId="alias/kept")
    call("ssm").add_tags_to_resource(
        ResourceType="Parameter", ResourceId="/kept/one", Tags=[{"Key": "a", "Value": "b"}]
    )
    call("logs").create_log_group(logGroupName="/kept")
    call("logs").put_retention_policy(logGroupName="/kept", retentionInDays=7)
    call("sns").create_topic(Name="kept")
    call("sqs").create_queue(QueueName="kept")
    call("sqs").send_message(QueueUrl=call("sqs").get_queue_url(QueueName="kept")["QueueUrl"], MessageBody="m")
    call("events").put_rule(Name="kept", ScheduleExpression="rate(1 day)")
    call("apigateway").create_rest_api(name="kept")
    call("cloudwatch").put_metric_alarm(
        AlarmName="kept",
        MetricName="m",
        Namespace="n",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Statistic="Sum",
    )
    call("cloudwatch").put_dashboard(DashboardName="kept", DashboardBody="{}")
    call("backup").create_backup_vault(BackupVaultName="kept")
    budget = {"BudgetName": "kept", "TimeUnit": "DAILY", "BudgetType": "COST"}
    call("budgets").create_budget(AccountId=ACCOUNT, Budget={**budget, "BudgetLimit": {"Amount": "1", "Unit": "USD"}})


def _read(cloud: Running) -> Answers:
    """What can be read of it, in comparable form."""
    call = cloud.client
    s3 = call("s3")
    versions = s3.list_object_versions(Bucket="kept", Prefix="big")["Versions"]
    sealed = s3.get_object(Bucket="kept", Key="sealed")["Body"].read()
    secret = call("secretsmanager").get_secret_value(SecretId="kept")
    parameter = call("ssm").get_parameter(Name="/kept/one", WithDecryption=True)["Parameter"]
    queue = call("sqs").get_queue_url(QueueName="kept")["QueueUrl"]
    labels = call("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId="/kept/one")["TagList"]
    functions = call("lambda")
    return {
        "dynamodb item": call("dynamodb").get_item(TableName="items", Key={"pk": {"S": "a"}})["Item"],
        "dynamodb stream": call("dynamodb").describe_table(TableName="items")["Table"]["LatestStreamArn"],
        "dynamodb pitr": call("dynamodb").describe_continuous_backups(TableName="items")[
            "ContinuousBackupsDescription"
        ]["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "s3 versions": [(row["VersionId"], row["ETag"], row["IsLatest"]) for row in versions],
        "s3 content": [
            s3.get_object(Bucket="kept", Key="big", VersionId=row["VersionId"])["Body"].read() for row in versions
        ],
        "iam trust": call("iam").get_role(RoleName="echo")["Role"]["AssumeRolePolicyDocument"],
        "iam managed": call("iam").list_attached_role_policies(RoleName="echo")["AttachedPolicies"],
        "kms": call("kms").decrypt(CiphertextBlob=sealed)["Plaintext"],
        "kms public key": call("kms").get_public_key(KeyId="alias/signing")["PublicKey"],
        "secret": (secret["SecretString"], secret["VersionId"], secret["ARN"]),
        "parameter": (parameter["Value"], parameter["Type"], parameter["Version"]),
        "parameter tags": labels,
        "logs": call("logs").describe_log_groups(logGroupNamePrefix="/kept")["logGroups"][0]["retentionInDays"],
        "topics": call("sns").list_topics()["Topics"],
        "queue": call("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])[
            "Attributes"
        ],
        "rules": [rule["Name"] for rule in call("events").list_rules()["Rules"]],
        "apis": [api["id"] for api in call("apigateway").get_rest_apis()["items"]],
        "alarms": [alarm["AlarmName"] for alarm in call("cloudwatch").describe_alarms()["MetricAlarms"]],
        "dashboards": call("cloudwatch").get_dashboard(DashboardName="kept")["DashboardBody"],
        "vaults": [vault["BackupVaultArn"] for vault in call("backup").list_backup_vaults()["BackupVaultList"]],
        "budget": call("budgets").describe_budget(AccountId=ACCOUNT, BudgetName="kept")["Budget"]["BudgetLimit"],
        "function": functions.get_function_configuration(FunctionName="echo:live")["CodeSha256"],
        "alias": functions.get_alias(FunctionName="echo", Name="live")["FunctionVersion"],
        "answer": cloud.invoke({"n": 1})["Payload"]["event"],
    }


@pytest.fixture(scope="module")
def around_a_restart(launch: Callable[..., Running]) -> tuple[Answers, Answers, Running]:
    cloud = launch({KIND: {ID: {"cloudwatch_role_arn": "arn"}}})
    _fill(cloud)
    before = _read(cloud)
    cloud.restart()
    return before, _read(cloud), cloud


def test_every_service_holds_after_a_restart_what_it_held_before(
    around_a_restart: tuple[Answers, Answers, Running],
) -> None:
    before, after, _ = around_a_restart
    assert after == before


def test_large_contents_are_written_once_and_not_into_each_snapshot(
    around_a_restart: tuple[Answers, Answers, Running],
) -> None:
    cloud = around_a_restart[2]
    assert (cloud.directory / "state" / "snapshot").stat().st_size < 600_000
    blobs = list((cloud.directory / "state" / "blobs").iterdir())
    assert sorted(blob.stat().st_size for blob in blobs) == [300_000, 300_000]


def test_the_inventory_lists_what_exists_and_forgets_what_is_deleted(
    around_a_restart: tuple[Answers, Answers, Running],
) -> None:
    cloud = around_a_restart[2]

    def inventory() -> Any:
        return httpx.get(f"{cloud.info['endpoint_url']}/_localcloud/inventory").json()

    found = inventory()
    assert found["dynamodb"]["tables"] == ["items"]
    assert found["lambda"]["functions"] == ["echo"]
    assert found["iam"] == {"roles": ["echo"]}
    assert found["kms"]["aliases"] == ["alias/kept", "alias/signing"]
    assert found["registry"] == {KIND: [ID]}
    assert found["cloudwatch"] == {"alarms": ["kept"], "dashboards": ["kept"]}
    key = cloud.client("kms").describe_key(KeyId="alias/kept")["KeyMetadata"]["KeyId"]
    cloud.client("kms").schedule_key_deletion(KeyId=key)
    cloud.client("secretsmanager").delete_secret(SecretId="kept", RecoveryWindowInDays=7)
    cloud.client("dynamodb").delete_table(TableName="items")
    left = inventory()
    assert "dynamodb" not in left
    assert "secretsmanager" not in left
    assert key not in left["kms"]["keys"]


def test_an_unknown_page_lists_the_known_ones(around_a_restart: tuple[Answers, Answers, Running]) -> None:
    answer = httpx.get(f"{around_a_restart[2].info['endpoint_url']}/_localcloud/nothing")
    assert answer.status_code == 404
    assert "POST /_localcloud/snapshot" in json.dumps(answer.json())
