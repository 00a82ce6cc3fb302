"""No request outlives its function: what a slow, throttled or failing service becomes, and how soon."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from omnix import aws, clock, deadline, errors
from omnix.deadline import OutOfTimeError
from omnix.dynamodb import Table, transact
from omnix.parameters import Parameters
from omnix.readiness import report

from .slow_service import THROTTLED, Reply, Service, service

ITEM = Reply(body={"Item": {"n": {"N": "7"}}})
BROKEN = Reply(500, {"__type": "InternalServerError"})


def context(seconds: float) -> Any:
    """Lambda's context of an invocation with so many seconds left."""
    ends = clock.monotonic() + seconds
    return SimpleNamespace(get_remaining_time_in_millis=lambda: (ends - clock.monotonic()) * 1000)


@pytest.fixture(autouse=True)
def _endless() -> Iterator[None]:
    yield
    deadline.begin(None)


def users(at: Service) -> Table:
    return Table(aws.client("dynamodb", at.url), "users")


def test_without_a_context_time_has_no_end() -> None:
    deadline.begin(None)
    assert deadline.remaining() == float("inf")


def test_a_call_with_time_is_made_and_retried() -> None:
    deadline.begin(context(15))
    with service(BROKEN, ITEM) as dynamodb:
        assert users(dynamodb).get("a", "b") == {"n": 7}
    assert len(dynamodb.requests) == 2


def test_no_attempt_begins_that_the_function_might_not_outlive() -> None:
    deadline.begin(context(aws.ATTEMPT_SECONDS - 0.1))
    with service(ITEM) as dynamodb, pytest.raises(OutOfTimeError) as refused:
        users(dynamodb).get("a", "b")
    assert dynamodb.requests == []
    assert errors.from_aws(refused.value).status == 503


def test_a_retry_needs_the_time_of_its_pause_too() -> None:
    deadline.begin(context(aws.ATTEMPT_SECONDS + aws.PAUSE_SECONDS - 0.1))
    with service(BROKEN) as dynamodb, pytest.raises(ClientError):
        users(dynamodb).get("a", "b")
    assert len(dynamodb.requests) == 1


def test_a_service_that_asks_for_a_long_pause_is_not_asked_again() -> None:
    deadline.begin(context(15))
    started = time.monotonic()
    patient = Reply(THROTTLED.status, THROTTLED.body, {"x-amz-retry-after": "4000"})
    with service(patient) as dynamodb, pytest.raises(ClientError) as refused:
        users(dynamodb).get("a", "b")
    assert len(dynamodb.requests) == 1
    assert time.monotonic() - started < 3.5
    assert errors.from_aws(refused.value).status == 503


def test_a_chain_of_slow_calls_ends_before_the_function_does() -> None:
    """Each call succeeds in half a second; a route that makes a hundred of them has 5.3 s."""
    with service(Reply(body={}, seconds=0.5)) as dynamodb:
        table = users(dynamodb)  # a client takes longer to make on a busy machine
        started = time.monotonic()
        deadline.begin(context(5.3))
        with pytest.raises(OutOfTimeError):
            deque(table.get("a", "b") for _ in range(100))
    assert len(dynamodb.requests) in {3, 4}
    assert time.monotonic() - started < 5.3 - aws.ANSWER_SECONDS


def test_a_silent_service_is_given_up_in_time() -> None:
    with service(Reply(seconds=3)) as dynamodb:
        table = users(dynamodb)
        started = time.monotonic()
        deadline.begin(context(4))
        with pytest.raises(ReadTimeoutError):
            table.get("a", "b")
    assert time.monotonic() - started < 4 - aws.ANSWER_SECONDS


def test_a_transaction_that_always_conflicts_ends_in_time(later: Callable[[float], None]) -> None:
    conflict = {
        "__type": "TransactionCanceledException",
        "CancellationReasons": [{"Code": "TransactionConflict", "Message": "busy"}],
    }
    with service(Reply(400, conflict)) as dynamodb:
        client = users(dynamodb).client
        deadline.begin(context(15))
        later(15 - aws.ATTEMPT_SECONDS - 0.05)
        with pytest.raises(OutOfTimeError):
            transact(client, [users(dynamodb).put({"pk": "a", "sk": "b"})])
    assert 1 <= len(dynamodb.requests) < 12


def test_probes_in_threads_end_in_time() -> None:
    started = time.monotonic()
    deadline.begin(context(5))
    with service(Reply(seconds=3)) as dynamodb:

        def probe() -> None:
            for _ in range(3):  # as one that reads parameters, then a table
                users(dynamodb).get("a", "b")

        found = report("api", {"one": probe, "two": probe})
    assert not found.ok
    assert time.monotonic() - started < 5 - aws.ANSWER_SECONDS


def test_the_last_parameters_serve_on_when_there_is_no_time_to_ask(later: Callable[[float], None]) -> None:
    with service(Reply(body={"Parameters": [{"Name": "/x/level", "Value": "INFO"}]})) as ssm:
        found = Parameters(aws.client("ssm", ssm.url), "/x", ["level"])
        assert found.get("level") == "INFO"
        later(61)
        deadline.begin(context(1))
        assert found.get("level") == "INFO"
    assert len(ssm.requests) == 1


def test_a_lost_answer_is_asked_for_with_the_same_token() -> None:
    """DynamoDB answers the second request as it did the first, for ten minutes (API reference)."""
    deadline.begin(context(15))
    with service(Reply(lost=True), Reply()) as dynamodb:
        transact(users(dynamodb).client, [users(dynamodb).put({"pk": "a", "sk": "b"}, "attribute_not_exists(pk)")])
    first, second = dynamodb.requests
    assert first == second
    assert len(first["ClientRequestToken"]) >= 32


def test_answers_that_stay_lost_are_503() -> None:
    deadline.begin(context(15))
    with service(Reply(lost=True)) as dynamodb, pytest.raises(ConnectionClosedError) as lost:
        users(dynamodb).get("a", "b")
    assert errors.from_aws(lost.value).status == 503
