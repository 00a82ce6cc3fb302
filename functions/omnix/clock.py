"""Time, in one place: UTC, ISO 8601 with `Z` outside, epoch inside."""

import time
from datetime import UTC, datetime


def epoch_seconds() -> int:
    """Whole seconds since the epoch; the unit of DynamoDB's TTL attribute and of JWT claims."""
    return int(time.time())


def epoch_milliseconds() -> int:
    """Milliseconds since the epoch, where a second is too coarse (refresh grace)."""
    return int(time.time() * 1000)


def iso_now() -> str:
    """Now as `2026-11-21T09:00:00.123Z`."""
    return iso(time.time())


def iso(seconds: float) -> str:
    """Epoch seconds as ISO 8601 UTC with milliseconds and `Z`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def monotonic() -> float:
    """Seconds of a clock that never jumps; for caches and latencies."""
    return time.monotonic()
