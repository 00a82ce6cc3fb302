"""The public contract: `openapi.json`, made from the routes of every function.

    python -m omnix.contract           writes openapi.json
    python -m omnix.contract --check   exits 1, with the difference, when the file is not what the routes say

For the gateway, the web client, the docs and the readiness suite (incident: the page called `/v1/…`, the backend
served `/…`). Runs on a developer's machine and in CI; no function imports it.
"""

import difflib
import inspect
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from omnix import VERSION, errors, http
from omnix.analytics.routes import router as analytics
from omnix.assistant.routes import router as assistant
from omnix.bulk.routes import router as bulk
from omnix.catalogue.routes import router as catalogue
from omnix.customers.routes import router as customers
from omnix.dashboard.routes import router as dashboard
from omnix.identity.routes import router as identity
from omnix.inventory.routes import router as inventory
from omnix.mcp.routes import router as mcp
from omnix.operation import (
    CACHE_EXTENSION,
    ERRORS_EXTENSION,
    GIVES_EXTENSION,
    PUBLIC_EXTENSION,
    RPC_EXTENSION,
    SCOPES_EXTENSION,
    SIGNED_IN_EXTENSION,
    TAKES_EXTENSION,
)
from omnix.orders.routes import router as orders
from omnix.recommendations.routes import router as recommendations
from omnix.scopes import needed
from omnix.system.routes import router as system

FILE = Path(__file__).resolve().parents[2] / "openapi.json"
FUNCTION_EXTENSION = "x-omnix-function"
FUNCTIONS = {
    "api": (system, catalogue, inventory, bulk, orders, customers, recommendations, dashboard, analytics),
    "auth": (identity,),
    "assistant": (assistant, mcp),
}
SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}]

_POWERTOOLS_SCHEMAS = ("HTTPValidationError", "ResponseValidationError", "ValidationError")
_VERSIONED = ("/Product", "/Level", "/Order", "/Customer", "/User")
_HEADER_NAMES = {
    "idempotency-key": "Idempotency-Key",
    "if-match": "If-Match",
    "mcp-protocol-version": "MCP-Protocol-Version",
}
_GATEWAY_ERRORS = {
    504: ("timeout", "The answer took longer than 29 seconds."),
}
_RETRY_AFTER = {
    "description": "Seconds until the next attempt is worth making.",
    "schema": {"type": "integer", "minimum": 0},
}
_RETRIED = (429, 503)
_NOT_MODIFIED = "304"
_DIFFERENCE_LINES = 40

type Document = dict[str, Any]


def document() -> Document:
    """The OpenAPI 3.1 document of all routes."""
    paths: Document = {}
    schemas: Document = {"Error": _error_schema()}
    for function, routers in FUNCTIONS.items():
        app = http.application(*routers)
        made = json.loads(app.get_openapi_json_schema(title="OMNIX AI", version=VERSION))
        says = {route.operation_id: inspect.getdoc(route.func) for route in (*app._static_routes, *app._dynamic_routes)}
        schemas |= _apart(made["components"]["schemas"], schemas)
        for path, method, operation in _operations(made["paths"]):
            operation["description"] = says[operation["operationId"]]
            said = _conditional(method, _operation(operation, function))
            paths.setdefault(path, {})[method] = said | _scopes(method, path, said)
    for name in _POWERTOOLS_SCHEMAS:
        schemas.pop(name, None)
    found: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": "OMNIX AI",
            "version": VERSION,
            "description": "Retail AI. Paths are relative to the environment's `api_url`.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _security_schemes()},
        "security": SECURITY,
    }
    cleaned: Document = _cleaned(found)
    return cleaned


def _apart(made: Document, others: Document) -> Document:
    """The schemas; raises ValueError where another function has another one under the same name."""
    clash = sorted(name for name, schema in made.items() if others.get(name, schema) != schema)
    if set(clash) - set(_POWERTOOLS_SCHEMAS):
        raise ValueError(f"two schemas are called {', '.join(clash)}: rename one of the models")
    return made


def canonical(contract: Document) -> str:
    """One text for one contract: sorted keys, two spaces, a newline at the end."""
    return json.dumps(contract, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def difference(file: Path = FILE) -> list[str]:
    """The lines in which the file is not what the routes say; empty when they agree. The drift gate."""
    stored = file.read_text(encoding="utf-8") if file.is_file() else ""
    made = canonical(document())
    return list(difflib.unified_diff(stored.splitlines(), made.splitlines(), file.name, "routes", lineterm=""))


def _operations(paths: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in paths.items():
        for method, operation in item.items():
            yield path, method, operation


def _operation(operation: Document, function: str) -> Document:
    statuses = operation.pop(ERRORS_EXTENSION)
    public, signed_in = operation.pop(PUBLIC_EXTENSION), operation.pop(SIGNED_IN_EXTENSION)
    takes, gives = operation.pop(TAKES_EXTENSION, None), operation.pop(GIVES_EXTENSION, None)
    cache, rpc = operation.pop(CACHE_EXTENSION, None), operation.pop(RPC_EXTENSION, False)
    responses = {
        status: _success(status, response, cache)
        for status, response in operation["responses"].items()
        if status.startswith("2")
    }
    if gives:
        responses["200"]["content"] = _text(gives, shortest=0)
        responses["200"]["headers"]["Next-Cursor"] = {"description": "There is more.", "schema": {"type": "string"}}
    for parameter in operation.get("parameters", []):
        parameter["name"] = _HEADER_NAMES.get(parameter["name"], parameter["name"])
    return {
        **operation,
        FUNCTION_EXTENSION: function,
        "responses": responses | (_rpc(responses, statuses) if rpc else _failures(statuses)),
        **({"security": []} if public else {"security": [{"bearer": []}]} if signed_in else {}),
        **({"requestBody": {"required": True, "content": _text(takes, shortest=1)}} if takes else {}),
    }


def _scopes(method: str, path: str, operation: Document) -> Document:
    """What a key that was made with scopes needs, where keys are taken at all."""
    if operation.get("security") is not None:
        return {}
    return {SCOPES_EXTENSION: sorted(needed(method.upper(), path) or ())}


def _failures(statuses: Iterable[int]) -> Document:
    return {str(status): _failure(status) for status in statuses}


def _rpc(responses: Document, statuses: Iterable[int]) -> Document:
    """Failures that may be JSON-RPC's own, and 202 for what needs no answer."""
    answer = responses["200"]["content"]["application/json"]
    answer["schema"] = own = next(kind for kind in answer["schema"]["anyOf"] if kind != {"type": "null"})
    failures = _failures(statuses)
    for failure in failures.values():
        content = failure["content"]["application/json"]
        content["schema"] = {"anyOf": [content["schema"], own]}
    accepted = {"description": "Accepted: there is nothing to answer.", "headers": responses["200"]["headers"]}
    return {"202": accepted, **failures}


def _text(examples: Document, *, shortest: int) -> Document:
    """Text by media type, each with its example, of so many characters at least."""
    schema: Document = {"type": "string", "minLength": shortest} if shortest else {"type": "string"}
    return {media: {"schema": schema, "example": example} for media, example in examples.items()}


def _conditional(method: str, operation: Document) -> Document:
    """A GET whose answer has a tag takes `If-None-Match` and may be 304."""
    headers = operation["responses"].get("200", {}).get("headers", {})
    if method != "get" or "ETag" not in headers:
        return operation
    parameter = {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "ETags of what the caller has; the answer is 304, without a body, when one of them is current.",
        "schema": {"type": "string"},
    }
    unchanged = {"description": "What the caller has is current.", "headers": headers}
    return {
        **operation,
        "parameters": [*operation.get("parameters", []), parameter],
        "responses": operation["responses"] | {_NOT_MODIFIED: unchanged},
    }


def _success(status: str, response: Document, cache: str | None) -> Document:
    headers = {
        "X-Request-Id": {"description": "Quote it in reports.", "schema": {"type": "string"}},
        "X-Correlation-Id": {
            "description": "Of the caller's `traceparent` or `X-Correlation-Id` (a UUID), else the request's id.",
            "schema": {"type": "string"},
        },
    }
    if status == "204":
        return {"description": "Done.", "headers": headers}
    schema = response["content"]["application/json"]["schema"].get("$ref", "")
    if schema.endswith(_VERSIONED):
        headers["ETag"] = {"description": "The version, for `If-Match`.", "schema": {"type": "string"}}
    elif cache:
        headers["ETag"] = {"description": "Of this answer, for `If-None-Match`.", "schema": {"type": "string"}}
        headers["Cache-Control"] = {"description": "Who may keep it.", "schema": {"type": "string", "const": cache}}
    return {**response, "description": "Created." if status == "201" else "Found.", "headers": headers}


def _failure(status: int) -> Document:
    kinds = [(error.code, (error.__doc__ or "").strip()) for error in errors.ALL if error.status == status]
    kinds = kinds or [_GATEWAY_ERRORS[status]]
    headers = {"headers": {"Retry-After": _RETRY_AFTER}} if status in _RETRIED else {}
    examples = {
        code: {"value": {"error": {"code": code, "message": text, "details": [], "request_id": "c6af9ac6-7b61"}}}
        for code, text in kinds
    }
    return {
        "description": " ".join(f"`{code}`: {text}" for code, text in kinds),
        **headers,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}, "examples": examples}},
    }


def _error_schema() -> Document:
    codes = sorted({error.code for error in errors.ALL} | {code for code, _ in _GATEWAY_ERRORS.values()})
    inner: Document = {
        "type": "object",
        "required": ["code", "message", "details", "request_id"],
        "properties": {
            "code": {"type": "string", "description": "For programs.", "examples": codes},
            "message": {"type": "string", "description": "For people."},
            "details": {"type": "array", "items": {"type": "object"}, "description": "Which part, and why."},
            "request_id": {"type": "string", "description": "Quote it in reports."},
        },
    }
    return {
        "type": "object",
        "description": "Every error of every layer.",
        "required": ["error"],
        "properties": {"error": inner},
    }


def _security_schemes() -> Document:
    return {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token of `/auth/login`; where `apiKey` is taken too, also an API key (`omx_…`).",
        },
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key (`omx_…`)."},
    }


def _cleaned(node: Any, *, names: bool = False) -> Any:
    """Without the titles that only repeat names, and with whole numbers as integers (pydantic writes 100.0).

    `names` tells that the node's keys are a caller's names, not JSON Schema's words.
    """
    if isinstance(node, dict):
        return {
            key: _cleaned(value, names=key in {"properties", "schemas", "paths"} and not names)
            for key, value in node.items()
            if names or key != "title" or "version" in node
        }
    if isinstance(node, list):
        return [_cleaned(part) for part in node]
    return int(node) if isinstance(node, float) and node.is_integer() else node


def main(arguments: list[str]) -> int:
    """Writes or checks the file; the exit status."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m omnix.contract [--check]\n")
        return 2
    if not arguments:
        FILE.write_text(canonical(document()), encoding="utf-8")
        return 0
    lines = difference()
    if lines:
        shown = "\n".join(lines[:_DIFFERENCE_LINES])
        sys.stderr.write(f"{FILE.name} is not what the routes say; run `python -m omnix.contract`:\n{shown}\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
