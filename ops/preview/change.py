"""A step of the engine's preview, reduced to a `Change`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ops.preview import urn as urns
from ops.preview.disclosure import facts, shown_path
from ops.preview.model import Action, Change, PathChange

# Every operation of the engine (apitype.OpType at the pinned version). A replacement's physical halves and what
# concerns the state only are parts of, or nothing beside, the logical step.
_ACTIONS: Mapping[str, Action] = {
    "create": Action.CREATE,
    "create-replacement": Action.REPLACE,
    "delete": Action.DELETE,
    "delete-replaced": Action.REPLACE,
    "discard": Action.SAME,
    "discard-replaced": Action.SAME,
    "import": Action.IMPORT,
    "import-replacement": Action.REPLACE,
    "read": Action.SAME,
    "read-replacement": Action.SAME,
    "refresh": Action.SAME,
    "remove-pending-replace": Action.SAME,
    "replace": Action.REPLACE,
    "same": Action.SAME,
    "update": Action.UPDATE,
}
_PHYSICAL = frozenset({"create-replacement", "delete-replaced"})
# Inputs that hold a resource's fixed name in AWS, most telling first.
_PHYSICAL_NAMES = ("name", "bucket", "functionName", "dashboardName", "aliasName")


class MalformedStep(ValueError):  # noqa: N818 - the step is what is malformed
    """A step lacks what every step has."""


def changes(steps: Sequence[Any]) -> tuple[Change, ...]:
    """One change a resource, in URN order. Raises MalformedStep; the message holds no value of a state."""
    read = [(_checked(step), step) for step in steps]
    logical = {urn for urn, step in read if step["op"] == "replace"}
    kept = [(urn, step) for urn, step in read if not (step["op"] in _PHYSICAL and urn in logical)]
    successors = _successors(step for _, step in kept)
    found = {(urn, str(step["op"])): _change(urn, step, successors.get(urn)) for urn, step in kept}
    return tuple(found[key] for key in sorted(found))


def _checked(step: Any) -> str:
    if not isinstance(step, dict) or not isinstance(step.get("op"), str) or not isinstance(step.get("urn"), str):
        raise MalformedStep("a step has no operation or no URN")
    if any(step.get(side) is not None and not isinstance(step[side], dict) for side in ("oldState", "newState")):
        raise MalformedStep("a step's state is no object")
    try:
        urns.parse(step["urn"])
    except urns.MalformedUrn as error:
        raise MalformedStep("a step's URN is none of the engine's") from error
    return str(step["urn"])


def _change(urn: str, step: Mapping[str, Any], successor: str | None) -> Change:
    old, new = step.get("oldState") or {}, step.get("newState") or {}
    type_token = urns.parse(urn).type
    before, after = facts(type_token, old), facts(type_token, new)
    return Change(
        urn=urn,
        op=step["op"],
        action=_ACTIONS.get(step["op"], Action.UNKNOWN),
        paths=_paths(step, before, after),
        reasons=tuple(sorted(shown_path(str(reason)) for reason in step.get("replaceReasons") or ())),
        before=before,
        after=after,
        parent=_parent(new) or _parent(old),
        renamed_from=_former(old, urn) if new else None,
        recreated_as=successor,
        protect_before=old.get("protect") is True,
        protect_after=new.get("protect") is True,
        retain=old.get("retainOnDelete") is True,
    )


def _former(old: Mapping[str, Any], urn: str) -> str | None:
    """The URN that an alias found the resource under."""
    former = old.get("urn")
    return former if isinstance(former, str) and former != urn and urns.is_urn(former) else None


def _parent(state: Mapping[str, Any]) -> str | None:
    parent = state.get("parent")
    return parent if isinstance(parent, str) and urns.is_urn(parent) else None


def _paths(step: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[PathChange, ...]:
    detailed = step.get("detailedDiff")
    if isinstance(detailed, dict) and detailed:
        kinds = {str(path): str((diff or {}).get("kind", "update")) for path, diff in detailed.items()}
    else:
        kinds = {str(path): "update" for path in step.get("diffReasons") or ()}
    found = {
        shown_path(path): PathChange(
            path=shown_path(path), kind=_kind(kind), before=before.get(path), after=after.get(path)
        )
        for path, kind in kinds.items()
    }
    return tuple(found[path] for path in sorted(found))


def _kind(kind: str) -> str:
    """The engine's kinds are a closed set: any other is shown as an update."""
    known = ("add", "add-replace", "delete", "delete-replace", "update", "update-replace")
    return kind if kind in known else "update"


def _successors(steps: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Deleted URN → logical name of what is created with the same type and physical name: a rename without alias."""
    created: dict[tuple[str, str, str], str] = {}
    deleted: list[tuple[str, tuple[str, str, str]]] = []
    for step in steps:
        if step["op"] not in {"create", "delete"}:
            continue
        urn = urns.parse(step["urn"])
        identity = _identity(urn.type, step.get("newState") or step.get("oldState") or {})
        if identity is None:
            continue
        if step["op"] == "create":
            created[identity] = urn.name
        else:
            deleted.append((step["urn"], identity))
    return {urn: created[identity] for urn, identity in deleted if identity in created}


def _identity(type_token: str, state: Mapping[str, Any]) -> tuple[str, str, str] | None:
    inputs = state.get("inputs")
    if not isinstance(inputs, dict):
        return None
    for key in _PHYSICAL_NAMES:
        if isinstance(inputs.get(key), str):
            return type_token, key, inputs[key]
    return None
