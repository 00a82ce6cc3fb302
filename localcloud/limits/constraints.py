"""What botocore's models say of every parameter, in the words of AWS's own validation.

Lengths, ranges, patterns, choices and what is required; moto checks few of them. Each operation is compiled once into
a tree that holds only what has constraints, so that a call costs what its constrained parameters cost.
"""

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import regex
from botocore.model import ListShape, MapShape, Shape, StructureShape

from localcloud.limits.refusal import Refusal
from localcloud.refusals import NotCovered, Rule
from localcloud.refusals.model import compiled, service_model

# The services whose front end answers a broken constraint in these words, and the error code it then uses. Services
# with words of their own (S3, SQS, SNS, API Gateway) are left to moto and to their own rules.
CODES: Mapping[str, str] = {
    **dict.fromkeys(("dynamodb", "dynamodbstreams", "events", "kms", "lambda", "scheduler"), "ValidationException"),
    **dict.fromkeys(("secretsmanager", "ssm", "bedrock-runtime", "stepfunctions"), "ValidationException"),
    **dict.fromkeys(("cloudwatch", "iam", "sts"), "ValidationError"),
    "logs": "InvalidParameterException",
}
_SHOWN = 1000  # characters of a refused value; AWS shows all of it
_NUMBERS = frozenset({"integer", "long", "float", "double"})


def refuse(service: str, operation: str, parameters: Mapping[str, Any]) -> Refusal | None:
    """Everything that the model forbids, in one refusal, as AWS reports it."""
    if service not in CODES:
        return None
    faults = list(_operation(service, operation).faults(parameters, ""))
    if not faults:
        return None
    detected = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: {'; '.join(faults)}"
    return Refusal(400, CODES[service], detected, f"{service}.model")


@dataclass
class _Node:
    """One shape with its constraints and those of what is inside."""

    sensitive: bool = False
    tests: list[tuple[str, Callable[[Any], bool]]] = field(default_factory=list)
    required: tuple[str, ...] = ()
    members: dict[str, "_Node"] = field(default_factory=dict)
    item: "_Node | None" = None  # of a list, or the value of a map
    key: "_Node | None" = None
    scalar: bool = True

    def faults(self, value: Any, path: str) -> Iterator[str]:
        for constraint, holds in self.tests:
            if not holds(value):
                yield self._fault(value, path, constraint)
        if self.members or self.required:
            for name in self.required:
                if value.get(name) is None:
                    yield f"Value null at '{_join(path, name)}' failed to satisfy constraint: Member must not be null"
            for name, node in self.members.items():
                if (found := value.get(name)) is not None:
                    yield from node.faults(found, _join(path, name))
        elif self.item or self.key:
            yield from self._inside(value, path)

    def _inside(self, value: Any, path: str) -> Iterator[str]:
        """Scalars are judged by their list or map as a whole, as AWS does."""
        mapped = isinstance(value, Mapping)
        if self.key and not all(self.key.holds(key) for key in value):
            yield self._fault(value, path, f"Map keys must satisfy constraint: {self.key.described()}")
        node = self.item
        if node is None:
            return
        items = list(value.values() if mapped else value)
        if not all(node.holds(item) for item in items):
            word = "Map value must" if mapped else "Member must"
            yield self._fault(value, path, f"{word} satisfy constraint: {node.described()}")
        if not node.scalar:
            named = value.items() if mapped else ((index, item) for index, item in enumerate(value, 1))
            for name, item in named:
                yield from node.inner(item, f"{path}.{name}.member")

    def inner(self, value: Any, path: str) -> Iterator[str]:
        """What is wrong inside, the value's own constraints apart."""
        yield from _Node(self.sensitive, [], self.required, self.members, self.item, self.key).faults(value, path)

    def holds(self, value: Any) -> bool:
        return all(test(value) for _, test in self.tests)

    def described(self) -> str:
        return f"[{', '.join(constraint for constraint, _ in self.tests)}]"

    def _fault(self, value: Any, path: str, constraint: str) -> str:
        shown = "" if self.sensitive else f" '{_shown(value)}'"
        return f"Value{shown} at '{path}' failed to satisfy constraint: {constraint}"


@functools.cache
def _operation(service: str, operation: str) -> _Node:
    shape = service_model(service).operation_model(operation).input_shape
    return (_node(shape, {}) if shape else None) or _Node()


def _node(shape: Shape, open_: dict[str, _Node]) -> _Node | None:
    """None where neither the shape nor anything inside has a constraint. Shapes may contain themselves."""
    if shape.name in open_:
        return open_[shape.name]
    node = open_[shape.name] = _Node(bool(shape.metadata.get("sensitive")), list(_tests(shape)))
    if isinstance(shape, StructureShape):
        node.scalar = False
        node.required = tuple(shape.required_members)
        found = {name: _node(member, open_) for name, member in shape.members.items()}
        node.members = {name: member for name, member in found.items() if member is not None}
    elif isinstance(shape, ListShape):
        node.scalar = False
        node.item = _node(shape.member, open_)
    elif isinstance(shape, MapShape):
        node.scalar = False
        node.key, node.item = _node(shape.key, open_), _node(shape.value, open_)
    empty = not (node.tests or node.required or node.members or node.item or node.key)
    if empty:
        del open_[shape.name]
    return None if empty else node


def _tests(shape: Shape) -> Iterator[tuple[str, Callable[[Any], bool]]]:
    metadata = shape.metadata
    low, high = metadata.get("min", 0), metadata.get("max", math.inf)
    if shape.type_name in _NUMBERS:
        if "max" in metadata:
            yield f"Member must have value less than or equal to {high}", lambda value: value <= high
        if "min" in metadata:
            yield f"Member must have value greater than or equal to {low}", lambda value: value >= low
        return
    if "max" in metadata:
        yield f"Member must have length less than or equal to {high}", lambda value: len(value) <= high
    if low:
        yield f"Member must have length greater than or equal to {low}", lambda value: len(value) >= low
    if pattern := _pattern(metadata.get("pattern")):
        yield (
            f"Member must satisfy regular expression pattern: {metadata['pattern']}",
            lambda value: pattern.fullmatch(value) is not None,
        )
    if choices := metadata.get("enum"):
        yield f"Member must satisfy enum value set: [{', '.join(choices)}]", lambda value: value in choices


def _pattern(text: str | None) -> regex.Pattern[str] | None:
    try:
        return compiled(text) if text else None
    except regex.error:
        return None  # listed in `NOT_COVERED`


def _join(path: str, name: str) -> str:
    """AWS's path: members begin with a small letter."""
    own = name[0].lower() + name[1:]
    return f"{path}.{own}" if path else own


def _shown(value: Any) -> str:
    text = _java(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _java(value: Any) -> str:
    """As Java prints it, which is what AWS's messages show."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes | bytearray):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}={_java(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_java, value))}]"
    return str(value)


def _unreadable() -> Iterator[NotCovered]:
    """Patterns that no Python engine reads."""
    for service in CODES:
        model = service_model(service)
        for name in model.shape_names:
            pattern = model.shape_for(name).metadata.get("pattern")
            if pattern and _pattern(pattern) is None:
                source = f"botocore {service} {name}"
                yield NotCovered(f"{service}:*", f"{name}: pattern {pattern}", "the pattern is not readable", source)


RULES = tuple(
    Rule(
        f"{service}.model",
        "call",
        f"{service}:*",
        "parameters that are missing, too long or short, out of range, or not of the pattern or choices of the model",
        "each member's own",
        f"botocore {service}: the input shape of the operation",
    )
    for service in CODES
)
NOT_COVERED = tuple(_unreadable())
