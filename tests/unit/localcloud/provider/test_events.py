"""EventBridge rules and targets: what PutRule and PutTargets would refuse, and their lives."""
# ruff: noqa: A001 - `id` is the engine's word for it

import json
from typing import Any

import pytest

from localcloud.provider.wire import UNKNOWN, from_struct

RULE, TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:jobs"
MACHINE = f"arn:aws:states:eu-central-1:{ACCOUNT}:stateMachine:saga"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"
CLOCK = {"name": "clock", "scheduleExpression": "rate(5 minutes)"}
ORDERS = {
    "name": "orders",
    "eventPattern": json.dumps({"source": ["shop"], "detail": {"total": [{"numeric": [">", 5]}]}}),
}


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({**CLOCK, "scheduleExpression": "rate(1 minutes)"}, "scheduleExpression"),
        ({**CLOCK, "scheduleExpression": "rate(5 minute)"}, "scheduleExpression"),
        ({**CLOCK, "scheduleExpression": "cron(0 3 * * *)"}, "scheduleExpression"),
        ({**CLOCK, "scheduleExpression": "at(2027-01-01T00:00:00)"}, "scheduleExpression"),
        ({**CLOCK, "eventBusName": "shop"}, "scheduleExpression"),
        ({"name": "none"}, "eventPattern"),
        ({**CLOCK, "name": "two words"}, "name"),
        ({**CLOCK, "name": "n" * 65}, "name"),
        ({**CLOCK, "state": "ON"}, "state"),
        ({**CLOCK, "state": "ENABLED", "isEnabled": False}, "state"),
        ({"name": "r", "eventPattern": "[]"}, "eventPattern"),
        ({"name": "r", "eventPattern": "{}"}, "eventPattern"),
        ({"name": "r", "eventPattern": '{"source": "shop"}'}, "eventPattern"),
        ({"name": "r", "eventPattern": '{"detail": {"total": [{"above": 5}]}}'}, "eventPattern"),
        ({"name": "r", "eventPattern": json.dumps({"source": ["x" * 4096]})}, "eventPattern"),
        ({**ORDERS, "description": "d" * 513}, "description"),
    ],
)
def test_a_rule_that_putrule_would_refuse_is_refused_by_check(engine: Any, inputs: dict[str, Any], path: str) -> None:
    assert path in engine.check(RULE, "r", inputs)[1]


@pytest.mark.parametrize(
    "inputs",
    [
        *(CLOCK, ORDERS, {**CLOCK, "scheduleExpression": "rate(1 hour)"}),
        {**CLOCK, "scheduleExpression": "cron(0 8 1 * ? *)", "eventPattern": ORDERS["eventPattern"]},
        {**ORDERS, "eventBusName": "shop", "isEnabled": False},
        {
            "name": "r",
            "eventPattern": '{"$or": [{"source": ["a"]}, {"detail": {"k": [{"prefix": "x"}, {"exists": false}]}}]}',
        },
        {"name": "r", "eventPattern": UNKNOWN},
    ],
)
def test_a_rule_that_putrule_takes_is_taken(engine: Any, inputs: dict[str, Any]) -> None:
    assert engine.check(RULE, "r", inputs)[1] == {}


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"arn": "jobs"}, "arn"),
        ({"arn": QUEUE.replace("eu-central-1", "eu-west-1")}, "arn"),
        ({"arn": MACHINE}, "roleArn"),
        ({"arn": f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default"}, "roleArn"),
        ({"arn": MACHINE, "roleArn": ROLE.replace(ACCOUNT, "999999999999")}, "roleArn"),
        ({"arn": f"{QUEUE}.fifo"}, "sqsTarget"),
        ({"arn": MACHINE, "roleArn": ROLE, "sqsTarget": {"messageGroupId": "g"}}, "sqsTarget"),
        ({"arn": QUEUE, "deadLetterConfig": {"arn": f"{QUEUE}.fifo"}}, "deadLetterConfig.arn"),
        ({"arn": QUEUE, "input": "{"}, "input"),
        ({"arn": QUEUE, "input": "{}", "inputPath": "$.detail"}, "inputPath"),
        ({"arn": QUEUE, "inputTransformer": {"inputTemplate": "x", "inputPaths": {"AWSx": "$.a"}}},
         "inputTransformer.inputPaths.AWSx"),
        ({"arn": QUEUE, "targetId": "two words"}, "targetId"),
        ({"arn": QUEUE, "retryPolicy": {"maximumEventAgeInSeconds": 59}}, "retryPolicy.maximumEventAgeInSeconds"),
    ],
)  # fmt: skip
def test_a_target_that_puttargets_would_refuse_is_refused_by_check(
    engine: Any, inputs: dict[str, Any], path: str
) -> None:
    assert path in engine.check(TARGET, "t", {"rule": "clock", **inputs})[1]


def test_a_rule_and_its_target_live_change_and_go(engine: Any) -> None:
    id, rule = engine.create(RULE, "r", {**CLOCK, "tags": {"Component": "events"}})
    assert id == "clock"
    assert (rule["arn"], rule["state"]) == (f"arn:aws:events:eu-central-1:{ACCOUNT}:rule/clock", "ENABLED")
    given = {
        "rule": "clock",
        "arn": QUEUE,
        "inputTransformer": {"inputPaths": {"Id": "$.id"}, "inputTemplate": '{"id": <Id>}'},
    }
    at, target = engine.create(TARGET, "t", given)
    assert at == f"clock-{target['targetId']}"
    assert target["inputTransformer"] == given["inputTransformer"]
    assert "ValidationException" in engine.refusal(engine.delete, RULE, "r", id, rule).details

    changed = {"rule": "clock", "arn": f"{QUEUE}-2", "input": '{"a": 1}'}
    assert not engine.diff(TARGET, "t", at, target, given, changed).replaces
    target = engine.update(TARGET, "t", at, target, changed)
    listed = engine.cloud.client("events").list_targets_by_rule(Rule="clock")["Targets"]
    assert listed == [{"Id": target["targetId"], "Arn": f"{QUEUE}-2", "Input": '{"a": 1}'}]
    assert "rule" in engine.diff(TARGET, "t", at, target, changed, {**changed, "rule": "other"}).replaces

    off = {**CLOCK, "state": "DISABLED", "scheduleExpression": "rate(1 day)", "tags": {"Component": "events"}}
    rule = engine.update(RULE, "r", id, rule, off)
    assert (rule["state"], rule["isEnabled"]) == ("DISABLED", False)
    assert "eventBusName" in engine.diff(RULE, "r", id, rule, off, {**ORDERS, "eventBusName": "shop"}).replaces

    engine.delete(TARGET, "t", at, target)
    assert engine.read(TARGET, "t", at, target, changed).id == ""
    engine.delete(RULE, "r", id, rule)
    assert engine.read(RULE, "r", id, rule, off).id == ""


def test_a_target_of_a_rule_that_is_not_there_is_refused(engine: Any) -> None:
    refused = engine.refusal(engine.create, TARGET, "t", {"rule": "nowhere", "arn": QUEUE})
    assert "Rule nowhere does not exist" in refused.details


def test_a_target_that_was_taken_away_is_seen(engine: Any) -> None:
    engine.create(RULE, "r", CLOCK)
    given = {"rule": "clock", "arn": QUEUE, "targetId": "jobs"}
    at, target = engine.create(TARGET, "t", given)
    engine.cloud.client("events").remove_targets(Rule="clock", Ids=["jobs"])
    assert engine.read(TARGET, "t", at, target, given).id == ""


def test_a_rule_on_another_bus_has_it_in_its_id_and_can_be_imported(engine: Any) -> None:
    engine.cloud.client("events").create_event_bus(Name="shop")
    id, _ = engine.create(RULE, "r", {**ORDERS, "eventBusName": "shop"})
    assert id == "shop/orders"
    found = engine.read(RULE, "r", id)
    inputs = from_struct(found.inputs)
    wanted = {**ORDERS, "eventBusName": "shop"}
    assert not engine.diff(RULE, "r", id, from_struct(found.properties), inputs, wanted).diffs


def keyed(engine: Any, *statements: dict[str, Any]) -> str:
    """A key that the account may use, and whom `statements` name."""
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [root, *statements]})
    return str(engine.cloud.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"])


def opened(service: str, *actions: str, **condition: Any) -> dict[str, Any]:
    named = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions), "Resource": "*"}
    return {**named, **({"Condition": condition} if condition else {})}


ACTIONS = ("kms:GenerateDataKey*", "kms:Decrypt")
OURS = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
CLOCKS = {"ArnEquals": {"aws:SourceArn": f"arn:aws:events:eu-central-1:{ACCOUNT}:rule/clock"}}


@pytest.mark.parametrize(
    ("statements", "kept"),
    [
        ([], False),
        ([opened("sns.amazonaws.com", *ACTIONS)], False),
        ([opened("events.amazonaws.com", "kms:Decrypt")], False),
        ([opened("events.amazonaws.com", *ACTIONS, StringEquals={"aws:SourceAccount": "999999999999"})], False),
        ([opened("events.amazonaws.com", *ACTIONS)], True),
        ([opened("events.amazonaws.com", *ACTIONS, **OURS)], True),
        ([opened("events.amazonaws.com", *ACTIONS, **CLOCKS)], True),
    ],
)
@pytest.mark.parametrize("kind", ["queue", "topic"])
def test_a_target_whose_key_eventbridge_may_not_use_is_refused(
    engine: Any, statements: list[dict[str, Any]], kept: bool, kind: str
) -> None:
    key = keyed(engine, *statements)
    if kind == "queue":
        engine.cloud.client("sqs").create_queue(QueueName="jobs", Attributes={"KmsMasterKeyId": key})
        arn = QUEUE
    else:
        arn = engine.cloud.client("sns").create_topic(Name="t", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    engine.create(RULE, "r", CLOCK)
    if kept:
        assert engine.create(TARGET, "t", {"rule": "clock", "arn": arn})[0]
    else:
        refused = engine.refusal(engine.create, TARGET, "t", {"rule": "clock", "arn": arn})
        assert f"{arn} is encrypted by {key}" in refused.details
        assert engine.cloud.client("events").list_targets_by_rule(Rule="clock")["Targets"] == []


def test_awss_own_key_serves_no_service_and_no_key_serves_all(engine: Any) -> None:
    topics = engine.cloud.client("sns")
    managed = topics.create_topic(Name="m", Attributes={"KmsMasterKeyId": "alias/aws/sns"})["TopicArn"]
    plain = topics.create_topic(Name="p")["TopicArn"]
    engine.create(RULE, "r", CLOCK)
    assert (
        "cannot name a service" in engine.refusal(engine.create, TARGET, "m", {"rule": "clock", "arn": managed}).details
    )
    assert engine.create(TARGET, "p", {"rule": "clock", "arn": plain})[0]
