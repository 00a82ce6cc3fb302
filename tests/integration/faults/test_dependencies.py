"""The other dependencies, each in each way: parameters, secrets, what the authorizer needs, and a function itself."""

import threading
import time

import pytest

from tests.integration.faults.answers import CLIENTS, answer, answers, wrong
from tests.integration.faults.requests import Operation
from tests.integration.faults.shop import QUIET_SECONDS, Shop, warmed
from tests.integration.faults.switch import SERVING, Document, Switch
from tests.integration.permissions.site import wait_until
from tests.integration.test_function_processes import processes

KINDS: tuple[Document, ...] = (
    {"kind": "slow", "seconds": 0.5},
    {"kind": "throttle"},
    {"kind": "fail"},
    {"kind": "drop_answer"},
    {"kind": "hang"},
)
# One of each sort: a read, a list, a roll-up, two writes, the caller's own, and what nothing but a password opens.
FEW = ("readProduct", "listProducts", "readDashboardSummary", "createOrder", "createProduct", "readProfile", "login")
# What a function without parameters remembers that it could not read them (`omnix.parameters`, `omnix.secrets`).
REMEMBERED_SECONDS = 5.0
STARTED_SECONDS = 3.0


def few(contract: list[Operation]) -> list[Operation]:
    return [operation for operation in contract if operation.name in FEW]


def kind(fault: Document) -> str:
    return str(fault["kind"])


def settled(switch: Switch, shop: Shop) -> bool:
    """No process is started any more: one that was and was not needed has read nothing, and is asked first."""
    before = processes(switch.environment).keys()
    warmed(shop, CLIENTS)
    time.sleep(STARTED_SECONDS)
    return processes(switch.environment).keys() == before


@pytest.mark.parametrize("service", ["ssm", "secretsmanager"])
def test_warm_functions_serve_on_without_parameters_and_secrets(
    switch: Switch, shop: Shop, contract: list[Operation], service: str
) -> None:
    """They are read once a minute, and what was read serves on. One request at a time meets the process before."""
    wait_until(lambda: settled(switch, shop), "no process is new", 60)
    before = [answer(shop, operation) for operation in few(contract)]
    with switch.on({"service": service, "caller": SERVING, "kind": "fail"}):
        given = [answer(shop, operation) for operation in few(contract)]
    assert wrong(given) == []
    assert [one.status for one in given] == [one.status for one in before]
    assert {one.status for one in given} == {200, 201}


@pytest.mark.parametrize("fault", [{"kind": "throttle"}, {"kind": "hang"}], ids=kind)
@pytest.mark.parametrize("service", ["ssm", "secretsmanager"])
def test_cold_functions_without_parameters_or_secrets_say_so_and_are_well_again_soon(
    switch: Switch, shop: Shop, contract: list[Operation], service: str, fault: Document
) -> None:
    switch.restart()
    with switch.on({"service": service, "caller": SERVING, **fault}):
        given = answers(shop, few(contract))
        assert switch.applied()
    ended = time.monotonic()
    assert wrong(given) == []
    assert {one.status for one in given} == {503}
    while True:
        left = [one for one in answers(shop, few(contract)) if not one.operation.statuses & {one.status} & {200, 201}]
        if not left:
            break
        assert {one.status for one in left} == {503}
        assert time.monotonic() - ended < REMEMBERED_SECONDS + QUIET_SECONDS, "an outage is remembered too long"
        time.sleep(0.5)
    # those processes, too, that none of these requests came to
    time.sleep(max(0.0, ended + REMEMBERED_SECONDS - time.monotonic()))


@pytest.mark.parametrize("fault", KINDS, ids=kind)
def test_a_slow_or_failing_read_of_one_table_is_retried_or_unavailable(
    switch: Switch, shop: Shop, contract: list[Operation], fault: Document
) -> None:
    unneeding = {"readDashboardSummary", "readProfile", "login"}
    expected = set(FEW) if fault["kind"] == "slow" else unneeding

    def as_expected() -> bool:
        given = answers(shop, few(contract))
        assert wrong(given) == []
        served = {one.operation.name for one in given if one.status < 300}
        assert served <= expected
        return served == expected

    with switch.on({"service": "dynamodb", "resource": "*-products", "caller": SERVING, **fault}):
        wait_until(as_expected, f"{sorted(expected)} are served", QUIET_SECONDS)


@pytest.mark.parametrize("fault", KINDS, ids=kind)
def test_an_api_key_that_cannot_be_looked_up_is_not_a_wrong_one(switch: Switch, shop: Shop, fault: Document) -> None:
    key = shop.send("POST", "/auth/api-keys", 201, {"name": "Till", "role": "device"})["key"]
    with switch.on({"service": "dynamodb", "caller": "*-authorizer", **fault}):
        started = time.monotonic()
        found = shop.http.get("/products?limit=1", headers={"Authorization": f"Bearer {key}"})
        assert switch.applied()
    assert time.monotonic() - started < 15
    assert found.status_code == (200 if fault["kind"] == "slow" else 503), found.text
    assert found.status_code == 200 or found.headers["retry-after"].isdecimal()
    assert shop.http.get("/products?limit=1", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_one_lost_call_in_a_request_is_made_good_by_its_retry(switch: Switch, shop: Shop) -> None:
    product = {"name": "Once", "category": "tea", "price": {"amount": 1, "currency": "EUR"}}
    headers = {"Authorization": f"Bearer {shop.token}"}
    for number, fault in enumerate(({"kind": "drop_answer"}, {"kind": "fail"}, {"kind": "hang"})):
        with switch.on({"service": "dynamodb", "operation": "Transact*", "caller": SERVING, "count": 1, **fault}):
            made = shop.http.post("/products", json={**product, "sku": f"ONCE-{number}"}, headers=headers)
        assert made.status_code == 201, made.text
        assert shop.send("GET", f"/products/{made.json()['product_id']}", 200)["version"] == 1


def test_a_function_that_dies_under_a_request_is_unavailable_and_replaced_at_once(switch: Switch, shop: Shop) -> None:
    def kill_under_way() -> None:
        wait_until(lambda: switch.applied() > 0, "a call is slow", QUIET_SECONDS)
        switch.kill("api")

    with switch.on({"service": "dynamodb", "caller": "*-api", "kind": "slow", "seconds": 1.5}):
        headers = {"Authorization": f"Bearer {shop.token}"}
        killer = threading.Thread(target=kill_under_way)
        killer.start()
        died = shop.http.get("/products?limit=1", headers=headers)
        killer.join()
    assert died.status_code == 503, died.text
    assert died.headers["retry-after"].isdecimal()
    assert died.json()["error"]["code"] == "unavailable"
    assert shop.send("GET", "/products?limit=1", 200)["items"]
