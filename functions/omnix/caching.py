"""What may be kept of an answer, by whom and how long.

| what | who keeps it | how long | what ends it |
|---|---|---|---|
| the contract, the version | browsers and edges (`SHARED`) | a minute | time; a deployment is seen a minute later |
| the dashboard's sums | this process, by tenant (`Recent`) | 5 s | time; their writer is another process |
| the dashboard's answers | the caller's browser (`ROLLUP`) | 5 s | time |
| every other answer | nobody (`NOTHING`) | | |
| parameters, secrets | this process (`omnix.parameters`, `omnix.secrets`) | a minute | time; an unknown key id |
| the authorizer's answers | API Gateway, behind an edge | a minute | time |

Answers with an `ETag` are asked for again with `If-None-Match` and cost no body when nothing has changed
(`omnix.etag.conditional`). A cache of tenants' data is always keyed by the tenant of the authorizer's context.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from omnix import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

SHARED = "public, max-age=60"
ROLLUP_SECONDS = 5
ROLLUP = f"private, max-age={ROLLUP_SECONDS}"
NOTHING = "no-store"
# `Vary` of an address that is another thing for every caller: whoever signs in next at the same browser must not be
# shown what it kept for the last one.
BY_CALLER = "Origin, Authorization, X-API-Key"


class Recent[V]:
    """The last values by key: each for `seconds`, the `most` recently made ones. Nothing but time ends a value."""

    def __init__(self, seconds: float, most: int) -> None:
        self.seconds = seconds
        self.most = most
        self._kept: OrderedDict[Hashable, tuple[float, V]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The kept value, or a new one; what `make` raises is not kept. `make` runs outside of the lock."""
        now = clock.monotonic()
        with self._lock:
            found = self._kept.get(key)
        if found is not None and now < found[0]:
            return found[1]
        made = make()
        with self._lock:
            self._kept[key] = (now + self.seconds, made)
            self._kept.move_to_end(key)
            if len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return made

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
