"""IAM's patterns: wildcards (`*`, `?`), policy variables (`${key}`, `${key, 'default'}`, `${*}`, `${?}`, `${$}`).

A pattern is read once into parts and compiled once into a matcher; one with variables is compiled again for each
value that they take, from a cache.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

type Context = Mapping[str, tuple[str, ...]]
type Part = str | Wildcard | Variable
type Spread = Literal["text", "resource", "arn"]

ARN_COMPONENTS = 6
"""arn:partition:service:region:account:resource; colons in the resource belong to it."""


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`*`, any run of characters, or `?`, exactly one."""

    sign: Literal["*", "?"]


@dataclass(frozen=True, slots=True)
class Variable:
    """`${key, 'default'}`: stands for the key's one value in the request, literally."""

    key: str
    default: str | None


_VARIABLE = re.compile(r"\$\{(?:(?P<sign>[*?$])|(?P<key>[^{},']+?)(?:\s*,\s*'(?P<default>[^']*)')?\s*)\}")
_ONE = Wildcard("?")
_MANY = Wildcard("*")


def read(text: str, *, variables: bool, wildcards: bool = True) -> tuple[Part, ...]:
    """A pattern's parts. Without `variables` (Version 2008-10-17, and elements that take none) `${` is literal."""
    parts: list[Part] = []
    position = 0
    for found in _VARIABLE.finditer(text) if variables else ():
        parts += _plain(text[position : found.start()], wildcards=wildcards)
        sign, key = found["sign"], found["key"]
        parts.append(sign or Variable(key.strip().lower(), found["default"]))
        position = found.end()
    return (*parts, *_plain(text[position:], wildcards=wildcards))


def _plain(text: str, *, wildcards: bool) -> Iterable[Part]:
    if not wildcards:
        return (text,) if text else ()
    pieces = re.split(r"([*?])", text)
    return tuple(_MANY if piece == "*" else _ONE if piece == "?" else piece for piece in pieces if piece)


def has_variables(parts: Iterable[Part]) -> bool:
    """Whether what the pattern matches depends on the request's context."""
    return any(isinstance(part, Variable) for part in parts)


def resolve(parts: tuple[Part, ...], context: Context) -> tuple[Part, ...] | None:
    """The parts with each variable's value as literal text; None where one has no single value and no default.

    An empty value is none. None matches nothing, so negated operators hold ("the value is effectively null").
    A value's own `*` and `?` are never wildcards: whoever chooses a tag must not choose what it matches.
    """
    resolved: list[Part] = []
    for part in parts:
        if not isinstance(part, Variable):
            resolved.append(part)
            continue
        values = context.get(part.key, ())
        if len(values) == 1 and values[0]:
            resolved.append(values[0])
        elif part.default is not None and not any(values):
            resolved.append(part.default)
        else:
            return None
    return tuple(resolved)


@functools.lru_cache(8192)
def compiled(parts: tuple[Part, ...], spread: Spread) -> Callable[[str], bool]:
    """A matcher of whole values, for parts without variables.

    `spread` says how far a `*` reaches. `text`: anywhere. `arn` (ArnEquals, ArnLike): each of an ARN's six
    components is matched on its own. `resource` (the Resource element): a `*` at the end of a segment "can expand to
    match beyond the colon boundaries", one within a segment cannot; the last component has no boundaries.
    """
    if not any(isinstance(part, Wildcard) for part in parts):
        literal = "".join(part for part in parts if isinstance(part, str))
        if spread == "arn" and literal.count(":") < ARN_COMPONENTS - 1:
            return _never
        return literal.__eq__
    if spread == "arn" and sum(part.count(":") for part in parts if isinstance(part, str)) < ARN_COMPONENTS - 1:
        return _never
    if parts == (_MANY,):
        return _always
    fullmatch = re.compile(_expression(parts, spread), re.DOTALL).fullmatch
    return lambda value: fullmatch(value) is not None


def _expression(parts: tuple[Part, ...], spread: Spread) -> str:
    expression: list[str] = []
    colons = 0
    for index, part in enumerate(parts):
        if isinstance(part, Wildcard):
            following = parts[index + 1] if index + 1 < len(parts) else ":"
            ends_segment = isinstance(following, str) and following.startswith(":")
            crosses = spread == "resource" and part.sign == "*" and ends_segment
            free = spread == "text" or colons >= ARN_COMPONENTS - 1 or crosses
            expression.append(("." if free else "[^:]") + ("*" if part.sign == "*" else ""))
        elif isinstance(part, str):
            colons += part.count(":")
            expression.append(re.escape(part))
    return "".join(expression)


def _always(_: str) -> bool:
    return True


def _never(_: str) -> bool:
    return False
