"""Examples in which some values are not known, as in a preview."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from policy.model import Resource
from policy.values import UNKNOWN

type Path = tuple[str | int, ...]


def paths(value: Any, prefix: Path = ()) -> Iterator[Path]:
    """Every place in `value`, containers and leaves; the whole itself is no place."""
    if prefix:
        yield prefix
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from paths(item, (*prefix, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from paths(item, (*prefix, index))


def masked(value: Any, hidden: frozenset[Path], prefix: Path = ()) -> Any:
    """`value` with what stands at the `hidden` places replaced by UNKNOWN."""
    if prefix in hidden:
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: masked(item, hidden, (*prefix, key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item, hidden, (*prefix, index)) for index, item in enumerate(value)]
    return value


def resource_paths(resources: tuple[Resource, ...]) -> list[Path]:
    """Every place in the properties of `resources`, the resource's index first."""
    return [(index, *path) for index, resource in enumerate(resources) for path in paths(resource.properties)]


def mask(resources: tuple[Resource, ...], hidden: frozenset[Path]) -> tuple[Resource, ...]:
    """`resources` with some values unknown. The engine knows what depends on what: an unknown refers to another."""
    touched = {path[0] for path in hidden}
    urns = frozenset(resource.urn for resource in resources)
    return tuple(
        dataclasses.replace(
            resource,
            properties=masked(resource.properties, frozenset(path[1:] for path in hidden if path[0] == index)),
            dependencies=urns - {resource.urn} if touched else resource.dependencies,
        )
        for index, resource in enumerate(resources)
    )
