"""Brings back what a run removed, in the opposite order, by its ledger and its archives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ops.cleanup.kinds import removal
from ops.cleanup.ledger import Ledger, Phase
from ops.cleanup.plan import Entry, Plan
from ops.cleanup.run import RUN
from ops.cleanup.stepping import carry_out, finished, touched
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.cleanup.account import Account
    from ops.cleanup.archive import Archive


class Return(StrEnum):
    """What became of an entry's way back."""

    WOULD = "would come back"
    BACK = "back"
    FAILED = "failed"


@dataclass(frozen=True)
class Returned:
    """One entry's way back; `lasting` says what of it is lost for good."""

    entry: Entry
    state: Return
    lasting: str
    reason: str = ""

    def document(self) -> dict[str, object]:
        """For `--json`."""
        entry = self.entry
        return {
            "kind": entry.kind, "arn": entry.arn, "name": entry.name, "label": entry.label, "state": self.state,
            "lasting": self.lasting, "reason": self.reason,
        }  # fmt: skip


def plan_of(ledger: Ledger, archive: Archive) -> Plan:
    """The plan that a ledger is of, from its archive."""
    begun = next((one for one in ledger.lines if one.step == RUN), None)
    if begun is None:
        raise Refused(f"{ledger.path} holds no run", "there is nothing to undo")
    return Plan.model_validate_json(archive.content(begun.detail["kept"]))


def returnable(ledger: Ledger, plan: Plan, only: Sequence[str] = ()) -> list[Entry]:
    """The entries whose removal was begun and that are not back, last first."""
    return [
        entry
        for entry in reversed(plan.entries)
        if touched(ledger, entry.arn)
        and not finished(ledger, Phase.UNDO, entry.arn)
        and (not only or any(fnmatchcase(name, one) for name in (entry.arn, entry.name, entry.label) for one in only))
    ]


def undo(
    ledger: Ledger,
    account: Account,
    *,
    apply: bool,
    only: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> list[Returned]:
    """Bring back what was removed; with `apply` False only say what would be. One failure does not stop the rest."""
    plan = plan_of(ledger, account.archive)
    found = []
    for entry in returnable(ledger, plan, only):
        way = removal(entry, account, plan.sha256)
        if not apply:
            found.append(Returned(entry, Return.WOULD, way.lasting))
            continue
        reason = carry_out(Phase.UNDO, entry, way.undoing(), ledger, tell)
        found.append(Returned(entry, Return.FAILED if reason else Return.BACK, way.lasting, reason))
    return found
