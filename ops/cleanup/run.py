"""Carries a plan out: everything is looked at again, everything is secured, and only then is anything removed.

Each step is in the ledger before and after it is done. A killed run is started again and goes on where it was: a step
that was begun and not finished is done again, which every step allows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from ops.cleanup.kinds import removal
from ops.cleanup.ledger import Ledger, Phase, State
from ops.cleanup.plan import Entry, Plan, require_unexpired
from ops.cleanup.recheck import Inventory, problems, replaced
from ops.cleanup.stepping import FORESEEN, RECHECK, carry_out, finished, said, touched
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.audit.model import Resource
    from ops.cleanup.account import Account
    from ops.cleanup.allow_list import Allowed
    from ops.cleanup.kinds.removal import Removal

RUN = "run"


class Fate(StrEnum):
    """What became of an entry."""

    READY = "ready"  # a dry run: nothing stands against it
    REMOVED = "removed"
    GONE = "gone"  # before we came
    REFUSED = "refused"  # untouched
    FAILED = "failed"  # begun; run again, or undo
    BLOCKED = "blocked"  # what refers to it is still there


@dataclass(frozen=True)
class Outcome:
    """One entry's fate with its reasons."""

    entry: Entry
    fate: Fate
    reasons: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """For `--json`."""
        entry = self.entry
        return {
            "order": entry.order, "kind": entry.kind, "arn": entry.arn, "name": entry.name, "label": entry.label,
            "fate": self.fate, "reasons": list(self.reasons),
        }  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC)


def _silent(_: str) -> None:
    """Nobody listens."""


@dataclass
class Run:
    """One run of one plan. `tell` hears of every step, in words."""

    plan: Plan
    account: Account
    inventory: Inventory
    allowed: Sequence[Allowed] = ()
    tell: Callable[[str], None] = _silent
    now: Callable[[], datetime] = _now
    _removals: dict[str, Removal] = field(default_factory=dict)

    def check(self, ledger: Ledger | None = None) -> list[Outcome]:
        """What a run would do now, entry by entry; reads only."""
        require_unexpired(self.plan, self.now())
        open_entries = [
            one for one in self.plan.entries if ledger is None or not finished(ledger, Phase.REMOVE, one.arn)
        ]
        live = self.inventory.resources(open_entries)
        return [
            self._checked(one, live.get(one.arn), ledger) if one in open_entries else Outcome(one, Fate.REMOVED)
            for one in self.plan.entries
        ]

    def apply(self, ledger: Ledger, *, skip_refused: bool = False) -> list[Outcome]:
        """Secure and remove. Refused, with nothing touched, when an entry may not go (unless `skip_refused`)."""
        self._begin(ledger)
        fates = self._admitted(ledger, skip_refused=skip_refused)
        for entry in self.plan.entries:
            if fates[entry.arn].fate is Fate.READY:
                fates[entry.arn] = self._secured(entry, ledger)
        self._stop_for(fates, skip_refused=skip_refused)
        # Restores may have taken hours: everything is looked at once more.
        later = self._admitted(ledger, skip_refused=skip_refused)
        fates = {arn: later[arn] if one.fate is Fate.READY else one for arn, one in fates.items()}
        for entry in self.plan.entries:
            if fates[entry.arn].fate is Fate.READY:
                fates[entry.arn] = self._taken_out(entry, fates, ledger)
                self.tell(f"{entry}: {fates[entry.arn].fate}")
        return [fates[one.arn] for one in self.plan.entries]

    def _admitted(self, ledger: Ledger, *, skip_refused: bool) -> dict[str, Outcome]:
        fates = {one.entry.arn: one for one in self.check(ledger)}
        self._stop_for(fates, skip_refused=skip_refused)
        return fates

    def _begin(self, ledger: Ledger) -> None:
        if ledger.plan_sha256 not in {None, self.plan.sha256}:
            raise Refused(f"{ledger.path} is another plan's ledger", "name another ledger, or run its own plan")
        if any(one.phase is Phase.UNDO for one in ledger.lines):
            raise Refused(f"{ledger.path} was undone", "audit and plan again")
        kept = self.account.archive.keep("plan.json", self.plan.model_dump_json(indent=2).encode())
        approval = self.plan.approval
        by = {"by": approval.by, "at": approval.at.isoformat()} if approval else {}
        ledger.add(None, "", RUN, State.BEGUN, {"plan": self.plan.sha256, "kept": kept, "approved": by})

    @staticmethod
    def _stop_for(fates: dict[str, Outcome], *, skip_refused: bool) -> None:
        refused = [one for one in fates.values() if one.fate is Fate.REFUSED]
        if refused and not skip_refused:
            reasons = "; ".join(f"{one.entry}: {', '.join(one.reasons)}" for one in refused)
            raise Refused(
                f"{len(refused)} of {len(fates)} entries may not be removed, and nothing was: {reasons}",
                "audit and plan again, or leave these and what they lead to with --skip-refused",
            )

    def removal(self, entry: Entry) -> Removal:
        """The way of one entry, the same object for the whole run."""
        if entry.arn not in self._removals:
            self._removals[entry.arn] = removal(entry, self.account, self.plan.sha256)
        return self._removals[entry.arn]

    def _checked(self, entry: Entry, live: Resource | None, ledger: Ledger | None) -> Outcome:
        way = self.removal(entry)
        try:
            begun = ledger is not None and touched(ledger, entry.arn)
            if live is None:
                return self._unread(entry, way, begun=begun)
            if begun:
                # We changed it ourselves; it must still be the same one, whatever else it is.
                again = ("it was deleted and made again since this run began",) if replaced(entry, live) else ()
                return Outcome(entry, Fate.REFUSED if again else Fate.READY, again)
            secured = ledger is not None and ledger.begun(Phase.SECURE, entry.arn)
            found = [*problems(entry, live, self.plan, self.allowed, self.now(), secured=secured), *way.obstacles()]
        except FORESEEN as error:
            return Outcome(entry, Fate.REFUSED, (f"it could not be checked: {said(error)}",))
        return Outcome(entry, Fate.REFUSED if found else Fate.READY, tuple(found))

    @staticmethod
    def _unread(entry: Entry, way: Removal, *, begun: bool) -> Outcome:
        """The inventory has it no more: gone, on its way out by us, or hidden by an error."""
        if begun:
            return Outcome(entry, Fate.READY)
        if way.exists():
            return Outcome(entry, Fate.REFUSED, ("it is there, and the inventory could not read it",))
        return Outcome(entry, Fate.GONE)

    def _secured(self, entry: Entry, ledger: Ledger) -> Outcome:
        if touched(ledger, entry.arn):
            return Outcome(entry, Fate.READY)  # its removal began on the strength of what was secured
        failure = carry_out(Phase.SECURE, entry, self.removal(entry).securing(), ledger, self.tell)
        if failure:
            return Outcome(entry, Fate.REFUSED, (f"it could not be secured: {failure}",))
        return Outcome(entry, Fate.READY)

    def _taken_out(self, entry: Entry, fates: dict[str, Outcome], ledger: Ledger) -> Outcome:
        waiting = [arn for arn in entry.after if fates[arn].fate not in {Fate.REMOVED, Fate.GONE}]
        if waiting:
            return Outcome(entry, Fate.BLOCKED, tuple(f"{fates[arn].entry} is still there" for arn in waiting))
        again = self._again(entry, ledger)
        if again.fate is not Fate.READY:
            ledger.add(Phase.REMOVE, entry.arn, RECHECK, State.FAILED, {"reasons": list(again.reasons)})
            return again
        failure = carry_out(Phase.REMOVE, entry, self.removal(entry).removing(), ledger, self.tell)
        return Outcome(entry, Fate.FAILED, (failure,)) if failure else Outcome(entry, Fate.REMOVED)

    def _again(self, entry: Entry, ledger: Ledger) -> Outcome:
        """The last look, immediately before the first step of the removal."""
        try:
            require_unexpired(self.plan, self.now())
            found = self._checked(entry, self.inventory.resource(entry), ledger)
            if found.fate is Fate.READY:
                self.removal(entry).proof(ledger.memory(entry.arn))
        except FORESEEN as error:
            return Outcome(entry, Fate.REFUSED, (said(error),))
        return found
