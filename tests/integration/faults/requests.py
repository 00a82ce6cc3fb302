"""A request for every operation of the contract, made from the contract: a new route is asked by itself.

Bodies are the contract's own examples; what names something of the shop (an id, a token) is the shop's.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

type Json = Any
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One operation as the contract has it; `statuses` are the documented ones."""

    name: str
    method: str
    path: str
    statuses: frozenset[int]
    public: bool
    path_parameters: tuple[str, ...]
    media_type: str | None
    example: Json
    takes_key: bool

    @property
    def title(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Sent:
    """A request to make: what httpx takes."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes | None
    json: Json


def operations(contract: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation of the contract."""
    for path, methods in contract["paths"].items():
        for method in METHODS:
            if method not in methods:
                continue
            found = methods[method]
            parameters = found.get("parameters", ())
            media_type, example = _body(contract, found)
            yield Operation(
                name=found["operationId"],
                method=method.upper(),
                path=path,
                statuses=frozenset(int(status) for status in found["responses"]),
                public=found.get("security") == [],
                path_parameters=tuple(one["name"] for one in parameters if one["in"] == "path"),
                media_type=media_type,
                example=example,
                takes_key=any(one["name"] == "Idempotency-Key" for one in parameters),
            )


def _body(contract: Mapping[str, Any], operation: Mapping[str, Any]) -> tuple[str | None, Json]:
    content = operation.get("requestBody", {}).get("content")
    if not content:
        return None, None
    media_type, body = next(iter(content.items()))
    if "example" in body:
        return media_type, body["example"]
    schema = contract["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
    examples = schema.get("examples")
    return media_type, examples[0] if examples else dict.fromkeys(schema["properties"], "")


def request(operation: Operation, shop: Mapping[str, str], token: str) -> Sent:
    """The operation's example as this shop's own request. Raises KeyError for a path parameter that no shop has."""
    path = operation.path.format_map({name: shop[name] for name in operation.path_parameters})
    headers = {} if operation.public else {"Authorization": f"Bearer {token}"}
    if operation.takes_key:
        headers["Idempotency-Key"] = uuid.uuid4().hex
    if operation.media_type is None:
        return Sent(operation.method, path, headers, None, None)
    headers["Content-Type"] = operation.media_type
    if isinstance(operation.example, str):
        return Sent(operation.method, path, headers, operation.example.encode(), None)
    known = {**shop, **_fresh()} if operation.name != "login" else shop
    return Sent(operation.method, path, headers, None, _filled(operation.example, known))


def _fresh() -> dict[str, str]:
    """What may be there once only."""
    one = uuid.uuid4().hex[:12]
    return {"sku": f"FAULT-{one.upper()}", "email": f"{one}@faults.example", "event_id": one}


def _filled(example: Json, known: Mapping[str, str]) -> Json:
    if isinstance(example, list):
        return [_filled(one, known) for one in example]
    if isinstance(example, dict):
        return {name: known[name] if name in known else _filled(value, known) for name, value in example.items()}
    return example
