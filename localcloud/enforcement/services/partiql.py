"""A PartiQL statement, as far as a decision asks: its verb, table, index, and the partition keys that it names.

Read by tokens, so that a table named in a text is none. Source: DynamoDB developer guide, "PartiQL for DynamoDB
reference" (one table a statement, no joins) and "IAM security policies with PartiQL for DynamoDB".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<text>'(?:[^']|'')*')|(?P<name>"(?:[^"]|"")*")|(?P<word>[\w-]+(?:\.\d+)?)|(?P<sign>\S)""",
    re.DOTALL,
)
_BEFORE_TABLE = {"SELECT": "FROM", "EXISTS": "FROM", "DELETE": "FROM", "INSERT": "INTO", "UPDATE": "UPDATE"}


@dataclass(frozen=True, slots=True)
class Statement:
    """`verb`: Select, Insert, Update or Delete; `table` None where it is not clear. `keys`: see `read`."""

    verb: str
    table: str | None
    index: str | None
    tokens: tuple[tuple[str, str], ...]

    def keys(self, partition_key: str, parameters: Sequence[Any]) -> tuple[str, ...]:
        """The values to which the statement holds the partition key; none where other items could be meant too."""
        if any(kind == "word" and token.upper() in {"OR", "NOT"} for kind, token in self.tokens):
            return ()  # other items could be meant too
        found: list[str] = []
        sent = iter(parameters)
        place = ""  # what the next values belong to: "=" one of the key's, "IN" a list of them
        for (_, before), (kind, part), (_, behind) in zip(
            [_END, *self.tokens], self.tokens, [*self.tokens[1:], _END], strict=False
        ):
            value = _value(kind, part, sent)
            if _names(kind, part, behind, partition_key) and before != ".":
                place = "IN" if behind.upper() == "IN" else "="
            elif value is not None and place:
                found.append(value)
                place = place if place == "IN" else ""
            elif part.upper() not in _WITHIN[place]:
                place = ""
        return tuple(dict.fromkeys(found))


_END = ("", "")
_WITHIN = {"": (), "=": ("=", ":"), "IN": ("IN", "(", "[", ",")}


def _names(kind: str, part: str, behind: str, attribute: str) -> bool:
    """Whether a token is an attribute's name: of a condition, or in the item of an INSERT."""
    written = behind == ":" if kind == "text" else behind == "=" or behind.upper() == "IN"
    return written and _plain(part) == attribute


def read(statement: str) -> Statement:
    """A statement, whatever it says; one whose table cannot be told has none."""
    tokens = tuple(_tokens(statement))
    words = [token.upper() if kind == "word" else "" for kind, token in tokens]
    verb = next((word for word in words if word in _BEFORE_TABLE), "SELECT")
    shown = "Select" if verb in {"SELECT", "EXISTS"} else verb.capitalize()
    before = _BEFORE_TABLE[verb]
    if words.count(before) != 1 or words[:1] != [verb]:
        return Statement(shown, None, None, tokens)
    place = words.index(before) + 1
    named = tokens[place : place + 3]
    table = _plain(named[0][1]) if named and named[0][0] in {"name", "word"} else None
    index = _plain(named[2][1]) if [token for _, token in named[1:2]] == ["."] and len(named) > 2 else None  # noqa: PLR2004 - "table"."index"
    return Statement(shown, table, index, tokens)


def _tokens(statement: str) -> Iterator[tuple[str, str]]:
    for found in _TOKEN.finditer(statement):
        if found.lastgroup != "comment":
            yield str(found.lastgroup), found[0]


def _plain(token: str) -> str:
    return token[1:-1].replace('""', '"') if token[:1] in {'"', "'"} else token


def _value(kind: str, part: str, sent: Iterator[Any]) -> str | None:
    if part == "?":
        return str(next(iter(next(sent, {}).values()), ""))
    if kind == "text":
        return part[1:-1].replace("''", "'")
    return part if kind == "word" and part.lstrip("-")[:1].isdigit() else None
