"""Dead letters back to the worker: on moto's queue and stream, with a worker that does what a test says."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws
from typer.testing import CliRunner

from ops import redrive as work
from ops.cli import app
from ops.redrive import DONE, FAILED, GONE, UNKNOWN, WAITING, Clients, Letter

REGION = "eu-central-1"
SHARD = "shardId-00000001541626099285-f35f62ef"


@dataclass
class World:
    """A stream with five records, a queue, and a worker's answers."""

    queue: str
    stream: str
    numbers: list[str]
    answers: list[Any] = field(default_factory=list)
    handed: list[list[str]] = field(default_factory=list)

    def client(self, service: str) -> Any:
        plain = Config(account_id_endpoint_mode="disabled")
        return boto3.client(service, region_name=REGION, config=plain)  # type: ignore[call-overload]

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert FunctionName == "worker:live"
        records = json.loads(Payload)["Records"]
        assert all(one["eventSourceARN"] == self.stream for one in records)
        assert all(isinstance(one["dynamodb"]["ApproximateCreationDateTime"], float) for one in records)
        self.handed.append([one["dynamodb"]["Keys"]["pk"]["S"] for one in records])
        said = self.answers.pop(0) if self.answers else {"batchItemFailures": []}
        if isinstance(said, str):
            error = json.dumps({"errorType": said}).encode()
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(error)}
        return {"Payload": io.BytesIO(json.dumps(said).encode())}

    def letter(self, first: int, last: int, **info: Any) -> None:
        body = {
            "requestContext": {"condition": "RetryAttemptsExhausted"},
            "DDBStreamBatchInfo": {
                "shardId": SHARD,
                "startSequenceNumber": self.numbers[first],
                "endSequenceNumber": self.numbers[last],
                "approximateArrivalOfFirstRecord": "2026-11-21T09:00:00Z",
                "batchSize": last - first + 1,
                "streamArn": self.stream,
                **info,
            },
        }
        self.client("sqs").send_message(QueueUrl=self.queue, MessageBody=json.dumps(body))

    def redrive(self, *, apply: bool = True, limit: int = 100, **more: Any) -> list[Letter]:
        clients = Clients(self.client("sqs"), self.client("dynamodbstreams"), self)
        return work.redrive(clients, self.queue, "worker:live", apply=apply, limit=limit, each=lambda _: None, **more)

    def left(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client("sqs").get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "testing")
    monkeypatch.setattr(work, "_WAIT_SECONDS", 0)
    with mock_aws():
        made = World("", "", [])
        database = made.client("dynamodb")
        database.create_table(
            TableName="omnix-ai-dev-orders",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        for name in "abcde":
            database.put_item(TableName="omnix-ai-dev-orders", Item={"pk": {"S": name}})
        made.stream = database.describe_table(TableName="omnix-ai-dev-orders")["Table"]["LatestStreamArn"]
        made.queue = made.client("sqs").create_queue(QueueName="omnix-ai-dev-worker-dead-letters")["QueueUrl"]
        streams = made.client("dynamodbstreams")
        iterator = streams.get_shard_iterator(StreamArn=made.stream, ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")
        records = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
        made.numbers = [one["dynamodb"]["SequenceNumber"] for one in records]
        yield made


def test_a_dry_run_shows_and_hands_nothing_over(world: World) -> None:
    world.letter(1, 3)
    (letter,) = world.redrive(apply=False)
    assert (letter.state, letter.table, letter.batch_size, letter.found) == (WAITING, "omnix-ai-dev-orders", 3, 3)
    assert world.handed == []
    assert world.left() == 1


def test_exactly_the_records_of_a_letter_go_to_the_worker_and_the_letter_goes(world: World) -> None:
    world.letter(1, 3)
    assert [one.state for one in world.redrive()] == [DONE]
    assert world.handed == [["b", "c", "d"]]
    assert world.left() == 0


@pytest.mark.parametrize("said", ["Runtime.ExitError", {"batchItemFailures": [{"itemIdentifier": "7"}]}])
def test_a_letter_that_fails_again_stays_and_the_others_go_on(world: World, said: Any) -> None:
    world.letter(0, 0)
    world.letter(2, 2)
    world.answers = [said]
    letters = world.redrive()
    assert [one.state for one in letters] == [FAILED, DONE]
    assert world.left() == 1


@pytest.mark.parametrize("code", ["TrimmedDataAccessException", "ResourceNotFoundException"])
def test_records_that_the_stream_no_longer_has_are_said_to_be_gone(
    world: World, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trimmed(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "gone"}}, "GetShardIterator")

    streams: Any = type("Streams", (), {"get_shard_iterator": staticmethod(trimmed)})()
    plain = World.client
    monkeypatch.setattr(World, "client", lambda self, name: streams if name == "dynamodbstreams" else plain(self, name))
    world.letter(0, 1)
    assert [one.state for one in world.redrive(apply=False, discard_gone=True)] == [GONE]
    assert world.left() == 1


def test_gone_letters_are_deleted_only_when_asked(world: World) -> None:
    world.letter(3, 4, batchSize=9)
    (letter,) = world.redrive(discard_gone=True)
    assert (letter.state, letter.found) == (GONE, 2)
    assert world.handed == []
    assert world.left() == 0


@pytest.mark.parametrize("body", ["no json", "{}", '{"DDBStreamBatchInfo": {"streamArn": "x"}}', "[]"])
def test_another_message_is_left_alone(world: World, body: str) -> None:
    world.client("sqs").send_message(QueueUrl=world.queue, MessageBody=body)
    assert [one.state for one in world.redrive()] == [UNKNOWN]
    assert world.left() == 1


def test_more_letters_than_a_page_each_once_and_no_more_than_asked(world: World) -> None:
    for _ in range(12):
        world.letter(0, 0)
    assert len(world.redrive(limit=11)) == 11
    assert world.left() == 1


def test_events_never_exceed_what_lambda_takes() -> None:
    records = [{"n": number, "text": "x" * 1000} for number in range(40)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "_PAYLOAD", 5000)
        events = list(work._events(records))
    assert all(len(event) < 5100 for event in events)
    assert [one["n"] for event in events for one in json.loads(event)["Records"]] == list(range(40))


def test_the_command_says_what_it_does() -> None:
    answer: Callable[..., Any] = CliRunner().invoke
    shown = answer(app, ["redrive", "--help"]).output
    assert "--apply" in shown
    assert "--discard-gone" in shown
