"""Which operations answer without a credential: the contract's, and no other."""

import json
from pathlib import Path
from typing import Any

import pytest

from policy import types
from policy.evaluation import findings
from policy.model import PROD, Violation
from policy.rules import RULES
from policy.rules.exposure import public_operations

ROOT = Path(__file__).resolve().parents[3]
RULE = next(rule for rule in RULES if rule.name == "operation-authorised")
PROXY = {"type": "AWS_PROXY"}


def refused(path: str, method: str, operation: dict[str, Any], **document: Any) -> bool:
    body = {
        "paths": {path: {method: operation}},
        "components": {"securitySchemes": {"authorizer": {}, "usage_key": {}}},
        **document,
    }
    found = findings(RULE, PROD(types.REST_API, body=json.dumps(body)))
    return any(isinstance(finding, Violation) for finding in found)


def test_the_public_operations_are_those_of_the_contract() -> None:
    contract = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))
    public = {
        f"{method.upper()} {path}"
        for path, operations in contract["paths"].items()
        for method, operation in operations.items()
        if operation.get("security") == []
    }
    assert public_operations() == public


@pytest.mark.parametrize(
    "security",
    [None, [], [{}], [{"authorizer": []}, {}], [{"no_such_scheme": []}]],
    ids=["left out", "empty", "nobody", "or nobody", "undefined"],
)
def test_an_operation_without_a_defined_credential_is_open(security: Any) -> None:
    assert refused("/orders", "get", {"security": security, "x-amazon-apigateway-integration": PROXY})


def test_security_of_the_whole_document_protects_nothing_on_api_gateway() -> None:
    operation = {"x-amazon-apigateway-integration": PROXY}
    assert refused("/orders", "get", operation, security=[{"authorizer": []}])


def test_what_reaches_no_data_may_be_open() -> None:
    assert not refused("/orders", "options", {"x-amazon-apigateway-integration": PROXY})
    assert not refused("/", "x-amazon-apigateway-any-method", {"x-amazon-apigateway-integration": {"type": "mock"}})
    assert not refused("/system/health", "get", {"security": [], "x-amazon-apigateway-integration": PROXY})


def test_a_catch_all_that_reaches_a_function_is_open() -> None:
    assert refused("/{proxy+}", "x-amazon-apigateway-any-method", {"x-amazon-apigateway-integration": PROXY})


def test_an_operation_behind_authorizer_and_usage_key_is_closed() -> None:
    security: list[dict[str, list[str]]] = [{"authorizer": []}, {"usage_key": []}]
    assert not refused("/orders", "post", {"security": security, "x-amazon-apigateway-integration": PROXY})
