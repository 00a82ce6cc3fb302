"""What EventBridge hands to functions and topics: which part of an event, and only with their leave."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from moto.awslambda.models import LambdaBackend
from moto.events.models import Rule

from localcloud.enforcement import delivery, rule_targets
from localcloud.functions.invocation import InvokeRefused
from tests.unit.localcloud.enforcement.conftest import ACCOUNT, REGION, World, allow, document

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:judge:live"
EVENT = {
    "version": "0",
    "id": "1",
    "source": "aws.backup",
    "detail-type": "Restore Job State Change",
    "time": 1763712000.0,
    "resources": ["arn"],
    "detail": {"status": "COMPLETED", "job": {"id": "j"}},
    "ingestion-time": 1.0,
}


@pytest.mark.parametrize(
    ("target", "received"),
    [
        ({"Input": '{"a": 1}'}, {"a": 1}),
        ({"InputPath": "$.detail"}, EVENT["detail"]),
        ({"InputPath": "$.detail.job.id"}, "j"),
        ({"InputPath": "$.detail.nothing"}, None),
        ({"InputPath": "$.detail", "Input": ""}, EVENT["detail"]),
        ({"InputTransformer": {"InputPathsMap": {"s": "$.detail.status", "j": "$.detail.job"},
                               "InputTemplate": '{"is": <s>, "job": <j>, "text": "<s> of <j>", "none": <n>}'}},
         {"is": "COMPLETED", "job": {"id": "j"}, "text": 'COMPLETED of {"id": "j"}', "none": None}),
        ({"InputTransformer": {"InputPathsMap": {"s": "$.detail.status"}, "InputTemplate": '"it is <s>"'}},
         "it is COMPLETED"),
    ],
)  # fmt: skip
def test_a_target_receives_what_it_asked_for(target: dict[str, Any], received: Any) -> None:
    assert json.loads(rule_targets.body(target, EVENT)) == received


@pytest.mark.parametrize("time", [1763712000.0, "1763712000", "2025-11-21T08:00:00Z"])
def test_a_target_that_asks_for_nothing_receives_the_event_as_aws_writes_it(time: Any) -> None:
    received = json.loads(rule_targets.body({}, {**EVENT, "time": time}))
    assert received["time"] == "2025-11-21T08:00:00Z"
    assert "ingestion-time" not in received
    assert received["detail"] == EVENT["detail"]


@pytest.fixture
def called(world: World, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any, Any]]:
    """What functions were called with: ARN, payload and headers."""
    calls: list[tuple[str, Any, Any]] = []

    def invoke(_: Any, name: str, _qualifier: Any, body: str, headers: Any, _response: Any) -> bytes:
        calls.append((name, json.loads(body), headers))
        return b""

    monkeypatch.setattr(LambdaBackend, "invoke", invoke)
    monkeypatch.setattr(Rule, "send_to_targets", Rule.send_to_targets)
    watch_events(world, monkeypatch)
    return calls


def watch_events(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rule, "send_to_targets", delivery._targeted(Rule.send_to_targets, world.acting))


def rule_to(world: World, *targets: dict[str, Any], **more: Any) -> str:
    events = world.client("events")
    pattern = {"source": ["shop"], "detail": {"state": ["COMPLETED"]}}
    arn: str = events.put_rule(Name="r", EventPattern=json.dumps(pattern), **more)["RuleArn"]
    if targets:
        listed = [{"Id": str(number), **target} for number, target in enumerate(targets)]
        events.put_targets(Rule="r", Targets=listed)
    return arn


def tell(world: World, state: str = "COMPLETED") -> None:
    entry = {"Source": "shop", "DetailType": "done", "Detail": json.dumps({"state": state})}
    world.client("events").put_events(Entries=[entry])


@pytest.fixture
def permitted(world: World) -> Callable[[str], None]:
    def permit(rule: str) -> None:
        trust = {"Service": "lambda.amazonaws.com"}
        role = world.role(trust=trust)
        client = world.client("lambda")
        client.create_function(
            FunctionName="judge", Role=role, Runtime="python3.13", Handler="h.h", Code={"ZipFile": b"x"}, Publish=True
        )
        client.create_alias(FunctionName="judge", Name="live", FunctionVersion="1")
        client.add_permission(
            FunctionName="judge", Qualifier="live", StatementId="s", Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com", SourceArn=rule,
        )  # fmt: skip
        world.gate.written("lambda")

    return permit


def test_a_rule_calls_a_function_only_with_the_functions_leave_and_does_not_wait(
    world: World, called: list[tuple[str, Any, Any]], permitted: Callable[[str], None]
) -> None:
    rule = rule_to(world, {"Arn": FUNCTION})
    tell(world)
    assert called == []
    permitted(rule)
    tell(world)
    ((name, event, headers),) = called
    assert (name, event["detail"]) == (FUNCTION, {"state": "COMPLETED"})
    assert headers == {"x-amz-invocation-type": "Event"}


def test_another_event_and_a_rule_that_is_off_call_nobody(
    world: World, called: list[tuple[str, Any, Any]], permitted: Callable[[str], None]
) -> None:
    permitted(rule_to(world, {"Arn": FUNCTION}))
    tell(world, "RUNNING")
    rule_to(world, State="DISABLED")
    tell(world)
    assert called == []


def test_a_function_that_takes_nothing_stops_no_other_target(
    world: World, permitted: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> bytes:
        raise InvokeRefused(429, "TooManyRequestsException", "Rate Exceeded.")

    monkeypatch.setattr(LambdaBackend, "invoke", refuse)
    watch_events(world, monkeypatch)
    topic = world.client("sns").create_topic(Name="t")["TopicArn"]
    queue = world.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    where = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    world.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=where)
    permitted(rule_to(world, {"Arn": FUNCTION}, {"Arn": topic}))
    tell(world)
    assert "Messages" not in world.client("sqs").receive_message(QueueUrl=queue)
    leave = {**allow("sns:Publish", topic), "Principal": {"Service": "events.amazonaws.com"}}
    world.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document(leave))
    world.gate.written("sns")
    tell(world)
    (message,) = world.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(json.loads(message["Body"])["Message"])["source"] == "shop"
