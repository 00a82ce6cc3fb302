"""Work that goes on after its call was answered."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_LOG = logging.getLogger(__name__)
# Long enough for a caller to see a job run, short enough for nobody to wait.
STEP_SECONDS = 0.1
_AT_ONCE = 8


class Jobs:
    """A few threads; a job that is cut off by a stop is started again by its owner."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="backup")
        self._news = ThreadPoolExecutor(1, thread_name_prefix="backup-news")
        self._stop = threading.Event()

    def start(self, work: Callable[[], None]) -> None:
        """Do it in a while."""
        self._threads.submit(self._later, work)

    def tell(self, work: Callable[[], None]) -> None:
        """Do it at once, after everything that was to be told before."""
        self._news.submit(_guarded, work)

    def _later(self, work: Callable[[], None]) -> None:
        if not self._stop.wait(STEP_SECONDS):
            _guarded(work)

    def step(self) -> None:
        """Let a moment pass between two states."""
        self._stop.wait(STEP_SECONDS)

    def close(self) -> None:
        """Begin nothing more."""
        self._stop.set()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._news.shutdown(wait=True)


def _guarded(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:  # noqa: BLE001 - a thread of the pool has nobody to raise to
        _LOG.exception("a job ended on an error of its own")
