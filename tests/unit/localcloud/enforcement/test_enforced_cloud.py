"""A running cloud: what a function's credentials get from it, as boto3 raises it, and what Lambda does as the role."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from tests.unit.localcloud.conftest import ACCOUNT, REGION, Running, command, create_echo, zipped
from tests.unit.localcloud.enforcement.conftest import allow, document

LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"


@pytest.fixture(scope="module")
def usage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("usage")


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Running], usage: Path) -> Running:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCALCLOUD_USAGE_DIR", str(usage))
        running = launch()
    create_echo(running)
    return running


def as_role(cloud: Running, service: str, *statements: Mapping[str, Any]) -> Any:
    """A client with a session of a new role that has these statements."""
    name = f"r{time.time_ns()}"
    trust = document({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
    iam = cloud.client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="given", PolicyDocument=document(*statements))
    given = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=cloud.info["endpoint_url"],
        region_name=REGION,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "status", "code"),
    [
        ("dynamodb", "describe_table", {"TableName": "table"}, 400, "AccessDeniedException"),
        ("ssm", "get_parameter", {"Name": "/a"}, 400, "AccessDeniedException"),
        ("secretsmanager", "get_secret_value", {"SecretId": "s"}, 400, "AccessDeniedException"),
        ("kms", "describe_key", {"KeyId": "k"}, 400, "AccessDeniedException"),
        ("events", "list_rules", {}, 400, "AccessDeniedException"),
        ("logs", "describe_log_groups", {}, 400, "AccessDeniedException"),
        ("stepfunctions", "list_state_machines", {}, 400, "AccessDeniedException"),
        ("lambda", "get_function", {"FunctionName": "echo"}, 403, "AccessDeniedException"),
        ("lambda", "invoke", {"FunctionName": "echo"}, 403, "AccessDeniedException"),
        ("scheduler", "list_schedules", {}, 403, "AccessDeniedException"),
        ("bedrock-runtime", "invoke_model", {"modelId": "m", "body": b"{}"}, 403, "AccessDeniedException"),
        ("sts", "assume_role", {"RoleArn": OTHER, "RoleSessionName": "s1"}, 403, "AccessDenied"),
        ("sns", "list_topics", {}, 403, "AuthorizationError"),
        ("sqs", "list_queues", {}, 403, "AccessDenied"),
        ("cloudwatch", "list_metrics", {}, 403, "AccessDenied"),
        ("s3", "list_buckets", {}, 403, "AccessDenied"),
        ("s3", "get_object", {"Bucket": "bkt", "Key": "k"}, 403, "AccessDenied"),
    ],
)  # fmt: skip
def test_a_denial_is_raised_as_on_aws(
    cloud: Running, service: str, operation: str, parameters: dict[str, Any], status: int, code: str
) -> None:
    with pytest.raises(ClientError, match="is not authorized to perform") as caught:
        getattr(as_role(cloud, service), operation)(**parameters)
    response = caught.value.response
    assert (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]) == (status, code)
    assert response["ResponseMetadata"]["RequestId"]


def test_a_denied_head_request_has_no_body_and_its_status(cloud: Running) -> None:
    with pytest.raises(ClientError) as caught:
        as_role(cloud, "s3").head_object(Bucket="bkt", Key="k")
    assert caught.value.response["Error"]["Code"] == "403"


def test_what_is_granted_is_done(cloud: Running) -> None:
    cloud.client("ssm").put_parameter(Name="/open", Type="String", Value="v")
    ssm = as_role(cloud, "ssm", allow("ssm:GetParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/open"))
    assert ssm.get_parameter(Name="/open")["Parameter"]["Value"] == "v"


def test_an_unmapped_operation_names_itself(cloud: Running) -> None:
    with pytest.raises(ClientError, match=r"ec2:DescribeInstances .*lets nothing through that it cannot decide"):
        as_role(cloud, "ec2", allow("*")).describe_instances()


def test_everyone_may_ask_who_he_is(cloud: Running) -> None:
    assert as_role(cloud, "sts").get_caller_identity()["Account"] == ACCOUNT


def test_a_call_that_no_service_has_is_refused_by_name(cloud: Running) -> None:
    headers = {"X-Amz-Target": "DynamoDB_20120810.DropTable", "Content-Type": "application/x-amz-json-1.0"}
    answer = httpx.post(cloud.info["endpoint_url"], headers=headers, content=b"{}")
    assert answer.status_code == 400
    assert "DropTable" in answer.json()["message"]


def test_a_limit_is_refused_after_the_permission(cloud: Running) -> None:
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/limited"
    get = [{"Get": {"TableName": "limited", "Key": {"pk": {"S": str(number)}}}} for number in range(101)]
    with pytest.raises(ClientError) as denied:
        as_role(cloud, "dynamodb").transact_get_items(TransactItems=get)
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    with pytest.raises(ClientError) as limited:
        as_role(cloud, "dynamodb", allow("dynamodb:GetItem", table)).transact_get_items(TransactItems=get)
    assert limited.value.response["Error"]["Code"] == "ValidationException"


def test_the_log_is_lost_where_the_role_may_not_write_it(cloud: Running) -> None:
    iam = cloud.client("iam")

    def logged(mark: str, seconds: float = 20) -> bool:
        cloud.invoke({"print": mark})
        return cloud.logged(mark, seconds)

    assert logged(f"seen {time.time_ns()}")
    iam.detach_role_policy(RoleName="echo", PolicyArn=LOGS)
    try:
        assert not logged(f"lost {time.time_ns()}", seconds=3)
    finally:
        iam.attach_role_policy(RoleName="echo", PolicyArn=LOGS)
    assert logged(f"again {time.time_ns()}")


def test_variables_under_a_customers_key_need_the_role_to_decrypt_them(cloud: Running) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    functions, iam = cloud.client("lambda"), cloud.client("iam")
    role = f"arn:aws:iam::{ACCOUNT}:role/echo"
    functions.create_function(
        FunctionName="keyed",
        Role=role,
        Runtime="python3.13",
        Handler="keyed.handler",
        Code={"ZipFile": zipped(keyed="import os\ndef handler(e, c): return os.environ['OWN']")},
        Environment={"Variables": {"OWN": "value"}},
        KMSKeyArn=key,
    )
    with pytest.raises(ClientError, match="Lambda was unable to decrypt the environment variables") as caught:
        functions.invoke(FunctionName="keyed", Payload=b"{}")
    response = caught.value.response
    assert (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]) == (
        502,
        "KMSAccessDeniedException",
    )
    condition = {
        "StringEquals": {
            "kms:ViaService": f"lambda.{REGION}.amazonaws.com",
            "kms:EncryptionContext:aws:lambda:FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:keyed",
        }
    }
    statement = allow("kms:Decrypt", key, Condition=condition)
    iam.put_role_policy(RoleName="echo", PolicyName="key", PolicyDocument=document(statement))
    assert cloud.invoke({}, function="keyed")["Payload"] == "value"


def test_a_role_that_does_not_trust_lambda_runs_nothing(cloud: Running) -> None:
    iam = cloud.client("iam")
    trusted = json.dumps(iam.get_role(RoleName="echo")["Role"]["AssumeRolePolicyDocument"])
    nobody = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(RoleName="echo", PolicyDocument=document(nobody))
    httpx.post(f"{cloud.info['endpoint_url']}/_localcloud/functions/restart")
    try:
        with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
            cloud.invoke({})
    finally:
        iam.update_assume_role_policy(RoleName="echo", PolicyDocument=trusted)
    assert cloud.invoke({})["Payload"]


def test_a_restart_of_the_functions_makes_the_next_events_cold_starts(cloud: Running) -> None:
    before = cloud.invoke({})["Payload"]["pid"]
    assert cloud.invoke({})["Payload"]["pid"] == before
    answer = httpx.post(f"{cloud.info['endpoint_url']}/_localcloud/functions/restart").json()
    assert answer["ended"] >= 1
    assert cloud.invoke({})["Payload"]["pid"] != before


def test_the_usage_record_survives_a_restart_and_is_written_where_it_is_wanted(cloud: Running, usage: Path) -> None:
    def echo() -> Any:
        record = httpx.get(f"{cloud.info['endpoint_url']}/_localcloud/iam/usage").json()
        return record["roles"]["echo"]

    cloud.invoke({})
    before = echo()
    assert "echo" in before["functions"]
    written = next(row for row in before["statements"] if "logs:PutLogEvents" in row["actions"])
    assert written["used"]["logs:PutLogEvents"] >= 1
    cloud.restart()
    assert echo() == before
    (file,) = usage.glob(f"{ACCOUNT}-*.json")
    assert json.loads(file.read_text())["roles"]["echo"] == before


def test_permissions_can_be_turned_off_and_that_is_said(launch: Callable[..., Running], cloud: Running) -> None:
    again = command(
        "start", "--state-dir", cloud.directory, "--account-id", ACCOUNT, "--region", REGION, "--permissions", "off"
    )
    assert again.returncode == 1
    assert "runs with permissions enforced: stop it first" in again.stderr
    other = launch()
    other.stop()
    done = command(
        "start", "--state-dir", other.directory, "--account-id", ACCOUNT, "--region", REGION, "--permissions", "off"
    )
    assert "permissions are off" in done.stderr
    other.info = json.loads(done.stdout)
    assert other.info["permissions"] == "off"
    assert as_role(other, "dynamodb").list_tables()["TableNames"] == []
