"""Lambda's service side: finds the version, keeps the limits, runs the event, writes the log."""

import asyncio
import logging
import os
import secrets
import time
import uuid
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from localcloud.functions import definition as definitions
from localcloud.functions.definition import Definition, Target
from localcloud.functions.environment import Environment, Outcome, Place
from localcloud.functions.execution import Execution
from localcloud.functions.invocation import (
    MAX_EVENT_PAYLOAD,
    MAX_PAYLOAD,
    Invocation,
    InvokeRefused,
    InvokeResult,
)
from localcloud.functions.logs import LogWriter
from localcloud.functions.package import PackageCache, runtime_directory
from localcloud.functions.pool import Pool
from localcloud.persistence.lock import StateLock

_LOG = logging.getLogger(__name__)
# An account's concurrent executions (Lambda's default quota).
_ACCOUNT_CONCURRENCY = 1000
_IDLE_SECONDS = 300.0
_REAP_EVERY = 20.0


class FunctionRuntime:
    """Runs the functions that moto holds. Lives on one event loop; `invoke` is for other threads."""

    def __init__(
        self,
        account_id: str,
        region: str,
        directory: Path,
        lock: StateLock,
        logs: LogWriter,
        execution: Execution,
    ) -> None:
        self._account_id = account_id
        self._region = region
        self._lock = lock
        self._logs = logs
        self._execution = execution
        self._packages = PackageCache(directory / "packages")
        self._runtime_dir = runtime_directory(directory)
        self._targets: dict[tuple[str, str, str | None], Target] = {}
        self._pools: dict[Definition, Pool] = {}
        self._running: Counter[str] = Counter()
        self._events: set[asyncio.Task[None]] = set()
        self.endpoint_url = ""
        processors = os.process_cpu_count() or 2
        self._limit = int(os.environ.get("LOCALCLOUD_MAX_ENVIRONMENTS", "0")) or max(4, 4 * processors)
        self._starting = asyncio.Semaphore(processors)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        """Belong to the running loop from now on."""
        self._loop = asyncio.get_running_loop()
        self._reaper = asyncio.ensure_future(self._reap())

    async def close(self) -> None:
        """End every process."""
        self._reaper.cancel()
        for pool in self._pools.values():
            await pool.close()

    def restart(self) -> dict[str, int]:
        """End every environment, busy ones after their event, so that the next events are cold starts."""
        if self._loop is None:
            raise RuntimeError("the function runtime is not open yet")
        ended = asyncio.run_coroutine_threadsafe(self._retire(), self._loop).result()
        return {"ended": ended}

    async def _retire(self) -> int:
        return sum([await pool.retire() for pool in list(self._pools.values())])

    def forget(self) -> None:
        """A function, version or alias may have changed: look it up anew at the next call."""
        self._targets = {}

    def invoke(
        self, function_name: str, qualifier: str | None, payload: bytes, *, invocation_type: str = "RequestResponse"
    ) -> InvokeResult:
        """`call` for other threads than the loop's; lets go of moto's lock meanwhile."""
        if self._loop is None:
            raise RuntimeError("the function runtime is not open yet")
        with self._lock.released():
            coroutine = self.call(function_name, qualifier, payload, invocation_type=invocation_type)
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def call(
        self, function_name: str, qualifier: str | None, payload: bytes, *, invocation_type: str = "RequestResponse"
    ) -> InvokeResult:
        """Invoke by name, partial ARN or ARN.

        `invocation_type`: RequestResponse, Event (accepted at once, run once: no retries, no destinations) or
        DryRun. Raises `InvokeRefused` with Lambda's own status and exception name.
        """
        limit = MAX_EVENT_PAYLOAD if invocation_type == "Event" else MAX_PAYLOAD
        if len(payload) > limit:
            kind = f"the {invocation_type} invocation type (limit {limit} bytes)"
            message = f"{len(payload)} byte payload is too large for {kind}"
            raise InvokeRefused(413, "RequestTooLargeException", message)
        target = self._find(function_name, qualifier)
        version, code = target.choose()
        invocation = Invocation(str(uuid.uuid4()), payload or b"{}", target.qualified_arn, _trace_id())
        accepted = InvokeResult(204, b"", None, "", version.version, invocation.request_id)
        if invocation_type == "DryRun":
            return accepted
        if invocation_type == "Event":
            task = asyncio.ensure_future(self._run_event(target, version, code, invocation))
            self._events.add(task)
            task.add_done_callback(self._events.discard)
            return replace(accepted, status=202)
        outcome = await self._run(target, version, code, invocation)
        error = "Unhandled" if outcome.failed else None
        return InvokeResult(200, outcome.payload, error, outcome.log_tail, version.version, invocation.request_id)

    def _find(self, function_name: str, qualifier: str | None) -> Target:
        name, qualifier, region = definitions.split_name(function_name, qualifier, self._region)
        known = self._targets.get((region, name, qualifier))
        if known is None:
            targets = self._targets
            with self._lock.hold():
                known = definitions.find(self._account_id, region, name, qualifier)
            targets[region, name, qualifier] = known
        return known

    async def _run_event(self, target: Target, version: Definition, code: bytes, invocation: Invocation) -> None:
        try:
            outcome = await self._run(target, version, code, invocation)
        except InvokeRefused as refusal:
            _LOG.warning("event for %s dropped: %s", version.name, refusal.message)
            return
        if outcome.failed:
            _LOG.warning("event for %s failed: %s", version.name, outcome.payload.decode("utf-8", "replace"))

    async def _run(self, target: Target, version: Definition, code: bytes, invocation: Invocation) -> Outcome:
        reserved = target.reserved_concurrency
        allowed = _ACCOUNT_CONCURRENCY if reserved is None else reserved
        if self._running[version.name] >= allowed:
            raise InvokeRefused(429, "TooManyRequestsException", "Rate Exceeded.")
        self._running[version.name] += 1
        try:
            return await self._in_environment(version, code, invocation)
        finally:
            self._running[version.name] -= 1

    async def _in_environment(self, version: Definition, code: bytes, invocation: Invocation) -> Outcome:
        pool = self._pools.get(version)
        if pool is None:
            pool = self._pools[version] = Pool(lambda: self._start(version, code), self._limit, self._starting)
        environment = await pool.acquire()
        try:
            if environment.init_error is not None:
                return Outcome(environment.init_error, failed=True, log_tail="")
            return await environment.invoke(invocation)
        finally:
            pool.release(environment)

    async def _start(self, version: Definition, code: bytes) -> Environment:
        try:
            task_root = await asyncio.to_thread(self._packages.extract, version.code_sha256, code)
        except zipfile.BadZipFile as error:
            message = "Could not unzip uploaded file. Please check your file, then try to upload again."
            raise InvokeRefused(502, "InvalidZipFileException", message) from error
        credentials = await asyncio.to_thread(self._execution.credentials, version)
        place = Place(task_root, self._runtime_dir, self.endpoint_url)
        environment = Environment(version, credentials, place)
        await environment.start(self._logger(version))
        return environment

    def _logger(self, version: Definition) -> Callable[[str, str], None]:
        def write(stream: str, line: str) -> None:
            if self._execution.may_log(version, stream):
                self._logs.write(version.region, version.log_group, stream, line)

        return write

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(_REAP_EVERY)
            for version, pool in list(self._pools.items()):
                if await pool.reap(_IDLE_SECONDS):
                    del self._pools[version]
            used = {one.place.task_root for pool in self._pools.values() for one in pool.environments()}
            await asyncio.to_thread(self._packages.sweep, used)


def _trace_id() -> str:
    """An X-Ray header that is never sampled: there is no X-Ray here."""
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
