"""Rules of the API that OpenAPI has no words for: a case that is valid by its schema is made valid by these too.

Each is documented where it belongs (the parameter's or field's description) and narrows what is generated, never what
is checked: a case that the schema forbids is left as it is.
"""

import csv
import hashlib
import io
import json
import uuid
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from schemathesis import Case
from schemathesis.core.parameters import ParameterLocation

from omnix.orders.model import MAX_QUANTITY
from tests.integration.fuzz.shop import SHOP

PRODUCT_COLUMNS = ("sku", "name", "category", "price_amount", "price_currency", "description", "status")
STOCK_COLUMNS = ("sku", "location_id", "on_hand", "reorder_point")
_WRONG_PASSWORDS = 5  # ten in a quarter of an hour make every later answer 429, right passwords among them


def admit(case: Case[Any]) -> None:
    """Change `case` in place, where it is valid by the schema."""
    if positive(case, ParameterLocation.PATH):
        _path(case)
    if positive(case, ParameterLocation.QUERY):
        _cursor(case)
        _search(case)
    if positive(case, ParameterLocation.BODY):
        _body(case)
    if positive(case, ParameterLocation.HEADER):
        _if_match(case)
        _idempotency_key(case)
        _revision(case)


def positive(case: Case[Any], location: ParameterLocation) -> bool:
    """Whether what the case has there is valid by the schema."""
    return case.meta is not None and not case.meta.is_negative_at(location)


def _choice(case: Case[Any], of: int) -> int:
    """0 to `of` - 1, the same for the same case: Hypothesis gives up on a scenario that differs when it is repeated."""
    headers = sorted((name, value) for name, value in case.headers.items() if name != "Authorization")
    content = repr((case.operation.label, headers, sorted(case.query.items()), case.body))
    return zlib.crc32(content.encode(errors="replace")) % of


def _path(case: Case[Any]) -> None:
    """Stock is of a product: no operation of `/inventory` makes the ids that it takes. The fuzzer stays an owner."""
    if case.path.startswith("/auth/users/{user_id}") and case.method != "DELETE":
        given = case.path_parameters["user_id"]
        place = zlib.crc32(str(given).encode(errors="replace")) % 4
        case.path_parameters["user_id"] = [*SHOP.users, SHOP.users[0] if given == SHOP.owner else given][place]
    if case.path.startswith("/inventory/{product_id}"):
        place = zlib.crc32(str(case.path_parameters["product_id"]).encode(errors="replace")) % 4
        case.path_parameters["product_id"] = [*SHOP.products, case.path_parameters["product_id"]][place]
    made = _MADE.get(case.operation.label) or _MADE.get(case.path)
    if made is not None:
        ((parameter, given),) = case.path_parameters.items()
        if zlib.crc32(str(given).encode(errors="replace")) % 2:
            case.path_parameters[parameter] = SHOP.made(*made()) or given


# One of its own, for an operation that ends it or changes it for good leaves nothing to the next.
_MADE: dict[str, Callable[[], tuple[str, dict[str, Any], str]]] = {
    "/assistant/conversations/{conversation_id}": lambda: (
        "/assistant/chat", {"message": "Hello"}, "conversation_id",
    ),
    "DELETE /auth/users/{user_id}": lambda: (
        "/auth/users",
        {"email": f"{uuid.uuid4().hex}@shop.example", "password": SHOP.password, "name": "Staff", "role": "staff"},
        "user_id",
    ),
    "/auth/api-keys/{key_id}": lambda: ("/auth/api-keys", {"name": "Fuzz"}, "key_id"),
    "/orders/{order_id}": lambda: (
        "/orders", {"lines": [{"product_id": SHOP.products[0], "quantity": 1}]}, "order_id",
    ),
}  # fmt: skip


def _cursor(case: Case[Any]) -> None:
    """A cursor is one that the same query gave, or none: `test_raw` makes up others."""
    if "cursor" in case.query:
        page = SHOP.pages.get(case.formatted_path)
        case.query.clear()
        case.query.update(page or {})


def _search(case: Case[Any]) -> None:
    """A list is searched as an index serves: a prefix by name, a price by price and in one currency."""
    query = case.query
    if case.operation.label == "GET /assistant/usage":  # days that there are, in their order
        today = datetime.now(UTC).date()
        query |= {name: str(today - timedelta(days=days)) for name, days in (("from", 9), ("to", 2)) if name in query}
    if query.get("by") == "category":  # sales of a category are of all its products
        query.pop("product_id", None)
    if case.operation.label == "GET /customers" and "segment" in query:
        query.pop("prefix", None)
    if case.operation.label != "GET /products" or "cursor" in query:
        return
    if {"currency", "min_price", "max_price"} & query.keys():
        query.setdefault("currency", "EUR")
        query.pop("prefix", None)
        if "price" not in str(query.get("sort", "price")):
            query["sort"] = "-price"
    elif query.get("prefix") and "name" not in str(query.get("sort", "name")):
        query["sort"] = "-name"


def _if_match(case: Case[Any]) -> None:
    """Mostly the version that is there: any other is 412 and says nothing of the change."""
    if "If-Match" in case.headers:
        there = SHOP.tags.get(case.formatted_path)
        sent = [case.headers["If-Match"], "*", *([there, f'"0", {there}'] if there else [])]
        case.headers["If-Match"] = sent[min(_choice(case, 8), len(sent) - 1)]


def _idempotency_key(case: Case[Any]) -> None:
    """A key stands for one request; for another one it is 422, as validation is."""
    key = case.headers.get("Idempotency-Key")
    if key is None:
        return
    request = json.dumps([case.formatted_path, case.media_type, case.body], default=str).encode()
    if SHOP.keys.setdefault(key, request) != request:
        case.headers["Idempotency-Key"] = f"fuzz-{hashlib.sha256(request).hexdigest()}"


def _revision(case: Case[Any]) -> None:
    """MCP's revisions are those that its library knows."""
    if "MCP-Protocol-Version" in case.headers:
        case.headers["MCP-Protocol-Version"] = "2025-06-18"


def _body(case: Case[Any]) -> None:
    change = _BODIES.get(case.operation.label)
    if change and (case.body or case.body == {}):
        case.body = change(case, case.body)


def _events(_: Case[Any], body: dict[str, Any]) -> dict[str, Any]:
    """Events are of the last seven days."""
    now = datetime.now(UTC)
    for number, event in enumerate(body["events"]):
        if "occurred_at" in event:
            event["occurred_at"] = f"{now - timedelta(hours=number % 160):%Y-%m-%dT%H:%M:%SZ}"
    return body


def _order(case: Case[Any], body: dict[str, Any]) -> dict[str, Any]:
    """Of one product no more in all lines than one may have; mostly of what is sold here, for else it is 409."""
    lines = [{**line, "quantity": min(line["quantity"], MAX_QUANTITY // len(body["lines"]))} for line in body["lines"]]
    if not _choice(case, 4):
        return {**body, "lines": lines}
    for number, line in enumerate(lines):
        line |= {"product_id": SHOP.products[number % len(SHOP.products)], "location_id": "main"}
    return {"lines": lines}


def _registration(case: Case[Any], body: dict[str, Any]) -> dict[str, Any]:
    """Mostly of an address that nobody has: the example's is taken after the first run."""
    return {**body, "email": f"fuzz-{uuid.uuid4().hex}@shop.example"} if _choice(case, 4) else body


def _chat(_: Case[Any], body: dict[str, Any]) -> dict[str, Any]:
    """A message or a confirmation, of the models in their order: which are allowed is the stack's."""
    left_out = {"model", "message"} if body.get("confirm") else {"model", "confirm"}
    said = {name: value for name, value in body.items() if name not in left_out}
    return {"conversation_id": "0" * 32, **said} if body.get("confirm") else {"message": "Hello", **said}


def _insights(_: Case[Any], body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "model"}


def _key(_: Case[Any], body: dict[str, Any]) -> dict[str, Any]:
    """With scopes, of a role that has a use of each."""
    return {**body, "role": "owner"} if body.get("scopes") else body


def _login(case: Case[Any], body: dict[str, Any]) -> dict[str, Any]:
    return SHOP.credentials() if _choice(case, 2) else body


def _password(case: Case[Any], body: dict[str, Any]) -> dict[str, Any]:
    """Mostly the right one."""
    if SHOP.wrong_passwords < _WRONG_PASSWORDS and not _choice(case, 4):
        SHOP.wrong_passwords += 1
        return body
    return {**body, "current_password": SHOP.password}


def _lines(columns: tuple[str, ...]) -> Any:
    def change(case: Case[Any], body: Any) -> Any:
        """Any text as the cells of a file: one without a header, or with a quote left open, is refused whole."""
        if case.media_type != "text/csv" or str(body).startswith("sku,"):
            return body
        rows = [line.split(",")[: len(columns)] for line in str(body).splitlines()[:900]]
        file = io.StringIO()
        csv.writer(file).writerows([columns, *rows])
        return file.getvalue()

    return change


_BODIES = {
    "POST /analytics/events": _events,
    "POST /orders": _order,
    "POST /assistant/chat": _chat,
    "POST /assistant/insights": _insights,
    "POST /auth/api-keys": _key,
    "POST /auth/register": _registration,
    "POST /auth/login": _login,
    "POST /auth/password": _password,
    "POST /products/import": _lines(PRODUCT_COLUMNS),
    "POST /inventory/import": _lines(STOCK_COLUMNS),
}
