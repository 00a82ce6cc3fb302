"""The end of an invocation's time. No AWS call begins that might outlive it.

Lambda ends a function that is out of time without an answer: API Gateway makes a bare 5xx of it, a stream delivers the
whole batch again. `omnix.aws` asks here before every attempt of every call, retries, threads and loops among them, so
that a chain of slow calls ends as 503, as a record handed back or as a failed probe, with time left to say so.

The time is the process's: Lambda gives a process one invocation at a time, and its threads work for that one.
"""

import math
from typing import Any

from botocore.exceptions import BotoCoreError

from omnix import clock

_ends = math.inf


class OutOfTimeError(BotoCoreError):
    """A call that was not begun; to whoever handles a failing dependency it is one."""

    fmt = "the invocation ends in {left:.1f} s: no time for another call"


def begin(context: Any) -> None:
    """Called first by every handler with Lambda's context; without one (a tool, a test) time has no end."""
    global _ends  # noqa: PLW0603 - one invocation at a time, seen by all of its threads
    left: Any = getattr(context, "get_remaining_time_in_millis", None)
    _ends = clock.monotonic() + left() / 1000 if left else math.inf


def remaining() -> float:
    """Seconds until Lambda ends this invocation."""
    return _ends - clock.monotonic()


def require(seconds: float) -> None:
    """Raises OutOfTimeError unless so much time is left."""
    left = remaining()
    if left < seconds:
        raise OutOfTimeError(left=left)
