"""Scopes: what a key was made for is all that it does, and nobody makes a key for more than he has."""

import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest

from omnix import contract
from omnix.admission.service import admission
from omnix.authorisation import Principal, Role, granted, principal, reach
from omnix.errors import ForbiddenError
from omnix.identity.api_key_model import ApiKeyInput
from omnix.identity.service import api_keys
from omnix.operation import SCOPES_EXTENSION
from omnix.scopes import READS, Scope, needed
from tests.unit.functions.conftest import Answer, Cloud, caller
from tests.unit.functions.test_api_keys import ARN, REGISTRATION, context

type Call = Callable[..., Answer]

DOCUMENT = contract.document()
OPERATIONS = [
    (method.upper(), path, operation) for path, item in DOCUMENT["paths"].items() for method, operation in item.items()
]
KEYED = [one for one in OPERATIONS if one[2].get("security") is None]


def key(role: str = "manager", scopes: str = "") -> dict[str, str]:
    """The authorizer's context for a key."""
    made = caller(role, session="") | {"auth": "api_key"}
    return made | ({"scopes": scopes} if scopes else {})


def scopes_of(context: dict[str, str]) -> frozenset[Scope]:
    return principal({"requestContext": {"authorizer": context}}).scopes


@pytest.fixture
def owner(auth: Call) -> dict[str, str]:
    return context(auth("POST", "/auth/register", body=REGISTRATION).json)


@pytest.fixture
def ask(api: Call, assistant: Call, auth: Call) -> Call:
    functions = {"api": api, "auth": auth, "assistant": assistant}

    def call(method: str, path: str, operation: dict[str, Any], authorizer: dict[str, str]) -> Answer:
        changes: dict[str, Any] = {"resource": path, "authorizer": authorizer}
        if method in {"POST", "PUT", "PATCH"}:
            changes["body"] = {}
        asked = re.sub(r"{\w+}", "0" * 32, path)
        return functions[operation[contract.FUNCTION_EXTENSION]](method, asked, **changes)

    return call


def test_people_have_what_their_role_reaches_and_keys_without_scopes_only_read() -> None:
    for role in Role:
        assert scopes_of(caller(role.value)) == reach(role)
        assert scopes_of(key(role.value)) == reach(role) & READS


def test_a_role_reaches_no_less_than_one_below_it() -> None:
    for above, below in itertools.pairwise(Role):
        assert reach(above) >= reach(below)


def test_a_keys_scopes_are_those_it_was_made_for_and_never_beyond_its_role() -> None:
    assert scopes_of(key(scopes="stock:read orders:write")) == {Scope.STOCK_READ, Scope.ORDERS_WRITE}
    assert scopes_of(key("device", "stock:read customers:read")) == {Scope.STOCK_READ}


def test_a_scope_that_nobody_knows_grants_nothing_and_still_limits() -> None:
    context = key(scopes="everything:write")
    assert scopes_of(context) == frozenset()
    assert granted({"requestContext": {"authorizer": context}}) == frozenset()


def test_every_operation_that_takes_keys_says_which_scopes_it_needs() -> None:
    for method, path, operation in KEYED:
        wanted = needed(method, path)
        assert wanted is not None, f"{method} {path}: no scope opens it; give its area one in omnix.scopes"
        assert operation[SCOPES_EXTENSION] == sorted(wanted)
        reads = method == "GET"
        assert all(scope.reads == reads or scope is Scope.ASSISTANT for scope in wanted), f"{method} {path}"
    for _, _, operation in OPERATIONS:
        assert (SCOPES_EXTENSION in operation) == (operation.get("security") is None)


def test_a_key_is_refused_by_every_route_that_it_was_not_made_for(ask: Call) -> None:
    for method, path, operation in KEYED:
        wanted = needed(method, path) or frozenset()
        if not wanted:
            continue
        others = " ".join(set(Scope) - wanted)
        answer = ask(method, path, operation, key("owner", others))
        assert answer.status == 403, f"{method} {path}: {answer.text}"
        assert answer.json["error"]["details"] == [{"required_scopes": sorted(wanted)}]


def test_a_key_is_let_in_where_it_was_made_for(ask: Call) -> None:
    for method, path, operation in KEYED:
        wanted = needed(method, path) or {Scope.STOCK_READ}
        answer = ask(method, path, operation, key("owner", " ".join(wanted)))
        details = answer.json["error"]["details"] if answer.status >= 400 else []
        assert not any("required_scopes" in detail for detail in details), f"{method} {path}: {answer.text}"


def test_a_key_with_scopes_is_refused_where_no_scope_is_known(api: Call) -> None:
    answer = api("GET", "/payroll", authorizer=key("owner", " ".join(Scope)))
    assert (answer.status, answer.code) == (403, "forbidden")
    assert api("GET", "/payroll", authorizer=key("owner")).status == 404


def test_a_path_through_two_areas_needs_both() -> None:
    assert needed("GET", "/customers/{customer_id}/orders") == frozenset({Scope.CUSTOMERS_READ, Scope.ORDERS_READ})
    assert needed("DELETE", "/products/{product_id}/") == frozenset({Scope.PRODUCTS_WRITE})
    assert needed("POST", "/assistant/chat") == frozenset({Scope.ASSISTANT})
    assert needed("GET", "") is None


def test_a_key_is_made_with_scopes_shown_with_them_and_admitted_with_them(
    auth: Call, owner: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import authorizer.handler

    monkeypatch.setattr(authorizer.handler, "gate", admission())
    body = {"name": "Agent", "role": "staff", "scopes": ["stock:read", "orders:read", "stock:read"]}
    made = auth("POST", "/auth/api-keys", authorizer=owner, body=body)
    assert made.status == 201, made.text
    assert made.json["scopes"] == ["orders:read", "stock:read"]
    plain = auth("POST", "/auth/api-keys", authorizer=owner, body={"name": "Till"}).json
    assert plain["scopes"] is None
    shown = {one["name"]: one["scopes"] for one in auth("GET", "/auth/api-keys", authorizer=owner).json["items"]}
    assert shown == {"Agent": ["orders:read", "stock:read"], "Till": None}

    def admitted(text: str) -> Any:
        asked = {"type": "REQUEST", "methodArn": ARN, "headers": {"X-API-Key": text}}
        return authorizer.handler.handler(asked, None)["context"]

    found = admitted(made.json["key"])
    assert found["scopes"] == "orders:read stock:read"
    assert scopes_of(found) == {Scope.ORDERS_READ, Scope.STOCK_READ}
    assert "scopes" not in admitted(plain["key"])


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(["everything"], 422), ([], 422), ("stock:read", 422), (["customers:read"], 422), (["orders:write"], 201)],
)
def test_a_device_gets_scopes_that_there_are_and_that_a_device_can_have(
    auth: Call, owner: dict[str, str], scopes: Any, status: int
) -> None:
    answer = auth("POST", "/auth/api-keys", authorizer=owner, body={"name": "Till", "scopes": scopes})
    assert answer.status == status, answer.text
    if scopes == ["customers:read"]:
        assert answer.json["error"]["details"][0]["scopes"] == scopes


def test_nobody_makes_a_key_for_more_than_he_has(auth: Call, owner: dict[str, str], cloud: Cloud) -> None:
    assert auth("GET", "/auth/me", authorizer=owner).status == 200
    before = cloud.items("users")
    lesser = Principal(
        owner["tenant_id"], owner["user_id"], Role.OWNER, owner["session_id"], "jwt", frozenset({Scope.STOCK_READ})
    )
    asked = ApiKeyInput.model_validate({"name": "Agent", "role": "manager", "scopes": ["stock:read", "stock:write"]})
    with pytest.raises(ForbiddenError) as refusal:
        api_keys().create(lesser, asked, None)
    assert refusal.value.details == [{"your_scopes": ["stock:read"]}]
    assert cloud.items("users") == before
