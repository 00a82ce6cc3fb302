"""Function and access logs on their way into CloudWatch Logs, off the path of the requests."""

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from moto.awslambda.models import lambda_backends
from moto.logs.models import logs_backends

from localcloud.persistence.lock import StateLock

# PutLogEvents: an event holds at most 1 MB (since 2025; 256 KB before).
_MAX_EVENT = 1024 * 1024
_BATCH = 1000
# A group keeps its newest events only: every snapshot writes them all, and
# nobody is answered while it does. `file` has the rest.
KEPT_EVENTS = 5_000


class LogLine(NamedTuple):
    """One event: region, group, stream, milliseconds since 1970, text."""

    region: str
    group: str
    stream: str
    timestamp: int
    message: str


class LogWriter:
    """Takes lines from anywhere and writes them in batches; groups and streams are made as Lambda makes them.

    The lines also go to `file`, so that they can be followed without AWS calls.
    """

    def __init__(self, account_id: str, lock: StateLock, changed: Callable[[], None], file: Path) -> None:
        self._account_id = account_id
        self._lock = lock
        self._changed = changed
        self._file = file
        self._lines: queue.SimpleQueue[LogLine | threading.Event] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="logs", daemon=True).start()

    def write(self, region: str, group: str, stream: str, message: str) -> None:
        """Queue one line, stamped now. What UTF-8 cannot hold is escaped: it must not end the thread that writes."""
        text = message.encode("utf-8", "backslashreplace").decode("utf-8")
        self._lines.put(LogLine(region, group, stream, int(time.time() * 1000), text))

    def flush(self, timeout: float = 5.0) -> None:
        """Wait until what was queued before is written."""
        done = threading.Event()
        self._lines.put(done)
        done.wait(timeout)

    def _run(self) -> None:
        while True:
            waiting = [self._lines.get()]
            while len(waiting) < _BATCH and not self._lines.empty():
                waiting.append(self._lines.get())
            lines = [line for line in waiting if isinstance(line, LogLine)]
            if lines:
                self._append(lines)
                self._put(lines)
            for mark in waiting:
                if isinstance(mark, threading.Event):
                    mark.set()

    def _append(self, lines: list[LogLine]) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.writelines(f"{line.group}: {line.message.rstrip()}\n" for line in lines)

    def _put(self, lines: list[LogLine]) -> None:
        streams: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
        for line in lines:
            event = {"timestamp": line.timestamp, "message": line.message[:_MAX_EVENT]}
            streams[line.region, line.group, line.stream].append(event)
        with self._lock.hold():
            for (region, group, stream), events in streams.items():
                backend: Any = logs_backends[self._account_id][region]
                if group not in backend.groups:
                    if not self._may_create(region, group):
                        continue
                    backend.ensure_log_group(group)
                if stream not in backend.groups[group].streams:
                    backend.create_log_stream(group, stream)
                events.sort(key=itemgetter("timestamp"))
                backend.put_log_events(group, stream, events)
                _trim(backend.groups[group])
            self._changed()

    def _may_create(self, region: str, group: str) -> bool:
        """Lambda makes the group of a function that exists; API Gateway makes none, and a group that a
        destroy deleted must not come back with the last line of a function that is gone.
        """
        name = group.removeprefix("/aws/lambda/")
        functions: Any = lambda_backends[self._account_id][region].list_functions()
        return name != group and any(function.function_name == name for function in functions)


def _trim(group: Any) -> None:
    """Drop the oldest events of a group, and the streams that held nothing else."""
    streams = sorted(group.streams.values(), key=lambda stream: stream.last_ingestion_time or 0)
    surplus = sum(len(stream.events) for stream in streams) - KEPT_EVENTS
    for stream in streams:
        if surplus <= 0:
            return
        dropped = min(surplus, len(stream.events))
        del stream.events[:dropped]
        surplus -= dropped
        if not stream.events:
            del group.streams[stream.log_stream_name]
