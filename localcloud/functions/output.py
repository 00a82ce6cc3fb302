"""What a function prints, line by line, with the tail that an invocation may ask for."""

import asyncio
import base64
import os
from collections.abc import Callable

_TAIL = 4096
_READ = 65536


class Output:
    """Reads a process's stdout and stderr from one pipe without ever blocking.

    What a function printed before its answer is in the pipe when the answer arrives: `drain` collects it,
    so that the lines stand before the invocation's END.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, emit: Callable[[str], None]) -> None:
        self._loop = loop
        self._emit = emit
        self._rest = b""
        self._tail: list[str] = []
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._open = True
        loop.add_reader(self._read_end, self.drain)

    def write(self, message: str) -> None:
        """A line of the platform itself (START, END, REPORT)."""
        self._tail.append(message + "\n")
        self._emit(message)

    def drain(self) -> None:
        """Take everything that is there now."""
        while self._open:
            try:
                chunk = os.read(self._read_end, _READ)
            except BlockingIOError:
                return
            if not chunk:
                self._finish()
                return
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self.write(line.decode("utf-8", "replace").replace("\r", "\n"))

    def take_tail(self) -> str:
        """The last 4 KB since the last call, as Invoke's LogResult: base64."""
        tail = "".join(self._tail).encode()[-_TAIL:]
        self._tail = []
        return base64.b64encode(tail).decode()

    def close(self) -> None:
        """Take what is left and close the pipe."""
        self.drain()
        self._finish()

    def _finish(self) -> None:
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._read_end)
        os.close(self._read_end)
        if self._rest:
            self.write(self._rest.decode("utf-8", "replace"))
            self._rest = b""
