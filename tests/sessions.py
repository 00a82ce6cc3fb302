"""Ends what a test started, with everything that it started in turn."""

import contextlib
import os
import signal
import time
from pathlib import Path


def kill_session(leader: int) -> None:
    """Kill every process of the session that `leader` began (`start_new_session=True`).

    The engine puts its language host into a process group of its own, yet into the same session.
    """
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if entry.name.isdigit() and os.getsid(int(entry.name)) == leader:
                os.kill(int(entry.name), signal.SIGKILL)


def await_end(*pids: int, seconds: float = 20) -> None:
    """Until none of these runs any more, whether or not its parent has taken note. Raises AssertionError."""
    until = time.monotonic() + seconds
    while any(map(_runs, pids)):
        assert time.monotonic() < until, f"some of {pids} live on"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}
