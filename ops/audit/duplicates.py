"""Resources that do the same: one of each group is the one to keep, the others name it."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.audit.model import Kind, Resource, Tool, canonical
from ops.audit.names import essence, leftover, standard_table, subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NEVER = datetime.min.replace(tzinfo=UTC)
_GATEWAYS = frozenset({Kind.REST_API, Kind.HTTP_API, Kind.WEBSOCKET_API})


def duplicates(resources: Iterable[Resource]) -> dict[str, list[str]]:
    """By ARN: the resource of which it is a duplicate."""
    groups: dict[Any, list[Resource]] = defaultdict(list)
    for resource in resources:
        for key in _same(resource):
            groups[key].append(resource)
    found: dict[str, set[str]] = defaultdict(set)
    for group in groups.values():
        keeper = max(group, key=_worth)
        for resource in group:
            if resource.arn != keeper.arn:
                found[resource.arn].add(keeper.arn)
    return {arn: sorted(arns) for arn, arns in found.items()}


def _same(resource: Resource) -> Iterator[tuple[Any, ...]]:
    """What a resource has in common with its duplicates, in one region."""
    kind, region = resource.kind, resource.region
    word = essence(resource.label or resource.name)
    if kind is Kind.FUNCTION:
        if sha := resource.facts.get("CodeSha256"):
            yield (kind, region, "code", sha, resource.facts.get("Handler"))
        if word:
            yield (kind, region, "name", word)
    elif kind is Kind.TABLE and subject(resource.name) and not standard_table(resource.name):
        # the same keys under the same words; an own schema is an own table until a migration has merged them
        yield (kind, region, subject(resource.name), canonical(resource.facts.get("KeySchema")))
    elif kind in _GATEWAYS:
        routes = sorted(resource.facts.get("routes") or {})
        if routes:
            yield (kind, region, "routes", tuple(routes))
        if word:
            yield (kind, region, "name", word)


def _worth(resource: Resource) -> tuple[Any, ...]:
    """Which one to keep: what the platform's engine owns, what is in use, what bears no word of a copy, the newest."""
    owner = resource.owner
    return (
        owner is not None and owner.tool is Tool.PULUMI,
        resource.last_use.at or _NEVER,
        owner is not None,
        not leftover(resource.label or resource.name),
        resource.created_at or _NEVER,
        resource.arn,
    )
