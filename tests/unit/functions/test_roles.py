"""Who may call what is as the contract says, for every protected operation and every role."""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from omnix import contract
from omnix.authorisation import Role
from tests.unit.functions.conftest import Answer, caller

type Call = Callable[..., Answer]

DOCUMENT = contract.document()
NOBODY = "0" * 32


@dataclass(frozen=True)
class Operation:
    """A protected operation and the request that its example makes, with ids of nothing."""

    method: str
    path: str
    source: dict[str, Any]

    @property
    def roles(self) -> list[str]:
        named: list[str] = self.source["x-omnix-roles"]
        return named

    @property
    def takes_keys(self) -> bool:
        return self.source.get("security") != [{"bearer": []}]

    @property
    def request(self) -> dict[str, Any]:
        content = self.source.get("requestBody", {}).get("content", {})
        if "text/csv" in content:
            return {"body": content["text/csv"]["example"], "headers": {"Content-Type": "text/csv"}}
        if not content:
            return {}
        name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        return {"body": DOCUMENT["components"]["schemas"][name]["examples"][0]}


OPERATIONS = [
    Operation(method.upper(), re.sub(r"{\w+}", NOBODY, path), operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if operation.get("security") != []
]


@pytest.fixture
def ask(api: Call, assistant: Call, auth: Call) -> Callable[..., Answer]:
    """Ask as a caller whose context has these changes."""
    functions = {"api": api, "assistant": assistant, "auth": auth}

    def answer(operation: Operation, **changes: str) -> Answer:
        call = functions[operation.source[contract.FUNCTION_EXTENSION]]
        return call(operation.method, operation.path, authorizer=caller() | changes, **operation.request)

    return answer


def test_a_role_is_refused_exactly_where_the_contract_does_not_name_it(ask: Callable[..., Answer]) -> None:
    for operation, role in itertools.product(OPERATIONS, Role):
        answer = ask(operation, role=role.value)
        details = answer.json["error"]["details"] if answer.status == 403 else []
        assert (details == [{"required_roles": sorted(operation.roles)}]) == (role.value not in operation.roles), (
            f"{operation.source['operationId']} as {role}: {answer.status} {answer.text}"
        )


def test_an_api_key_is_refused_exactly_where_the_contract_does_not_take_one(ask: Callable[..., Answer]) -> None:
    for operation in OPERATIONS:
        answer = ask(operation, auth="api_key", session_id="", role=Role.OWNER.value)
        refused = answer.status == 403 and answer.json["error"]["message"] == "An API key has no user."
        assert refused != operation.takes_keys, f"{operation.source['operationId']}: {answer.status} {answer.text}"


def test_some_operations_are_for_some_roles_and_some_for_no_key() -> None:
    assert {len(operation.roles) for operation in OPERATIONS} == {1, 2, 3, 4}
    assert {operation.takes_keys for operation in OPERATIONS} == {True, False}
