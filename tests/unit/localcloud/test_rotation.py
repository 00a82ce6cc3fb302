"""Secrets Manager's rotation with a function that does the four steps, or fails at one."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.localcloud.api_documents import admit, documents
from tests.unit.localcloud.conftest import FUNCTION, ROLE, Running, create_echo, zipped

# The steps of AWS's rotation template, with Secrets Manager called by hand: the zip brings no SDK.
ROTATOR = """
import json, os, urllib.request

def call(action, **body):
    request = urllib.request.Request(
        os.environ["AWS_ENDPOINT_URL"],
        data=json.dumps(body).encode(),
        headers={
            "X-Amz-Target": "secretsmanager." + action,
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": "AWS4-HMAC-SHA256 Credential=" + os.environ["AWS_ACCESS_KEY_ID"]
            + "/20260101/eu-central-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0",
        },
    )
    return json.load(urllib.request.urlopen(request))

def handler(event, context):
    print("step", event["Step"])
    secret, token = event["SecretId"], event["ClientRequestToken"]
    if os.environ.get("FAIL_AT") == event["Step"]:
        raise ValueError("told to fail")
    stages = call("DescribeSecret", SecretId=secret)["VersionIdsToStages"]
    assert secret.startswith("arn:"), secret
    assert token in stages, stages
    if event["Step"] == "createSecret":
        call("PutSecretValue", SecretId=secret, ClientRequestToken=token, SecretString="value-" + token,
             VersionStages=["AWSPENDING"])
    if event["Step"] == "finishSecret":
        current = next(key for key, labels in stages.items() if "AWSCURRENT" in labels)
        call("UpdateSecretVersionStage", SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token,
             RemoveFromVersionId=current)
"""


ROTATES = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}}
)


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Running]) -> Running:
    running = launch(documents())
    create_echo(running, source=ROTATOR, timeout=10)
    admit(running)
    running.client("iam").put_role_policy(RoleName="echo", PolicyName="rotate", PolicyDocument=ROTATES)
    return running


@pytest.fixture
def secret(cloud: Running) -> Iterator[str]:
    secrets = cloud.client("secretsmanager")
    name = f"secret-{time.time_ns()}"
    yield secrets.create_secret(Name=name, SecretString="first")["ARN"]
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def _settled(cloud: Running, secret: str, version: str) -> dict[str, Any]:
    """The description once that version is current."""
    deadline = time.monotonic() + 15
    secrets = cloud.client("secretsmanager")
    while time.monotonic() < deadline:
        described: dict[str, Any] = secrets.describe_secret(SecretId=secret)
        if described["VersionIdsToStages"].get(version) == ["AWSCURRENT"]:
            return described
        time.sleep(0.05)
    pytest.fail(f"not rotated: {described['VersionIdsToStages']}")


def test_a_rotation_walks_its_steps_and_moves_the_labels(cloud: Running, secret: str) -> None:
    secrets = cloud.client("secretsmanager")
    first = secrets.get_secret_value(SecretId=secret)["VersionId"]
    rules = {"AutomaticallyAfterDays": 30}
    second = secrets.rotate_secret(SecretId=secret, RotationLambdaARN=f"{FUNCTION}:live", RotationRules=rules)[
        "VersionId"
    ]
    described = _settled(cloud, secret, second)
    assert described["VersionIdsToStages"] == {first: ["AWSPREVIOUS"], second: ["AWSCURRENT"]}
    assert (described["RotationEnabled"], described["RotationRules"]) == (True, rules)
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == f"value-{second}"
    previous = secrets.get_secret_value(SecretId=secret, VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == "first"


def test_a_second_rotation_needs_no_function_named_and_drops_the_oldest_version(cloud: Running, secret: str) -> None:
    secrets = cloud.client("secretsmanager")
    second = secrets.rotate_secret(SecretId=secret, RotationLambdaARN=f"{FUNCTION}:live")["VersionId"]
    _settled(cloud, secret, second)
    third = secrets.rotate_secret(SecretId=secret)["VersionId"]
    described = _settled(cloud, secret, third)
    assert described["VersionIdsToStages"] == {second: ["AWSPREVIOUS"], third: ["AWSCURRENT"]}
    assert described["RotationLambdaARN"] == f"{FUNCTION}:live"


def test_a_step_that_fails_leaves_the_current_value_in_place(cloud: Running, secret: str) -> None:
    functions = cloud.client("lambda")
    secrets = cloud.client("secretsmanager")
    functions.update_function_configuration(FunctionName="echo", Environment={"Variables": {"FAIL_AT": "testSecret"}})
    failing = functions.publish_version(FunctionName="echo")["Version"]
    functions.update_alias(FunctionName="echo", Name="live", FunctionVersion=failing)
    try:
        secrets.rotate_secret(SecretId=secret, RotationLambdaARN=f"{FUNCTION}:live")
        log = cloud.directory / "logs" / "daemon.log"
        deadline = time.monotonic() + 10
        while "testSecret failed" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "testSecret failed" in log.read_text()
        assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "first"
    finally:
        functions.update_alias(FunctionName="echo", Name="live", FunctionVersion="1")
    pending = next(
        key
        for key, labels in secrets.describe_secret(SecretId=secret)["VersionIdsToStages"].items()
        if labels == ["AWSPENDING"]
    )
    with pytest.raises(ClientError, match="previous rotation isn't complete"):
        secrets.rotate_secret(SecretId=secret)
    _settled(cloud, secret, pending)


def test_a_rotation_for_later_only_tests_the_function_and_leaves_no_trace(cloud: Running, secret: str) -> None:
    secrets = cloud.client("secretsmanager")
    before = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
    log = cloud.directory / "logs" / "functions.log"
    steps = log.read_text().count("step ") if log.exists() else 0
    secrets.rotate_secret(SecretId=secret, RotationLambdaARN=f"{FUNCTION}:live", RotateImmediately=False)
    deadline = time.monotonic() + 10
    while secrets.describe_secret(SecretId=secret)["VersionIdsToStages"] != before and time.monotonic() < deadline:
        time.sleep(0.05)
    described = secrets.describe_secret(SecretId=secret)
    assert (described["VersionIdsToStages"], described["RotationEnabled"]) == (before, True)
    lines = [line for line in log.read_text().splitlines() if "step " in line][steps:]
    assert [line.rpartition(" ")[2] for line in lines] == ["testSecret"]


def test_a_function_that_does_not_admit_secrets_manager_is_refused(cloud: Running, secret: str) -> None:
    cloud.client("lambda").create_function(
        FunctionName="closed",
        Role=ROLE,
        Runtime="python3.13",
        Handler="code.handler",
        Code={"ZipFile": zipped(code="def handler(e, c): pass")},
    )
    with pytest.raises(ClientError, match="cannot invoke the specified Lambda function"):
        cloud.client("secretsmanager").rotate_secret(
            SecretId=secret, RotationLambdaARN=FUNCTION.replace("echo", "closed")
        )


def test_a_rotation_without_a_function_is_refused(cloud: Running, secret: str) -> None:
    with pytest.raises(ClientError, match="No Lambda rotation function ARN"):
        cloud.client("secretsmanager").rotate_secret(SecretId=secret)
