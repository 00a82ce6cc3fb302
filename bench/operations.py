"""Every operation of the contract as a request that can be sent: a new route is measured without a word here.

A request's path, and the fields of its contract example, are filled with what is known under their names: a
`product_id` is the seeded shop's, a `sku` of a POST is new each time. What an operation needs beyond that is made by
`bench.shop` before the clock starts.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
# An optional filter without which there is no answer.
QUERIES: Mapping[str, tuple[str, ...]] = {"listRecommendations": ("product_id",)}

type Values = Mapping[str, str]


class UnknownValueError(KeyError):
    """A path names what nobody knows a value of; the operation cannot be called."""


@dataclass(frozen=True)
class Operation:
    """`example` is the contract's own: JSON, or text of `media_type`; None where there is no body."""

    name: str
    method: str
    path: str
    public: bool
    example: Any = None
    media_type: str = "application/json"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Call:
    """One request, ready: `url` begins below the stage. `token` is a bearer credential, empty for none."""

    method: str
    url: str
    content: bytes | None
    media_type: str
    token: str

    def headers(self) -> dict[str, str]:
        found = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return found | ({"Content-Type": self.media_type} if self.content is not None else {})


def operations(contract: Mapping[str, Any]) -> list[Operation]:
    """In the contract's order."""
    return [
        _operation(contract, path, method, item[method])
        for path, item in contract["paths"].items()
        for method in METHODS
        if method in item
    ]


def call(operation: Operation, values: Values, fresh: Mapping[str, Callable[[], str]], own: Values) -> Call:
    """The operation's next request. `fresh` makes what must be new in every POST, by name; `own` is this request's.

    Raises UnknownValueError for a path parameter without a value.
    """
    new = {name: make() for name, make in fresh.items()} if operation.method == "POST" else {}
    known = {**values, **new, **own}
    query = "&".join(f"{name}={known[name]}" for name in QUERIES.get(operation.name, ()))
    return Call(
        operation.method,
        _path(operation.path, known) + (f"?{query}" if query else ""),
        _body(operation, known),
        operation.media_type,
        "" if operation.public else known["token"],
    )


def _path(template: str, values: Values) -> str:
    try:
        return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], template)
    except KeyError as missing:
        raise UnknownValueError(f"{template}: no value for {missing}") from None


def _body(operation: Operation, values: Values) -> bytes | None:
    if operation.example is None:
        return None
    if isinstance(operation.example, str):
        # an import's example is one line of one product
        return operation.example.replace("TEA-001", values["sku"]).encode()
    return json.dumps(_filled(operation.example, values)).encode()


def _filled(example: Any, values: Values) -> Any:
    match example:
        case dict():
            return {
                name: values[name] if name in values and isinstance(inner, str) else _filled(inner, values)
                for name, inner in example.items()
            }
        case list():
            return [_filled(inner, values) for inner in example]
        case _:
            return example


def _operation(contract: Mapping[str, Any], path: str, method: str, said: Mapping[str, Any]) -> Operation:
    security = said.get("security", contract.get("security", [{"bearer": []}]))
    content = said.get("requestBody", {}).get("content", {})
    media_type, described = next(iter(sorted(content.items())), ("application/json", None))
    return Operation(
        name=said["operationId"],
        method=method.upper(),
        path=path,
        public=not all(security or [{}]),
        example=_example(contract, described) if described else None,
        media_type=media_type,
    )


def _example(contract: Mapping[str, Any], described: Mapping[str, Any]) -> Any:
    if "example" in described:
        return described["example"]
    schema = described["schema"]
    if "$ref" in schema:
        schema = contract["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "examples" in schema:
        return schema["examples"][0]
    # none as a whole: what it must hold, of which each field's value is its own example or one that is known by name
    properties = schema.get("properties", {})
    return {name: properties[name].get("examples", [""])[0] for name in schema.get("required", ())}
