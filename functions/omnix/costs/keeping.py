"""Takes a call's money from the tenant's counters and then from the environment's, or gives back what it took."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from omnix import clock, deadline, logs
from omnix.costs import closing, counters, holds, keys, limits
from omnix.costs.holds import Verdict
from omnix.costs.model import Outcome, Period
from omnix.costs.refusals import Shortage, refusal
from omnix.costs.sweeping import lapsed_marks
from omnix.errors import TROUBLE, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omnix.costs.keys import Key
    from omnix.costs.limits import Counter, Limits
    from omnix.costs.model import Reservation
    from omnix.costs.sweeping import Lapsed
    from omnix.dynamodb import Item, Table
    from omnix.errors import LimitReachedError

# Lambda's longest: where an invocation's end is not known (a tool, a test).
LONGEST_SECONDS = 900.0
# Clocks of two functions differ by less.
MARGIN_SECONDS = 5
# Of others' calls, ended in passing, also before a refusal: a caller waits some 30 ms for each.
_ENDED_IN_PASSING = 3

_logger = logging.getLogger(__name__)


def lease_ends(now: int) -> int:
    """The second in which whoever reserves now is certainly no more."""
    left = min(max(deadline.remaining(), 0.0), LONGEST_SECONDS)
    return now + math.ceil(left) + MARGIN_SECONDS


class Keeping:
    """One reservation's way through both limits items."""

    def __init__(self, table: Table, current: Limits, reserved: Reservation) -> None:
        self._table = table
        self._reserved = reserved
        self._mark = closing.mark_of(reserved)
        day = reserved.day
        self._tenant = keys.tenant(reserved.tenant_id, day), limits.of_tenant(current, reserved.tenant_id, day)
        self._environment = keys.environment(day), limits.of_environment(current, reserved.feature, day)

    def run(self) -> Reservation:
        """Raises LimitReachedError; UnavailableError, or what AWS said, with everything given back if that can be."""
        holds.put(self._table, holds.item(self._reserved))
        try:
            lapsed = [*self._take(*self._tenant, ()), *self._take(*self._environment, (self._tenant,))]
        except TROUBLE:
            self._undo()
            raise
        if clock.epoch_seconds() > keys.lease_ends(self._reserved.reservation_id) - MARGIN_SECONDS:
            self._undo()
            raise UnavailableError
        self._end_in_passing(lapsed[:_ENDED_IN_PASSING])
        return self._reserved

    def _take(
        self, key: Key, bounds: Sequence[Counter], taken: Sequence[tuple[Key, Sequence[Counter]]]
    ) -> list[Lapsed]:
        """The marks of others that are over their time. Without room `taken` is given back."""
        expiry = keys.lease_ends(self._reserved.reservation_id) + counters.KEPT_SECONDS
        done, item = self._try(key, bounds, expiry)
        if not done and self._end_in_passing(lapsed_marks(key, item)[:_ENDED_IN_PASSING]):
            done, item = self._try(key, bounds, expiry)
        if done:
            return lapsed_marks(key, item)
        for other, counted in taken:
            names = [counter.attribute for counter in counted]
            counters.give(self._table, other, self._mark.name, names, -self._reserved.amount)
        holds.delete(self._table, self._reserved.reservation_id)
        raise self._refusal(bounds, item)

    def _try(self, key: Key, bounds: Sequence[Counter], expiry: int) -> tuple[bool, Item]:
        return counters.take(self._table, key, self._mark, self._reserved.amount, bounds, expiry)

    def _end_in_passing(self, lapsed: Sequence[Lapsed]) -> int:
        """How many of those calls are ended now. A call that comes by has no trouble of its own from theirs."""
        ended = 0
        try:
            for place in lapsed:
                ended += closing.tidy(self._table, *place)
        except Exception as error:  # noqa: BLE001 - raised, it would lose the money that is taken for this call
            _logger.warning("a lapsed reservation is left to the sweep", extra=logs.failure(error))
        return ended

    def _undo(self) -> None:
        try:
            _, hold = holds.decide(
                self._table, self._reserved.reservation_id, Verdict(Outcome.RELEASED, closing.NEVER_TAKEN)
            )
            if hold is not None:
                closing.finish(self._table, hold)
        except TROUBLE as error:
            _logger.warning("a reservation that was not made is left to the sweep", extra=logs.failure(error))

    def _refusal(self, bounds: Sequence[Counter], item: Item) -> LimitReachedError:
        day, needed = self._reserved.day, self._reserved.amount
        short = [
            Shortage(
                scope=one.scope,
                period=one.period,
                limit=one.limit,
                committed=item.get(one.attribute, 0),
                needed=needed,
                resets_at=limits.resets_at(one.period, day),
                feature=one.feature,
            )
            for one in bounds
            if one.limit is not None and item.get(one.attribute, 0) + needed > one.limit
        ]
        return refusal(short, limits.seconds_until_reset(Period.DAY, day, clock.epoch_seconds()))
