"""What counts as a policy that refuses plain HTTP: all of the resource, to everyone, under no further condition."""

import json

import pytest

from policy import types
from policy.evaluation import findings
from policy.model import PROD, Resource, Stack, Violation
from policy.rules import RULES
from policy.rules.transport import denial

NAME = "omnix-ai-prod-files-111122223333-eu-central-1"
BUCKET = f"arn:aws:s3:::{NAME}"
NEAR = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}


def refused(rule: str, *resources: Resource) -> bool:
    (found,) = [known for known in RULES if known.name == rule]
    return any(isinstance(one, Violation) for one in findings(found, Stack(resources)))


def of_bucket(policy: str) -> bool:
    return refused("bucket-tls", PROD(types.BUCKET, bucket=NAME), PROD(types.BUCKET_POLICY, bucket=NAME, policy=policy))


@pytest.mark.parametrize(
    ("policy", "is_refused"),
    [
        (denial("s3:*", BUCKET, f"{BUCKET}/*"), False),
        (denial("s3:*", "*"), False),
        (denial("s3:*", f"{BUCKET}*"), False),
        (denial("s3:*", f"{BUCKET}/*").replace('"false"', "false"), False),
        (denial("s3:*", f"{BUCKET}/*").replace('"false"', '["false"]'), False),
        (denial("s3:*", f"{BUCKET}/*").replace('"*"', '{"AWS": "*"}', 1), False),
        (denial("s3:GetObject", f"{BUCKET}/*"), True),
        (denial("s3:*", f"{BUCKET}/private/*"), True),
        (denial("s3:*", BUCKET), True),
        (denial("s3:*", f"{BUCKET}/*", **NEAR), True),
        (denial("s3:*", f"{BUCKET}/*").replace('"false"', '"true"'), True),
        (denial("s3:*", f"{BUCKET}/*").replace('"Deny"', '"Allow"'), True),
    ],
)
def test_a_bucket_refuses_plain_http_for_everything_in_it(policy: str, is_refused: bool) -> None:
    assert json.loads(policy)
    assert of_bucket(policy) is is_refused


@pytest.mark.parametrize(("action", "is_refused"), [("sns:Publish", False), ("sns:*", False), ("sns:Subscribe", True)])
def test_a_topic_refuses_plain_messages(action: str, is_refused: bool) -> None:
    topic = PROD(types.TOPIC, name="omnix-ai-prod-alarms", policy=denial(action, "*"))
    assert refused("topic-tls", topic) is is_refused


@pytest.mark.parametrize(("action", "is_refused"), [("sqs:*", False), ("sqs:SendMessage", True)])
def test_a_queue_refuses_plain_messages_in_and_out(action: str, is_refused: bool) -> None:
    queue = PROD(types.QUEUE, name="omnix-ai-prod-jobs", policy=denial(action, "*"))
    assert refused("queue-tls", queue) is is_refused
