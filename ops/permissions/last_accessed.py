"""What IAM remembers of a role's use, as verdicts on its grants. Pure: `aws_roles` asks for it.

IAM tracks single actions of some services only (IAM User Guide, "action last accessed information services and
actions": management actions, no data events such as dynamodb:GetItem) but knows of every service when it was last
tried, allowed or not. So an action counts as never used where IAM lists it without a time, or where its service was
never tried at all; where the service was tried and the action is not listed, nobody can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.permissions.model import Action, Grant, Verdict, matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# "Recent activity usually appears within four hours" (IAM API reference, GenerateServiceLastAccessedDetails).
DELAY = timedelta(hours=4)
# "The iam:PassRole action is not tracked" (IAM User Guide, things to know about last accessed information).
_NEVER_TRACKED = ("iam:PassRole",)
# Grants for what a service does in the role's name: whether such a call counts as the role's is not documented.
_ON_BEHALF = ("kms:viaservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:viaawsservice")


@dataclass(frozen=True)
class ServiceUse:
    """One service: when the role last tried it, and its tracked actions (by name, no prefix) with their times."""

    last_tried: datetime | None
    actions: Mapping[str, datetime | None]


@dataclass(frozen=True)
class Memory:
    """What IAM remembers of one role, by service prefix. `young`: too new for silence to mean anything."""

    services: Mapping[str, ServiceUse]
    young: bool = False


def memory(services: Iterable[Mapping[str, Any]], created: datetime, now: datetime) -> Memory:
    """From `ServicesLastAccessed` of GetServiceLastAccessedDetails."""
    return Memory(
        {
            service["ServiceNamespace"]: ServiceUse(
                service.get("LastAuthenticated"),
                {
                    action["ActionName"]: action.get("LastAccessedTime")
                    for action in service.get("TrackedActionsLastAccessed") or ()
                },
            )
            for service in services
        },
        young=now - created < DELAY,
    )


def grants(policy: str, document: Mapping[str, Any], remembered: Memory) -> tuple[Grant, ...]:
    """Every statement of a policy document with a verdict on each of its actions."""
    statements = document["Statement"]
    rows = [statements] if isinstance(statements, dict) else statements
    return tuple(
        Grant(policy, row.get("Sid"), index, row["Effect"], _actions(row, remembered)) for index, row in enumerate(rows)
    )


def _actions(row: Mapping[str, Any], remembered: Memory) -> tuple[Action, ...]:
    if "NotAction" in row:
        return (Action(f"all but {', '.join(_many(row['NotAction']))}", Verdict.NOT_TRACKED),)
    return tuple(_judged(name, remembered, on_behalf=_on_behalf(row)) for name in _many(row["Action"]))


def _many(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def _on_behalf(row: Mapping[str, Any]) -> bool:
    keys = {key.lower() for operands in row.get("Condition", {}).values() for key in operands}
    return not keys.isdisjoint(_ON_BEHALF)


def _judged(pattern: str, remembered: Memory, *, on_behalf: bool) -> Action:
    prefix = pattern.partition(":")[0] if ":" in pattern else "*"
    services = {name: use for name, use in remembered.services.items() if matches(prefix, name)}
    listed = {
        f"{service}:{action}": when
        for service, use in services.items()
        for action, when in use.actions.items()
        if matches(pattern, f"{service}:{action}")
    }
    if used := [when for when in listed.values() if when]:
        return Action(pattern, Verdict.USED, last_used=max(used).astimezone(UTC))
    blind = remembered.young or on_behalf or not services or any(matches(pattern, one) for one in _NEVER_TRACKED)
    untried = all(use.last_tried is None for use in services.values())
    # Of a pattern, the actions that are listed are not all that it grants.
    exact = bool(listed) and not any(sign in pattern for sign in "*?")
    return Action(pattern, Verdict.UNUSED if not blind and (untried or exact) else Verdict.NOT_TRACKED)
