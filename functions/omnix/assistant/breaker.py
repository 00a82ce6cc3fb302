"""Which models a process leaves alone for a while: one that was silent is likely to be so again. Pure.

A call that a silence ends is counted in full, for nobody knows whether the model was paid. A model that is slow for an
hour would use up a day's limit in calls that answered nobody: after one such call a process asks it no more for a
minute. Then one call tries it, for a process has one request at a time, and opens the way or closes it again.
"""

from __future__ import annotations

import functools
import math

REST_SECONDS = 60.0


class Breaker:
    """The models that are left alone. `now`: monotonic seconds."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def silent(self, model_id: str, now: float) -> None:
        """The model was: it is left alone from now on."""
        self._until[model_id] = now + REST_SECONDS

    def rests(self, model_id: str, now: float) -> int:
        """Whole seconds for which it still is; 0: it may be asked."""
        until = self._until.get(model_id)
        return 0 if until is None else max(math.ceil(until - now), 0)


@functools.cache
def breaker() -> Breaker:
    """The one of this process."""
    return Breaker()
