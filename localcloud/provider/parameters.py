"""Pulumi's property names as AWS's parameter names and back: `deadLetterConfig` and `DeadLetterConfig`."""

from collections.abc import Mapping
from typing import Any


def to_api(value: Any, renamed: Mapping[str, str] | None = None) -> Any:
    """Properties as parameters, at every depth; `renamed` has those that are not only capitalised."""
    names = renamed or {}
    if isinstance(value, dict):
        return {names.get(key, key[:1].upper() + key[1:]): to_api(item, names) for key, item in value.items()}
    return [to_api(item, names) for item in value] if isinstance(value, list) else value


def from_api(value: Any, renamed: Mapping[str, str] | None = None) -> Any:
    """Parameters as properties; `renamed` as for `to_api`. What is empty or None is left out."""
    names = {there: here for here, there in (renamed or {}).items()}
    if isinstance(value, dict):
        found = {names.get(key, key[:1].lower() + key[1:]): from_api(item, renamed) for key, item in value.items()}
        return {key: item for key, item in found.items() if item not in (None, {}, [], "")}
    return [from_api(item, renamed) for item in value] if isinstance(value, list) else value
