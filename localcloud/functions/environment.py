"""An execution environment: one process that serves one event at a time, from its start to its end."""

import asyncio
import contextlib
import json
import math
import os
import platform
import signal
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.functions import process
from localcloud.functions.definition import Definition
from localcloud.functions.invocation import Invocation
from localcloud.functions.output import Output
from localcloud.functions.role import RENEW_BEFORE_SECONDS, RoleCredentials
from localcloud.functions.runtime_api import Answer, RuntimeApi

# Lambda's limit for the init phase.
INIT_SECONDS = 10.0
_PAGE = 1024


@dataclass(frozen=True)
class Place:
    """Where a function's process runs and whom it calls."""

    task_root: Path
    runtime_dir: Path
    endpoint_url: str


@dataclass(frozen=True)
class Outcome:
    """The answer's bytes, whether it is an error, and the tail of the log in base64."""

    payload: bytes
    failed: bool
    log_tail: str


class Environment:
    """`dead` once its process is gone or being ended: never used again then."""

    def __init__(self, definition: Definition, credentials: RoleCredentials, place: Place) -> None:
        self.definition = definition
        self.place = place
        self.dead = False
        self.idle_since = time.monotonic()
        self.init_error: bytes | None = None
        self._credentials = credentials
        self._api = RuntimeApi()
        self._init_ms: float | None = None
        date = time.strftime("%Y/%m/%d", time.gmtime())
        self.log_stream = f"{date}/[{definition.version}]{uuid.uuid4().hex}"

    async def start(self, log: Callable[[str, str], None]) -> None:
        """Start the process and wait for its first `next`; on failure `init_error` is set and it is dead.

        `log` takes stream and line.
        """
        started = time.monotonic()
        await self._api.open()
        self._output = Output(asyncio.get_running_loop(), lambda line: log(self.log_stream, line))
        self._output.write(f"INIT_START Runtime Version: python:{platform.python_version()}.localcloud")
        variables = process.variables(
            self.definition,
            self._credentials,
            task_root=self.place.task_root,
            runtime_dir=self.place.runtime_dir,
            runtime_api=self._api.address,
            endpoint_url=self.place.endpoint_url,
            log_stream=self.log_stream,
        )
        self._process = await asyncio.create_subprocess_exec(
            *process.command(self.definition),
            env=variables,
            cwd=self.place.task_root,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._output.write_end,
            stderr=self._output.write_end,
            process_group=0,
        )
        os.close(self._output.write_end)
        self._exited = asyncio.ensure_future(self._process.wait())
        self._exited.add_done_callback(lambda _: self._bury())
        await self._initialised()
        self._init_ms = (time.monotonic() - started) * 1000

    async def _initialised(self) -> None:
        ready = asyncio.ensure_future(self._api.ready.wait())
        either: set[asyncio.Future[Any]] = {ready, self._exited}
        await asyncio.wait(either, timeout=INIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._api.init_error is not None:
            self.init_error = self._api.init_error
        elif self._exited.done():
            self.init_error = _error("Runtime.ExitError", self._exit_message(None))
        elif not self._api.ready.is_set():
            self._output.write(f"INIT_REPORT Init Duration: {INIT_SECONDS * 1000:.2f} ms\tPhase: init\tStatus: timeout")
            self.init_error = _error("Sandbox.Timedout", f"Error: Task timed out after {INIT_SECONDS:.2f} seconds")
        if self.init_error is not None:
            await self.stop()

    def fresh_enough(self) -> bool:
        """Whether it may take another event: alive, and its credentials outlast it."""
        return not self.dead and self._credentials.remaining() > RENEW_BEFORE_SECONDS

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Let the process handle one event within the function's timeout."""
        seconds = self.definition.timeout_seconds
        request_id = invocation.request_id
        self._output.write(f"START RequestId: {request_id} Version: {self.definition.version}")
        started = time.monotonic()
        answer = self._api.send(invocation, int((time.time() + seconds) * 1000))
        either: set[asyncio.Future[Any]] = {answer, self._exited}
        await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        self._output.drain()
        elapsed_ms = (time.monotonic() - started) * 1000
        status = ""
        if answer.done():
            result = answer.result()
            if result.failed:
                status = _status_of(result.payload)
        elif self._exited.done():
            result = Answer(_error("Runtime.ExitError", self._exit_message(request_id)), failed=True)
            self._output.write(f"RequestId: {request_id} Error: {self._exit_reason()}\nRuntime.ExitError")
            status = "\tStatus: error\tError Type: Runtime.ExitError"
        else:
            text = f"Task timed out after {seconds:.2f} seconds"
            result = Answer(_error("Sandbox.Timedout", f"RequestId: {request_id} Error: {text}"), failed=True)
            self._output.write(f"{_iso_now()} {request_id} {text}\n")
            status = "\tStatus: timeout"
            await self.stop()
        self._report(request_id, elapsed_ms, status)
        self.idle_since = time.monotonic()
        return Outcome(result.payload, result.failed, self._output.take_tail())

    def _report(self, request_id: str, elapsed_ms: float, status: str) -> None:
        init = self._init_ms
        self._init_ms = None
        billed = math.ceil(elapsed_ms + (init or 0))
        self._output.write(f"END RequestId: {request_id}")
        self._output.write(
            f"REPORT RequestId: {request_id}\tDuration: {elapsed_ms:.2f} ms\tBilled Duration: {billed} ms\t"
            f"Memory Size: {self.definition.memory_mb} MB\tMax Memory Used: {self._peak_mb()} MB"
            + (f"\tInit Duration: {init:.2f} ms" if init is not None else "")
            + status
        )

    def _peak_mb(self) -> int:
        """The process's peak resident set; 0 where the system does not tell (no /proc, or gone)."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return math.ceil(int(line.split()[1]) / _PAGE)
        return 0

    async def stop(self) -> None:
        """End the process and everything it started."""
        self.dead = True
        if not self._exited.done():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._exited
        self._bury()

    def _bury(self) -> None:
        self.dead = True
        self._api.close()
        self._output.close()

    def _exit_reason(self) -> str:
        code = self._exited.result()
        if code == 0:
            return "Runtime exited without providing a reason"
        if code < 0:
            return f"Runtime exited with error: signal: {signal.strsignal(-code) or -code}".lower().replace(
                "runtime", "Runtime", 1
            )
        return f"Runtime exited with error: exit status {code}"

    def _exit_message(self, request_id: str | None) -> str:
        prefix = f"RequestId: {request_id} " if request_id else ""
        return f"{prefix}Error: {self._exit_reason()}"


def _status_of(payload: bytes) -> str:
    try:
        kind = json.loads(payload).get("errorType")
    except (ValueError, AttributeError):
        return "\tStatus: error"
    return f"\tStatus: error\tError Type: {kind}"


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def _iso_now() -> str:
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
