"""Writes that are acknowledged: what DynamoDB did not get to is asked for until it is done."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from omnix.migration.pace import CapacityPace
from omnix.migration.patience import Patience, StalledError
from omnix.migration.record import STAMP, Key, Target
from omnix.migration.store import DynamoStore, UnwritableError


def _target(number):
    key = Key("workspaces", "T", f"K{number}")
    return Target(key, {"pk": {"S": "T"}, "sk": {"S": f"K{number}"}}, 100)


class Answers:
    """The wire, with an answer or an error for each call; keeps the requests."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    def call(self, operation, request):
        self.requests.append((operation, request))
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer


def _store(*answers, seconds=5.0, **more):
    wire: Any = Answers(*answers)
    store = DynamoStore(wire, {"workspaces": "table"}, Patience(seconds, sleep=lambda _: None), **more)
    return store, wire


def _half_left(request):
    asked = request["RequestItems"]["table"]
    return {"UnprocessedItems": {"table": asked[len(asked) // 2 :]} if len(asked) > 1 else {}}


def _cancelled(*codes):
    response: Any = {
        "Error": {"Code": "TransactionCanceledException"},
        "CancellationReasons": [{"Code": code, "Message": f"said {code}"} for code in codes],
    }
    return ClientError(response, "TransactWriteItems")


def test_unprocessed_items_are_asked_for_until_none_is_left():
    store, wire = _store(*[_half_left] * 10)
    store.put([_target(number) for number in range(30)])
    sent = [
        put["PutRequest"]["Item"]["sk"]["S"] for _, request in wire.requests for put in request["RequestItems"]["table"]
    ]
    assert {f"K{number}" for number in range(30)} == set(sent)
    assert [len(request["RequestItems"]["table"]) for _, request in wire.requests] == [25, 13, 7, 4, 2, 1, 5, 3, 2, 1]


def test_items_that_stay_unprocessed_end_the_run_and_are_not_dropped():
    def nothing(request):
        return {"UnprocessedItems": request["RequestItems"]}

    store, _ = _store(*[nothing] * 100_000, seconds=0.05)
    with pytest.raises(StalledError):
        store.put([_target(1)])


def test_keys_that_a_read_did_not_get_to_are_read_again():
    one, other = _target(1), _target(2)
    left = {"table": {"Keys": [other.key.wire()], "ConsistentRead": True}}
    store, _ = _store(
        {"Responses": {"table": [one.item]}, "UnprocessedKeys": left}, {"Responses": {"table": [other.item]}}
    )
    missing = Key("workspaces", "T", "K3")
    assert store.read([one.key, other.key, missing]) == {one.key: one.item, other.key: other.item, missing: None}


def test_a_condition_that_fails_writes_nothing_and_is_told():
    store, _ = _store(_cancelled("None", "ConditionalCheckFailed"))
    assert store.change({_target(1).key: _target(1)}, {}) is False


def test_a_conflict_is_tried_again_with_the_same_token():
    store, wire = _store(_cancelled("TransactionConflict"), _cancelled("ThrottlingError", "None"), {})
    assert store.change({_target(1).key: _target(1)}, {}) is True
    assert len({request["ClientRequestToken"] for _, request in wire.requests}) == 1
    assert len(wire.requests) == 3


def test_what_dynamodb_never_takes_is_told_apart():
    store, _ = _store(_cancelled("ValidationError"))
    with pytest.raises(UnwritableError, match="said ValidationError"):
        store.change({_target(1).key: _target(1)}, {})


def test_an_item_is_replaced_only_as_it_was_seen():
    store, wire = _store({})
    target = _target(1)
    seen = {**target.item, STAMP: {"M": {}}, "blob": {"S": "x" * 9_000}, **{f"a{n:02}": {"N": "1"} for n in range(60)}}
    store.change({target.key: target, _target(2).key: None}, {target.key: seen})
    put, delete = wire.requests[0][1]["TransactItems"]
    names = put["Put"]["ExpressionAttributeNames"].values()
    assert {"pk", STAMP} <= set(names)
    assert "blob" not in names
    assert len(names) == 40
    assert delete["Delete"]["ConditionExpression"] == "attribute_not_exists(pk)"


def test_the_pace_lets_the_balance_go_below_nothing_and_waits_until_it_is_made_good():
    now = SimpleNamespace(at=0.0)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        now.at += seconds

    pace = CapacityPace(100, clock=lambda: now.at, sleep=sleep)
    pace.wait()
    pace.spend(350)
    assert slept == []
    pace.wait()
    assert sum(slept) == pytest.approx(2.5)
    store, _ = _store({"ConsumedCapacity": [{"CapacityUnits": 500.0}]}, {}, pace=pace)
    store.put([_target(1)])
    store.put([_target(2)])
    assert now.at == pytest.approx(2.5 + 5.0)
    assert pace.spent == 850
