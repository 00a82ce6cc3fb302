"""Resources from files: `pulumi stack export` and `pulumi preview --json`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy.model import Resource, Stack
from policy.types import PROVIDER
from policy.values import from_wire

# Steps after which nothing is left of the resource under its URN; the second half of a replacement has its new state.
GONE = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "read-discard", "remove-pending-replace"})


class SourceError(ValueError):
    """The document is neither; the message says what was looked for."""


@dataclass(frozen=True)
class Source:
    """What a file holds: resources by their inputs, and the stack by its outputs, None where part of it is missing."""

    resources: tuple[Resource, ...]
    stack: Stack | None
    why_no_stack: str = ""


def source(document: Any) -> Source:
    """Return the resources of a decoded file; raises SourceError for anything else."""
    if isinstance(document, Mapping):
        if isinstance(document.get("deployment"), Mapping):
            states = document["deployment"].get("resources") or []
            return _source([state for state in states if not state.get("delete")], "")
        if isinstance(document.get("steps"), list):
            return _preview(document)
    raise SourceError("neither a `pulumi stack export` (deployment.resources) nor a `pulumi preview --json` (steps)")


def _preview(document: Mapping[str, Any]) -> Source:
    states: dict[str, Mapping[str, Any]] = {}
    for step in document["steps"]:
        if step.get("op") in GONE:
            continue
        state = step.get("newState") or step.get("oldState")
        if state:
            states[str(step["urn"])] = state
    shown = sum(step.get("op") == "same" for step in document["steps"])
    same = int((document.get("changeSummary") or {}).get("same", 0))
    missing = same - shown
    why = (
        f"incomplete: {missing} unchanged resources are not in the file; preview with --show-sames"
        if missing > 0
        else ""
    )
    return _source(list(states.values()), why)


def _source(states: Sequence[Mapping[str, Any]], why_no_stack: str) -> Source:
    try:
        providers = {
            f"{state['urn']}::{state.get('id', '')}": from_wire(state.get("inputs") or {})
            for state in states
            if state["type"].startswith("pulumi:providers:")
        }
        by_urn = {reference.rpartition("::")[0]: inputs for reference, inputs in providers.items()}
        resources = tuple(_resource(state, {**by_urn, **providers}, outputs=False) for state in states)
        whole = tuple(_resource(state, {**by_urn, **providers}, outputs=True) for state in states)
    except (AttributeError, KeyError, TypeError) as error:
        raise SourceError(f"a resource of the file is not as Pulumi writes it ({error!r})") from error
    return Source(resources, None if why_no_stack else Stack(whole), why_no_stack)


def _resource(state: Mapping[str, Any], providers: Mapping[str, Any], *, outputs: bool) -> Resource:
    properties = from_wire(state.get("inputs") or {})
    if outputs:
        properties = {**properties, **from_wire(state.get("outputs") or {})}
    reference = str(state.get("provider") or "")
    # an id that is not known yet stands in the reference of a first preview
    provider = providers.get(reference) or providers.get(reference.rpartition("::")[0])
    if state["type"] == PROVIDER:
        provider = properties
    return Resource(
        urn=state["urn"],
        type=state["type"],
        properties=properties,
        protect=bool(state.get("protect")),
        retain=bool(state.get("retainOnDelete")),
        dependencies=frozenset(state.get("dependencies") or ()),
        provider=provider,
    )
