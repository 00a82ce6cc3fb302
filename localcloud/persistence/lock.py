"""One lock around moto's state.

moto's backends are plain objects that check, then write: two threads in one conditional put would both
win. Python runs one of them at a time anyway, so one lock costs nothing, makes every call atomic, and gives
the snapshot a moment in which nothing moves.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class StateLock:
    """A re-entrant lock that a call out of moto (a function's invocation) can let go of for its duration."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = threading.local()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Nothing else reads or writes moto's state meanwhile."""
        depth: int = getattr(self._held, "depth", 0)
        if depth == 0:
            self._lock.acquire()
        self._held.depth = depth + 1
        try:
            yield
        finally:
            self._held.depth = depth
            if depth == 0:
                self._lock.release()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let go of the lock if this thread holds it: what it now waits for needs moto itself."""
        depth: int = getattr(self._held, "depth", 0)
        if depth == 0:
            yield
            return
        self._held.depth = 0
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
            self._held.depth = depth
