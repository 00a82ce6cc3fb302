"""The other dependencies, each in each way: parameters, secrets, what the authorizer needs, and a function itself."""

import threading
import time

import pytest

from tests.integration.faults.answers import answers, wrong
from tests.integration.faults.requests import Operation
from tests.integration.faults.shop import Shop
from tests.integration.faults.switch import Document, Switch

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


def few(contract: list[Operation]) -> list[Operation]:
    return [operation for operation in contract if operation.name in FEW]


def kind(fault: Document) -> str:
    return str(fault["kind"])


@pytest.mark.parametrize("service", ["ssm", "secretsmanager"])
def test_warm_functions_serve_on_without_parameters_and_secrets(
    switch: Switch, shop: Shop, contract: list[Operation], service: str
) -> None:
    """They are read once a minute, and what was read serves on."""
    with switch.on({"service": service, "kind": "fail"}):
        given = answers(shop, few(contract))
    assert wrong(given) == []
    assert {one.status for one in given} == {200, 201}


@pytest.mark.parametrize("fault", [{"kind": "throttle"}, {"kind": "hang"}], ids=kind)
@pytest.mark.parametrize("service", ["ssm", "secretsmanager"])
def test_cold_functions_without_parameters_or_secrets_say_so_and_are_well_again_soon(
    switch: Switch, shop: Shop, contract: list[Operation], service: str, fault: Document
) -> None:
    switch.restart()
    with switch.on({"service": service, **fault}):
        given = answers(shop, few(contract))
        assert switch.applied()
    ended = time.monotonic()
    assert wrong(given) == []
    assert {one.status for one in given} == {503}
    while True:
        left = [one for one in answers(shop, few(contract)) if not one.operation.statuses & {one.status} & {200, 201}]
        if not left:
            return
        assert {one.status for one in left} == {503}
        assert time.monotonic() - ended < REMEMBERED_SECONDS + 3, "an outage is remembered too long"
        time.sleep(0.5)


@pytest.mark.parametrize("fault", KINDS, ids=kind)
def test_a_slow_or_failing_read_of_one_table_is_retried_or_unavailable(
    switch: Switch, shop: Shop, contract: list[Operation], fault: Document
) -> None:
    with switch.on({"service": "dynamodb", "resource": "*-products", **fault}):
        given = answers(shop, few(contract))
    assert wrong(given) == []
    served = {one.operation.name for one in given if one.status < 300}
    unneeding = {"readDashboardSummary", "readProfile", "login"}
    assert served == (set(FEW) if fault["kind"] == "slow" else unneeding)


@pytest.mark.parametrize("fault", KINDS, ids=kind)
def test_an_api_key_that_cannot_be_looked_up_is_not_a_wrong_one(switch: Switch, shop: Shop, fault: Document) -> None:
    key = shop.send("POST", "/auth/api-keys", 201, {"name": "Till", "role": "device"})["key"]
    with switch.on({"service": "dynamodb", "caller": "*-authorizer", **fault}):
        started = time.monotonic()
        answer = shop.http.get("/products?limit=1", headers={"Authorization": f"Bearer {key}"})
        assert switch.applied()
    assert time.monotonic() - started < 15
    assert answer.status_code == (200 if fault["kind"] == "slow" else 503), answer.text
    assert answer.status_code == 200 or answer.headers["retry-after"].isdecimal()
    assert shop.http.get("/products?limit=1", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_one_lost_call_in_a_request_is_made_good_by_its_retry(switch: Switch, shop: Shop) -> None:
    product = {"name": "Once", "category": "tea", "price": {"amount": 1, "currency": "EUR"}}
    for number, fault in enumerate(({"kind": "drop_answer"}, {"kind": "fail"}, {"kind": "hang"})):
        with switch.on({"service": "dynamodb", "operation": "TransactWriteItems", "count": 1, **fault}):
            made = shop.send("POST", "/products", 201, {**product, "sku": f"ONCE-{number}"})
        assert shop.send("GET", f"/products/{made['product_id']}", 200)["version"] == 1


def test_a_function_that_dies_under_a_request_is_unavailable_and_replaced_at_once(switch: Switch, shop: Shop) -> None:
    with switch.on({"service": "dynamodb", "caller": "*-api", "kind": "slow", "seconds": 1.5}):
        headers = {"Authorization": f"Bearer {shop.token}"}
        killer = threading.Timer(0.5, switch.kill, ["api"])
        killer.start()
        answer = shop.http.get("/products?limit=1", headers=headers)
        killer.join()
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"].isdecimal()
    assert answer.json()["error"]["code"] == "unavailable"
    assert shop.send("GET", "/products?limit=1", 200)["items"]
