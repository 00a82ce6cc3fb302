"""Faults as data: what is one, which calls it takes, how often and until when."""

from collections.abc import Callable
from typing import Any

import pytest

from localcloud.faults import BadFaultError, Fault, Faults, Subject
from localcloud.faults import control as page
from localcloud.faults.command import document
from localcloud.faults.fault import parse

ORDERS = "arn:aws:dynamodb:eu-central-1:100000000009:table/shop-dev-orders"
SECRET = "arn:aws:secretsmanager:eu-central-1:100000000009:secret:jwt-AbCdEf"
PARAMETER = "arn:aws:ssm:eu-central-1:100000000009:parameter/shop/dev/level"


def call(
    service: str = "dynamodb", operation: str = "GetItem", function: str | None = "shop-api", *resources: str
) -> Subject:
    return Subject(service, operation, function, lambda: resources)


def control(faults: Faults, method: str, id_: str, body: bytes) -> Any:
    return page.control(faults, method, id_, body, dict)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ([], "JSON object"),
        ({}, "needs kind"),
        ({"kind": "explode"}, "one of slow, throttle"),
        ({"kind": ["fail"]}, "one of slow, throttle"),
        ({"kind": "fail", "table": "t"}, "has no table"),
        ({"kind": "slow"}, "slow needs seconds"),
        ({"kind": "slow", "seconds": 0}, "seconds is a number above 0"),
        ({"kind": "slow", "seconds": 121}, "at most 120"),
        ({"kind": "slow", "seconds": True}, "seconds is a number"),
        ({"kind": "slow", "seconds": float("nan")}, "seconds is a number"),
        ({"kind": "fail", "seconds": 1}, "seconds are for slow and hang"),
        ({"kind": "fail", "probability": 1.1}, "at most 1"),
        ({"kind": "fail", "probability": None}, "probability is a number"),
        ({"kind": "fail", "count": 0}, "count is an integer, 1 or more"),
        ({"kind": "fail", "count": 1.5}, "count is an integer"),
        ({"kind": "fail", "seed": "x"}, "seed is an integer"),
        ({"kind": "fail", "for_seconds": 3601}, "at most 3600"),
        ({"kind": "fail", "service": ""}, "service is a pattern"),
        ({"kind": "fail", "caller": 7}, "caller is a pattern"),
    ],
)
def test_what_is_no_fault_is_told_why(wrong: Any, says: str) -> None:
    with pytest.raises(BadFaultError, match=says):
        parse(wrong)


@pytest.mark.parametrize(
    ("fault", "subject", "taken"),
    [
        ({}, call(), True),
        ({"service": "dynamodb"}, call("ssm"), False),
        ({"service": "dynamodb"}, call("dynamodbstreams"), False),
        ({"operation": "Get*"}, call(operation="GetItem"), True),
        ({"operation": "Get*"}, call(operation="PutItem"), False),
        ({"operation": "getitem"}, call(operation="GetItem"), False),
        ({"resource": "shop-dev-orders"}, call("dynamodb", "Query", "f", ORDERS), True),
        ({"resource": "*-orders"}, call("dynamodb", "Query", "f", ORDERS), True),
        ({"resource": "*-orders"}, call("dynamodb", "Query", "f", SECRET, ORDERS), True),
        ({"resource": "*-orders"}, call("dynamodb", "Query", "f", f"{ORDERS}/index/gsi1"), True),
        ({"resource": "*/index/gsi1"}, call("dynamodb", "Query", "f", f"{ORDERS}/index/gsi1"), True),
        ({"resource": "*-products"}, call("dynamodb", "Query", "f", ORDERS), False),
        ({"resource": ORDERS}, call("dynamodb", "Query", "f", ORDERS), True),
        ({"resource": "*"}, call("sts", "GetCallerIdentity", "f"), True),
        ({"resource": "jwt-*"}, call("secretsmanager", "GetSecretValue", "f", SECRET), True),
        ({"resource": "shop/dev/*"}, call("ssm", "GetParameters", "f", PARAMETER), True),
        ({"caller": "shop-api"}, call(), True),
        ({"caller": "*-worker"}, call(), False),
        ({}, call(function=None), False),
        ({"caller": "anyone"}, call(function=None), True),
    ],
)
def test_a_fault_takes_the_calls_that_fit(fault: dict[str, Any], subject: Subject, taken: bool) -> None:
    assert parse({"kind": "fail", **fault}).takes(subject) is taken


def test_the_resources_of_a_call_are_looked_up_only_where_a_fault_names_one() -> None:
    def looked_up() -> tuple[str, ...]:
        raise AssertionError

    assert Fault("fail", service="dynamodb").takes(Subject("dynamodb", "Query", "f", looked_up))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults(clock: Callable[[], float]) -> Faults:
    return Faults(clock)


def test_a_fault_with_a_count_is_over_after_so_many_calls(faults: Faults) -> None:
    faults.add([Fault("fail", count=2)])
    assert [faults.choose(call()) is not None for _ in range(4)] == [True, True, False, False]
    assert faults.listed() == []


def test_a_fault_is_over_when_its_time_is(faults: Faults, clock: Clock) -> None:
    faults.add([Fault("fail", for_seconds=30)])
    clock.now += 29.9
    assert faults.choose(call()) is not None
    clock.now += 0.2
    assert faults.choose(call()) is None
    assert not faults


def test_the_first_fault_that_fits_has_the_call(faults: Faults) -> None:
    faults.add([Fault("hang", service="ssm"), Fault("fail", count=1), Fault("throttle")])
    chosen = [faults.choose(call()) for _ in range(2)]
    assert [one.fault.kind for one in chosen if one] == ["fail", "throttle"]
    assert [(one["kind"], one["applied"]) for one in faults.listed()] == [("hang", 0), ("throttle", 1)]


def test_a_seed_repeats_the_chances_of_a_run(faults: Faults) -> None:
    def run() -> list[bool]:
        faults.clear()
        faults.add([Fault("fail", probability=0.25, seed=7)])
        return [faults.choose(call()) is not None for _ in range(400)]

    first = run()
    assert first == run()
    assert 60 < sum(first) < 140


def test_one_fault_is_cleared_by_its_id_and_lets_go_what_waits(faults: Faults) -> None:
    faults.add([Fault("hang"), Fault("fail")])
    waiting = faults.choose(call())
    assert waiting is not None
    assert not waiting.over.is_set()
    assert faults.clear(waiting.id) == 1
    assert waiting.over.is_set()
    assert [one["kind"] for one in faults.listed()] == ["fail"]
    assert faults.clear() == 1


def test_the_page_sets_all_of_a_document_or_nothing(faults: Faults) -> None:
    status, answer = control(faults, "POST", "", b'{"faults": [{"kind": "fail"}, {"kind": "odd"}]}')
    assert (status, "one of" in answer["message"]) == (400, True)
    assert control(faults, "GET", "", b"") == (200, {"faults": []})
    status, answer = control(faults, "POST", "", b'{"faults": [{"kind": "fail"}, {"kind": "hang"}]}')
    assert (status, len(answer["faults"])) == (201, 2)
    assert control(faults, "DELETE", answer["faults"][0]["id"], b"") == (200, {"cleared": 1})
    assert control(faults, "DELETE", "fault-99", b"")[0] == 404
    assert control(faults, "DELETE", "", b"") == (200, {"cleared": 1})


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"faults": []}', b'{"faults": {}}', b"\xff"])
def test_the_page_refuses_what_is_no_fault(faults: Faults, body: bytes) -> None:
    assert control(faults, "POST", "", body)[0] == 400


def test_the_page_bounds_the_number_of_faults_and_its_methods(faults: Faults) -> None:
    faults.add([Fault("fail")] * 100)
    assert control(faults, "POST", "", b'{"kind": "fail"}')[0] == 400
    assert control(faults, "PUT", "", b"")[0] == 405
    assert control(faults, "GET", "fault-1", b"")[0] == 405


def test_the_shell_reads_numbers_as_numbers_and_the_rest_as_text() -> None:
    assert document(["kind=slow", "seconds=1.5", "count=3", "resource=*-orders"]) == {
        "kind": "slow", "seconds": 1.5, "count": 3, "resource": "*-orders",
    }  # fmt: skip
