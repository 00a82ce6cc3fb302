"""The ledger against Bedrock's own record: call by call, by the reservation that each call names. Pure.

agreed      both have the same tokens
differs     both have tokens, and not the same
known       it lapsed (counted in full) or was taken for none, and the record has what it really used: to correct
unpaid      it lapsed, and the record has its last attempt's refusal: to correct, down to nothing
unrecorded  it was counted, and the record has nothing of it
misplaced   the record names another tenant than the ledger: nothing is corrected by it
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from omnix.costs.model import Outcome, Usage, usd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from omnix.costs.model import Settled
    from ops.costs.calls import Call
    from ops.costs.record import Recorded

TOLERANCE = 0.01


class Finding(StrEnum):
    """What comparing one call gave."""

    AGREED = "agreed"
    DIFFERS = "differs"
    KNOWN = "known"
    UNPAID = "unpaid"
    UNRECORDED = "unrecorded"
    MISPLACED = "misplaced"


@dataclass(frozen=True)
class Compared:
    """One call, what the record has of it (nano-dollars at the call's own prices), and what follows.

    `tenants` are those that the record names for it.
    """

    call: Call
    finding: Finding
    used: Usage
    recorded: int
    corrected: Settled | None = None
    tenants: tuple[str, ...] = ()

    @property
    def counted(self) -> int:
        """What the ledger has, after a correction that was made."""
        return self.corrected.cost if self.corrected else self.call.verdict.cost

    def document(self) -> dict[str, Any]:
        """As JSON shows it."""
        own = self.call.reserved
        return {
            "reservation": own.reservation_id,
            "tenant": own.tenant_id,
            "feature": own.feature.value,
            "model": own.model_id,
            "day": own.day,
            "outcome": (self.corrected.outcome if self.corrected else self.call.verdict.outcome).value,
            "finding": self.finding.value,
            "ledger_nano_usd": self.counted,
            "record_nano_usd": self.recorded,
            "ledger_tokens": self.call.verdict.usage.tokens(),
            "record_tokens": self.used.tokens(),
            "record_tenants": list(self.tenants),
            "corrected": self.corrected is not None,
        }


@dataclass
class Sums:
    """What a group of calls cost by either side, nano-dollars, and how many there are."""

    calls: int = 0
    ledger: int = 0
    record: int = 0

    @property
    def difference(self) -> float:
        """As a share of the larger side; 0 of nothing."""
        return abs(self.ledger - self.record) / max(self.ledger, self.record, 1)

    def document(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "calls": self.calls,
            "ledger_nano_usd": self.ledger,
            "ledger_usd": usd(self.ledger),
            "record_nano_usd": self.record,
            "record_usd": usd(self.record),
            "difference_share": round(self.difference, 6),
        }


@dataclass(frozen=True)
class Reconciled:
    """All of a period's.

    `rows`: what the ledger's rows have for the same days, nano-dollars; `kept`: what all its calls have, which is the
    same unless a row was lost. `strangers`: recorded calls of this environment that no reservation was made for.
    `foreign`: calls of others in the account, by caller. `young`: calls too young to be in the record.
    """

    compared: Sequence[Compared]
    strangers: Sequence[Recorded] = ()
    foreign: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    kept: int = 0
    young: int = 0

    @property
    def findings(self) -> Counter[Finding]:
        """How many of each."""
        return Counter(one.finding for one in self.compared)

    @property
    def total(self) -> Sums:
        """Both sides, all calls."""
        return _sum(self.compared)

    @property
    def books(self) -> Sums:
        """The ledger's rows against its own calls."""
        return Sums(len(self.compared) + self.young, self.rows, self.kept)

    def by_tenant_and_feature(self) -> dict[tuple[str, str], Sums]:
        """Both sides, in their order."""
        found: dict[tuple[str, str], list[Compared]] = defaultdict(list)
        for one in self.compared:
            found[one.call.reserved.tenant_id, one.call.reserved.feature.value].append(one)
        return {key: _sum(found[key]) for key in sorted(found)}

    @property
    def correctable(self) -> list[Compared]:
        """What the record says better than the ledger, and nobody has corrected."""
        return [one for one in self.compared if one.finding in {Finding.KNOWN, Finding.UNPAID} and not one.corrected]

    @property
    def faults(self) -> list[str]:
        """Why the books are not in order; empty when they are."""
        found = []
        if self.strangers:
            found.append(f"{len(self.strangers)} calls of models without a reservation")
        if misplaced := self.findings[Finding.MISPLACED]:
            found.append(f"{misplaced} calls are another tenant's in the record")
        named = [("ledger and record", self.total), ("the ledger and its own calls", self.books)]
        # two groups that are wrong by as much make a total that is right
        named += [
            (f"ledger and record of {tenant}'s {feature}", sums)
            for (tenant, feature), sums in self.by_tenant_and_feature().items()
        ]
        return found + [
            f"{name} differ by {sums.difference:.2%}" for name, sums in named if sums.difference > TOLERANCE
        ]


def compare(call: Call, events: Sequence[Recorded]) -> Compared:
    """One call with all that the record has of its reservation: refusals that were tried again, and the answer."""
    used = sum((event.usage for event in events), Usage())
    tenants = tuple(sorted({event.tenant for event in events}))
    last = str(call.verdict.attempts)
    finding = _finding(call, used, refused=any(event.error and event.attempt == last for event in events))
    if tenants not in {(), (call.reserved.tenant_id,)}:
        finding = Finding.MISPLACED
    return Compared(call, finding, used, call.reserved.prices.cost(used), tenants=tenants)


def by_reservation(events: Iterable[Recorded]) -> dict[str, list[Recorded]]:
    """The record by the reservation that it names; under "" what names none."""
    found: dict[str, list[Recorded]] = defaultdict(list)
    for event in events:
        found[event.reservation].append(event)
    return found


def _finding(call: Call, used: Usage, *, refused: bool) -> Finding:
    """`refused`: the record has it of the last attempt. Of one before it, a throttle's say, it proves nothing."""
    verdict = call.verdict
    open_to_doubt = verdict.outcome in {Outcome.LAPSED, Outcome.RELEASED}
    if used.total and open_to_doubt:
        return Finding.KNOWN
    if verdict.outcome is Outcome.LAPSED:
        return Finding.UNPAID if refused else Finding.UNRECORDED
    # the record tells writes to the cache in one number, whatever their time
    if _told(verdict.usage) == _told(used):
        return Finding.AGREED
    return Finding.DIFFERS if used.total else Finding.UNRECORDED


def _told(usage: Usage) -> tuple[int, ...]:
    return usage.input, usage.output, usage.cache_read, usage.cache_write + usage.cache_write_1h


def _sum(compared: Iterable[Compared]) -> Sums:
    found = Sums()
    for one in compared:
        found.calls, found.ledger, found.record = (
            found.calls + 1,
            found.ledger + one.counted,
            found.record + one.recorded,
        )
    return found
