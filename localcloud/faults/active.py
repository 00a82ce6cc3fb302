"""The faults that are set now. Time and identity at the edge; whether a call is taken is the fault's own to say."""

import itertools
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from localcloud.faults.fault import Fault, Subject


@dataclass
class Active:
    """A fault that is set. `over` is set when it is cleared: what waits because of it goes on."""

    id: str
    fault: Fault
    ends: float
    random: Random
    applied: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def chosen(self) -> bool:
        """Whether chance takes this call."""
        return self.fault.probability >= 1.0 or self.random.random() < self.fault.probability

    def spent(self, now: float) -> bool:
        """Whether its time or its count is up."""
        return now >= self.ends or (self.fault.count is not None and self.applied >= self.fault.count)


class Faults:
    """Safe to use from any thread. `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._active: list[Active] = []
        self._numbers = itertools.count(1)

    def __bool__(self) -> bool:
        """Whether any is set: asked at every call, so it costs nothing."""
        return bool(self._active)

    def add(self, faults: Iterable[Fault]) -> list[dict[str, Any]]:
        """Set them all at once; as `listed` says them."""
        with self._lock:
            now = self._clock()
            made = [
                Active(f"fault-{next(self._numbers)}", fault, now + fault.for_seconds, Random(fault.seed))
                for fault in faults
            ]
            self._active = [*self._active, *made]
            return [_said(one, now) for one in made]

    def listed(self) -> list[dict[str, Any]]:
        """Each fault with `id`, `applied` (calls so far) and `remaining_seconds`."""
        with self._lock:
            self._sweep()
            now = self._clock()
            return [_said(one, now) for one in self._active]

    def clear(self, id_: str | None = None) -> int:
        """End all of them, or one; how many there were."""
        with self._lock:
            gone = [one for one in self._active if id_ in (None, one.id)]
            self._active = [one for one in self._active if one not in gone]
        for one in gone:
            one.over.set()
        return len(gone)

    def choose(self, call: Subject) -> Active | None:
        """The fault that has this call, counted; None for a call that is served as ever."""
        fitting = [one for one in self._active if one.fault.takes(call)]
        if not fitting:
            return None
        with self._lock:
            self._sweep()
            for one in fitting:
                if one in self._active and one.chosen():
                    one.applied += 1
                    return one
        return None

    def _sweep(self) -> None:
        """Forget what is over, after its last call. Calls that still wait in it keep their own time."""
        now = self._clock()
        self._active = [one for one in self._active if not one.spent(now)]


def _said(one: Active, now: float) -> dict[str, Any]:
    plain = {name: value for name, value in asdict(one.fault).items() if value is not None}
    return {"id": one.id, **plain, "applied": one.applied, "remaining_seconds": round(max(0.0, one.ends - now), 1)}
