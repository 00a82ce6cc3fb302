"""Money at its end: 200 callers at once, functions killed midway, and books that add up afterwards."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import httpx

from omnix.costs import ledger
from omnix.costs.model import Outcome
from ops.costs.reconciliation import Finding
from tests.integration.assistant.books import Accounts, usd
from tests.integration.faults.shop import Shop, client, opened

CALLERS = 200
ROOM = 300_000_000  # nano-dollars: some of the callers get through
LOST = frozenset({500, 502, 503, 504})


def patiently(http: httpx.Client, shop: Shop, message: str, until: float) -> httpx.Response:
    """Asked again where the gateway's throttle turns it away before any of our code has seen it."""
    while True:
        answer = http.post(
            "/assistant/chat", json={"message": message}, headers={"Authorization": f"Bearer {shop.token}"}
        )
        error: Any = answer.json().get("error", {}) if answer.status_code >= 400 else {}
        turned_away = answer.status_code == 429 and error.get("code") != "limit_reached"
        if not turned_away or time.monotonic() > until:
            return answer
        time.sleep(0.2)


def storm(accounts: Accounts, shops: list[Shop], kills: int) -> tuple[list[httpx.Response], list[int]]:
    """All callers at once; functions are killed as many times meanwhile. Answers, and what was committed all along."""
    over, committed, chance = threading.Event(), [], Random(11)

    def watch() -> None:
        while not over.is_set():
            committed.append(accounts.committed())
            time.sleep(0.05)

    def kill() -> None:
        for _ in range(kills):
            if over.wait(1.5):
                return
            accounts.switch.kill("assistant", choose=chance)

    until = time.monotonic() + 240
    with client(accounts.switch.environment) as http, ThreadPoolExecutor(CALLERS + 2) as pool:
        beside = [pool.submit(watch), pool.submit(kill)]
        asked = [
            pool.submit(patiently, http, shops[number % len(shops)], f"[[length {50 + number}]] {number}", until)
            for number in range(CALLERS)
        ]
        answers = [one.result() for one in asked]
        over.set()
        for one in beside:
            one.result()
    return answers, committed


def test_two_hundred_callers_never_pass_a_limit_also_when_functions_are_killed(
    accounts: Accounts, shop: Shop, other: Shop
) -> None:
    accounts.settled()
    limit = accounts.committed() + ROOM
    limits = accounts.read("limits") | {"environment": {"daily": limit, "monthly": 1000 * limit}}
    with accounts.parameter("limits", limits):
        answers, committed = storm(accounts, [shop, other], kills=6)
        statuses = Counter(answer.status_code for answer in answers)
        assert max(committed) <= limit, f"{usd(max(committed))} of {usd(limit)}"
        assert statuses[200], statuses
        assert statuses[429], statuses
        assert set(statuses) <= {200, 429} | LOST, statuses
        for answer in answers:
            if answer.status_code == 429:
                (detail,) = answer.json()["error"]["details"]
                assert (detail["scope"], detail["period"]) == ("environment", "day")
                assert float(detail["committed_usd"]) + float(detail["needed_usd"]) > float(detail["limit_usd"])
                assert int(answer.headers["Retry-After"]) > 0
        accounts.settled()
        assert accounts.committed() <= limit
    calls = accounts.ended()
    assert accounts.committed() == sum(call.verdict.cost for call in calls)
    rows = ledger.of_all(accounts.books.table, accounts.today, accounts.today)
    assert ledger.total(rows)[ledger.COST] == accounts.committed()
    assert sum(call.verdict.outcome is Outcome.SETTLED for call in calls) >= statuses[200]


def work(shop: Shop, http: httpx.Client, chance: Random) -> None:
    """One request of a random kind; none of them may be a defect."""
    product = shop.known["product_id"]
    kinds = [
        "[[say Good morning.]]",
        f"[[length {chance.randrange(1, 1500)}]]",
        f'[[tool get_product {{"product_id": "{product}"}}]][[tool list_stock {{}}]]',
        "[[error ThrottlingException *haiku*]] Hello",
        "[[break ModelStreamErrorException *haiku*]][[length 200]]",
        "[[stop content_filtered]]",
        "x" * chance.randrange(1, 5000),
    ]
    headers = {"Authorization": f"Bearer {shop.token}"}
    if chance.random() < 0.2:
        answer = http.post("/assistant/insights", json={"topic": "stock", "days": 7}, headers=headers)
    else:
        answer = http.post("/assistant/chat", json={"message": chance.choice(kinds)}, headers=headers)
    assert answer.status_code in {200, 503}, answer.text


def test_a_random_workload_adds_up_by_tenant_and_feature_to_ledger_and_record(
    accounts: Accounts, shop: Shop, other: Shop
) -> None:
    third = opened(accounts.switch.environment)
    shops = [shop, other, third]

    def several(seed: int) -> None:
        chance = Random(seed)
        with client(accounts.switch.environment) as http:
            for _ in range(15):
                work(chance.choice(shops), http, chance)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(several, range(4)))
    accounts.settled()
    # others of the environment's tenants are other tests', some of which take the record's rights away
    tenants = {one.send("GET", "/auth/me", 200)["tenant_id"]: one for one in shops}
    own = [one for one in accounts.reconciled().compared if one.call.reserved.tenant_id in tenants]
    sure = Counter(one.finding for one in own if one.call.verdict.outcome is not Outcome.LAPSED)
    assert set(sure) == {Finding.AGREED}, "all but what lapsed agrees before anything is corrected"
    found = accounts.reconciled(apply=True)
    assert found.strangers == []
    for (owner, feature), sums in found.by_tenant_and_feature().items():
        assert owner not in tenants or sums.difference <= 0.01, (owner, feature)
    for tenant, one in tenants.items():
        told = one.send("GET", "/assistant/usage", 200)
        mine = {feature: sums for (owner, feature), sums in found.by_tenant_and_feature().items() if owner == tenant}
        assert {part["key"]: part["cost"]["nano_usd"] for part in told["features"]} == {
            feature: sums.ledger for feature, sums in mine.items()
        }
        assert told["total"]["cost"]["nano_usd"] == sum(sums.ledger for sums in mine.values())
        assert told["total"]["cost"]["nano_usd"] == sum(part["cost"]["nano_usd"] for part in told["days"])
    third.http.close()
