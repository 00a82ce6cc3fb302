"""Warm latency of every operation of the contract through the local gateway, one client, and of the twin's beside it.

Where the twin has the route, requests alternate between the two, so that a slow moment of the machine falls on both.
Both stages ask the same authorizer function before every request but `readHealth`.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.environment import Bench
from bench.operations import Call, Operation, UnknownValueError, operations
from bench.shop import Shop
from bench.timing import Spread, spread, timed

# What `bench.twin.handler` serves, by the same operation ids.
TWINS = frozenset({"readHealth", "listProducts", "createProduct", "readProduct", "createOrder", "readDashboardSummary"})
_WARM = 3
_FIRST = 20  # before the first route: a function's first answers are its slowest


@dataclass(frozen=True)
class Measured:
    """One operation. `twin` is None where it has no peer; `missing` says why there is no figure."""

    route: str
    ours: Spread | None
    twin: Spread | None
    missing: str | None = None


class RefusedError(Exception):
    """A request that should have been served was not."""


def measure(bench: Bench, root: Path, requests: int, say: Callable[[str], None]) -> list[Measured]:
    """Every operation of `openapi.json`, in its order; operations with a peer get all `requests`, others half."""
    found = operations(json.loads((root / "openapi.json").read_text(encoding="utf-8")))
    shop = Shop(bench.api_url)
    shop.settled()
    with httpx.Client(base_url=bench.api_url, timeout=30) as ours, httpx.Client(base_url=bench.twin_url) as twin:
        read = next(operation for operation in found if operation.name == "readProduct")
        for client in (ours, twin) * _FIRST:
            send(client, shop.next(read))
        measured = []
        for number, operation in enumerate(found, start=1):
            say(f"routes: {number} of {len(found)}: {operation}")
            clients = [ours, twin] if operation.name in TWINS else [ours]
            measured.append(_measured(operation, shop, clients, requests // (1 if len(clients) > 1 else 2)))
    shop.close()
    return measured


def _measured(operation: Operation, shop: Shop, clients: Sequence[httpx.Client], requests: int) -> Measured:
    samples: list[list[float]] = [[] for _ in clients]
    try:
        for turn in range(_WARM + requests):
            for client, taken in zip(clients, samples, strict=True):
                milliseconds = send(client, shop.next(operation))
                if turn >= _WARM:
                    taken.append(milliseconds)
    except (UnknownValueError, RefusedError, httpx.HTTPError) as error:
        return Measured(str(operation), None, None, str(error))
    ours, *twin = map(spread, samples)
    return Measured(str(operation), ours, twin[0] if twin else None)


def send(client: httpx.Client, call: Call) -> float:
    """The request's milliseconds; raises RefusedError for an answer that is no success."""
    request = client.build_request(call.method, call.url.lstrip("/"), content=call.content, headers=call.headers())
    answer, milliseconds = timed(lambda: client.send(request))
    if not answer.is_success:
        raise RefusedError(f"{call.method} {call.url}: {answer.status_code} {answer.text[:200]}")
    return milliseconds
