"""The plan as data: what is to be removed, in which order, on which evidence, until when, and who approved it.

A plan is sealed by the sha256 of its canonical content, and an approval names that hash: whoever changes a letter has
a plan that nobody approved. The hash shows accidents and careless edits; who may write the file is the matter of
where it is kept.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from ops.audit.model import Kind, LastUse, canonical
from ops.cleanup.allow_list import Allowed  # noqa: TC001 - pydantic reads it at run time
from ops.console import write_text
from ops.errors import Refused

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

VERSION = 1


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(_Frozen):
    """One resource to remove. `after` names the plan's other resources that refer to it: they go first."""

    order: int
    kind: Kind
    arn: str
    name: str
    label: str = ""
    region: str
    created_at: AwareDatetime | None = None
    fingerprint: str
    first_seen: AwareDatetime
    not_before: AwareDatetime
    """The end of the waiting period since it was first seen."""
    last_use: LastUse
    reason: str
    evidence: list[str]
    after: list[str] = Field(default_factory=list)
    monthly_cost_usd: float | None = None

    def __str__(self) -> str:
        shown = f"{self.label} ({self.name})" if self.label and self.label != self.name else self.name
        return f"{self.kind} {shown}"


class LeftOut(_Frozen):
    """A resource that the audit would remove and this plan does not, and why."""

    arn: str
    kind: Kind
    name: str
    reasons: list[str]


class Approval(_Frozen):
    """Who approved which content, and when."""

    by: str
    at: AwareDatetime
    sha256: str


class Plan(_Frozen):
    """One plan for one account. `sha256` covers everything but itself and the approval."""

    version: Annotated[int, Literal[1]] = VERSION
    account_id: str
    alias: str | None
    environment: str | None
    regions: list[str]
    created_at: AwareDatetime
    expires_at: AwareDatetime
    waiting_days: int
    audit_made_at: AwareDatetime
    audit_window_days: int
    audit_sha256: str
    allowed: list[Allowed] = Field(default_factory=list)
    entries: list[Entry]
    left_out: list[LeftOut] = Field(default_factory=list)
    sha256: str = ""
    approval: Approval | None = None

    def entry(self, arn: str) -> Entry | None:
        """The entry of one resource."""
        return next((one for one in self.entries if one.arn == arn), None)


def digest(plan: Plan) -> str:
    """The sha256 (hex) of a plan's content."""
    content = plan.model_dump(mode="json", exclude={"sha256", "approval"})
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def sealed(plan: Plan) -> Plan:
    """The plan with its own hash and without an approval."""
    return plan.model_copy(update={"sha256": digest(plan), "approval": None})


def write(plan: Plan, path: Path) -> None:
    """Write a plan as canonical JSON, indented for review."""
    write_text(path, plan.model_dump_json(indent=2) + "\n")


def read(path: Path) -> Plan:
    """A plan that is whole, approved or not; Refused when it is none or was altered."""
    try:
        plan = Plan.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise Refused(
            f"there is no plan {path}", "make one: `omnix cleanup plan AUDIT.json --out PLAN.json`"
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refused(
            f"{path} is no clean-up plan of version {VERSION}: {where}: {first['msg']}",
            "make it again: `omnix cleanup plan`",
        ) from error
    if digest(plan) != plan.sha256:
        raise Refused(
            f"{path} was altered since it was made: its content does not have the sha256 {plan.sha256[:12]}…",
            "make the plan again with `omnix cleanup plan`; to leave something out, use the allow-list or --only",
        )
    return plan


def require_unexpired(plan: Plan, now: datetime) -> None:
    """Refused when the plan's time is over."""
    if now >= plan.expires_at:
        raise Refused(
            f"the plan expired on {plan.expires_at:%Y-%m-%d %H:%M} UTC", "audit again, plan again, and have it approved"
        )
