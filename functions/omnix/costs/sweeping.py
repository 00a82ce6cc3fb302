"""Ends the calls of dead functions, all of them: on a schedule, for what no later caller comes by."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from omnix import clock, logs
from omnix.analytics.reading import between
from omnix.costs import closing, counters, keys
from omnix.deadline import OutOfTimeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omnix.costs.keys import Key, Mark
    from omnix.dynamodb import Table


_logger = logging.getLogger(__name__)


class Lapsed(NamedTuple):
    """A mark whose lease is over: the limits item's key, the attribute's name, what it says, and the amount."""

    key: Key
    name: str
    mark: Mark
    amount: int


def lapsed_marks(key: Key, item: Mapping[str, Any]) -> list[Lapsed]:
    """The marks of a limits item whose leases are over, the oldest first."""
    now = clock.epoch_seconds()
    found = [
        Lapsed(key, name, mark, amount)
        for name, (mark, amount) in counters.marks(item).items()
        if keys.lease_ends(mark.reservation_id) < now
    ]
    return sorted(found, key=lambda place: place.mark.reservation_id)


def sweep(table: Table) -> int:
    """How many were ended. Holds first; then marks that have none, in the environment's items of both months."""
    ended = 0
    now = clock.epoch_seconds()
    for number in range(keys.SHARDS):
        for hold in between(table, keys.holds(number), " ", keys.until(now)):
            ended += _quietly(closing.close, table, hold)
    today = date.fromisoformat(clock.iso(now)[:10])
    for key in {keys.environment(day.isoformat()) for day in (today, today - timedelta(days=1))}:
        for place in lapsed_marks(key, table.get(*key) or {}):
            ended += _quietly(closing.tidy, table, *place)
    return ended


def _quietly(end: Callable[..., bool], *place: Any) -> bool:
    """One that cannot be ended now must not keep the others: the next sweep comes by it again.

    Also one that this version does not understand, which a later one wrote before it was rolled back. Raises
    OutOfTimeError, for the rest has none either: Lambda runs the schedule's event again.
    """
    try:
        return end(*place)
    except OutOfTimeError:
        raise
    except Exception as error:  # noqa: BLE001 - one bad item would keep all behind it for ever
        _logger.warning("a lapsed reservation is left to the next sweep", extra=logs.failure(error))
        return False
