"""Rules read from botocore's service models: lengths, ranges, patterns and choices of an API's parameters."""

import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import regex
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from pulumi import _types

from localcloud.provider.schema import options, properties, schema
from localcloud.refusals.check import Check, Of, number, short
from localcloud.refusals.rule import NotCovered

_NUMBERS = frozenset({"integer", "long", "float", "double"})
_COUNTED = frozenset({"list", "map"})
# Java writes characters beyond the basic plane as surrogate pairs.
_SURROGATES = re.compile(r"\\u(D[89AB][0-9A-F]{2})\\u(D[C-F][0-9A-F]{2})", re.IGNORECASE)


@dataclass(frozen=True)
class Api:
    """Which parameters of an operation a resource type's inputs become.

    Inputs are matched by name; `also` says the rest: input path → "Member" beside its match, or a whole
    "service Operation.Member", or "" where the model's constraint is not the input's.
    """

    shape: str
    also: Mapping[str, str] = field(default_factory=dict)


@cache
def service_model(service: str) -> ServiceModel:
    """The model that boto3 itself works by."""
    return ServiceModel(_LOADER.load_service_model(service, "service-2"), service)


_LOADER = Loader()


def shape_of(source: str) -> Shape:
    """Of "iam CreateRole.RoleName". Raises `KeyError` for what the model lacks."""
    service, _, path = source.partition(" ")
    operation, *members = path.split(".")
    shape: Shape | None = service_model(service).operation_model(operation).input_shape
    for member in members:
        if isinstance(shape, ListShape):
            shape = shape.member
        if not isinstance(shape, StructureShape):
            raise KeyError(source)
        shape = shape.members[member]
    if shape is None:
        raise KeyError(source)
    return shape


def compiled(pattern: str) -> regex.Pattern[str]:
    r"""A Java pattern as the service applies it: whole, in ASCII where `\w` and `\d` are concerned.

    Raises `regex.error` for what cannot be translated.
    """
    text = _SURROGATES.sub(_beyond, pattern).replace(r"\z", r"\Z")
    flags = 0 if r"\p" in text or "[[:" in text else regex.ASCII
    return regex.compile(rf"(?:{text})", flags)


def _beyond(match: re.Match[str]) -> str:
    high, low = int(match[1], 16), int(match[2], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def checks_of(token: str, api: Api) -> tuple[list[Check], list[NotCovered]]:
    """The model's constraints for a type's inputs, and those that could not be read."""
    checks, missing = [], []
    of = Of(token, "")
    for path, source, shape in constrained(token, api):
        try:
            checks.append(_check(of, path, source, shape))
        except regex.error as error:
            what = f"{path}: pattern {shape.metadata['pattern']}"
            missing.append(NotCovered(token, what, str(error), f"botocore {source}"))
    return checks, missing


def constrained(token: str, api: Api) -> Iterator[tuple[str, str, Shape]]:
    """(input path, "service Operation.Member", shape) wherever an input is a parameter with a constraint."""
    for path, source, shape in _matched(token, api):
        if any(shape.metadata.get(key) not in (None, []) for key in ("min", "max", "pattern", "enum")):
            yield path, source, shape


def _check(of: Of, path: str, source: str, shape: Shape) -> Check:
    metadata = {key: value for key, value in shape.metadata.items() if value not in (None, [])}
    pattern = compiled(metadata["pattern"]) if "pattern" in metadata else None
    choices = metadata.get("enum")
    low, high = metadata.get("min", 0), metadata.get("max", float("inf"))
    limit = _limit(shape, metadata)

    def judge(value: Any) -> str | None:
        if value == "":  # the provider's word for "not given"
            return None
        if choices:
            return None if value in choices else f"{value!r} is not one of {', '.join(choices)}"
        measured = _measure(shape, value)
        if measured is not None and not low <= measured <= high:
            return f"{measured:g} {_unit(shape)}; AWS takes {limit}".replace(" ;", ";")
        if pattern and isinstance(value, str) and not pattern.fullmatch(value):
            return f"{value!r} does not match AWS's pattern {metadata['pattern']}"
        return None

    name = short(re.sub(r"(\[\]|{})$", "-each", path))
    what = f"{path} that {source.partition(' ')[2].split('.', maxsplit=1)[0]} would refuse"
    return of.each(name, path, judge, what, limit, f"botocore {source}")


def _measure(shape: Shape, value: Any) -> float | None:
    if shape.type_name in _NUMBERS:
        return number(value)
    counted = (list, dict) if shape.type_name in _COUNTED else str
    return len(value) if isinstance(value, counted) else None


def _unit(shape: Shape) -> str:
    return {"string": "characters"}.get(shape.type_name, "given" if shape.type_name in _COUNTED else "")


def _limit(shape: Shape, metadata: Mapping[str, Any]) -> str:
    if "enum" in metadata:
        return ", ".join(metadata["enum"])
    ends = {"min": "at least {min}", "max": "at most {max}", "minmax": "{min} to {max}"}
    given = "".join(key for key in ("min", "max") if key in metadata)
    text = f"{ends[given].format_map(metadata)} {_unit(shape)}".strip() if given else ""
    return "; ".join(part for part in (text, metadata.get("pattern", "")) if part)


def _matched(token: str, api: Api) -> Iterator[tuple[str, str, Shape]]:
    """(input path, "service Operation.Member", shape) wherever an input is a parameter."""
    shape = shape_of(api.shape) if api.shape else None
    yield from _members(schema(token).inputs, "", api.shape, shape, api.also)


def _members(
    inputs: Mapping[str, Any], path: str, source: str, shape: Shape | None, also: Mapping[str, str]
) -> Iterator[tuple[str, str, Shape]]:
    members = shape.members if isinstance(shape, StructureShape) else {}
    by_name = {name.lower(): name for name in members}
    for key, expected in inputs.items():
        at = path + key
        lower = key.lower()
        told = also.get(at, by_name.get(lower) or by_name.get(f"{lower}s") or by_name.get(lower.removesuffix("s")))
        if not told or (at == "tags" and at not in also):
            continue
        where = told if " " in told else f"{source}.{told}"
        yield from _value(expected, at, where, shape_of(where), also)


def _value(
    expected: Any, path: str, source: str, shape: Shape, also: Mapping[str, str]
) -> Iterator[tuple[str, str, Shape]]:
    """One input against one parameter; a list of one that the provider made a single value stays one."""
    kind, inner = form(expected)
    if kind != "list" and isinstance(shape, ListShape):
        shape = shape.member
    if kind == "object":
        yield from _members(properties(inner), f"{path}.", source, shape, also)
    elif kind == "list" and isinstance(shape, ListShape):
        yield path, source, shape
        if form(inner)[0] == "object":
            yield from _members(properties(form(inner)[1]), f"{path}[].", source, shape.member, also)
        else:
            yield f"{path}[]", f"{source}[]", shape.member
    elif kind == "map" and isinstance(shape, MapShape):
        yield path, source, shape
        yield f"{path}{{}}", f"{source}{{}}", shape.value
    elif kind == "scalar" and shape.type_name not in {"structure", "list", "map", "blob", "timestamp"}:
        yield path, source, shape


def form(expected: Any) -> tuple[str, Any]:
    """What an input's SDK type is: "object" (its class), "list" or "map" (of what), or "scalar"."""
    for option in options(expected):
        origin, arguments = typing.get_origin(option), typing.get_args(option)
        if isinstance(option, type) and _types.is_input_type(option):
            return "object", option
        if isinstance(origin, type) and issubclass(origin, Sequence):
            return "list", arguments[0]
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return "map", arguments[1]
    return "scalar", None
