"""What calls a function by itself: what Lambda would refuse of it, and a mapping's life."""
# ruff: noqa: A001 - `id` is the engine's word for it

import json
from typing import Any

import pytest

from localcloud.provider.wire import UNKNOWN, from_struct

from .test_lifecycle import deploy_function

MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
INVOKED = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
POLICY = "aws:sqs/queuePolicy:QueuePolicy"
ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:jobs"
TABLE = f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/orders"
STREAM = f"{TABLE}/stream/2026-01-01T00:00:00.000"


def queue(**more: Any) -> dict[str, Any]:
    return {"functionName": "f", "eventSourceArn": QUEUE, **more}


def stream(**more: Any) -> dict[str, Any]:
    return {"functionName": "f", "eventSourceArn": STREAM, "startingPosition": "LATEST", **more}


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"functionName": "f"}, "eventSourceArn"),
        (queue(eventSourceArn="jobs"), "eventSourceArn"),
        (queue(eventSourceArn=f"arn:aws:sns:eu-central-1:{ACCOUNT}:t"), "eventSourceArn"),
        (queue(eventSourceArn=QUEUE.replace("eu-central-1", "eu-west-1")), "eventSourceArn"),
        (stream(eventSourceArn=TABLE), "eventSourceArn"),
        (queue(functionName="f f"), "functionName"),
        (queue(startingPosition="LATEST"), "startingPosition"),
        (queue(parallelizationFactor=2), "parallelizationFactor"),
        (queue(bisectBatchOnFunctionError=True), "bisectBatchOnFunctionError"),
        (queue(tumblingWindowInSeconds=30), "tumblingWindowInSeconds"),
        (queue(destinationConfig={"onFailure": {"destinationArn": QUEUE}}), "destinationConfig"),
        (queue(batchSize=10001), "batchSize"),
        (queue(batchSize=0), "batchSize"),
        (queue(batchSize=11), "maximumBatchingWindowInSeconds"),
        (queue(maximumBatchingWindowInSeconds=301), "maximumBatchingWindowInSeconds"),
        (queue(eventSourceArn=f"{QUEUE}.fifo", batchSize=11), "batchSize"),
        (queue(eventSourceArn=f"{QUEUE}.fifo", maximumBatchingWindowInSeconds=1), "maximumBatchingWindowInSeconds"),
        (queue(scalingConfig={"maximumConcurrency": 1}), "scalingConfig.maximumConcurrency"),
        (queue(functionResponseTypes=["ReportFailures"]), "functionResponseTypes[0]"),
        (queue(filterCriteria={"filters": [{"pattern": "x"}]}), "filterCriteria.filters[0].pattern"),
        (queue(filterCriteria={"filters": [{"pattern": "{}"}] * 6}), "filterCriteria.filters"),
        (stream(startingPosition=""), "startingPosition"),
        (stream(startingPosition="BEGINNING"), "startingPosition"),
        (stream(startingPosition="AT_TIMESTAMP"), "startingPosition"),
        (stream(startingPositionTimestamp="2026-01-01T00:00:00Z"), "startingPositionTimestamp"),
        (stream(parallelizationFactor=11), "parallelizationFactor"),
        (stream(maximumRetryAttempts=10001), "maximumRetryAttempts"),
        (stream(maximumRecordAgeInSeconds=59), "maximumRecordAgeInSeconds"),
        (stream(tumblingWindowInSeconds=901), "tumblingWindowInSeconds"),
        (stream(scalingConfig={"maximumConcurrency": 5}), "scalingConfig"),
    ],
)
def test_what_lambda_would_refuse_is_refused_by_check(engine: Any, inputs: dict[str, Any], path: str) -> None:
    assert path in engine.check(MAPPING, "m", inputs)[1]


@pytest.mark.parametrize(
    "inputs",
    [
        queue(batchSize=10, functionResponseTypes=["ReportBatchItemFailures"], scalingConfig={"maximumConcurrency": 2}),
        queue(batchSize=100, maximumBatchingWindowInSeconds=1, functionName=f"{ACCOUNT}:function:f:live"),
        queue(eventSourceArn=f"{QUEUE}.fifo", batchSize=10, functionName="f:$LATEST"),
        stream(batchSize=1000, maximumRetryAttempts=-1, maximumRecordAgeInSeconds=-1, parallelizationFactor=10),
        stream(destinationConfig={"onFailure": {"destinationArn": QUEUE}}, bisectBatchOnFunctionError=True),
        stream(filterCriteria={"filters": [{"pattern": '{"eventName": ["INSERT"]}'}]}),
        {**stream(), "eventSourceArn": UNKNOWN},
    ],
)
def test_what_lambda_takes_is_taken(engine: Any, inputs: dict[str, Any]) -> None:
    assert engine.check(MAPPING, "m", inputs)[1] == {}


def test_a_queues_mapping_lives_changes_in_place_and_goes(engine: Any) -> None:
    deploy_function(engine, timeout=30)
    queues = engine.cloud.client("sqs")
    queues.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "180"})
    filters = {"filters": [{"pattern": '{"body": {"kind": ["a"]}}'}]}
    given = queue(batchSize=5, filterCriteria=filters, functionResponseTypes=["ReportBatchItemFailures"])
    id, made = engine.create(MAPPING, "m", given)
    assert (made["uuid"], made["state"], made["enabled"]) == (id, "Enabled", True)
    assert made["functionArn"] == f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:f"
    assert made["filterCriteria"] == filters
    found = engine.read(MAPPING, "m", id, made, given)
    assert not engine.diff(MAPPING, "m", id, from_struct(found.properties), from_struct(found.inputs), given).diffs

    later = queue(batchSize=20, maximumBatchingWindowInSeconds=3, enabled=False)
    assert not engine.diff(MAPPING, "m", id, made, given, later).replaces
    changed = engine.update(MAPPING, "m", id, made, later)
    assert (changed["batchSize"], changed["maximumBatchingWindowInSeconds"], changed["enabled"]) == (20, 3, False)
    kept = engine.cloud.client("lambda").get_event_source_mapping(UUID=id)
    assert not kept.get("FilterCriteria")
    assert not kept.get("FunctionResponseTypes")
    other = {**later, "eventSourceArn": f"{QUEUE}-2"}
    assert "eventSourceArn" in engine.diff(MAPPING, "m", id, changed, later, other).replaces

    imported = from_struct(engine.read(MAPPING, "m", id).inputs)
    assert (imported.get("batchSize", 20), imported["enabled"]) == (20, False)
    engine.delete(MAPPING, "m", id, changed)
    assert engine.read(MAPPING, "m", id, changed, later).id == ""


def test_a_queue_that_hides_a_message_for_less_than_the_function_runs_is_refused(engine: Any) -> None:
    deploy_function(engine, timeout=60)
    queues = engine.cloud.client("sqs")
    url = queues.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "59"})["QueueUrl"]
    refused = engine.refusal(engine.create, MAPPING, "m", queue())
    assert "Queue visibility timeout: 59 seconds is less than Function timeout: 60 seconds" in refused.details
    queues.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    id, made = engine.create(MAPPING, "m", queue())
    queues.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "30"})
    assert "visibility timeout" in engine.refusal(engine.update, MAPPING, "m", id, made, queue(batchSize=1)).details


def test_a_source_that_is_not_there_is_refused(engine: Any) -> None:
    deploy_function(engine)
    assert "does not exist" in engine.refusal(engine.create, MAPPING, "m", queue()).details
    refused = engine.refusal(engine.create, MAPPING, "s", stream())
    assert "EventSourceArn" in refused.details


def test_a_tables_stream_is_mapped_once_it_is_enabled(engine: Any) -> None:
    deploy_function(engine)
    table = engine.cloud.client("dynamodb")
    table.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    source = table.describe_table(TableName="orders")["Table"]["LatestStreamArn"]
    given = stream(eventSourceArn=source, destinationConfig={"onFailure": {"destinationArn": QUEUE}})
    id, made = engine.create(MAPPING, "m", given)
    assert made["maximumRetryAttempts"] == made["maximumRecordAgeInSeconds"] == -1
    assert (made["parallelizationFactor"], made["batchSize"]) == (1, 100)
    found = engine.read(MAPPING, "m", id, made, given)
    assert not engine.diff(MAPPING, "m", id, from_struct(found.properties), from_struct(found.inputs), given).diffs


def test_a_second_mapping_of_a_queue_to_a_function_is_refused(engine: Any) -> None:
    deploy_function(engine, timeout=3)
    engine.cloud.client("sqs").create_queue(QueueName="jobs")
    engine.create(MAPPING, "m", queue())
    assert "ResourceConflictException" in engine.refusal(engine.create, MAPPING, "again", queue()).details


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"maximumRetryAttempts": 3}, "maximumRetryAttempts"),
        ({"maximumEventAgeInSeconds": 59}, "maximumEventAgeInSeconds"),
        ({"qualifier": "live!"}, "qualifier"),
        ({"destinationConfig": {"onFailure": {"destination": "queue"}}}, "destinationConfig.onFailure.destination"),
        (
            {"destinationConfig": {"onSuccess": {"destination": "arn:aws:s3:::bucket"}}},
            "destinationConfig.onSuccess.destination",
        ),
        (
            {"destinationConfig": {"onFailure": {"destination": f"{QUEUE}.fifo"}}},
            "destinationConfig.onFailure.destination",
        ),
        (
            {"destinationConfig": {"onFailure": {"destination": QUEUE.replace("central", "north")}}},
            "destinationConfig.onFailure.destination",
        ),
    ],
)
def test_what_lambda_would_refuse_of_asynchronous_events_is_refused(
    engine: Any, inputs: dict[str, Any], path: str
) -> None:
    assert path in engine.check(INVOKED, "e", {"functionName": "f", **inputs})[1]


def test_settings_of_asynchronous_events_live_and_go(engine: Any) -> None:
    deploy_function(engine)
    given = {
        "functionName": "f",
        "maximumRetryAttempts": 0,
        "destinationConfig": {"onFailure": {"destination": QUEUE}},
    }
    id, made = engine.create(INVOKED, "e", given)
    assert id == "f"
    changed = engine.update(INVOKED, "e", id, made, {**given, "maximumRetryAttempts": 1})
    assert changed["maximumRetryAttempts"] == 1
    assert "qualifier" in engine.diff(INVOKED, "e", id, made, given, {**given, "qualifier": "live"}).replaces
    engine.delete(INVOKED, "e", id, changed)
    assert engine.read(INVOKED, "e", id, changed, given).id == ""
    missing = engine.refusal(engine.create, INVOKED, "n", {"functionName": "nobody"})
    assert "ResourceNotFoundException" in missing.details


def test_a_queues_policy_is_set_changed_and_taken_away(engine: Any) -> None:
    queues = engine.cloud.client("sqs")
    url = queues.create_queue(QueueName="jobs")["QueueUrl"]

    def policy(service: str) -> str:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": QUEUE,
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    given = {"queueUrl": url, "policy": policy("sns.amazonaws.com")}
    assert "policy" in engine.check(POLICY, "p", {"queueUrl": url, "policy": "{}"})[1]
    id, made = engine.create(POLICY, "p", given)
    assert id == url
    made = engine.update(POLICY, "p", id, made, {**given, "policy": policy("events.amazonaws.com")})
    kept = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    assert json.loads(kept) == json.loads(policy("events.amazonaws.com"))
    assert engine.read(POLICY, "p", id).id == id
    engine.delete(POLICY, "p", id, made)
    assert engine.read(POLICY, "p", id, made, given).id == ""
