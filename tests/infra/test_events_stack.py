"""The streams' consumer: what it reads, what becomes of what it cannot do, and who says so."""

import json
from collections.abc import Callable

import pytest

from components.events.stack import OLDEST_SECONDS, SOURCES
from tests.infra.recording import Recording
from tests.infra.stacks import STACKS

type Stacks = Callable[[str], Recording]
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
STREAM_SECONDS = 24 * 3600


@pytest.mark.parametrize("stack", STACKS)
def test_every_source_reaches_the_worker_s_alias_and_loses_nothing(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    (queue,) = recording.of("aws:sqs/queue:Queue")
    assert {mapping.name for mapping in recording.of(MAPPING)} == {f"events-stream-{source}" for source in SOURCES}
    for mapping in recording.of(MAPPING):
        given = mapping.inputs
        assert given["startingPosition"] == "TRIM_HORIZON"
        assert given["functionName"].endswith("/live")
        assert given["functionResponseTypes"] == ["ReportBatchItemFailures"]
        assert given["bisectBatchOnFunctionError"] is True
        assert given["maximumRetryAttempts"] > 0
        assert given["maximumRecordAgeInSeconds"] == OLDEST_SECONDS < STREAM_SECONDS
        assert given["destinationConfig"]["onFailure"]["destinationArn"].endswith(queue.inputs["name"])
        assert any(urn.endswith("policy-read-streams") for urn in recording.closure(mapping))


@pytest.mark.parametrize("stack", STACKS)
def test_dead_letters_are_encrypted_and_outlive_the_stream(recorded: Stacks, stack: str) -> None:
    (queue,) = recorded(stack).of("aws:sqs/queue:Queue")
    assert queue.inputs["kmsMasterKeyId"].startswith("arn:aws:kms:")
    assert queue.inputs["messageRetentionSeconds"] > STREAM_SECONDS
    (statement,) = json.loads(queue.inputs["policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


@pytest.mark.parametrize("stack", STACKS)
def test_lag_and_dead_letters_ring(recorded: Stacks, stack: str) -> None:
    alarms = {
        alarm.inputs.get("metricName"): alarm for alarm in recorded(stack).of("aws:cloudwatch/metricAlarm:MetricAlarm")
    }
    assert alarms["IteratorAge"].inputs["dimensions"]["FunctionName"] == f"omnix-ai-{stack}-worker"
    depth = alarms["ApproximateNumberOfMessagesVisible"].inputs
    assert depth["dimensions"] == {"QueueName": f"omnix-ai-{stack}-worker-dead-letters"}
    assert "omnix redrive" in depth["alarmDescription"]
