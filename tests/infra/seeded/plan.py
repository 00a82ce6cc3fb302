"""The engine's plan from one recording to another, as `pulumi preview --json` writes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.runtime.proto import provider_pb2

from localcloud.provider.catalogue import CATALOGUE
from localcloud.provider.lifecycle import diff
from localcloud.provider.resource import Scope
from tests.infra.recording import Recorded

_KINDS: Mapping[int, str] = {
    value: name.lower().replace("_", "-") for name, value in provider_pb2.PropertyDiff.Kind.items()
}


def preview(stack: str, before: Sequence[Recorded], after: Sequence[Recorded], scope: Scope) -> dict[str, Any]:
    """What the engine would do: creations, updates, deletions, and replacements where the provider's diff says so."""
    olds, news = {row.urn: row for row in before}, {row.urn: row for row in after}
    root = f"urn:pulumi:{stack}::omnix-ai::pulumi:pulumi:Stack::omnix-ai-{stack}"
    steps: list[dict[str, Any]] = [{"op": "same", "urn": root, "oldState": _bare(root), "newState": _bare(root)}]
    steps += [{"op": "create", "urn": urn, "newState": _state(news[urn])} for urn in news if urn not in olds]
    for urn in olds.keys() & news.keys():
        if olds[urn].inputs != news[urn].inputs:
            steps += _changed(olds[urn], news[urn], scope)
    steps += [{"op": "delete", "urn": urn, "oldState": _state(olds[urn])} for urn in olds if urn not in news]
    counts: dict[str, int] = {}
    for step in steps:
        counts[step["op"]] = counts.get(step["op"], 0) + 1
    return {"config": {}, "steps": steps, "duration": 1_000_000_000, "changeSummary": counts}


def _changed(old: Recorded, new: Recorded, scope: Scope) -> list[dict[str, Any]]:
    kind = CATALOGUE.get(new.type)
    if kind is None:
        return [{"op": "update", "urn": new.urn, "oldState": _state(old), "newState": _state(new)}]
    found = diff(kind, scope, dict(old.inputs), dict(old.inputs), dict(new.inputs))
    if not found.paths:
        return []
    step = {
        "urn": new.urn,
        "oldState": _state(old),
        "newState": _state(new),
        "detailedDiff": {path: {"kind": _KINDS[change]} for path, change in found.paths.items()},
        "replaceReasons": sorted(found.replaces),
    }
    if not found.replaces:
        return [{"op": "update", **step}]
    return [{"op": operation, **step} for operation in ("create-replacement", "replace", "delete-replaced")]


def _bare(urn: str) -> dict[str, Any]:
    return {"urn": urn, "type": urn.split("::")[2], "custom": False}


def _state(resource: Recorded) -> dict[str, Any]:
    return {
        **_bare(resource.urn),
        "custom": True,
        "inputs": dict(resource.inputs),
        "outputs": dict(resource.inputs),
        "protect": resource.protect,
        "retainOnDelete": resource.retain_on_delete,
    }
