"""Ends what a test started, with everything that it started in turn."""

import contextlib
import os
import signal
from pathlib import Path


def kill_session(leader: int) -> None:
    """Kill every process of the session that `leader` began (`start_new_session=True`).

    The engine puts its language host into a process group of its own, yet into the same session.
    """
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if entry.name.isdigit() and os.getsid(int(entry.name)) == leader:
                os.kill(int(entry.name), signal.SIGKILL)
