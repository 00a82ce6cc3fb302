import json
from pathlib import Path
from typing import Any

import pytest

from bench.operations import Operation, UnknownValueError, call, operations
from bench.routes import TWINS

ROOT = Path(__file__).parents[3]
CONTRACT: dict[str, Any] = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS = operations(CONTRACT)
# what `bench.shop.Shop` knows of the tenant it makes
VALUES = dict.fromkeys(
    ("token", "email", "tenant_id", "location_id", "sku", "product_id", "order_id", "customer_id"), "known"
)
# and what it makes before single requests
OWN = {"session_id": "s1", "user_id": "u1", "key_id": "k1", "conversation_id": "c1"}
NEW = {"sku": lambda: "NEW-1", "email": lambda: "new@bench.example"}


def by_name(name: str) -> Operation:
    return next(operation for operation in OPERATIONS if operation.name == name)


def body(operation: Operation, own: dict[str, str] | None = None) -> Any:
    content = call(operation, VALUES, NEW, own or {}).content
    assert content is not None
    return json.loads(content)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_every_operation_of_the_contract_becomes_a_request(operation: Operation) -> None:
    made = call(operation, VALUES, NEW, OWN)
    assert made.method == operation.method
    assert "{" not in made.url
    assert (made.content is None) == ("requestBody" not in CONTRACT["paths"][operation.path][operation.method.lower()])


def test_a_new_route_is_measured_without_a_word_here() -> None:
    schema = {"examples": [{"product_id": "of the example", "note": "as it is"}]}
    operation = {
        "operationId": "rate",
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Rating"}}}},
    }
    contract = {"paths": {"/ratings": {"post": operation}}, "components": {"schemas": {"Rating": schema}}}
    (found,) = operations(contract)
    assert body(found) == {"product_id": "known", "note": "as it is"}


def test_a_path_that_names_something_unknown_is_said_and_not_sent() -> None:
    with pytest.raises(UnknownValueError, match="robot_id"):
        call(Operation("x", "GET", "/robots/{robot_id}", public=False), VALUES, NEW, {})


def test_what_a_post_must_have_new_is_new_and_a_put_keeps_its_own() -> None:
    assert body(by_name("createProduct"))["sku"] == "NEW-1"
    assert body(by_name("replaceProduct"))["sku"] == "known"


def test_what_a_request_is_given_for_itself_wins_over_what_is_new() -> None:
    assert body(by_name("login"), {"email": "shop@bench.example"})["email"] == "shop@bench.example"


def test_an_import_is_of_one_known_or_new_sku() -> None:
    assert b"NEW-1" in (call(by_name("importProducts"), VALUES, NEW, {}).content or b"")
    assert b"TEA-001" not in (call(by_name("importInventory"), VALUES, NEW, {"sku": "S"}).content or b"")


def test_only_operations_without_a_credential_are_sent_without_one() -> None:
    assert "Authorization" not in call(by_name("readHealth"), VALUES, NEW, {}).headers()
    assert call(by_name("readProduct"), VALUES, NEW, {}).headers()["Authorization"] == "Bearer known"


def test_each_route_of_the_twin_is_one_of_the_contract() -> None:
    assert {operation.name for operation in OPERATIONS} > TWINS
