"""How fast a migration goes: by the capacity that each call took, as DynamoDB reports it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BURST_SECONDS = 1.0


class CapacityPace:
    """So many capacity units a second. What a call takes is known only after it: the balance may go below nothing,
    and the next calls wait until it is made good. Safe for threads.
    """

    def __init__(
        self,
        units_per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if units_per_second <= 0:
            raise ValueError("a rate is above nothing")
        self._rate = units_per_second
        self._clock, self._sleep = clock, sleep
        self._balance = units_per_second * _BURST_SECONDS
        self._at = clock()
        self._lock = threading.Lock()
        self.spent = 0.0

    def wait(self) -> None:
        """Returns when the balance is not below nothing."""
        while (owed := self._owed()) > 0:
            self._sleep(owed / self._rate)

    def spend(self, units: float) -> None:
        """Take what a call took off the balance."""
        with self._lock:
            self.spent += units
            self._balance -= units

    def _owed(self) -> float:
        with self._lock:
            now = self._clock()
            self._balance = min(self._rate * _BURST_SECONDS, self._balance + (now - self._at) * self._rate)
            self._at = now
            return -self._balance
