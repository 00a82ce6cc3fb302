"""One environment's directory on disk, and whether its cloud is running."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO


class StateError(Exception):
    """A state directory cannot be used; the message says why and what to do."""


class AlreadyRunningError(StateError):
    """Another process serves this directory."""


class StateDirectory:
    """Names the files of `root` and guards it by a lock that its owner's death releases.

    A pid alone proves nothing (pids are reused); the lock cannot outlive its process, so a pid is only
    believed while the lock is held.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.info_file = self.root / "cloud.json"
        self.logs = self.root / "logs"
        self.daemon_log = self.logs / "daemon.log"
        self.functions_log = self.logs / "functions.log"
        self.state = self.root / "state"
        self.functions = self.root / "functions"
        self._lock_file = self.root / "lock"

    def create(self) -> None:
        """Make what the daemon writes into."""
        for path in (self.root, self.logs, self.state, self.functions):
            path.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Be the one that serves this directory. Raises `AlreadyRunningError`."""
        with self._lock_file.open("a+") as file:
            if not _try_lock(file):
                raise AlreadyRunningError(f"{self.root} is served by process {self.owner()}")
            file.seek(0)
            file.truncate()
            file.write(str(os.getpid()))
            file.flush()
            yield

    def owner(self) -> int | None:
        """The pid of the process that serves this directory; None when there is none."""
        try:
            with self._lock_file.open("r+") as file:
                if _try_lock(file):
                    return None
                return int(file.read() or 0) or None
        except FileNotFoundError:
            return None

    def wait_until_free(self, seconds: float) -> bool:
        """Whether nobody serves it any more, within that time."""
        deadline = time.monotonic() + seconds
        while self.owner() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def read_info(self) -> dict[str, Any]:
        """The last written `cloud.json`; empty when there is none or it is broken."""
        try:
            info = json.loads(self.info_file.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return info if isinstance(info, dict) else {}

    def write_info(self, info: dict[str, Any]) -> None:
        """Replace `cloud.json` at once."""
        part = self.info_file.with_suffix(".part")
        part.write_text(json.dumps(info, indent=2) + "\n")
        part.replace(self.info_file)


def _try_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
