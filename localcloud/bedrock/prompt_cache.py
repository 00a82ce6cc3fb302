"""Prompt caching: what of a request was written by one before, by the prefix that a cache point ends.

The prefix runs over tools, system and messages, in that order. What is read is the longest prefix that is cached and
ends at a block among the last 20 before a cache point; what is written goes from there to the last cache point. A
prefix under the model's minimum is not cached, and nothing says so. Reading renews the time to live: five minutes, or
an hour where the point and the model say so. Source: Bedrock user guide, "Prompt caching for faster model inference".
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.bedrock import tokens
from localcloud.bedrock.models import Model

SECONDS = {"5m": 300.0, "1h": 3600.0}
_BACK = 20  # blocks before a cache point in which a cached prefix may end
_KEPT = 10_000


@dataclass(frozen=True)
class Counted:
    """Tokens of an input. `written` by time to live; the whole is `plain + read + sum(written)`."""

    plain: int
    read: int = 0
    written: tuple[tuple[str, int], ...] = ()

    @property
    def write(self) -> int:
        """All that was written."""
        return sum(many for _, many in self.written)


@dataclass(frozen=True)
class _Edge:
    """Where a block ends: the tokens up to there, the prefix's fingerprint, and the cache point behind it, if any."""

    tokens: int
    digest: str
    ttl: str | None


class PromptCache:
    """Safe to use from any thread. Gone with the daemon. `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ends: dict[str, float] = {}

    def count(self, model: Model, scope: str, request: Mapping[str, Any]) -> Counted:
        """The request's input tokens as the model bills them; what it writes is cached from here on."""
        whole = total(request)
        edges = list(_edges(scope, request))
        points = [
            at for at, edge in enumerate(edges) if edge.ttl and model.cache_least and edge.tokens >= model.cache_least
        ]
        if not points:
            return Counted(whole)
        with self._lock:
            now = self._clock()
            start = self._read(edges, points, now)
            written: dict[str, int] = {}
            done = edges[start].tokens if start is not None else 0
            read = done
            for at in points:
                ttl = str(edges[at].ttl)
                if edges[at].tokens > done:
                    written[ttl] = written.get(ttl, 0) + edges[at].tokens - done
                    done = edges[at].tokens
                self._ends[edges[at].digest] = now + SECONDS[ttl]
            self._forget(now)
        return Counted(whole - done, read, tuple(sorted(written.items(), key=lambda one: -SECONDS[one[0]])))

    def _read(self, edges: list[_Edge], points: list[int], now: float) -> int | None:
        reachable = {at for point in points for at in range(max(0, point - _BACK), point + 1)}
        return max((at for at in reachable if self._ends.get(edges[at].digest, 0) > now), default=None)

    def _forget(self, now: float) -> None:
        if len(self._ends) > _KEPT:
            self._ends = {digest: ends for digest, ends in self._ends.items() if ends > now}


def total(request: Mapping[str, Any]) -> int:
    """Input tokens of a Converse request, cached or not."""
    tools = (request.get("toolConfig") or {}).get("tools") or ()
    messages = request.get("messages") or ()
    return (
        tokens.REQUEST
        + (tokens.TOOLS if tools else 0)
        + sum(map(tokens.of_tool, tools))
        + sum(map(tokens.of_block, request.get("system") or ()))
        + sum(tokens.MESSAGE + sum(map(tokens.of_block, one["content"])) for one in messages)
    )


def _edges(scope: str, request: Mapping[str, Any]) -> Iterator[_Edge]:
    """The end of every block; a cache point belongs to the block before it."""
    digest, counted = hashlib.sha256(scope.encode()), 0
    last: _Edge | None = None
    for block, size in _sized(request):
        if "cachePoint" in block:
            if last is not None:
                last = _Edge(last.tokens, last.digest, block["cachePoint"].get("ttl", "5m"))
            continue
        if last is not None:
            yield last
        digest.update(tokens.canonical(block).encode())
        counted += size
        last = _Edge(counted, digest.hexdigest(), None)
    if last is not None:
        yield last


def _sized(request: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], int]]:
    tools = (request.get("toolConfig") or {}).get("tools") or ()
    for at, tool in enumerate(tools):
        yield tool, tokens.of_tool(tool) + (tokens.TOOLS if at == 0 else 0)
    for block in request.get("system") or ():
        yield block, tokens.of_block(block)
    for message in request.get("messages") or ():
        yield {"role": message["role"]}, tokens.MESSAGE
        for block in message["content"]:
            yield block, tokens.of_block(block)
