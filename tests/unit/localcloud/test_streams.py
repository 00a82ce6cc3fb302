"""Lambda's pollers on moto's streams; the function is a callable here."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.dynamodb.models import dynamodb_backends

from localcloud.functions import streams as module
from localcloud.functions.invocation import InvokeRefused, InvokeResult
from localcloud.functions.streams import POSITION, Streams
from localcloud.iam.evaluate import Decision
from localcloud.persistence.lock import StateLock
from localcloud.registry import Registry
from tests.unit.localcloud.conftest import zipped

ACCOUNT, REGION = "123456789012", "eu-central-1"
ALLOWED, DENIED = Decision(True, "allow", (), ""), Decision(False, "implicit deny", (), "no")


def answer(payload: Any = None, error: str | None = None) -> InvokeResult:
    return InvokeResult(200, json.dumps(payload).encode(), error, "", "3", "request-1")


@dataclass
class World:
    """A table with a stream, a queue, a function that does what `react` says, and the pollers."""

    registry: Registry = field(default_factory=Registry)
    lock: StateLock = field(default_factory=StateLock)
    decision: Decision = ALLOWED
    react: Callable[[list[dict[str, Any]]], InvokeResult] = lambda _: answer()
    batches: list[list[str]] = field(default_factory=list)
    streams: Streams | None = None

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]

    def invoke(self, function: str, _qualifier: str | None, payload: bytes) -> InvokeResult:
        assert function.endswith(":live")
        records = json.loads(payload)["Records"]
        self.batches.append([record["dynamodb"]["Keys"]["pk"]["S"] for record in records])
        return self.react(records)

    def start(self) -> None:
        account = SimpleNamespace(queue=lambda *_: None, table=lambda *_: None, key=lambda *_: None, id=ACCOUNT)
        acting: Any = SimpleNamespace(as_role=lambda *_: self.decision, gate=SimpleNamespace(account=account))
        runtime: Any = SimpleNamespace(invoke=self.invoke)
        self.streams = Streams(ACCOUNT, REGION, runtime, acting, self.lock, self.registry)
        self.streams.start()

    def stop(self) -> None:
        if self.streams:
            self.streams.stop()

    def put(self, *names: str, **more: str) -> None:
        for name in names:
            item = {"pk": {"S": name}, "sk": {"S": "ITEM#1"}, **{key: {"S": value} for key, value in more.items()}}
            with self.lock.hold():
                self.client("dynamodb").put_item(TableName="t", Item=item)

    def stream(self) -> str:
        return str(self.client("dynamodb").describe_table(TableName="t")["Table"]["LatestStreamArn"])

    def mapping(self, **settings: Any) -> str:
        settings = {"StartingPosition": "TRIM_HORIZON", "MaximumRetryAttempts": 2, **settings}
        made = self.client("lambda").create_event_source_mapping(
            EventSourceArn=self.stream(), FunctionName=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f:live", **settings
        )
        return str(made["UUID"])

    def queue(self) -> str:
        self.client("sqs").create_queue(QueueName="dead")
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"

    def letters(self) -> list[Any]:
        found = self.client("sqs").receive_message(QueueUrl="dead", MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(one["Body"]) for one in found]

    def seen(self) -> list[str]:
        return [name for batch in self.batches for name in batch]

    def until(self, done: Callable[[], bool]) -> None:
        limit = time.monotonic() + 20
        while not done():
            assert time.monotonic() < limit, self.batches
            time.sleep(0.02)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(LambdaBackend, "send_dynamodb_items", LambdaBackend.send_dynamodb_items)
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "testing")
    with mock_aws():
        made = World()
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        made.client("dynamodb").create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = made.client("iam").create_role(RoleName="f", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        functions = made.client("lambda")
        functions.create_function(
            FunctionName="f",
            Role=role,
            Runtime="python3.13",
            Handler="f.f",
            Code={"ZipFile": zipped(f="")},
            Publish=True,
        )
        functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
        yield made
        made.stop()


def test_records_come_once_in_their_order_in_batches_of_the_given_size(world: World) -> None:
    world.put(*"abcde")
    world.mapping(BatchSize=2)
    world.start()
    world.until(lambda: len(world.seen()) == 5)
    assert world.batches == [["a", "b"], ["c", "d"], ["e"]]
    world.put("f")
    world.until(lambda: world.seen()[5:] == ["f"])


def test_records_are_shaped_as_lambda_hands_them_over(world: World) -> None:
    records: list[Any] = []

    def react(given: list[Any]) -> InvokeResult:
        records.extend(given)
        return answer()

    world.react = react
    world.put("a", colour="red")
    world.put("a", colour="blue")
    world.put("a", colour="blue")  # changes nothing: a stream has no record of it
    world.mapping()
    world.start()
    world.until(lambda: len(records) == 2)
    first, second = records
    assert (first["eventName"], second["eventName"]) == ("INSERT", "MODIFY")
    assert first["eventSourceARN"] == world.stream()
    assert first["awsRegion"] == REGION
    assert second["dynamodb"]["OldImage"]["colour"] == {"S": "red"}
    assert abs(first["dynamodb"]["ApproximateCreationDateTime"] - time.time()) < 60


def test_latest_begins_with_what_is_written_after_the_mapping(world: World) -> None:
    world.put("before")
    world.mapping(StartingPosition="LATEST")
    world.start()
    world.until(lambda: bool(world.registry.all(POSITION)))
    world.put("after")
    world.until(lambda: bool(world.batches))
    assert world.seen() == ["after"]


def test_a_window_gathers_records(world: World) -> None:
    world.mapping(MaximumBatchingWindowInSeconds=5)
    world.start()
    for name in "abc":
        world.put(name)
        time.sleep(0.05)
    world.until(lambda: len(world.seen()) == 3)
    assert world.batches == [["a", "b", "c"]]


def test_a_partial_failure_goes_on_from_the_record_that_failed(world: World) -> None:
    failures = [2]

    def react(records: list[dict[str, Any]]) -> InvokeResult:
        if not failures:
            return answer({"batchItemFailures": []})
        number = records[failures.pop()]["dynamodb"]["SequenceNumber"]
        return answer({"batchItemFailures": [{"itemIdentifier": number}]})

    world.react = react
    world.put(*"abcd")
    world.mapping(FunctionResponseTypes=["ReportBatchItemFailures"])
    world.start()
    world.until(lambda: len(world.batches) == 2)
    assert world.batches == [list("abcd"), list("cd")]


@pytest.mark.parametrize("said", [{"batchItemFailures": [{"itemIdentifier": ""}]}, {"batchItemFailures": [{}]}, "no"])
def test_an_answer_that_is_not_understood_fails_the_batch(world: World, said: Any) -> None:
    world.react = lambda _: answer(said)
    world.put("a", "b")
    world.mapping(FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1)
    world.start()
    world.until(lambda: len(world.batches) == 2)
    assert world.batches == [["a", "b"], ["a", "b"]]


def test_a_poisonous_record_is_isolated_and_given_up_and_the_rest_is_done(world: World) -> None:
    done: list[str] = []

    def react(records: list[dict[str, Any]]) -> InvokeResult:
        names = [record["dynamodb"]["Keys"]["pk"]["S"] for record in records]
        if "poison" in names:
            return answer({"errorMessage": "no"}, "Unhandled")
        done.extend(names)
        return answer()

    world.react = react
    world.put("a", "b", "poison", "c", "d")
    destination = {"OnFailure": {"Destination": world.queue()}}
    world.mapping(BisectBatchOnFunctionError=True, DestinationConfig=destination)
    world.start()
    world.until(lambda: done == list("abcd"))
    assert world.batches.count(["poison"]) == 3  # once and two retries
    (letter,) = world.letters()
    info, context = letter["DDBStreamBatchInfo"], letter["requestContext"]
    assert (info["batchSize"], info["streamArn"]) == (1, world.stream())
    assert info["startSequenceNumber"] == info["endSequenceNumber"]
    assert context["condition"] == "RetryAttemptsExhausted"
    assert context["functionArn"].endswith(":function:f:live")
    assert letter["responseContext"] == {"statusCode": 200, "executedVersion": "3", "functionError": "Unhandled"}
    assert letter["version"] == "1.0"


def test_records_beyond_the_age_are_given_up_without_a_call(world: World) -> None:
    world.put("old")
    table: Any = dynamodb_backends[ACCOUNT][REGION].tables["t"]
    record = table.stream_shard.items[0].record["dynamodb"]
    record["ApproximateCreationDateTime"] = time.time() - 120
    world.put("new")
    world.mapping(MaximumRecordAgeInSeconds=60, DestinationConfig={"OnFailure": {"Destination": world.queue()}})
    world.start()
    world.until(lambda: bool(world.batches))
    assert world.batches == [["new"]]
    assert world.letters()[0]["requestContext"]["condition"] == "RecordAgeExceeded"


def test_a_throttled_call_is_no_attempt(world: World) -> None:
    refusals = [1] * 6

    def react(_: Any) -> InvokeResult:
        if refusals:
            refusals.pop()
            raise InvokeRefused(429, "TooManyRequestsException", "Rate Exceeded.")
        return answer()

    world.react = react
    world.put("a")
    world.mapping(MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": world.queue()}})
    world.start()
    world.until(lambda: len(world.batches) == 7)
    assert world.letters() == []


def test_a_filter_lets_only_its_records_through(world: World) -> None:
    world.put("a", "b", "a")
    pattern = json.dumps({"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "b"}]}}}})
    world.mapping(FilterCriteria={"Filters": [{"Pattern": pattern}]})
    world.start()
    world.until(lambda: bool(world.batches))
    assert world.seen() == ["b"]


def test_lanes_share_the_records_and_keep_the_order_of_each_item(world: World) -> None:
    order: dict[str, list[str]] = {}

    def react(records: list[dict[str, Any]]) -> InvokeResult:
        for record in records:
            data = record["dynamodb"]
            order.setdefault(data["Keys"]["pk"]["S"], []).append(data["NewImage"]["n"]["S"])
        return answer()

    world.react = react
    for number in range(5):
        world.put(*"abcdef", n=str(number))
    world.mapping(ParallelizationFactor=3, BatchSize=2)
    world.start()
    world.until(lambda: len(world.seen()) == 30)
    assert order == {name: list("01234") for name in "abcdef"}


def test_a_disabled_mapping_rests_and_goes_on_where_it_was(world: World) -> None:
    mapping = world.mapping()
    world.start()
    world.put("a")
    world.until(lambda: world.seen() == ["a"])
    world.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=False)
    time.sleep(0.2)
    world.put("b")
    time.sleep(0.2)
    assert world.seen() == ["a"]
    world.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=True)
    world.until(lambda: world.seen() == ["a", "b"])


def test_the_place_outlasts_the_process(world: World) -> None:
    world.mapping()
    world.start()
    world.put("a")
    world.until(lambda: world.seen() == ["a"])
    world.until(lambda: any(one["next"] == 1 for one in world.registry.all(POSITION).values()))
    world.stop()
    world.put("b")
    world.registry.load(world.registry.dump())
    world.start()
    world.until(lambda: world.seen() == ["a", "b"])


def test_a_role_that_may_not_read_gets_nothing_until_it_may(world: World) -> None:
    world.decision = DENIED
    world.put("a")
    world.mapping()
    world.start()
    time.sleep(0.3)
    assert world.batches == []
    world.decision = ALLOWED
    world.until(lambda: world.seen() == ["a"])


def test_moto_hands_nothing_over_beside_the_pollers(world: World) -> None:
    world.start()
    world.mapping(Enabled=False)
    called = threading.Event()
    function: Any = lambda_backends[ACCOUNT][REGION].get_function("f")
    function.invoke = lambda *_: called.set()
    world.put("a")
    assert not called.is_set()
    table: Any = dynamodb_backends[ACCOUNT][REGION].tables["t"]
    assert len(table.stream_shard.items) == 1


def test_the_places_of_a_mapping_that_is_gone_are_forgotten(world: World) -> None:
    mapping = world.mapping()
    world.start()
    world.put("a")
    world.until(lambda: bool(world.batches))
    world.client("lambda").delete_event_source_mapping(UUID=mapping)
    world.until(lambda: not world.registry.all(POSITION))
