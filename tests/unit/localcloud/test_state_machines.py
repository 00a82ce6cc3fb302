"""State machines: a map over the objects of a bucket calls a deployed function with the state machine's own role."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localcloud.functions.map_runs import tolerated
from tests.unit.localcloud.conftest import ACCOUNT, FUNCTION, REGION, Running, create_echo

pytestmark = pytest.mark.process

MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:walk"
TRUST = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
INVOKE = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": f"{FUNCTION}:live"}
BUCKET = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::files"}
EACH = {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    "StartAt": "Call",
    "States": {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": f"{FUNCTION}:live", "Payload.$": "$"},
            "ResultSelector": {"key.$": "$.Payload.event.Key", "role.$": "$.Payload.environ.OWN"},
            "End": True,
        }
    },
}


def _definition() -> str:
    walk = {
        "Type": "Map",
        "ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "files"}},
        "MaxConcurrency": 2,
        "ItemProcessor": EACH,
        "End": True,
    }
    return json.dumps({"StartAt": "Walk", "States": {"Walk": walk}})


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Running]) -> Iterator[Running]:
    running = launch()
    create_echo(running, timeout=10)
    s3 = running.client("s3")
    s3.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": REGION})
    for name in ("a", "b", "c"):
        s3.put_object(Bucket="files", Key=name, Body=b"x")
    _allow(running, "walker", INVOKE, BUCKET)
    yield running
    running.stop()


def _allow(cloud: Running, role: str, *statements: dict[str, Any]) -> str:
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    cloud.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=document)
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    cloud.client("iam").put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=policy)
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


def _machine(cloud: Running, name: str, role: str) -> str:
    made = cloud.client("stepfunctions").create_state_machine(
        name=name, definition=_definition(), roleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}"
    )
    return str(made["stateMachineArn"])


def _ended(cloud: Running, execution: str) -> dict[str, Any]:
    states = cloud.client("stepfunctions")
    deadline = time.monotonic() + 60
    while (found := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return dict(found)


def test_every_object_reaches_the_deployed_function_once(cloud: Running) -> None:
    machine = _machine(cloud, "walk", "walker")
    started = cloud.client("stepfunctions").start_execution(stateMachineArn=machine, name="one", input="{}")
    found = _ended(cloud, started["executionArn"])
    assert found["status"] == "SUCCEEDED", found
    assert sorted(one["key"] for one in json.loads(found["output"])) == ["a", "b", "c"]


def test_what_the_machines_role_may_not_do_fails_the_execution(cloud: Running) -> None:
    _allow(cloud, "lister", BUCKET)
    machine = _machine(cloud, "denied", "lister")
    started = cloud.client("stepfunctions").start_execution(stateMachineArn=machine, name="one", input="{}")
    found = _ended(cloud, started["executionArn"])
    assert (found["status"], found["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    states = cloud.client("stepfunctions")
    (run,) = states.list_map_runs(executionArn=started["executionArn"])["mapRuns"]
    assert states.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]["total"] == 3
    children = states.list_executions(mapRunArn=run["mapRunArn"], statusFilter="FAILED")["executions"]
    assert len(children) == 3
    assert "lambda:InvokeFunction" in states.describe_execution(executionArn=children[0]["executionArn"])["cause"]
    assert states.list_executions(mapRunArn=run["mapRunArn"], statusFilter="SUCCEEDED")["executions"] == []


def test_an_empty_object_is_taken_at_once(cloud: Running) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="empty", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="empty", Key="nothing", Body=b"")  # boto3 asks for `100-continue` even so
    assert s3.head_object(Bucket="empty", Key="nothing")["ContentLength"] == 0


@pytest.mark.parametrize(
    ("count", "percentage", "allowed"), [(0, 0, 0), (3, 0, 3), (0, 25, 5), (3, 25, 3), (9, 25, 5), (0, 100, 20)]
)
def test_the_stricter_tolerance_that_is_given_decides(count: int, percentage: float, allowed: int) -> None:
    assert tolerated(20, count, percentage) == allowed


def test_a_machine_and_its_executions_survive_a_restart(cloud: Running) -> None:
    _allow(cloud, "keeper", INVOKE, BUCKET)
    machine = _machine(cloud, "kept", "keeper")
    started = cloud.client("stepfunctions").start_execution(stateMachineArn=machine, name="one", input="{}")
    _ended(cloud, started["executionArn"])
    cloud.restart()
    states = cloud.client("stepfunctions")
    assert states.describe_execution(executionArn=started["executionArn"])["status"] == "SUCCEEDED"
    assert states.list_map_runs(executionArn=started["executionArn"])["mapRuns"] == []  # what the worker knew is gone
    again = states.start_execution(stateMachineArn=machine, name="two", input="{}")
    assert _ended(cloud, again["executionArn"])["status"] == "SUCCEEDED"
