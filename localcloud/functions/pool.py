"""The environments of one function version: as many as its callers need, within a bound."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from localcloud.functions.environment import Environment


class Pool:
    """Hands out idle environments, last used first; starts others while callers wait.

    `start` makes an environment that is ready or has its `init_error`; `starting` bounds how many processes
    of all pools begin at once, because a cold start is CPU and this machine has little.
    """

    def __init__(self, start: Callable[[], Awaitable[Environment]], limit: int, starting: asyncio.Semaphore) -> None:
        self._start = start
        self._limit = limit
        self._starting = starting
        self._idle: list[Environment] = []
        self._busy: set[Environment] = set()
        self._retired: set[Environment] = set()
        self._waiting: deque[asyncio.Future[Environment]] = deque()
        self._starts: set[asyncio.Task[None]] = set()
        self.last_used = time.monotonic()

    async def acquire(self) -> Environment:
        """An environment for one event; the caller gives it back with `release`.

        One that failed to start is handed out too, dead and with its `init_error`.
        """
        self.last_used = time.monotonic()
        while self._idle:
            environment = self._idle.pop()
            if environment.fresh_enough():
                self._busy.add(environment)
                return environment
            if not environment.dead:
                await environment.stop()
        waiter: asyncio.Future[Environment] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._grow()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.release(waiter.result())
            raise

    def release(self, environment: Environment) -> None:
        """Give it to the next caller in line, or keep it."""
        self._busy.discard(environment)
        if environment in self._retired:
            self._retired.discard(environment)
            stopping = asyncio.ensure_future(environment.stop())
            stopping.add_done_callback(lambda _: self._grow())
        elif environment.dead:
            self._grow()
        elif not self._hand(environment):
            self._idle.append(environment)

    def _hand(self, environment: Environment) -> bool:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._busy.add(environment)
                waiter.set_result(environment)
                return True
        return False

    def _grow(self) -> None:
        while len(self._starts) < len(self._waiting) and len(self._starts) + len(self._busy) < self._limit:
            task = asyncio.ensure_future(self._begin())
            self._starts.add(task)
            task.add_done_callback(self._begun)

    async def _begin(self) -> None:
        async with self._starting:
            # another environment may have served everyone while this one waited for its turn
            if not any(not waiter.done() for waiter in self._waiting):
                return
            environment = await self._start()
        if not self._hand(environment) and not environment.dead:
            self._idle.append(environment)

    def _begun(self, task: asyncio.Task[None]) -> None:
        self._starts.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            waiter = next((waiter for waiter in self._waiting if not waiter.done()), None)
            if waiter is not None:
                self._waiting.remove(waiter)
                waiter.set_exception(error)
        self._grow()

    def environments(self) -> list[Environment]:
        """All that have a process."""
        return [*self._idle, *self._busy]

    async def reap(self, idle_seconds: float) -> bool:
        """End environments that were idle that long or died; whether the pool is empty now."""
        cut = time.monotonic() - idle_seconds
        keep = [one for one in self._idle if one.idle_since > cut and one.fresh_enough()]
        gone = [one for one in self._idle if one not in keep]
        self._idle = keep
        for environment in gone:
            await environment.stop()
        return not (keep or self._busy or self._starts or self._waiting)

    async def retire(self) -> int:
        """End what is idle now and what is busy after its event: the next events start anew. How many."""
        idle, self._idle = self._idle, []
        self._retired |= self._busy
        for environment in idle:
            await environment.stop()
        return len(idle) + len(self._retired)

    async def close(self) -> None:
        """End everything at once."""
        for task in list(self._starts):
            task.cancel()
        for environment in self.environments():
            await environment.stop()
