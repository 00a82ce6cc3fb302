"""A batch of stream records: each change to its reactions, and where to go on after a failure."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from omnix import logs
from omnix.events.change import change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from omnix.events.reactions import Reaction
    from omnix.events.source import Source

# A record takes milliseconds; a dependency that hangs takes 6.5 s until it is given up (omnix.aws).
RESERVE_MS = 8_000

_logger = logging.getLogger(__name__)


def consume(
    event: Mapping[str, Any],
    source: Source,
    reactions: Mapping[str, Sequence[Reaction]],
    remaining_ms: Callable[[], float] = lambda: float("inf"),
) -> dict[str, Any]:
    """The answer for `ReportBatchItemFailures`: empty, or the record from which Lambda is to deliver again.

    Records are taken in their order and none after a failure, since a later change of the same item may depend on
    it. A batch that would not end in time is handed back from the first record that was not begun, and so is one that
    would write while tables move.
    """
    for done, record in enumerate(event["Records"]):
        if remaining_ms() < RESERVE_MS:
            _logger.warning("handed back for lack of time, %d records done", done)
            return _from(record)
        try:
            if source.names().paused(time.time()):
                _logger.info("handed back: tables move in a moment, %d records done", done)
                return _from(record)
            if not source.own(record):
                continue
            found = change(record, source)
            for react in reactions.get(found.table, ()):
                react(found)
        except Exception as error:  # noqa: BLE001 - whatever it is, Lambda is told where to begin again
            said = {"event_id": record.get("eventID"), "done": done, **logs.failure(error)}
            _logger.error(logs.line("a change could not be followed", **said))  # noqa: TRY400 - no exception's text
            return _from(record)
    return {"batchItemFailures": []}


def _from(record: Mapping[str, Any]) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
