"""Schemas in words: a row for each field, with its type and limits."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolchain.reference.contract import Contract, Schema, name

type Row = tuple[str, str, str, str]

_NO_DEFAULT = object()


def fields(contract: Contract, schema: Schema) -> Iterator[Row]:
    """Name, type and limits, whether it must be there or what stands for it, and meaning; of an object's fields."""
    required = schema.get("required", [])
    for field, found in schema.get("properties", {}).items():
        presence = "required" if field in required else default(found)
        yield f"`{field}`", kind(contract, found), presence, meaning(contract, found)


def kind(contract: Contract, schema: Schema) -> str:
    """The type with its limits, in words; a link where it is an object with a name."""
    if "$ref" in schema:
        meant = contract.resolved(schema)
        return kind(contract, meant) if "enum" in meant else f"[{name(schema)}](#{name(schema).lower()}-shape)"
    if "anyOf" in schema:
        kinds = [kind(contract, part) for part in schema["anyOf"] if part.get("type") != "null"]
        null = " or null" if any(part.get("type") == "null" for part in schema["anyOf"]) else ""
        return " or ".join(kinds) + null
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {kind(contract, schema['items'])}{_between(schema, 'minItems', 'maxItems', ' entries')}"
    if isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {kind(contract, schema['additionalProperties'])} by name"
    return str(schema.get("type", "anything")) + _limits(schema)


def meaning(contract: Contract, schema: Schema) -> str:
    """The field's own description, else that of the schema that it names, if it has values and no table."""
    if "description" in schema:
        return str(schema["description"])
    meant = contract.resolved(schema)
    return str(meant.get("description", "")) if "enum" in meant else ""


def default(schema: Schema) -> str:
    """What stands for a field or parameter that is left out; empty where nothing does."""
    value = schema.get("default", _NO_DEFAULT)
    if value is _NO_DEFAULT or value is None:
        return ""
    return f"`{value}`" if value != "" else "empty"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table, without the columns that are empty in every row."""
    kept = [number for number in range(len(headings)) if any(row[number] for row in rows)]
    if not rows:
        return []
    lines = [[headings[number] for number in kept], ["---"] * len(kept)]
    lines += [[_cell(row[number]) for number in kept] for row in rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _limits(schema: Schema) -> str:
    found = [
        _between(schema, "minLength", "maxLength", " characters"),
        _between(schema, "minimum", "maximum", ""),
        f", {schema['format']}" if "format" in schema else "",
        f", matches `{schema['pattern']}`" if "pattern" in schema else "",
    ]
    return "".join(found)


def _between(schema: Schema, low: str, high: str, unit: str) -> str:
    least, most = schema.get(low), schema.get(high)
    if least is not None and most is not None:
        return f", {_number(least)} to {_number(most)}{unit}"
    if most is not None:
        return f", at most {_number(most)}{unit}"
    return f", at least {_number(least)}{unit}" if least else ""


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
