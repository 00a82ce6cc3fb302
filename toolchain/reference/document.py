"""The page: introduction, limits and errors, one section an operation, and the shapes of what they answer. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from toolchain.reference import schemas
from toolchain.reference.contract import JSON, ROLES, Contract, Operation, Parameter, Response, Schema, name
from toolchain.reference.story import Chapter, Example

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api" / "REFERENCE.md"
INTRODUCTION = Path(__file__).parent / "introduction.md"

_SHOWN_HEADERS = (
    "Location", "ETag", "Cache-Control", "Idempotency-Replayed", "Next-Cursor", "Content-Disposition",
)  # fmt: skip
_EVERYWHERE = ("X-Request-Id", "X-Correlation-Id")  # the introduction tells of them
_LIST_SHOWN = 4
_FIELD_HEADINGS = ("field", "type", "default", "meaning")

type Answers = Mapping[str, Mapping[str, Any]]


def page(contract: Contract, told: Sequence[Chapter], answers: Answers, introduction: str) -> str:
    """The whole reference; the same for the same contract, examples and answers."""
    common = _common(contract)
    lines = [introduction.rstrip(), "", *_errors(contract, common), *_contents(told)]
    for chapter in told:
        lines += [f"## {chapter.title}", "", *([chapter.text, ""] if chapter.text else [])]
        for example in chapter.examples:
            lines += _section(contract, example, answers.get(example.operation.id), common)
    lines += _shapes(contract)
    return "\n".join(lines).rstrip() + "\n"


def _errors(contract: Contract, common: frozenset[int]) -> list[str]:
    """Every error once."""
    found: dict[tuple[int, str], tuple[str, str]] = {}
    for operation in contract.operations.values():
        for response in operation.failures:
            headers = ", ".join(f"`{header}`" for header in response.headers)
            found |= {(response.status, code): (text, headers) for code, text in response.codes.items()}
    rows = [
        (str(status), f"`{code}`", *said, "every operation" if status in common else "")
        for (status, code), said in sorted(found.items())
    ]
    example = {"error": {"code": "not_found", "message": "…", "details": [], "request_id": "c6af9ac6-7b61"}}
    return [
        "## Errors",
        "",
        "One shape from every layer; `details` says where and why, never what was sent:",
        f"`{json.dumps(example, ensure_ascii=False)}`",
        "",
        *schemas.table(("status", "code", "meaning", "headers", "where"), rows),
        "",
    ]


def _contents(told: Sequence[Chapter]) -> list[str]:
    lines = ["## Operations", ""]
    for chapter in told:
        titles = [example.operation.summary for example in chapter.examples]
        links = [f"[{title}](#{_anchor(title)})" for title in titles]
        lines.append(f"- {chapter.title}: {', '.join(links)}")
    return [*lines, ""]


def _section(
    contract: Contract, example: Example, answer: Mapping[str, Any] | None, common: frozenset[int]
) -> Iterator[str]:
    operation = example.operation
    yield from (f"### {operation.summary}", "", f"`{operation.method} {operation.path}` · {_who(operation)}", "")
    yield from (operation.description, "")
    yield from _parameters(contract, operation.parameters)
    yield from _body(contract, operation)
    yield from _responses(contract, operation, common)
    if example.text:
        yield from (example.text, "")
    yield from ("```sh", *([example.before.rstrip()] if example.before else []), example.command(), "```", "")
    if answer is not None:
        yield from ("```http", *_shown(example, answer), "```", "")


def _who(operation: Operation) -> str:
    if operation.public:
        return "for everyone"
    roles = "every role" if operation.roles == ROLES else ", ".join(operation.roles)
    if not operation.takes_keys:
        return f"{roles}; signed in, not with an API key"
    return f"{roles} · {', '.join(f'`{scope}`' for scope in operation.scopes)}" if operation.scopes else roles


def _parameters(contract: Contract, parameters: Sequence[Parameter]) -> Iterator[str]:
    rows = [
        (
            f"`{parameter.name}`",
            parameter.place,
            schemas.kind(contract, _without_null(parameter.schema)),
            "required" if parameter.required else schemas.default(parameter.schema),
            parameter.description,
        )
        for parameter in parameters
    ]
    if rows:
        yield from (*schemas.table(("parameter", "in", "type", "default", "meaning"), rows), "")


def _without_null(schema: Schema) -> Schema:
    """A parameter that is left out is what the contract writes as null: nobody can send one."""
    parts = [part for part in schema.get("anyOf", []) if part.get("type") != "null"]
    return parts[0] if len(parts) == 1 else schema


def _body(contract: Contract, operation: Operation) -> Iterator[str]:
    if operation.body is None:
        return
    text = [kind for kind in operation.body.schemas if kind != JSON]
    if text:
        yield from (f"Body: lines of text, {' or '.join(f'`{kind}`' for kind in text)}.", "")
        return
    schema = contract.resolved(operation.body.schemas[JSON])
    rows = list(schemas.fields(contract, schema))
    yield from (*schemas.table(("body", *_FIELD_HEADINGS[1:]), rows), "")


def _responses(contract: Contract, operation: Operation, common: frozenset[int]) -> Iterator[str]:
    for response in operation.successes:
        yield f"- `{response.status}` {_gives(contract, response)}"
    own = [response for response in operation.failures if response.status not in common]
    if own:
        yield f"- Also {', '.join(f'`{response.status}`' for response in own)}, and what every operation answers."
    else:
        yield "- Also what every operation answers."
    yield ""


def _gives(contract: Contract, response: Response) -> str:
    kinds = [
        schemas.kind(contract, schema) if kind == JSON else f"`{kind}`"
        for kind, schema in sorted(response.schemas.items())
        if schema or kind != JSON
    ]
    text = " or ".join(kinds) or response.description.rstrip(".").lower()
    own = {header: value for header, value in response.headers.items() if header not in _EVERYWHERE}
    headers = [f"`{header}: {value}`" if value else f"`{header}`" for header, value in own.items()]
    return text + (f", with {', '.join(headers)}" if headers else "")


def _shown(example: Example, answer: Mapping[str, Any]) -> Iterator[str]:
    status = HTTPStatus(answer["status"])
    yield f"{status.value} {status.phrase}"
    for header in _SHOWN_HEADERS:
        if header in answer["headers"]:
            yield f"{header}: {answer['headers'][header]}"
    body = answer["body"]
    if isinstance(body, str):
        yield from ("", *body.splitlines())
    elif body is not None:
        cut = {key: body[key] for key in example.shown} if example.shown else body
        yield ""
        yield from json.dumps(_cut(cut), ensure_ascii=False, indent=2).splitlines()


def _cut(value: Any) -> Any:
    """Long lists end with how many more there were."""
    if isinstance(value, dict):
        return {key: _cut(part) for key, part in value.items()}
    if isinstance(value, list):
        rest = len(value) - _LIST_SHOWN
        return [_cut(part) for part in value[:_LIST_SHOWN]] + ([f"… and {rest} more"] if rest > 0 else [])
    return value


def _common(contract: Contract) -> frozenset[int]:
    """The error statuses that every operation has."""
    everywhere = [{response.status for response in one.failures} for one in contract.operations.values()]
    return frozenset(set.intersection(*everywhere))


def _shapes(contract: Contract) -> Iterator[str]:
    """A table for each object that an answer or a body names, in the order of their names."""
    yield from ("## Shapes", "", "What answers and bodies are made of.", "")
    for shape in sorted(_named(contract)):
        schema = contract.schemas[shape]
        rows = [
            (row[0], row[1], "" if row[2] == "required" else row[2], row[3]) for row in schemas.fields(contract, schema)
        ]
        yield from (f"### {shape} (shape)", "")
        if "description" in schema:
            yield from (" ".join(schema["description"].split()), "")
        yield from (*schemas.table(_FIELD_HEADINGS, rows), "")


def _named(contract: Contract) -> set[str]:
    """The objects that answers and bodies lead to; a body's own fields stand in its operation's section."""
    waiting: list[Schema] = []
    for operation in contract.operations.values():
        waiting += [schema for response in operation.successes for schema in response.schemas.values()]
        waiting += [contract.resolved(schema) for schema in operation.body.schemas.values()] if operation.body else []
    found: set[str] = set()
    while waiting:
        for reference in _references(waiting.pop()):
            target = contract.resolved(reference)
            if "enum" not in target and name(reference) not in found:
                found.add(name(reference))
                waiting.append(target)
    return found


def _references(node: Any) -> Iterator[Schema]:
    """Every `$ref` in a schema, but not in what it refers to."""
    if isinstance(node, Mapping):
        if "$ref" in node:
            yield node
        for part in node.values():
            yield from _references(part)
    elif isinstance(node, list):
        for part in node:
            yield from _references(part)


def _anchor(title: str) -> str:
    """GitHub's anchor of a heading."""
    kept = "".join(character for character in title.lower() if character.isalnum() or character in " -")
    return kept.replace(" ", "-")
