"""Takes batches of events: each counts once, in the transaction that stores it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from omnix import clock
from omnix.analytics import keys
from omnix.analytics.reaction import expiry
from omnix.dynamodb import ConditionFailedError, transact
from omnix.errors import UnavailableError, ValidationFailedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omnix.analytics.model import EventInput
    from omnix.dynamodb import Table

KEPT_SECONDS = 90 * 24 * 3600
OLDEST_SECONDS = 7 * 24 * 3600
AHEAD_SECONDS = 300  # clocks differ
_TOGETHER = 50
_ATTEMPTS = 5


def ingest(table: Table, tenant_id: str, events: Sequence[EventInput]) -> int:
    """How many of the events were new. Raises ValidationFailedError when a time is none, too old or ahead."""
    now = clock.iso_now()
    events = [event if event.occurred_at else event.model_copy(update={"occurred_at": now}) for event in events]
    _check_times(events)
    distinct = list({(event.occurred_at[:10], event.event_id): event for event in events}.values())
    return sum(_store(table, tenant_id, distinct[n : n + _TOGETHER]) for n in range(0, len(distinct), _TOGETHER))


def _store(table: Table, tenant_id: str, events: Sequence[EventInput]) -> int:
    left = list(events)
    for _ in range(_ATTEMPTS):
        if not left:
            return 0
        try:
            puts = [_put(table, tenant_id, event) for event in left]
            transact(table.client, [*puts, *_counts(table, tenant_id, left)])
        except ConditionFailedError as failure:
            left = [event for index, event in enumerate(left) if index not in failure.failed]
        else:
            return len(left)
    raise UnavailableError


def _put(table: Table, tenant_id: str, event: EventInput) -> dict[str, Any]:
    pk, sk = keys.event(tenant_id, event.occurred_at[:10], event.event_id)
    item = {"pk": pk, "sk": sk, "entity": "event", **event.model_dump(mode="json")}
    item["expires_at"] = clock.epoch_seconds() + KEPT_SECONDS
    return table.put(item, "attribute_not_exists(pk)")


def _counts(table: Table, tenant_id: str, events: Sequence[EventInput]) -> list[dict[str, Any]]:
    days: dict[str, Counter[str]] = {}
    for event in events:
        days.setdefault(event.occurred_at[:10], Counter())[f"event_{event.type.value}"] += 1
    assign = {"entity": "rollup"}
    return [
        table.add(*keys.event_day(tenant_id, day), counts, {**assign, "expires_at": expiry(day)})
        for day, counts in sorted(days.items())
    ]


def _check_times(events: Sequence[EventInput]) -> None:
    now = clock.epoch_seconds()
    wrong = [
        {"location": f"body.events.{index}.occurred_at", "reason": "out_of_range", "message": "not in the last 7 days"}
        for index, event in enumerate(events)
        if not now - OLDEST_SECONDS <= _seconds(event.occurred_at) <= now + AHEAD_SECONDS
    ]
    if wrong:
        raise ValidationFailedError("An event's time is out of range.", wrong[:20])


def _seconds(text: str) -> float:
    """Epoch seconds; minus infinity for a date that does not exist."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return float("-inf")
