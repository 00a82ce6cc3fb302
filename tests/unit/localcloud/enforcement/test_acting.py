"""Services acting for us: by resource policies, by roles that trust them, with the keys that they need."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from localcloud.endpoint.call import Call
from localcloud.enforcement import delivery, preconditions
from localcloud.enforcement.need import Need
from tests.unit.localcloud.enforcement.conftest import ACCOUNT, REGION, World, allow, document

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
GATEWAY = "apigateway.amazonaws.com"
SOURCE = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:api1/dev/GET/products"


@pytest.fixture
def function(world: World) -> str:
    """A function `f` with an alias `live`; the ARN of its role."""
    role = world.role(allow(["logs:*", "xray:*"]))
    functions = world.client("lambda")
    functions.create_function(
        FunctionName="f", Role=role, Runtime="python3.13", Handler="f.h", Code={"ZipFile": b"x"}, Publish=True
    )
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    return role


def permit(world: World, principal: str, **more: str) -> None:
    world.client("lambda").add_permission(
        FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal=principal, **more
    )


def may_invoke(world: World, arn: str, service: str = GATEWAY, source: str = SOURCE, owner: str = ACCOUNT) -> bool:
    context = {"aws:SourceArn": (source,), "aws:SourceAccount": (owner,)}
    return world.acting.acting(service, "lambda:InvokeFunction", arn, context).allowed


@pytest.mark.usefixtures("function")
def test_a_permission_holds_for_its_qualifier_principal_and_source_only(world: World) -> None:
    assert not may_invoke(world, f"{FUNCTION}:live")
    permit(world, GATEWAY, Qualifier="live", SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:api1/dev/*/*")
    assert may_invoke(world, f"{FUNCTION}:live")
    assert not may_invoke(world, FUNCTION)
    assert not may_invoke(world, f"{FUNCTION}:live", service="sns.amazonaws.com")
    assert not may_invoke(world, f"{FUNCTION}:live", source=SOURCE.replace("dev", "prod"))


@pytest.mark.usefixtures("function")
def test_a_permission_may_name_the_account_of_the_source(world: World) -> None:
    permit(world, "secretsmanager.amazonaws.com", SourceAccount=ACCOUNT)
    assert may_invoke(world, FUNCTION, service="secretsmanager.amazonaws.com")
    assert not may_invoke(world, FUNCTION, service="secretsmanager.amazonaws.com", owner="999999999999")


def test_a_service_assumes_a_role_only_where_the_role_trusts_it(world: World) -> None:
    role = world.role(allow("logs:PutLogEvents"), trust={"Service": GATEWAY})
    put = [Need("logs:PutLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:log-stream:s")]
    assert world.acting.with_role(GATEWAY, role, "session", put).allowed
    assert not world.acting.with_role("scheduler.amazonaws.com", role, "session", put).allowed
    assert not world.acting.with_role(GATEWAY, role, "session", [Need("logs:DeleteLogGroup", put[0].resource)]).allowed


@pytest.mark.usefixtures("function")
def test_everything_is_allowed_where_permissions_are_off(world: World) -> None:
    world.gate.enforced = False
    assert may_invoke(world, FUNCTION)
    assert world.allowed("ASIAIOSFODNN7EXAMPLE", "dynamodb:GetItem")


def _queue(world: World, name: str = "q", **attributes: str) -> tuple[str, str]:
    url: str = world.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def _received(world: World, url: str) -> int:
    return len(world.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=0).get("Messages", []))


def _let_in(service: str, queue: str, source: str) -> str:
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        }
    )


@pytest.fixture
def watched(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    from moto.awslambda.models import LambdaBackend
    from moto.events.models import Rule
    from moto.s3 import notifications
    from moto.sns.models import Subscription

    for name in ("_send_sqs_message", "_send_sns_message", "_invoke_awslambda"):
        monkeypatch.setattr(notifications, name, getattr(notifications, name))
    originals = {LambdaBackend: ("send_sqs_batch",), Rule: ("send_to_targets",)}
    for owner, names in {**originals, Subscription: ("publish",)}.items():
        for name in names:
            monkeypatch.setattr(owner, name, getattr(owner, name))  # put back at the end
    delivery.watch(world.acting)
    return world


def test_a_topic_reaches_a_queue_only_with_the_queues_leave(watched: World) -> None:
    url, queue = _queue(watched)
    topic = watched.client("sns").create_topic(Name="t")["TopicArn"]
    watched.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    watched.client("sns").publish(TopicArn=topic, Message="lost")
    assert _received(watched, url) == 0
    policy = _let_in("sns.amazonaws.com", queue, topic)
    watched.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    watched.client("sns").publish(TopicArn=topic, Message="found")
    assert _received(watched, url) == 1


def test_an_encrypted_queue_takes_a_topics_messages_only_with_the_keys_leave(watched: World) -> None:
    key = watched.client("kms").create_key()["KeyMetadata"]["Arn"]
    url, queue = _queue(watched, KmsMasterKeyId=key)
    topic = watched.client("sns").create_topic(Name="t")["TopicArn"]
    policy = _let_in("sns.amazonaws.com", queue, topic)
    watched.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    watched.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    watched.client("sns").publish(TopicArn=topic, Message="lost")
    assert _received(watched, url) == 0
    grant = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
    }
    watched.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=document(grant))
    watched.client("sns").publish(TopicArn=topic, Message="found")
    assert _received(watched, url) == 1


def test_a_rule_reaches_a_queue_only_with_the_queues_leave(watched: World) -> None:
    url, queue = _queue(watched)
    events = watched.client("events")
    rule = events.put_rule(Name="r", EventPattern=json.dumps({"source": ["shop"]}))["RuleArn"]
    events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": queue}])
    entry = {"Source": "shop", "DetailType": "made", "Detail": "{}"}
    events.put_events(Entries=[entry])
    assert _received(watched, url) == 0
    policy = _let_in("events.amazonaws.com", queue, rule)
    watched.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_events(Entries=[entry])
    assert _received(watched, url) == 1


def refused(world: World, subject: str, parameters: Mapping[str, Any]) -> str | None:
    service, _, operation = subject.partition(":")
    refusal = preconditions.refuse(Call(service, operation, parameters, REGION, "test"), world.acting)
    return None if refusal is None else f"{refusal.code}: {refusal.message}"


def test_lambda_takes_a_role_only_if_it_trusts_lambda(world: World) -> None:
    trusted, other = world.role(), world.role(trust={"Service": GATEWAY})
    assert refused(world, "lambda:CreateFunction", {"FunctionName": "f", "Role": trusted}) is None
    message = "InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda."
    assert refused(world, "lambda:CreateFunction", {"FunctionName": "f", "Role": other}) == message
    gone = f"arn:aws:iam::{ACCOUNT}:role/gone"
    assert refused(world, "lambda:CreateFunction", {"FunctionName": "f", "Role": gone}) == message


def test_tracing_and_dead_letters_need_the_roles_leave_when_they_are_turned_on(world: World) -> None:
    active = {"FunctionName": "f", "TracingConfig": {"Mode": "Active"}}
    traced = world.role(allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"]))
    assert refused(world, "lambda:CreateFunction", {**active, "Role": traced}) is None
    message = "The provided execution role does not have permissions to call PutTraceSegments on XRAY"
    assert message in str(refused(world, "lambda:CreateFunction", {**active, "Role": world.role()}))
    dead = {"FunctionName": "f", "DeadLetterConfig": {"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"}}
    assert "call SendMessage on SQS" in str(refused(world, "lambda:CreateFunction", {**dead, "Role": traced}))


def test_an_event_source_needs_the_functions_role_to_read_it(world: World, function: str) -> None:
    stream = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/stream/1"
    mapping = {"FunctionName": "f", "EventSourceArn": stream}
    assert f"Cannot access stream {stream}" in str(refused(world, "lambda:CreateEventSourceMapping", mapping))
    queue = {"FunctionName": FUNCTION, "EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}
    assert "call ReceiveMessage on SQS" in str(refused(world, "lambda:CreateEventSourceMapping", queue))
    reads = ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"]
    name = function.rpartition("/")[2]
    world.client("iam").put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=document(allow(reads)))
    world.gate.written("iam")
    assert refused(world, "lambda:CreateEventSourceMapping", mapping) is None


def test_a_schedule_needs_a_role_that_trusts_the_scheduler(world: World) -> None:
    other, trusted = world.role(), world.role(trust={"Service": "scheduler.amazonaws.com"})
    target = {"Arn": FUNCTION, "RoleArn": other}
    assert "must allow AWS EventBridge Scheduler to assume the role" in str(
        refused(world, "scheduler:CreateSchedule", {"Name": "s", "Target": target})
    )
    assert refused(world, "scheduler:CreateSchedule", {"Name": "s", "Target": {**target, "RoleArn": trusted}}) is None


def test_a_log_group_takes_a_key_only_if_it_lets_cloudwatch_logs_use_it(world: World) -> None:
    key = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    group = {"logGroupName": "/g", "kmsKeyId": key}
    assert "is not allowed to be used with LogGroup" in str(refused(world, "logs:CreateLogGroup", group))
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g*"}
        },
    }
    world.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=document(statement))
    assert refused(world, "logs:CreateLogGroup", group) is None
    assert refused(world, "logs:CreateLogGroup", {**group, "logGroupName": "/other"}) is not None


def _rule_to(world: World, target: str) -> str:
    events = world.client("events")
    arn: str = events.put_rule(Name="r", EventPattern=json.dumps({"source": ["shop"]}))["RuleArn"]
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": target}])
    return arn


def test_a_rule_writes_to_a_log_group_only_with_a_log_policy_that_lets_it(watched: World) -> None:
    logs, group = watched.client("logs"), f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/shop"
    logs.create_log_group(logGroupName="/aws/events/shop")
    rule = _rule_to(watched, group)
    entry = {"Source": "shop", "DetailType": "made", "Detail": "{}"}

    def written() -> int:
        watched.client("events").put_events(Entries=[entry])
        streams = logs.describe_log_streams(logGroupName="/aws/events/shop")["logStreams"]
        return len(streams)

    assert written() == 0
    grant = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{group}:*",
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    logs.put_resource_policy(policyName="events", policyDocument=document(grant))
    assert written() > 0


def test_a_bucket_tells_a_queue_only_with_the_queues_leave(watched: World) -> None:
    url, queue = _queue(watched)
    s3 = watched.client("s3")
    s3.create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": REGION})
    wanted = {"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]}
    asked = {"Bucket": "bkt", "NotificationConfiguration": wanted}
    message = "InvalidArgument: Unable to validate the following destination configurations"
    assert refused(watched, "s3:PutBucketNotificationConfiguration", asked) == message
    policy = _let_in("s3.amazonaws.com", queue, "arn:aws:s3:::bkt")
    watched.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    assert refused(watched, "s3:PutBucketNotificationConfiguration", asked) is None
    s3.put_bucket_notification_configuration(**asked)
    _received(watched, url)
    s3.put_object(Bucket="bkt", Key="seen", Body=b"")
    assert _received(watched, url) == 1
    policy = _let_in("s3.amazonaws.com", queue, "arn:aws:s3:::another")
    watched.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    s3.put_object(Bucket="bkt", Key="lost", Body=b"")
    assert _received(watched, url) == 0


@pytest.mark.usefixtures("function")
def test_a_bucket_needs_the_leave_of_topics_their_keys_and_functions_too(world: World) -> None:
    topic = world.client("sns").create_topic(Name="t")["TopicArn"]
    bucket, s3 = "arn:aws:s3:::bkt", "s3.amazonaws.com"
    assert not world.acting.send(s3, topic, bucket).allowed
    grant = {"Effect": "Allow", "Principal": {"Service": s3}, "Action": "sns:Publish", "Resource": topic}
    sns = world.client("sns")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document(grant))
    assert world.acting.send(s3, topic, bucket).allowed
    key = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    assert not world.acting.send(s3, topic, bucket).allowed
    assert not world.acting.send(s3, FUNCTION, bucket).allowed
    permit(world, s3, SourceArn=bucket)
    assert world.acting.send(s3, FUNCTION, bucket).allowed
