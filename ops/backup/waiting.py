"""Waiting for AWS: with growing pauses, through throttling for a while, and ended at once by Ctrl-C."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

# What passes by itself: too many calls, or too many restores at once (50 a region; "Quotas" of DynamoDB); and a table
# that was restored has no continuous backups for some moments (UpdateContinuousBackups).
_PASSING = frozenset(
    {
        "ContinuousBackupsUnavailableException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
    }
)
_FIRST_SECONDS = 0.2
_MOST_SECONDS = 15.0
HOUR = 3600.0


class StoppedError(Exception):
    """Somebody ended the run (Ctrl-C), or another part of it failed for good."""


@dataclass(frozen=True)
class Patience:
    """How long to wait. `seconds`: for one restore or job; `throttled_seconds`: while AWS does nothing but refuse.

    `stop` is set to end all waiting at once.
    """

    seconds: float = 12 * HOUR
    throttled_seconds: float = 120.0
    stop: threading.Event = field(default_factory=threading.Event)

    def pause(self, seconds: float) -> None:
        """Sleep; raises StoppedError as soon as the run is stopped."""
        if self.stop.wait(seconds):
            raise StoppedError

    def insist[T](self, call: Callable[..., T], **arguments: Any) -> T:
        """The answer of `call` with these arguments, tried again with jittered pauses while AWS throttles it.

        Raises what AWS answered when it throttled for `throttled_seconds` without an end, and everything else at once.
        """
        from botocore.exceptions import ClientError

        ends, longest = time.monotonic() + self.throttled_seconds, _FIRST_SECONDS
        while True:
            try:
                return call(**arguments)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in _PASSING or time.monotonic() > ends:
                    raise
            self.pause(random.uniform(longest / 2, longest))
            longest = min(_MOST_SECONDS, longest * 2)

    def until[T](self, ask: Callable[[], T | None], what: str) -> T:
        """What `ask` gives once it is not None. Raises Refused when that takes longer than `seconds`."""
        ends, pause = time.monotonic() + self.seconds, _FIRST_SECONDS
        while True:
            found = self.insist(ask)
            if found is not None:
                return found
            if time.monotonic() > ends:
                raise Refused(
                    f"{what} has not ended after {self.seconds:g} s",
                    "look at it in the console, then run the command again; --timeout waits longer",
                )
            self.pause(pause)
            pause = min(_MOST_SECONDS, pause * 1.5)
