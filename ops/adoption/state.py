"""Which resources a stack's state manages, read from `pulumi stack export` or from a file backend's checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ops.adoption.discovery import Found

type Managed = frozenset[tuple[str, str]]


def managed(document: Mapping[str, Any], source: str) -> Managed:
    """(type token, id) of every resource in the state; `source` names it in errors."""
    return frozenset((resource["type"], resource["id"]) for resource in resources(document, source))


def resources(document: Mapping[str, Any], source: str) -> list[dict[str, Any]]:
    """The resources that a state manages, as the engine writes them; not those that it only waits to delete."""
    deployment = document.get("deployment")
    if deployment is None and isinstance(document.get("checkpoint"), dict):
        deployment = document["checkpoint"].get("latest") or {}
    if not isinstance(deployment, dict):
        raise Refused(f"{source} is no stack's state", "make it with `pulumi stack export --stack … --file FILE`")
    return [
        resource
        for resource in deployment.get("resources") or []
        if resource.get("id") and resource.get("custom") and not resource.get("delete") and not resource.get("external")
    ]


def unmanaged(found: Iterable[Found], state: Managed) -> dict[str, str]:
    """`adopt`: logical name to import id, sorted, of what exists and no state knows."""
    return {
        item.logical: item.import_id
        for item in sorted(found, key=lambda item: item.logical)
        if (item.type, item.id) not in state
    }
