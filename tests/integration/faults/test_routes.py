"""Every route of the contract while DynamoDB does not do its work: an answer in time, and one that can be used."""

import pytest

from tests.integration.faults.answers import answers, wrong
from tests.integration.faults.requests import Operation
from tests.integration.faults.shop import Shop
from tests.integration.faults.switch import SERVING, Switch

# Everything else needs a table, and has to say that it is not available: its fault was not felt otherwise.
NEEDS_NO_TABLE = {"readHealth", "readVersion", "readContract", "sendMcpMessage"}
TABLES = (
    "users", "products", "orders", "inventory", "sessions", "customer-profiles", "recommendations", "analytics",
)  # fmt: skip
# Refused with the shop open and everything well: the password is a wrong one, and what has stock is not deleted.
REFUSED = {"changePassword", "deleteProduct"}


@pytest.mark.parametrize("kind", ["fail", "throttle", "drop_answer", "hang"])
def test_without_dynamodb_every_route_says_so_in_time(
    switch: Switch, shop: Shop, contract: list[Operation], kind: str
) -> None:
    with switch.on({"service": "dynamodb", "caller": SERVING, "kind": kind}):
        given = answers(shop, contract)
    assert wrong(given) == []
    assert {one.operation.name for one in given if one.status != 503} == NEEDS_NO_TABLE


@pytest.mark.parametrize("table", TABLES)
def test_without_one_table_what_needs_it_says_so_and_nothing_is_said_to_be_missing(
    switch: Switch, shop: Shop, contract: list[Operation], table: str
) -> None:
    """An item that could not be read is not one that is not there: no 401, 404 or 409 in a 503's place."""
    ends = {"DELETE"}
    asked = sorted(contract, key=lambda operation: (operation.method in ends, operation.name == "logout"))
    with switch.on({"service": "dynamodb", "resource": f"*-{table}", "caller": SERVING, "kind": "fail"}):
        given = answers(shop, asked)
        assert switch.applied()
    assert wrong(given) == []
    refused = {one.operation.name: one.status for one in given if 400 <= one.status < 500}
    assert refused.keys() <= REFUSED, refused
    assert any(one.status == 503 for one in given)
