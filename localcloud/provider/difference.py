"""What changed between two states of a resource, and what that costs: nothing, an update, a replacement."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime.proto import provider_pb2

from localcloud.provider.resource import ResourceType, document
from localcloud.provider.wire import Properties, has_unknown, is_asset

type Kind = provider_pb2.PropertyDiff.Kind.ValueType
ADD, DELETE, UPDATE = (
    provider_pb2.PropertyDiff.ADD,
    provider_pb2.PropertyDiff.DELETE,
    provider_pb2.PropertyDiff.UPDATE,
)
_REPLACING = {
    ADD: provider_pb2.PropertyDiff.ADD_REPLACE,
    DELETE: provider_pb2.PropertyDiff.DELETE_REPLACE,
    UPDATE: provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


@dataclass(frozen=True)
class Difference:
    """`paths`: property path → kind of change. `replaces`: top-level names that cannot change in place."""

    paths: Mapping[str, Kind] = field(default_factory=dict)
    replaces: frozenset[str] = frozenset()

    @property
    def changed(self) -> frozenset[str]:
        """Top-level names."""
        return frozenset(_top(path) for path in self.paths)


def without(found: Difference, ignored: Iterable[str]) -> Difference:
    """What is left when the properties at these paths (`a.b`, `rows[*].c`) and all below them do not count.

    In an update the engine has put the old values back already; in a refresh it leaves that to the provider.
    """
    patterns = [re.compile(re.escape(path).replace(r"\[\*\]", r"\[\d+\]") + r"(?:[.\[].*)?") for path in ignored]
    paths = {path: change for path, change in found.paths.items() if not any(one.fullmatch(path) for one in patterns)}
    return Difference(paths, found.replaces & {_top(path) for path in paths})


def difference(
    kind: ResourceType, olds: Properties, old_inputs: Properties, news: Properties, tags_all: Mapping[str, str]
) -> Difference:
    """`olds` are outputs; `news` may hold unknowns, which count as changes.

    Input properties are compared, defaults counting as absence; an input that was not given before
    and equals what the cloud has (as after an import) is no change.
    """
    paths: dict[str, Kind] = {}
    for key in sorted({*old_inputs, *news} - {"__defaults"}):
        old, new = (olds if key in kind.whole else old_inputs).get(key), news.get(key)
        if key not in old_inputs and key in olds and same(kind, key, olds[key], new):
            continue
        if new is None and key in kind.filled:
            continue
        if not same(kind, key, old, new):
            paths.update(_paths(key, old, new))
    if kind.schema.taggable and olds.get("tagsAll") not in (None, dict(tags_all)):
        paths.update(_paths("tagsAll", olds["tagsAll"], dict(tags_all)))
    changed = {_top(path) for path in paths}
    name = (kind.naming.property,) if kind.naming and not kind.naming.renames else ()
    replaces = frozenset(changed & {*kind.forces(news), "region", *name})
    return Difference(
        {path: _REPLACING[change] if _top(path) in replaces else change for path, change in paths.items()}, replaces
    )


def same(kind: ResourceType, key: str, old: Any, new: Any) -> bool:
    """Equal in meaning: JSON by content, sets by members, a default as if it were not given."""
    default = kind.defaults.get(key)
    before, after = (_canonical(kind, key, default if value is None else value) for value in (old, new))
    return bool(before == after)


def agrees(kind: ResourceType, key: str, given: Any, observed: Any) -> bool:
    """Whether what is observed is what was given, plus at most what the service filled in."""
    given, observed = (_canonical(kind, key, kind.defaults.get(key) if v is None else v) for v in (given, observed))
    return bool(given == observed) if key in kind.whole else _covers(given, observed)


def _covers(given: Any, observed: Any) -> bool:
    if isinstance(given, dict) and isinstance(observed, dict):
        return all(_covers(value, observed.get(name)) for name, value in given.items())
    if isinstance(given, list) and isinstance(observed, list):
        return len(given) == len(observed) and all(map(_covers, given, observed))
    return bool(given == observed)


def _canonical(kind: ResourceType, key: str, value: Any) -> Any:
    if is_asset(value):
        return value.get("hash") or value
    if value in ({}, [], ""):
        return None
    value = document(value)
    if key in kind.unordered and isinstance(value, list):
        value = sorted(value, key=lambda item: str(item.get("name", item)) if isinstance(item, dict) else str(item))
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if isinstance(value, dict):
        return {name: _canonical(kind, "", item) for name, item in value.items()}
    return [_canonical(kind, "", item) for item in value] if isinstance(value, list) else value


def _top(path: str) -> str:
    return path.split(".", 1)[0].split("[", 1)[0]


def _paths(path: str, old: Any, new: Any) -> Iterator[tuple[str, Kind]]:
    if old is None or new is None:
        yield path, ADD if old is None else DELETE
    elif isinstance(old, dict) and isinstance(new, dict) and not (is_asset(old) or is_asset(new)):
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                inner = f"{path}.{key}" if key.isidentifier() else f'{path}["{key}"]'
                yield from _paths(inner, old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and not has_unknown(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            if before != after:
                yield from _paths(f"{path}[{index}]", before, after)
    else:
        yield path, UPDATE
