"""How far a plan is, by its file and its ledger alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.cleanup.ledger import Ledger, Line, Phase, State
from ops.cleanup.stepping import finished, touched

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from ops.cleanup.plan import Entry, Plan


def progress_of(plan: Plan, ledger: Path, now: datetime) -> dict[str, Any]:
    """A document with a summary and each entry's state: waiting, open, secured, removing, removed, back."""
    lines: list[Line] = []
    states = {one.arn: "waiting" if now < one.not_before else "open" for one in plan.entries}
    if ledger.is_file():
        with Ledger(ledger, writable=False) as opened:
            lines = opened.lines
            states |= {one.arn: found for one in plan.entries if (found := _state(opened, one.arn))}
    entries = [_entry(one, states[one.arn], lines) for one in plan.entries]
    counts = {state: sum(found == state for found in states.values()) for state in sorted(set(states.values()))}
    return {
        "plan": plan.sha256,
        "approved_by": plan.approval.by if plan.approval else None,
        "expires_at": plan.expires_at.isoformat(),
        "expired": now >= plan.expires_at,
        "ledger": str(ledger) if lines else None,
        "counts": counts,
        "summary": _summary(plan, counts, now),
        "entries": entries,
    }


def _state(ledger: Ledger, arn: str) -> str:
    if finished(ledger, Phase.UNDO, arn):
        return "back"
    if finished(ledger, Phase.REMOVE, arn):
        return "removed"
    if touched(ledger, arn):
        return "removing"
    return "secured" if finished(ledger, Phase.SECURE, arn) else ""


def _entry(entry: Entry, state: str, lines: list[Line]) -> dict[str, Any]:
    last = next((one for one in reversed(lines) if one.arn == entry.arn), None)
    failed = f": {last.detail.get('reason', '')}" if last and last.state is State.FAILED else ""
    return {
        "order": entry.order,
        "kind": entry.kind,
        "name": entry.label or entry.name,
        "arn": entry.arn,
        "state": state,
        "step": f"{last.step} {last.state}{failed}" if last else "",
        "not_before": entry.not_before.strftime("%Y-%m-%d"),
    }


def _summary(plan: Plan, counts: dict[str, int], now: datetime) -> str:
    approval = f"approved by {plan.approval.by}" if plan.approval else "not approved"
    end = "expired" if now >= plan.expires_at else "valid until"
    states = ", ".join(f"{count} {state}" for state, count in counts.items()) or "nothing to remove"
    return f"{approval}, {end} {plan.expires_at:%Y-%m-%d %H:%M} UTC: {states}"
