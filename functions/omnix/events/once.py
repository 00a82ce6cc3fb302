"""Streams deliver at least once: what makes a second delivery harmless.

A reaction writes its counters in one transaction with a marker of the event. The marker outlives the stream's own 24
hours, so that a record can come again by retry, bisection or redrive and counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omnix import clock
from omnix.dynamodb import ConditionFailedError, transact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omnix.dynamodb import Table
    from omnix.events.change import Change

MARKER_SECONDS = 48 * 3600


def marker(analytics: Table, change: Change, reaction: str) -> dict[str, Any]:
    """A Put for `transact`: its condition fails when `reaction` has seen this change before."""
    item = {
        "pk": f"TENANT#{change.tenant_id}#EVENT#{change.event_id}",
        "sk": reaction,
        "entity": "event",
        "expires_at": clock.epoch_seconds() + MARKER_SECONDS,
    }
    return analytics.put(item, "attribute_not_exists(pk)")


def apply(analytics: Table, change: Change, reaction: str, actions: Sequence[dict[str, Any]]) -> bool:
    """`actions` (99 at most, on any tables, unconditional) unless `reaction` did them for this change already.

    True when they were done now. Raises ConditionFailedError when one of them had a condition and it did not hold.
    """
    if not actions:
        return False
    try:
        transact(analytics.client, [marker(analytics, change, reaction), *actions])
    except ConditionFailedError as failure:
        if 0 not in failure.failed:
            raise
        return False
    return True
