"""Reading property values of which some cannot be read: not known before the update, or encrypted in a state file.

A rule never meets the engine's sentinels. What cannot be read raises `NotReadableError` at the place where a rule reads
it, which makes the rule's answer for that resource "unknown": neither a violation nor a pass.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

# sdk/go/common/resource/properties.go: how the engine marks values on the wire, in states and in previews
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  a marker, not a secret
UNKNOWN_SENTINELS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


@dataclass(frozen=True)
class Unreadable:
    """A value that is there and cannot be read; `why` completes "the value is …"."""

    why: str


UNKNOWN: Final = Unreadable("not known before the update")
SECRET: Final = Unreadable("encrypted")


class NotReadableError(Exception):
    """A rule read a value that cannot be read. `path` is the property's, dotted."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} is {why}")
        self.path, self.why = path, why


def from_wire(value: Any) -> Any:
    """Return `value` as rules read it: sentinels and ciphertexts become `Unreadable`, clear secrets their value."""
    if isinstance(value, str):
        if value in UNKNOWN_SENTINELS:
            return UNKNOWN
        return SECRET if value == "[secret]" else value
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            return _secret(value)
        return {str(key): from_wire(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [from_wire(item) for item in value]
    return value


def _secret(marked: Mapping[str, Any]) -> Any:
    if "value" in marked:
        return from_wire(marked["value"])
    # `stack export --show-secrets` has the JSON text of the value
    return from_wire(json.loads(marked["plaintext"])) if "plaintext" in marked else SECRET


def readable(value: Any, path: str) -> Any:
    """Return `value`; raises NotReadableError where it cannot be read."""
    if isinstance(value, Unreadable):
        raise NotReadableError(path, value.why)
    return value


def read(value: Any, path: str) -> Any:
    """Return what stands at a dotted `path` ("rules.0.name"), None where nothing does.

    Raises NotReadableError when a value on the way, or the value itself, cannot be read.
    """
    walked: list[str] = []
    for step in path.split("."):
        readable(value, ".".join(walked))
        walked.append(step)
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return readable(value, path)


def items(value: Any, path: str) -> list[tuple[str, Any]]:
    """Return the elements of the list at `path` with their own paths; of a single value, a list of one."""
    found = read(value, path)
    if found is None:
        return []
    if not isinstance(found, list):
        return [(path, found)]
    return [(f"{path}.{index}", item) for index, item in enumerate(found)]


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str, Any]]:
    """Yield (path, own key, leaf) of every leaf, map keys included; JSON documents in strings are opened too."""
    key = path.rpartition(".")[2]
    if isinstance(value, str):
        document = _document(value)
        if document is None:
            yield path, key, value
        else:
            yield from texts(document, path)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            below = f"{path}.{name}" if path else str(name)
            yield below, "", str(name)
            yield from texts(item, below)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            # an element bears its list's key: {"password": ["…"]}
            for below, own, leaf in texts(item, f"{path}.{index}"):
                yield below, key if own == str(index) else own, leaf
    elif isinstance(value, Unreadable):
        yield path, key, value


def _document(text: str) -> Any:
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None
