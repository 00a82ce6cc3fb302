"""JSON Schema of a tool's arguments, as small and as plain as every model family takes it.

Bedrock's families differ in what they read: Amazon Nova wants no more than `type`, `properties` and `required` at the
top, and not every one follows `$ref`. What is left out here, the tool's own model still enforces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

_TOP = ("type", "properties", "required")


def plain(model: type[BaseModel]) -> dict[str, Any]:
    """The model's schema with its types in place, without titles; a field that may be null is one to leave out."""
    schema = model.model_json_schema()
    types = schema.get("$defs", {})
    top = {word: schema[word] for word in _TOP if word in schema}
    return top | {"properties": {name: _plain(field, types) for name, field in schema["properties"].items()}}


def _plain(node: Any, types: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(part, types) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        beside = {word: value for word, value in node.items() if word != "$ref"}
        return _plain(types[node["$ref"].rpartition("/")[2]] | beside, types)
    words = {word: value for word, value in node.items() if word != "title"}
    options = [option for option in words.get("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        outer = {word: value for word, value in words.items() if word not in {"anyOf", "default"}}
        return _plain(options[0] | outer, types)
    if isinstance(words.get("properties"), dict):
        fields = {name: _plain(field, types) for name, field in words["properties"].items()}
        rest = {word: _plain(value, types) for word, value in words.items() if word != "properties"}
        return rest | {"properties": fields}
    return {word: _plain(value, types) for word, value in words.items()}
