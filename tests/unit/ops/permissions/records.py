"""Usage records as a local cloud writes them."""

from typing import Any


def statement(policy: str, sid: str | None, used: dict[str, int], *actions: str, index: int = 0) -> dict[str, Any]:
    """One granting statement; what was used is granted."""
    listed = [*used, *(action for action in actions if action not in used)]
    return {"policy": policy, "sid": sid, "index": index, "effect": "Allow", "actions": sorted(listed), "used": used}


def record(
    role: str, *statements: dict[str, Any], denied: tuple[tuple[str, int], ...] = (), function: str | None = "auth"
) -> dict[str, Any]:
    """One role's record; `denied` are actions and counts."""
    refused = [{"action": one, "resource": "*", "reason": "implicit deny", "count": count} for one, count in denied]
    functions = [function] if function else []
    return {"roles": {role: {"statements": list(statements), "denied": refused, "functions": functions}}}
