"""Requests a second with many clients at once, and what share of them failed, beside the twin under the same load.

Each client sends one request after the other on a connection of its own and asks anew as soon as it is answered. The
generator is an event loop in this process; what it and the gateway can do at most is measured first, on an answer that
the gateway gives by itself (404 for an unknown path, by a mock integration): far above it, nothing else would show.
"""

import asyncio
import functools
import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import aiohttp

from bench.environment import Bench
from bench.operations import Call
from bench.shop import Shop
from bench.timing import Spread, spread

CLIENTS = 32
ROUNDS = 3
_WARM_SECONDS = 3.0
# Of 20 requests: a shop's traffic, three reads to a write.
MIX = {"list": 7, "read": 5, "summary": 3, "product": 3, "order": 2}
_TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass
class Tally:
    """What came back in one round: milliseconds of each answer, and failures by what they were."""

    seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        return sum(self.failures.values())

    @property
    def a_second(self) -> float:
        """Good answers only."""
        return (len(self.milliseconds) - self.failed) / self.seconds


@dataclass(frozen=True)
class Load:
    """Medians over the rounds; `error_rate` and `spread` over all their requests. `failures` by status or exception."""

    a_second: float
    error_rate: float
    spread: Spread
    failures: dict[str, int]


@dataclass(frozen=True)
class Result:
    """`ceiling`: requests a second of the gateway's cheapest answer to the same clients."""

    ceiling: float
    ours: Load
    twin: Load
    clients: int = CLIENTS


def measure(bench: Bench, seconds: float, say: Callable[[str], None]) -> Result:
    """Rounds of `seconds` each that alternate between the two; both start warm."""
    shop = Shop(bench.api_url, products=100)
    shop.settled()
    nothing = Call("GET", "/there/is/nothing", None, "", "")
    stages = {"ours": bench.api_url, "twin": bench.twin_url}
    say("load: ceiling of the generator and the gateway")
    ceiling = asyncio.run(_round(bench.api_url, lambda _: itertools.repeat(nothing), seconds / 2, expected=(404,)))
    for place, url in enumerate(stages.values(), start=1):
        asyncio.run(_round(url, functools.partial(requests, shop, CLIENTS * place), _WARM_SECONDS))
    tallies: dict[str, list[Tally]] = {name: [] for name in stages}
    for turn in range(ROUNDS):
        for place, (name, url) in enumerate(stages.items(), start=1):
            say(f"load: round {turn + 1} of {ROUNDS}, {name}, {CLIENTS} clients")
            # numbers that no round before had: both sides write into one tenant, where a SKU is taken once
            script = functools.partial(requests, shop, CLIENTS * (len(stages) * turn + place + len(stages)))
            tallies[name].append(asyncio.run(_round(url, script, seconds)))
    shop.close()
    return Result(ceiling.a_second, _load(tallies["ours"]), _load(tallies["twin"]))


def document(result: Result) -> dict[str, Any]:
    """As JSON types; `ratio` is of the good answers a second, ours over the twin's."""
    return {**asdict(result), "mix": dict(MIX), "ratio": result.ours.a_second / result.twin.a_second}


def requests(shop: Shop, first: int, client: int) -> Iterator[Call]:
    """The endless requests of one client, in an order that its number decides; a write is new each time."""
    chance = random.Random(first + client)
    token = shop.values["token"]
    kinds = [kind for kind, weight in MIX.items() for _ in range(weight)]
    while True:
        for kind in chance.sample(kinds, len(kinds)):
            yield _call(kind, chance.choice(shop.product_ids), chance, token)


def _call(kind: str, product_id: str, chance: random.Random, token: str) -> Call:
    match kind:
        case "list":
            return Call("GET", "/products", None, "", token)
        case "read":
            return Call("GET", f"/products/{product_id}", None, "", token)
        case "summary":
            return Call("GET", "/dashboard/summary", None, "", token)
        case "product":
            sku = f"L-{chance.getrandbits(64):x}"
            content = f'{{"sku":"{sku}","name":"Load {sku}","category":"load","price":{{"amount":1,"currency":"EUR"}}}}'
            return Call("POST", "/products", content.encode(), "application/json", token)
        case _:
            content = f'{{"lines":[{{"product_id":"{product_id}","quantity":1}}]}}'
            return Call("POST", "/orders", content.encode(), "application/json", token)


async def _round(
    url: str, script: Callable[[int], Iterator[Call]], seconds: float, expected: Sequence[int] = (200, 201)
) -> Tally:
    tally = Tally()
    connector = aiohttp.TCPConnector(limit=CLIENTS)
    async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as session:
        started = time.perf_counter()
        until = started + seconds
        async with asyncio.TaskGroup() as group:
            for client in range(CLIENTS):
                group.create_task(_client(session, url, script(client), until, expected, tally))
        tally.seconds = time.perf_counter() - started
    return tally


async def _client(
    session: aiohttp.ClientSession, url: str, calls: Iterator[Call], until: float, expected: Sequence[int], tally: Tally
) -> None:
    while (started := time.perf_counter()) < until:
        call = next(calls)
        try:
            async with session.request(
                call.method, url + call.url, data=call.content, headers=call.headers()
            ) as answer:
                await answer.read()
                outcome = "" if answer.status in expected else str(answer.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            outcome = type(error).__name__
        tally.milliseconds.append((time.perf_counter() - started) * 1000)
        if outcome:
            tally.failures[outcome] = tally.failures.get(outcome, 0) + 1


def _load(rounds: Sequence[Tally]) -> Load:
    everything = [one for tally in rounds for one in tally.milliseconds]
    failures: dict[str, int] = {}
    for tally in rounds:
        for what, n in tally.failures.items():
            failures[what] = failures.get(what, 0) + n
    return Load(
        median(tally.a_second for tally in rounds),
        sum(failures.values()) / len(everything),
        spread(everything),
        failures,
    )
