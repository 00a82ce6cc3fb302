"""Money is kept before a model is called and counted after it: what its tokens cost never passes a limit.

Tokens are all that is kept and counted. AWS bills a guardrail's evaluations apart, by policy and text unit: they are in
no limit and in no ledger.

    hold written down → tenant's counters → environment's and feature's counters → the model is called
    verdict on the hold → tenant's counters → environment's counters → [ledger, call, hold gone]

Each arrow is one write that repeats harmlessly. Until all counters have the money no model is called; where one has no
room, what was taken is given back at once. The tenant's come first, so that a tenant without room never keeps others'
from them. A function that dies on the way leaves its hold, whose lease ends with the function's time: whoever meets its
mark in the counters then, or the sweep, ends it, counted in full where a model may have been called.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from omnix import clock, logs
from omnix.costs import closing, holds, keys, ledger, metrics
from omnix.costs.holds import Verdict
from omnix.costs.keeping import Keeping, lease_ends
from omnix.costs.model import Outcome, Reservation, Settled
from omnix.costs.parameters import current_limits
from omnix.costs.sweeping import sweep
from omnix.dynamodb import transact
from omnix.errors import TROUBLE, LimitReachedError
from omnix.tables import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from omnix.costs.limits import Limits
    from omnix.costs.model import Feature, Model, Usage
    from omnix.dynamodb import Table

_logger = logging.getLogger(__name__)


class Guard:
    """The cost guard of one environment: its table `analytics` and its limits, as they are at each call."""

    def __init__(self, table: Callable[[], Table], current: Callable[[], Limits]) -> None:
        self._table = table
        self._limits = current

    def reserve(
        self,
        *,
        tenant_id: str,
        user_id: str,
        feature: Feature,
        model: Model,
        input_tokens: int,
        max_output: int,
        request_id: str,
        exact: Callable[[], int | None] | None = None,
    ) -> Reservation:
        """Keep the worst case of one call. `input_tokens` is an upper bound (`omnix.costs.bound`).

        Where that finds no room and `exact` is given, it is asked once for the exact count (None: unknown).
        Raises LimitReachedError (402, 429), UnavailableError.
        """

        def keep(tokens: int) -> Reservation:
            now = clock.epoch_seconds()
            reserved = Reservation(
                reservation_id=keys.new_id(lease_ends(now)),
                tenant_id=tenant_id,
                user_id=user_id,
                feature=feature,
                model_id=model.model_id,
                prices=model.prices,
                amount=model.prices.worst(tokens, max_output),
                input_tokens=tokens,
                max_output=max_output,
                day=clock.iso(now)[:10],
                request_id=request_id,
                reserved_at=clock.iso(now),
            )
            return Keeping(self._table(), self._limits(), reserved).run()

        try:
            try:
                return keep(input_tokens)
            except LimitReachedError:
                tokens = exact() if exact else None
                if tokens is None or tokens >= input_tokens:
                    raise
                return keep(tokens)
        except LimitReachedError:
            self._refused(tenant_id, feature, model)
            raise

    def settle(
        self, reservation: Reservation, usage: Usage, *, stop_reason: str, latency_ms: int, discarded: bool = False
    ) -> Settled:
        """The model answered: count what it used, give the rest back.

        `discarded`: what was paid for is thrown away unread. Never raises for a table that is busy or away: the answer
        is paid for, and the reservation lapses then.
        """
        by_component = reservation.prices.by_component(usage)
        verdict = Verdict(
            Outcome.SETTLED,
            usage=usage,
            by_component=by_component,
            cost=sum(by_component.values()),
            stop_reason=stop_reason,
            latency_ms=latency_ms,
            discarded=discarded,
        )
        if verdict.cost > reservation.amount:
            metrics.happened(metrics.EXCEEDED, closing.who(reservation))
        truncated = ledger.is_truncated(stop_reason)
        metrics.settled(usage, verdict.cost, latency_ms, closing.who(reservation), truncated=truncated)
        return self._end(reservation, verdict)

    def release(self, reservation: Reservation, reason: str) -> Settled:
        """The model was certainly not paid: give everything back. Never raises for a table that is busy or away."""
        metrics.happened(metrics.FAILED, closing.who(reservation))
        return self._end(reservation, Verdict(Outcome.RELEASED, reason))

    def lapse(self, reservation: Reservation, reason: str, attempts: int = 0) -> Settled:
        """Nobody knows whether the model was paid: count everything. Never raises for a table that is busy or away.

        `attempts`: how many were made on the reservation, the last of which may have been paid; 0: not known.
        """
        metrics.happened(metrics.LAPSED, closing.who(reservation), reservation.amount)
        return self._end(reservation, Verdict(Outcome.LAPSED, reason, cost=reservation.amount, attempts=attempts))

    def unread(self, calls: Iterable[tuple[Reservation, Settled]]) -> None:
        """Count settled calls as waste: what they were for came to nothing. Never raises; no money hangs on it."""
        rows: dict[tuple[str, str, str, str], Counter[str]] = {}
        last = ""
        for reserved, settled in calls:
            row = (reserved.tenant_id, reserved.day, reserved.feature.value, reserved.model_id)
            rows.setdefault(row, Counter()).update({ledger.UNREAD: 1, ledger.COST_WASTED: settled.cost})
            last = reserved.reservation_id
        for row, counts in rows.items():
            self._count(row, last, counts)

    def correct(self, tenant_id: str, day: str, reservation_id: str, usage: Usage, **said: Any) -> Settled | None:
        """Put right a lapsed call whose usage was found out: `omnix.costs.closing.correct`."""
        return closing.correct(self._table(), tenant_id, day, reservation_id, usage, **said)

    def sweep(self) -> int:
        """End what dead functions left, in all shards; how many."""
        return sweep(self._table())

    def _end(self, reserved: Reservation, verdict: Verdict) -> Settled:
        found = Settled(reserved.reservation_id, verdict.outcome, verdict.usage, verdict.by_component, verdict.cost)
        try:
            table = self._table()
            ours, hold = holds.decide(table, reserved.reservation_id, verdict)
            if hold is not None:
                closing.finish(table, hold)
            if not ours:
                # it took longer than its lease, and another ended it without knowing how
                metrics.happened(metrics.LATE, closing.who(reserved))
            if not ours and verdict.outcome is not Outcome.LAPSED:
                said: dict[str, Any] = {
                    "stop_reason": verdict.stop_reason,
                    "latency_ms": verdict.latency_ms,
                    "reason": verdict.reason,
                }
                place = (reserved.tenant_id, reserved.day, reserved.reservation_id)
                return closing.correct(table, *place, verdict.usage, **said) or found
        except TROUBLE as error:
            metrics.happened(metrics.UNENDED, closing.who(reserved))
            _logger.error(  # noqa: TRY400 - no exception's text
                "a reservation is not ended yet; the sweep ends it", extra=logs.failure(error) | closing.who(reserved)
            )
        return found

    def _refused(self, tenant_id: str, feature: Feature, model: Model) -> None:
        """Counted in the ledger as well as can be: a refusal costs nothing."""
        metrics.happened(
            metrics.REFUSED, {"tenant_id": tenant_id, "feature": feature.value, "model_id": model.model_id}
        )
        now = clock.epoch_seconds()
        row = (tenant_id, clock.iso(now)[:10], feature.value, model.model_id)
        self._count(row, keys.new_id(now), Counter({ledger.REFUSED: 1}))

    def _count(self, row: tuple[str, str, str, str], call_id: str, counts: Counter[str]) -> None:
        table = self._table()
        try:
            transact(table.client, ledger.additions(table, *row, keys.shard(call_id), counts))
        except TROUBLE as error:
            _logger.warning("something is not in the ledger", extra=logs.failure(error))


def guard() -> Guard:
    """The cost guard of the environment that this process serves."""
    return Guard(lambda: opened("analytics"), current_limits)
