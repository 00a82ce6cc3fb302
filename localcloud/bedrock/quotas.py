"""Tokens and requests a minute, for each model and region, as Bedrock throttles by them.

A call takes its input and the most that it may write when it begins; what it did not write is given back at its end.
What is read from the cache does not count, and an output token of the newer Claude models weighs five. Source: Bedrock
user guide, "How tokens are counted in Amazon Bedrock". (Since May 2026 AWS counts no requests a minute; it is here for
those who want to see a throttle quickly.)
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from localcloud.bedrock.refused import Refused, of_code
from localcloud.bedrock.settings import Settings

_MINUTE = 60.0


class Taken:
    """What one call takes of the minute that it began in."""

    def __init__(self, at: float, tokens: int) -> None:
        self.at, self.tokens = at, tokens


class Quotas:
    """Safe to use from any thread. `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[tuple[str, str], deque[Taken]] = {}

    def take(self, key: tuple[str, str], tokens: int, settings: Settings) -> Taken:
        """Room for a call of this model and region. Raises `Refused`."""
        with self._lock:
            now = self._clock()
            taken = self._taken.setdefault(key, deque())
            while taken and taken[0].at <= now - _MINUTE:
                taken.popleft()
            most = settings.requests_per_minute
            if most is not None and len(taken) >= most:
                raise Refused("ThrottlingException", "Too many requests, please wait before trying again.", 429)
            most = settings.tokens_per_minute
            if most is not None and sum(one.tokens for one in taken) + tokens > most:
                raise of_code("ThrottlingException")
            taken.append(Taken(now, tokens))
            return taken[-1]

    def settle(self, taken: Taken, tokens: int) -> None:
        """What the call took in the end."""
        with self._lock:
            taken.tokens = tokens
