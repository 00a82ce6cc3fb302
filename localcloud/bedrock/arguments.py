"""A tool's arguments, made from its JSON schema and the user's text: what is required, and nothing else.

A text is the first thing in the question that fits: a UUID for `format: uuid`, something quoted, a word with a digit in
it, then the longest word. A number is the question's first, within the schema's bounds.
"""

import re
from collections.abc import Mapping
from typing import Any

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_QUOTED = re.compile(r"[\"'“]([^\"'“”]+)[\"'”]")
_CODE = re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]+\b")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_DEPTH = 8

type Schema = Mapping[str, Any]


def arguments(schema: Schema, question: str) -> dict[str, Any]:
    """An object that the schema's plain rules take; patterns are not met on purpose."""
    made = _value(schema, schema, question, 0)
    return made if isinstance(made, dict) else {}


def _value(schema: Schema, root: Schema, question: str, depth: int) -> Any:
    schema = _resolved(schema, root)
    if choices := schema.get("enum") or ([schema["const"]] if "const" in schema else None):
        heard = re.findall(r"\w+", question.lower())
        return next((one for one in choices if str(one).lower() in heard), choices[0])
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next(one for one in kind if one != "null")
    match kind:
        case "boolean" | "null":
            return False if kind == "boolean" else None
        case "object":
            properties = schema.get("properties", {}) if depth < _DEPTH else {}
            required = [name for name in schema.get("required", ()) if name in properties]
            return {name: _value(properties[name], root, question, depth + 1) for name in required}
        case "array":
            many = max(1, int(schema.get("minItems", 1))) if depth < _DEPTH else 0
            return [_value(schema.get("items", {}), root, question, depth + 1) for _ in range(many)]
        case "integer" | "number":
            return _number(schema, question, whole=kind == "integer")
    return _text(schema, question)


def _resolved(schema: Schema, root: Schema) -> Schema:
    for _ in range(_DEPTH):
        if "$ref" in schema:
            found: Any = root
            for part in str(schema["$ref"]).removeprefix("#/").split("/"):
                found = found.get(part, {})
            schema = found
            continue
        several = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if not several:
            break
        schema = next((one for one in several if one.get("type") != "null"), several[0])
    return schema


def _number(schema: Schema, question: str, *, whole: bool) -> float | int:
    found = _NUMBER.search(question)
    value = float(found[0]) if found else float(schema.get("default") or schema.get("minimum") or 1)
    value = max(value, float(schema.get("minimum", value)))
    value = min(value, float(schema.get("maximum", value)))
    return int(value) if whole else value


def _text(schema: Schema, question: str) -> str:
    if schema.get("format") == "uuid":
        found = _UUID.search(question)
        return found[0] if found else "00000000-0000-4000-8000-000000000000"
    for pattern in (_QUOTED, _UUID, _CODE):
        if found := pattern.search(question):
            text = found[found.re.groups]
            break
    else:
        text = max(re.findall(r"\w+", question), key=len, default="anything")
    return text[: int(schema.get("maxLength", len(text)))].ljust(int(schema.get("minLength", 0)), "x")
