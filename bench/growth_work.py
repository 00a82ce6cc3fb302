"""`python -m bench.growth_work SIZE…`: both functions, in one process, on one store, while one tenant grows.

What an answer costs is asked of DynamoDB itself: every call carries `ReturnConsumedCapacity`, put in by botocore's own
events, so that neither function knows. Prints a JSON list of cells. `bench.growth` starts it with the environment
variables of the function `api`, on a cloud with nothing in it.
"""

import functools
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.session import Session

from bench.stocking import CATEGORIES, product_items, rollup_updates, write
from bench.timing import quantile, timed

TENANT = "bench"
_REQUESTS = 40
_SECONDS = 2.0  # of one cell: a summary that reads 100,000 products is not asked for 40 times
_FEWEST = 3
_DEEPEST = 20_000
_LARGEST_PAGE = 100
_BEHIND = "behind"

type Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


@dataclass(frozen=True)
class Cell:
    """One request of one function at one size: milliseconds, and DynamoDB's calls, items read and read units.

    `failed` says why it has no figures: nothing but zeros then.
    """

    request: str
    subject: str
    products: int
    p50: float = 0.0
    p99: float = 0.0
    n: int = 0
    calls: float = 0.0
    items: float = 0.0
    units: float = 0.0
    failed: str = ""


@dataclass
class Meter:
    """What DynamoDB did for the calls since the last `reset`."""

    calls: int = 0
    items: int = 0
    units: float = 0.0
    _names: tuple[str, ...] = field(default=("Query", "GetItem", "BatchGetItem", "TransactWriteItems"), repr=False)

    def attach(self, client: Any) -> None:
        events = client.meta.events
        for name in self._names:
            events.register(f"provide-client-params.dynamodb.{name}", self._ask)
            events.register(f"after-call.dynamodb.{name}", self._read)

    def reset(self) -> None:
        self.calls, self.items, self.units = 0, 0, 0.0

    def _ask(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, "ReturnConsumedCapacity": "TOTAL"}

    def _read(self, parsed: dict[str, Any], **_: Any) -> None:
        self.calls += 1
        self.items += parsed.get("ScannedCount", 0) + int("Item" in parsed)
        self.items += sum(len(found) for found in parsed.get("Responses", {}).values())
        consumed = parsed.get("ConsumedCapacity") or []
        for one in consumed if isinstance(consumed, list) else [consumed]:
            self.units += one.get("CapacityUnits", 0.0)


def main(sizes: list[int]) -> None:
    """Grow the tenant from size to size and measure at each."""
    from api.handler import handler as ours
    from bench.twin.handler import handler as twin
    from bench.twin.table import dynamodb as twins
    from omnix.dashboard.service import recent_summaries
    from omnix.tables import opened

    # a client of its own: the platform's refuses to start a call when its function's time is up
    writer: Any = Session().create_client("dynamodb", region_name=os.environ["AWS_REGION"])
    meter, store = Meter(), os.environ["AWS_ENDPOINT_URL_DYNAMODB"]
    meter.attach(opened("products").client)
    meter.attach(twins)
    products, analytics = (opened(name).name for name in ("products", "analytics"))
    recent_summaries.seconds = 0  # else this process would read the roll-ups once in five seconds
    subjects = (("ours", ours), ("twin", twin))
    logging.getLogger("mangum").setLevel(logging.CRITICAL)  # a twin that fails is told of by its cell
    cells: list[Cell] = []
    for before, size in zip([0, *sizes], sizes, strict=False):
        started = time.monotonic()
        items = write(store, os.environ["AWS_REGION"], products, product_items(products, TENANT, range(before, size)))
        for update in rollup_updates(analytics, TENANT, range(before, size)):
            writer.update_item(**update)
        _say(f"growth: {size} products ({items} items written in {time.monotonic() - started:.0f} s)")
        for turn in range(1 if before else 2):  # once for nothing: the store's code is compiled while it runs
            measured = [_measured(subject, function, size, meter) for subject, function in subjects]
            cells += [cell for found in measured for cell in found if before or turn]
    print(json.dumps([asdict(cell) for cell in cells]))


def _measured(subject: str, function: Handler, size: int, meter: Meter) -> Iterator[Cell]:
    for name, path, query in _requests(subject, size):
        try:
            asked = _reached(function, query)
            yield _cell(name, subject, size, functools.partial(call, function, path, asked), meter)
        except RuntimeError as error:  # a twin that reads everything passes its own time-outs some day
            yield Cell(name, subject, size, failed=str(error))


def _cell(name: str, subject: str, size: int, ask: Callable[[], object], meter: Meter) -> Cell:
    meter.reset()
    samples = [timed(ask)[1]]
    if samples[0] < _SECONDS * 1000:  # else it is the only one, cold or not: it takes what it takes
        meter.reset()
        samples = []
        until = time.monotonic() + _SECONDS
        while len(samples) < _REQUESTS and (len(samples) < _FEWEST or time.monotonic() < until):
            samples.append(timed(ask)[1])
    n, ordered = len(samples), sorted(samples)
    work = (meter.calls / n, meter.items / n, meter.units / n)
    return Cell(name, subject, size, quantile(ordered, 0.5), quantile(ordered, 0.99), n, *work)


def _requests(subject: str, size: int) -> Iterator[tuple[str, str, dict[str, str] | None]]:
    yield "products, first page", "/products", None
    yield "products, 10 of a category", "/products", {"category": f"category-{CATEGORIES // 2}", "limit": "10"}
    if subject == "ours":
        yield "products, active, dearest first", "/products", {"status": "active", "sort": "-price"}
    yield "products, deep cursor", "/products", {_BEHIND: str(min(size // 2, _DEEPEST))}
    yield "dashboard summary", "/dashboard/summary", None
    if subject == "twin":
        yield "dashboard, a count alone", "/dashboard/count", None


def _reached(function: Handler, query: dict[str, str] | None) -> dict[str, str] | None:
    """The query with the cursor behind so many products, where it asks for that."""
    return {"cursor": _cursor(function, int(query[_BEHIND]))} if query and _BEHIND in query else query


def _cursor(function: Handler, depth: int) -> str:
    """The cursor behind so many products, by going there as a caller does; with the default page it goes on."""
    after: str | None = None
    for start in range(0, depth, _LARGEST_PAGE):
        query = {"limit": str(min(_LARGEST_PAGE, depth - start))} | ({"cursor": after} if after else {})
        after = str(json.loads(call(function, "/products", query))["next_cursor"])
    return after or ""


def call(function: Handler, path: str, query: dict[str, str] | None) -> str:
    """The answer's body; raises RuntimeError unless it is a success."""
    context = {"tenant_id": TENANT, "user_id": "u", "role": "owner", "session_id": "s", "auth": "jwt"}
    event = {
        "resource": path,
        "path": path,
        "httpMethod": "GET",
        "headers": {"Host": "bench"},
        "multiValueHeaders": {"Host": ["bench"]},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "requestId": "bench",
            "stage": "dev",
            "path": path,
            "authorizer": context,
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": None,
        "isBase64Encoded": False,
    }
    lambda_context = SimpleNamespace(aws_request_id="bench", get_remaining_time_in_millis=lambda: 15_000)
    answer = function(event, lambda_context)
    if answer["statusCode"] != 200:  # noqa: PLR2004 - the status itself
        raise RuntimeError(f"{path} {query}: {answer['statusCode']} {answer['body'][:300]}")
    return str(answer["body"])


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]])
