"""Reads ledger and record of some days, compares them, and corrects what the record knows better."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from omnix.costs import closing, keys, ledger
from omnix.costs.model import Outcome
from ops.costs import calls, record
from ops.costs.reconciliation import Compared, Finding, Reconciled, by_reservation, compare
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ops.costs.books import Books
    from ops.costs.calls import Call
    from ops.costs.record import Recorded

# Bedrock's record of a call comes minutes after it; the local cloud's at once.
YOUNG = timedelta(minutes=15)
# A call that begins before midnight counts on that day and is recorded on the next: no function lives longer.
_LATEST = timedelta(minutes=15)
_SAID = "reconciled with the invocation log"


@dataclass(frozen=True)
class Period:
    """UTC days, both included, as of `now`; what began less than `young` ago is left out."""

    first: str
    last: str
    now: datetime
    young: timedelta = YOUNG

    @property
    def since(self) -> datetime:
        """The first day's beginning."""
        return datetime.combine(date.fromisoformat(self.first), datetime.min.time(), UTC)

    @property
    def until(self) -> datetime:
        """The last day's end."""
        return datetime.combine(date.fromisoformat(self.last) + timedelta(days=1), datetime.min.time(), UTC)

    @property
    def around(self) -> tuple[str, str]:
        """The days before and after it too, whose calls may be in the record beside its own."""
        day = timedelta(days=1)
        return (self.since - day).date().isoformat(), self.until.date().isoformat()


def reconcile(books: Books, logs: Any, group: str, period: Period, seen: Callable[[int], None]) -> Reconciled:
    """Ledger and record of the period; nothing is written. `logs` is CloudWatch Logs' client, `group` the record's."""
    events = record.recorded(logs, group, period.since.timestamp(), (period.until + _LATEST).timestamp(), seen)
    own, foreign = _parted(books, events)
    # calls after the record: one that ends in between is in both
    tenants = {row.tenant_id for row in ledger.of_all(books.table, *period.around)}
    around = calls.of_tenants(books.table, tenants, *period.around)
    inside = [one for one in around if period.first <= one.reserved.day <= period.last]
    old = [one for one in inside if _began(one) <= period.now - period.young]
    rows = ledger.of_all(books.table, period.first, period.last)
    known = {one.reserved.reservation_id for one in around}
    return Reconciled(
        compared=[compare(one, own.get(one.reserved.reservation_id, ())) for one in old],
        strangers=[
            one
            for reservation_id, found in own.items()
            if reservation_id not in known and not _under_way(books, reservation_id)
            for one in found
            if _paid(one) and one.at < _moment(period.until)
        ],
        foreign=foreign,
        rows=sum(row.counts[ledger.COST] for row in rows),
        kept=sum(one.verdict.cost for one in inside),
        young=len(inside) - len(old),
    )


def correct(books: Books, found: Reconciled, *, unrecorded: bool, each: Callable[[Compared], None]) -> Reconciled:
    """Correct every call that the record knows better. `unrecorded`: also give back lapsed ones that it has nothing of.

    Refused with `unrecorded` where the record has no call that the ledger has: it was off then, or elsewhere.

    A call that was corrected in between stays as it is. May be stopped and repeated.
    """
    if unrecorded and not found.findings[Finding.AGREED]:
        raise Refused(
            "the record has not one call of this period as the ledger has it: what it lacks may have been made",
            "look whether the record was on, and whether it is this log group; or take a longer period",
        )
    done = []
    for one in found.compared:
        settled = _correct(books, one) if _is_open(one, unrecorded=unrecorded) else None
        made = replace(one, corrected=settled) if settled else one
        if settled:
            each(made)
        done.append(made)
    changed = sum(one.counted - one.call.verdict.cost for one in done)
    return replace(found, compared=done, rows=found.rows + changed, kept=found.kept + changed)


def _is_open(one: Compared, *, unrecorded: bool) -> bool:
    if one.finding is Finding.UNRECORDED:
        return unrecorded and one.call.verdict.outcome is Outcome.LAPSED
    return one.finding in {Finding.KNOWN, Finding.UNPAID}


def _correct(books: Books, one: Compared) -> Any:
    own, before = one.call.reserved, one.call.verdict
    said = {"reason": _SAID, "stop_reason": before.stop_reason, "latency_ms": before.latency_ms}
    return closing.correct(books.table, own.tenant_id, own.day, own.reservation_id, one.used, **said)


def _parted(books: Books, events: Iterable[Recorded]) -> tuple[dict[str, list[Recorded]], dict[str, int]]:
    """The environment's own by reservation, and how many others made, by caller."""
    own: list[Recorded] = []
    foreign: dict[str, int] = {}
    for event in events:
        if record.is_of(books, event):
            own.append(event)
        elif not event.environment:
            foreign[event.identity] = foreign.get(event.identity, 0) + 1
    return by_reservation(own), foreign


def _under_way(books: Books, reservation_id: str) -> bool:
    """Whether the reservation is still held: its call is in the record before its end is in the ledger."""
    return bool(reservation_id) and books.table.get(*keys.hold(reservation_id)) is not None


def _paid(one: Recorded) -> bool:
    """Also a stream that broke: it has an error, and the tokens up to there."""
    return not one.error or one.usage.total > 0


def _began(call: Call) -> datetime:
    return datetime.fromisoformat(call.reserved.reserved_at)


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
