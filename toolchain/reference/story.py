"""The worked examples (`examples.yaml`): chapters in the order in which a reader tries them.

A command is not written there but made from the contract: method, path, headers and body. An entry says only what the
contract cannot know: values, and which of an answer's fields a later example needs.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from toolchain.reference.contract import Contract, Operation

FILE = Path(__file__).parent / "examples.yaml"
ANSWER = "answer.json"

_VARIABLE = re.compile(r"\$([A-Z_]+)")
_WIDE = 88


@dataclass(frozen=True)
class Example:
    """One call. `path` and `query` values, header values and strings in the body may hold shell variables (`$TOKEN`).

    `keep`: shell variable -> the field of the answer that it takes (`items.0.sku`). `credential`: the header that says
    who calls, None for a public operation. `before`: commands that come first, with the text that explains them.
    `into`: the file that takes an answer too long to show; `shown`: the fields of it that the page prints.
    """

    operation: Operation
    text: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    keep: Mapping[str, str] = field(default_factory=dict)
    credential: str | None = None
    before: str = ""
    into: str | None = None
    shown: tuple[str, ...] = ()

    def command(self) -> str:
        """The shell command, ending without a newline."""
        method = self.operation.method
        lines = [f'curl -sS{_method(method, self.body)} "{self._url()}"', *self._headers(), *self._data()]
        text = " \\\n  ".join(lines)
        if self.into:
            text += f" > {self.into}"
        kept = [f"{name}=$(pick {place})" for name, place in self.keep.items()]
        return "\n".join([f"{text} | tee {ANSWER}", *kept]) if kept else text

    def _url(self) -> str:
        path = re.sub(r"{(\w+)}", lambda match: self.path.get(match[1], f"${match[1].upper()}"), self.operation.path)
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        return f"$API{path}?{query}" if query else f"$API{path}"

    def _headers(self) -> Iterator[str]:
        if self.credential:
            yield f'-H "{self.credential}"'
        for name, value in self.headers.items():
            yield f"-H {_quoted(f'{name}: {value}')}"

    def _data(self) -> Iterator[str]:
        if isinstance(self.body, str):
            yield f"--data-binary {_quoted(self.body)}"
        elif self.body is not None:
            yield "-H 'Content-Type: application/json'"
            yield f"-d {_quoted(_json(self.body))}"


@dataclass(frozen=True)
class Chapter:
    """A part of the story, with the examples of its operations in their order."""

    title: str
    text: str
    examples: tuple[Example, ...]


def chapters(contract: Contract, source: Mapping[str, Any]) -> tuple[Chapter, ...]:
    """The story that `source` (the parsed `examples.yaml`) tells of the contract.

    Raises ValueError unless every operation has exactly one example.
    """
    told = tuple(
        Chapter(
            chapter["title"],
            chapter.get("text", ""),
            tuple(_example(contract, name, said or {}) for name, said in chapter["operations"].items()),
        )
        for chapter in source["chapters"]
    )
    names = [example.operation.id for chapter in told for example in chapter.examples]
    missing = sorted(contract.operations.keys() - set(names))
    twice = sorted({name for name in names if names.count(name) > 1})
    if missing or twice:
        raise ValueError(f"{FILE.name}: operations without an example: {missing}; with several: {twice}")
    return told


def read() -> dict[str, Any]:
    """The parsed `examples.yaml`."""
    parsed: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return parsed


def _example(contract: Contract, name: str, said: Mapping[str, Any]) -> Example:
    if name not in contract.operations:
        raise ValueError(f"{FILE.name}: {name} is no operation of the contract")
    operation = contract.operations[name]
    credential = None if operation.public else said.get("credential", "Authorization: Bearer $TOKEN")
    return Example(
        operation,
        text=said.get("text", ""),
        path=said.get("path", {}),
        query={key: str(value) for key, value in said.get("query", {}).items()},
        headers=said.get("headers", {}),
        body=said.get("body", operation.body.example if operation.body else None),
        keep=said.get("keep", {}),
        credential=credential,
        before=said.get("before", ""),
        into=said.get("into"),
        shown=tuple(said.get("shown", ())),
    )


def _method(method: str, body: Any) -> str:
    """No option where curl sends that method by itself: GET, and POST with a body."""
    return "" if method == ("GET" if body is None else "POST") else f" -X {method}"


def _json(body: Any) -> str:
    short = json.dumps(body, ensure_ascii=False)
    return short if len(short) <= _WIDE else json.dumps(body, ensure_ascii=False, indent=2)


def _quoted(text: str) -> str:
    """One shell word in which variables stand for their values and nothing else is special."""
    parts = _VARIABLE.split(text)  # plain text and the names of variables take turns
    plain = [shlex.quote(part) if part else "" for part in parts[::2]]
    named = [f'"${name}"' for name in parts[1::2]]
    return "".join(part for pair in zip(plain, [*named, ""], strict=True) for part in pair)
