"""`openapi.json` as the reference reads it: operations with their parts resolved."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[2] / "openapi.json"
JSON = "application/json"
METHODS = ("get", "post", "put", "patch", "delete")
ROLES = ("owner", "manager", "staff", "device")

type Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Body:
    """What an operation takes: a schema by media type, and an example of the first."""

    schemas: Mapping[str, Schema]
    example: Any


@dataclass(frozen=True)
class Parameter:
    """A path, query or header parameter; `place` is the one of these that it is."""

    name: str
    place: str
    required: bool
    schema: Schema
    description: str


@dataclass(frozen=True)
class Response:
    """One documented answer. `headers`: each with its only value, or empty text where it has several.

    `codes`: the error codes that it can carry, with what each means.
    """

    status: int
    schemas: Mapping[str, Schema]
    headers: Mapping[str, str]
    codes: Mapping[str, str]
    description: str


@dataclass(frozen=True)
class Operation:
    """One route. `roles` are those that may call it; `takes_keys`: whether an API key of such a role may.

    `scopes` are those that a key needs which was made with scopes.
    """

    id: str
    method: str
    path: str
    summary: str
    description: str
    public: bool
    roles: tuple[str, ...]
    takes_keys: bool
    scopes: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: tuple[Response, ...]

    @property
    def successes(self) -> tuple[Response, ...]:
        """The answers that are no error."""
        return tuple(response for response in self.responses if response.status < 400)  # noqa: PLR2004 - RFC 9110

    @property
    def failures(self) -> tuple[Response, ...]:
        """The errors."""
        return tuple(response for response in self.responses if response.status >= 400)  # noqa: PLR2004 - RFC 9110


@dataclass(frozen=True)
class Contract:
    """The document, read-only."""

    document: Mapping[str, Any]

    @classmethod
    def of(cls, file: Path = FILE) -> "Contract":
        """The contract in `file`."""
        return cls(json.loads(file.read_text(encoding="utf-8")))

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """By operation id."""
        found = [
            self._operation(method, path, item[method])
            for path, item in self.document["paths"].items()
            for method in METHODS
            if method in item
        ]
        return {operation.id: operation for operation in found}

    @property
    def schemas(self) -> Mapping[str, Schema]:
        """By name."""
        schemas: Mapping[str, Schema] = self.document["components"]["schemas"]
        return schemas

    def resolved(self, schema: Schema) -> Schema:
        """The schema that a reference means."""
        return self.schemas[name(schema)] if "$ref" in schema else schema

    def _operation(self, method: str, path: str, source: Mapping[str, Any]) -> Operation:
        security = source.get("security", self.document["security"])
        return Operation(
            id=source["operationId"],
            method=method.upper(),
            path=path,
            summary=source["summary"],
            description=source.get("description", ""),
            public=not security,
            roles=tuple(role for role in ROLES if role in source.get("x-omnix-roles", ())),
            takes_keys={"apiKey": []} in security,
            scopes=tuple(source.get("x-omnix-scopes", ())),
            parameters=tuple(_parameter(parameter) for parameter in source.get("parameters", [])),
            body=self._body(source.get("requestBody")),
            responses=tuple(_response(int(status), source["responses"][status]) for status in source["responses"]),
        )

    def _body(self, source: Mapping[str, Any] | None) -> Body | None:
        if source is None:
            return None
        content = source["content"]
        media = next(iter(content.values()))
        examples = self.resolved(media["schema"]).get("examples", [None])
        return Body({kind: part["schema"] for kind, part in content.items()}, media.get("example", examples[0]))


def name(reference: Schema) -> str:
    """The name of the schema that `$ref` points to."""
    return str(reference["$ref"]).rpartition("/")[2]


def _parameter(source: Mapping[str, Any]) -> Parameter:
    return Parameter(
        source["name"], source["in"], source.get("required", False), source["schema"], source.get("description", "")
    )


def _response(status: int, source: Mapping[str, Any]) -> Response:
    content = source.get("content", {})
    examples = content.get(JSON, {}).get("examples", {})
    return Response(
        status=status,
        schemas={kind: part["schema"] for kind, part in content.items()},
        headers={key: header.get("schema", {}).get("const", "") for key, header in source.get("headers", {}).items()},
        codes={code: example["value"]["error"]["message"] for code, example in examples.items()},
        description=source.get("description", ""),
    )
