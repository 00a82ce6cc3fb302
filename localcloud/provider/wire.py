"""Property values as the engine sends them: secrets, unknowns and assets inside protobuf structs.

The signatures are those of Pulumi's wire format (`pulumi.runtime.rpc`, `sdk/go/common/resource`).
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from google.protobuf import empty_pb2, json_format, struct_pb2  # type: ignore[import-untyped]

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a type signature of the wire format
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# One sentinel a type: string, bool, number, array, asset, archive, object.
UNKNOWNS = frozenset(
    {
        UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)

Empty = empty_pb2.Empty

type Properties = dict[str, Any]


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """Plain Python, secrets and unknowns still marked; whole numbers become ints."""
    return cast("Properties", _integral(json_format.MessageToDict(struct)))


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """The inverse of `from_struct`."""
    struct = struct_pb2.Struct()
    struct.update(properties)
    return struct


def _integral(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _integral(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_integral(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def signature(value: Any) -> str | None:
    """What special value an object stands for."""
    return value.get(SIGNATURE) if isinstance(value, dict) else None


def is_asset(value: Any) -> bool:
    """A file or archive: its hash, and its path, text or URI."""
    return signature(value) in {ASSET, ARCHIVE}


def is_unknown(value: Any) -> bool:
    """A value that only an update can tell (bare sentinel, or an output without value)."""
    if isinstance(value, str):
        return value in UNKNOWNS
    return signature(value) == OUTPUT and "value" not in value


def has_unknown(value: Any) -> bool:
    """Whether anything inside is unknown."""
    if is_unknown(value):
        return True
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    return isinstance(value, list) and any(has_unknown(item) for item in value)


def plain(value: Any) -> Any:
    """Without secret and output wrappers, resource references as ids, nulls dropped from objects."""
    kind = signature(value)
    if kind == SECRET:
        return plain(value["value"])
    if kind == OUTPUT:
        return plain(value["value"]) if "value" in value else UNKNOWN
    if kind == RESOURCE:
        return value.get("id") or UNKNOWN
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if item is not None}
    return [plain(item) for item in value] if isinstance(value, list) else value


def secret(value: Any) -> Properties:
    """Marked as the engine marks secrets."""
    return {SIGNATURE: SECRET, "value": value}


def rewrap(value: Any, marked: Any) -> Any:
    """`value` with secrets marked wherever `marked`, an older form of it, has them."""
    if signature(marked) == SECRET or (signature(marked) == OUTPUT and marked.get("secret")):
        return secret(value)
    if isinstance(value, dict) and isinstance(marked, dict):
        return {key: rewrap(item, marked.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(marked, list) and len(value) == len(marked):
        return [rewrap(item, mark) for item, mark in zip(value, marked, strict=True)]
    return value


def told_secrets(value: Any) -> Iterable[str]:
    """Every text inside a secret, so that no message repeats it."""
    if signature(value) == SECRET or (signature(value) == OUTPUT and value.get("secret")):
        yield from _texts(plain(value))
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from told_secrets(item)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif isinstance(value, str) and value:
        yield value


def conceal(properties: Mapping[str, Any], names: Iterable[str]) -> Properties:
    """`properties` with the named top-level ones marked secret."""
    return {
        key: secret(value) if key in names and signature(value) != SECRET else value
        for key, value in properties.items()
    }
