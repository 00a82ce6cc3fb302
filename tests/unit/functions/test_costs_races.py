"""Real races for the last of the money, and functions killed midway, on AWS's own DynamoDB Local."""

import multiprocessing
import random
import threading
import time
from collections import Counter
from typing import Literal

import pytest

from omnix import clock
from omnix.costs import counters, ledger
from omnix.costs.guard import Guard
from omnix.costs.model import Feature, Usage
from omnix.dynamodb import load_item
from omnix.errors import LimitReachedError
from tests.unit.functions import costs_worker
from tests.unit.functions.costs_table import PRICES, limits
from tests.unit.functions.costs_worker import BOUNDS, LEASE_SECONDS, MODEL, opened

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([costs_worker.__name__])
THREADS = 200
KILLS = 24
WORST = PRICES.worst(1000, 100)
pytestmark = [pytest.mark.dynamodb_local, pytest.mark.timeout(300)]


@pytest.fixture
def table(dynamodb_local, request):
    made = opened(dynamodb_local, f"costs-{abs(hash(request.node.name))}")
    keys: list[tuple[str, Literal["HASH", "RANGE"]]] = [("pk", "HASH"), ("sk", "RANGE")]
    made.client.create_table(
        TableName=made.name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
    )
    yield made
    made.client.delete_table(TableName=made.name)


def items(table):
    pages = table.client.get_paginator("scan").paginate(TableName=table.name, ConsistentRead=True)
    return [load_item(item) for page in pages for item in page["Items"]]


def committed(found, tenant=None):
    """By counter, of the environment or of a tenant."""
    pk = f"TENANT#{tenant}" if tenant else "AI#LIMITS#"
    (item,) = [one for one in found if one["entity"] == "ai_limits" and one["pk"].startswith(pk)] or [{}]
    return item


def adds_up(found):
    """Each scope has committed what its calls cost, the ledger's two copies say the same, and nothing is left."""
    assert not [one for one in found if one["entity"] == "ai_hold"]
    assert not any(counters.marks(one) for one in found if one["entity"] == "ai_limits")
    calls = [one for one in found if one["entity"] == "ai_call"]
    spent: Counter[str] = Counter()
    for call in calls:
        spent["m"] += call["cost"]
        spent[f"{call['feature']}_m"] += call["cost"]
        spent[call["tenant_id"]] += call["cost"]
    for name in ("m", *(f"{feature.value}_m" for feature in Feature)):
        assert committed(found).get(name, 0) == spent[name]
    for tenant in {call["tenant_id"] for call in calls}:
        assert committed(found, tenant)["m"] == spent[tenant]
    rows = [one for one in found if one["entity"] == "ai_ledger"]
    copies = [ledger.merged(one for one in rows if one["pk"].startswith(pk)) for pk in ("TENANT#", "AI#LEDGER#")]
    assert copies[0] == copies[1]
    assert sum(row.counts[ledger.COST] for row in copies[0]) == spent["m"]
    return calls


def test_of_200_threads_that_race_for_the_last_money_as_many_get_it_as_there_is_room_for(table):
    room = 37
    bounds = limits(environment={"daily": room * WORST + WORST // 2}, tenant={"daily": 11 * WORST})
    own = Guard(lambda: table, lambda: bounds)
    begin, kept, refused = threading.Barrier(THREADS), [], []

    def call(number):
        begin.wait()
        try:
            reserved = own.reserve(
                tenant_id=f"t{number % 8}", user_id="u", feature=Feature.CHAT, model=MODEL, input_tokens=1000,
                max_output=100, request_id="r",
            )  # fmt: skip
        except LimitReachedError as error:
            refused.append(error)
        else:
            kept.append(reserved)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) + len(refused) == THREADS
    assert len(kept) == room, "not one too many, and not one too few"
    assert committed(items(table))["m"] == room * WORST
    for error in refused:
        assert {detail["scope"] for detail in error.details} <= {"tenant", "environment"}
        assert error.details
        assert int(error.headers["Retry-After"]) > 0
    for number, reserved in enumerate(kept):
        if number % 3:
            own.settle(reserved, Usage(input=500, output=10), stop_reason="end_turn", latency_ms=5)
        else:
            own.release(reserved, "throttled")
    assert len(adds_up(items(table))) == room


def test_processes_killed_midway_leave_no_money_held_none_lost_and_none_spent_twice(table, dynamodb_local, monkeypatch):
    chance = random.Random(7)
    paid: dict[str, int] = {}
    running = [_started(dynamodb_local, table.name, seed) for seed in range(4)]
    for kill in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.3))
        process, heard = running.pop(0)
        process.kill()
        process.join()
        _hear(heard, paid)
        if kill < KILLS - 4:
            running.append(_started(dynamodb_local, table.name, 100 + kill))
        _within_limits(items(table))
    until = time.monotonic() + 60
    while len(paid) <= KILLS and time.monotonic() < until:  # a busy machine ends few in so short a time
        for _, heard in running:
            _hear(heard, paid)
        time.sleep(0.05)
    for process, heard in running:
        process.kill()
        process.join()
        _hear(heard, paid)
    plain = clock.epoch_seconds
    monkeypatch.setattr(clock, "epoch_seconds", lambda: plain() + LEASE_SECONDS + 10)
    own = Guard(lambda: table, lambda: limits(**BOUNDS))
    swept = own.sweep()
    calls = {one["reservation_id"]: one for one in adds_up(items(table))}
    assert paid.keys() <= calls.keys()
    for one, cost in paid.items():
        assert calls[one]["outcome"] in {"settled", "lapsed"}
        assert calls[one]["cost"] == (cost if calls[one]["outcome"] == "settled" else calls[one]["amount"])
    outcomes = Counter(call["outcome"] for call in calls.values())
    assert swept > 0
    assert outcomes["settled"] > KILLS
    assert outcomes["lapsed"] > 0, "some were killed while a model worked"


def _started(endpoint, name, seed):
    heard, said = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=costs_worker.work, args=(endpoint, name, seed, said))
    process.start()
    said.close()
    assert heard.recv() == ("", 0)
    return process, heard


def _hear(heard, paid):
    try:
        while heard.poll():
            one, cost = heard.recv()
            paid[one] = cost
    except (EOFError, OSError):
        return


def _within_limits(found):
    for name, amount in committed(found).items():
        most = {"d": BOUNDS["environment"], "chat_d": BOUNDS["features"]["chat"]}.get(name[:-2])
        assert most is None or amount <= most["daily"]
    for tenant in range(4):
        day = [value for name, value in committed(found, f"t{tenant}").items() if name[:-2] == "d"]
        assert all(amount <= BOUNDS["tenant"]["daily"] for amount in day)
