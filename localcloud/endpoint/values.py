"""DynamoDB's attribute values are written as they stand.

moto serializes every value member by member after the service model, looking for each of the ten types of a value under
four spellings: nine tenths of the time of a page of items.
"""

from typing import Any

from moto.core.serialize import BaseJSONSerializer

_AS_IT_STANDS = {"S": str, "N": str, "BOOL": bool, "NULL": bool}


def install() -> None:
    """Shorten moto's serializer for values; done once, when the endpoint starts."""
    serialize = BaseJSONSerializer._serialize_type_structure
    if getattr(serialize, "wrapped", False):
        return

    def shortened(self: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name == "AttributeValue" and _plain(value):
            self._default_serialize(serialized, value, shape, key)
        else:
            serialize(self, serialized, value, shape, key)

    shortened.wrapped = True  # type: ignore[attr-defined]
    patched: Any = BaseJSONSerializer
    patched._serialize_type_structure = shortened


def _plain(value: Any) -> bool:
    """Whether a value is JSON already, at every depth; binary ones, and a model's own objects, are not."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((kind, content),) = value.items()
    if wanted := _AS_IT_STANDS.get(kind):
        return isinstance(content, wanted)
    if kind in ("SS", "NS"):
        return isinstance(content, list) and all(isinstance(element, str) for element in content)
    if kind == "L":
        return isinstance(content, list) and all(map(_plain, content))
    return kind == "M" and isinstance(content, dict) and all(map(_plain, content.values()))
