"""What the real provider's SDK says a resource type takes and gives.

The names and types come from the installed `pulumi_aws`: there is no second list to keep in step.
"""

import importlib
import inspect
import math
import sys
import threading
import types
import typing
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from pulumi import Output, _types

from localcloud.provider.errors import ProviderError
from localcloud.provider.wire import is_asset, is_unknown

SDK_VERSION = version("pulumi_aws")


@dataclass(frozen=True)
class Schema:
    """Property names are Pulumi's (camelCase)."""

    token: str
    inputs: Mapping[str, Any]
    required: frozenset[str]
    outputs: frozenset[str]
    empty: Mapping[str, Any]
    arguments: type

    @property
    def taggable(self) -> bool:
        """Whether default tags reach it."""
        return "tags" in self.inputs and "tagsAll" in self.outputs

    @property
    def regional(self) -> bool:
        """Whether it takes a region of its own; IAM and Budgets do not."""
        return "region" in self.inputs

    def documents(self) -> frozenset[str]:
        """Inputs that may be given as an object and are JSON strings in the cloud (policies)."""
        return frozenset(
            key
            for key, expected in self.inputs.items()
            if str in (forms := options(expected))
            and any(isinstance(form, type) and _types.is_input_type(form) for form in forms)
        )

    def violations(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """(property path, reason) of every name, type or requirement that is broken."""
        yield from _object_violations(inputs, self.arguments, "")


# The engine calls in parallel, and the SDK's modules import each other: of such a circle, Python shows a second thread
# a half-made module rather than let both wait for ever.
_IMPORTING = threading.Lock()


@cache
def schema(token: str) -> Schema:
    """Of a type token such as `aws:dynamodb/table:Table`. Raises `ProviderError` for one the SDK lacks."""
    try:
        package, module, name = token.split(":")
        home = module.split("/", maxsplit=1)[0]
        with _IMPORTING:
            namespace = importlib.import_module(f"pulumi_{package}.{'lambda_' if home == 'lambda' else home}")
            resource = getattr(namespace, name)
        # From its own module: the namespace's name may be a nested type (s3's `BucketVersioningArgs`).
        own = vars(sys.modules[resource.__module__])
        arguments = own.get(f"{name}InitArgs") or own[f"{name}Args"]
    except (ValueError, ImportError, AttributeError, KeyError) as error:
        raise ProviderError(f"no resource type {token} in pulumi_aws {SDK_VERSION}") from error
    return Schema(
        token=token,
        inputs=_types.input_type_types(arguments),
        required=_required(arguments),
        outputs=frozenset(_types.resource_types(resource)),
        empty=_empty(resource),
        arguments=arguments,
    )


def _empty(resource: type) -> dict[str, Any]:
    """The outputs that are always there, as Terraform leaves them where nothing fills them: "", 0, False, []."""
    found: dict[str, Any] = {}
    for _, name, getter in _types._py_properties(resource):
        annotation = inspect.unwrap(getter.fget).__annotations__.get("return") if getter.fget else None
        (kind,) = typing.get_args(annotation) or (None,)
        if typing.get_origin(kind) in {Sequence, list}:
            found[name] = []
        elif kind in _SCALARS:
            found[name] = kind()
    return found


@cache
def provider_inputs() -> Mapping[str, Any]:
    """The arguments of an explicit `aws.Provider`."""
    return _types.input_type_types(importlib.import_module("pulumi_aws").ProviderArgs)


@cache
def _required(arguments: type) -> frozenset[str]:
    names = _types.input_type_py_to_pulumi_names(arguments)
    parameters = inspect.signature(arguments).parameters
    return frozenset(
        names[key]
        for key, parameter in parameters.items()
        if key in names and parameter.default is inspect.Parameter.empty
    )


@cache
def properties(arguments: type) -> Mapping[str, Any]:
    """Pulumi names and SDK types of an `…Args` class."""
    return _types.input_type_types(arguments)


def _object_violations(value: Mapping[str, Any], arguments: type, path: str) -> Iterator[tuple[str, str]]:
    known = properties(arguments)
    for key in value:
        if not key.startswith("__") and key not in known:
            yield (
                path + key,
                f"unknown property; {arguments.__name__.removesuffix('Args')} has {', '.join(sorted(known))}",
            )
    for key in sorted(_required(arguments) - value.keys()):
        yield path + key, "missing required property"
    for key, item in value.items():
        if key in known:
            yield from _violations(item, known[key], path + key)


def _violations(value: Any, expected: Any, path: str) -> Iterator[tuple[str, str]]:
    """`expected` is a type of the SDK: scalars, `…Args` classes, sequences, mappings and unions of these."""
    if is_unknown(value) or is_asset(value) or value is None:
        return
    attempts = [list(_mismatch(value, option, path)) for option in options(expected)]
    if attempts and all(attempts):
        # of several forms the one that gets furthest explains most
        yield from max(attempts, key=lambda found: max(len(where) for where, _ in found))


def _mismatch(value: Any, expected: Any, path: str) -> Iterator[tuple[str, str]]:
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if isinstance(expected, type) and _types.is_input_type(expected):
        if isinstance(value, dict):
            yield from _object_violations(value, expected, f"{path}.")
        else:
            yield path, f"expected an object, got {_kind(value)}"
    elif isinstance(origin, type) and issubclass(origin, Sequence):
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _violations(item, arguments[0], f"{path}[{index}]")
        else:
            yield path, f"expected a list, got {_kind(value)}"
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        if isinstance(value, dict):
            for key, item in value.items():
                yield from _violations(item, arguments[1], f"{path}.{key}")
        else:
            yield path, f"expected an object, got {_kind(value)}"
    elif expected in _SCALARS and not (isinstance(value, _SCALARS[expected]) and _converts(value, expected)):
        yield path, f"expected {expected.__name__}, got {_kind(value)}"


# The engine converts between scalars as Terraform does; a map or a list is never one.
_SCALARS: dict[Any, tuple[type, ...]] = {
    str: (str, int, float, bool),
    int: (int, str),
    float: (int, float, str),
    bool: (bool, str),
}


def _converts(value: Any, expected: Any) -> bool:
    if not isinstance(value, str) or expected not in {int, float}:
        return True
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def options(expected: Any) -> list[Any]:
    """The concrete alternatives of `Input[T]`, `Optional[T]` and unions; typed dicts say nothing new."""
    if typing.get_origin(expected) in {typing.Union, types.UnionType}:
        return [option for part in typing.get_args(expected) for option in options(part)]
    if expected is type(None) or typing.get_origin(expected) in {Output, Awaitable} or typing.is_typeddict(expected):
        return []
    return [expected]


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}.get(type(value), "a number")
