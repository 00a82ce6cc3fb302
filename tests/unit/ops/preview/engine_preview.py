"""Previews as the engine writes them, small enough to read in a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PREVIEWS = Path(__file__).parent / "previews"
# made on the local cloud from a real change: a table removed, one with another sort key, an index renamed
LOSS = PREVIEWS / "loss.json"
NOTHING = PREVIEWS / "nothing.json"
FAILED = PREVIEWS / "failed.json"

TABLE = "aws:dynamodb/table:Table"
COMPONENT = "omnix:components:DataStack"


def urn(kind: str, name: str, stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::omnix-ai::{COMPONENT}${kind}::{name}"


def state(kind: str, name: str, inputs: dict[str, Any], stack: str = "dev", **more: Any) -> dict[str, Any]:
    return {
        "urn": urn(kind, name, stack),
        "type": kind,
        "custom": True,
        "inputs": inputs,
        "outputs": dict(inputs),
        "parent": f"urn:pulumi:{stack}::omnix-ai::{COMPONENT}::data",
        **more,
    }


def step(
    op: str,
    kind: str,
    name: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    stack: str = "dev",
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A step with the states that its operation has; `old` and `new` add to a state beside its inputs."""
    found: dict[str, Any] = {"op": op, "urn": urn(kind, name, stack), "detailedDiff": None, **more}
    if op != "create":
        found["oldState"] = state(kind, name, before or {}, stack, **(old or {}))
    if op != "delete":
        found["newState"] = state(kind, name, after or {}, stack, **(new or {}))
    return found


def preview(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"config": {}, "steps": list(steps), "duration": 2_500_000_000, "changeSummary": {}, **more}


def write(folder: Path, document: Any, name: str = "dev.json") -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path
