"""The public contract (`openapi.json`) as the gateway needs it: one `Operation` a route, checked.

Pure. What API Gateway would refuse at import, or accept and serve wrongly, raises `ContractError` here,
before any resource. Source of the limits: "Amazon API Gateway important notes for REST APIs".
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FUNCTION_EXTENSION = "x-omnix-function"
CATCH_ALL = "/{proxy+}"  # the gateway's own route for every path that the contract does not know
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_SEGMENT = re.compile(r"[A-Za-z0-9_.,:-]+\Z")
_VARIABLE = re.compile(r"\{([A-Za-z0-9._-]+)\}\Z")
_PASSED = ("path", "query", "header")  # API Gateway knows no cookie parameter
_RESERVED = frozenset({"/ping", "/sping"})  # the service's own health checks


class ContractError(ValueError):
    """A contract that API Gateway cannot serve; the message names the route and the remedy."""


@dataclass(frozen=True)
class Parameter:
    """A request parameter, as far as API Gateway reads it: it ignores everything but these and the type."""

    name: str
    location: str
    required: bool


@dataclass(frozen=True)
class Operation:
    """One route of the contract: `method` in lower case, `function` the one that answers it."""

    path: str
    method: str
    operation_id: str
    function: str
    public: bool
    parameters: tuple[Parameter, ...]
    responses: tuple[tuple[str, str], ...]  # (status, description)


def read_contract(path: Path) -> dict[str, Any]:
    """The contract in the file `path`. Raises `ContractError` when it is not there or not JSON."""
    try:
        contract: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ContractError(f"{path} cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise ContractError(f"{path} is not JSON: {error}") from error
    return contract


def operations(contract: Mapping[str, Any], functions: Collection[str]) -> tuple[Operation, ...]:
    """Every route of `contract`, by path and method. `functions` are those that may answer.

    Raises `ContractError` for a path, method, function or parameter that API Gateway could not serve.
    """
    found = tuple(_operations(contract, functions))
    if not found:
        raise ContractError("the contract has no route")
    _check_siblings({operation.path for operation in found})
    _check_unique([operation.operation_id for operation in found])
    return found


def paying(found: Sequence[Operation]) -> tuple[Operation, ...]:
    """The routes that pay for models, by path: those that may answer 402, when a limit of money is reached."""
    return tuple(operation for operation in found if "402" in dict(operation.responses))


def path_parameters(path: str) -> tuple[Parameter, ...]:
    """The parameters that the template `path` itself names."""
    variables = (_VARIABLE.match(segment) for segment in path.split("/"))
    return tuple(Parameter(match[1], "path", required=True) for match in variables if match)


def _operations(contract: Mapping[str, Any], functions: Collection[str]) -> Iterator[Operation]:
    for path, item in sorted(contract.get("paths", {}).items()):
        _check_path(path)
        for method in METHODS:
            if method in item:
                yield _operation(contract, path, method, functions)


def _operation(contract: Mapping[str, Any], path: str, method: str, functions: Collection[str]) -> Operation:
    item = contract["paths"][path]
    source = item[method]
    route = f"{method.upper()} {path}"
    if method in {"options", "trace"}:
        raise ContractError(f"{route}: OPTIONS belongs to the gateway body, and API Gateway has no TRACE")
    function = source.get(FUNCTION_EXTENSION)
    if function not in functions:
        raise ContractError(f"{route}: {FUNCTION_EXTENSION} is {function!r}, not one of {sorted(functions)}")
    if "operationId" not in source:
        raise ContractError(f"{route}: has no operationId")
    return Operation(
        path=path,
        method=method,
        operation_id=source["operationId"],
        function=function,
        # OpenAPI: an operation's own `security`, even an empty one, replaces the document's.
        public=not source.get("security", contract.get("security", [])),
        parameters=_parameters(contract, path, [*item.get("parameters", []), *source.get("parameters", [])]),
        responses=_responses(route, source.get("responses", {})),
    )


def _parameters(contract: Mapping[str, Any], path: str, sources: Sequence[Mapping[str, Any]]) -> tuple[Parameter, ...]:
    merged = {(parameter.location, parameter.name): parameter for parameter in path_parameters(path)}
    for source in sources:
        declared = _resolve(contract, source)
        name, location = declared["name"], declared["in"]
        if location == "path" and (location, name) not in merged:
            raise ContractError(f"{path}: has no variable {{{name}}}")
        if location in _PASSED:
            required = location == "path" or bool(declared.get("required", False))
            merged[location, name] = Parameter(name, location, required)
    return tuple(merged[key] for key in sorted(merged))


def _resolve(contract: Mapping[str, Any], source: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = source.get("$ref")
    if reference is None:
        return source
    prefix = "#/components/parameters/"
    name = reference.removeprefix(prefix)
    known = contract.get("components", {}).get("parameters", {})
    if not reference.startswith(prefix) or name not in known:
        raise ContractError(f"parameter reference {reference!r} does not resolve inside the contract")
    resolved: Mapping[str, Any] = known[name]
    return resolved


def _responses(route: str, source: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Plain status codes only: API Gateway's method responses have neither `default` nor `4XX`."""
    plain = {status: body for status, body in source.items() if re.fullmatch(r"[1-5]\d\d", status)}
    if not plain:
        raise ContractError(f"{route}: documents no response with a plain status code")
    return tuple((status, plain[status].get("description", "")) for status in sorted(plain))


def _check_path(path: str) -> None:
    if path in _RESERVED:
        raise ContractError(f"{path} is reserved by API Gateway for its health check")
    if not path.startswith("/") or (path != "/" and path.endswith("/")):
        raise ContractError(f"{path!r}: a path starts with a slash and does not end with one")
    for segment in path.split("/")[1:]:
        if path != "/" and not _SEGMENT.match(segment) and not _VARIABLE.match(segment):
            raise ContractError(f"{path}: API Gateway does not accept the segment {segment!r}")


def _check_siblings(paths: Collection[str]) -> None:
    """One variable name at each place of the tree: API Gateway refuses `/a/{x}` beside `/a/{y}/b`."""
    names: dict[str, str] = {"": CATCH_ALL.removeprefix("/")}
    for path in sorted(paths):
        segments = path.split("/")
        for depth, segment in enumerate(segments):
            if not _VARIABLE.match(segment):
                continue
            parent = "/".join(segments[:depth])
            if names.setdefault(parent, segment) != segment:
                raise ContractError(f"{parent}/: has two variables, {names[parent]} and {segment}; use one name")


def _check_unique(operation_ids: Sequence[str]) -> None:
    twice = sorted({name for name in operation_ids if operation_ids.count(name) > 1})
    if twice:
        raise ContractError(f"operation ids are used twice: {', '.join(twice)}")
