"""A process that calls models under the cost guard until it is killed (`test_costs_races`)."""

import random
import time
from multiprocessing.connection import Connection
from typing import Any

from botocore.config import Config
from botocore.session import Session

from omnix import deadline
from omnix.costs.guard import Guard
from omnix.costs.model import Feature, Usage
from omnix.dynamodb import Table
from omnix.errors import LimitReachedError, UnavailableError
from tests.unit.functions.costs_table import limits, model

REGION = "eu-central-1"
LEASE_SECONDS = 3
MODEL = model()
BOUNDS: dict[str, Any] = {
    "environment": {"daily": 200_000_000},
    "features": {"chat": {"daily": 120_000_000}},
    "tenant": {"daily": 80_000_000},
}


class Context:
    """Lambda's, of an invocation that has three seconds."""

    def get_remaining_time_in_millis(self) -> int:
        return LEASE_SECONDS * 1000


def opened(endpoint: str, name: str) -> Table:
    """The table, by a client that many threads share."""
    session = Session()
    session.set_credentials("testing", "testing")
    config = Config(max_pool_connections=100, retries={"total_max_attempts": 2, "mode": "standard"})
    client: Any = session.create_client("dynamodb", REGION, endpoint_url=endpoint, config=config)
    return Table(client, name)


def work(endpoint: str, name: str, seed: int, said: Connection) -> None:
    """Reserve, take the model's time, end; tell what a model was paid for before and what was settled after."""
    table, chance = opened(endpoint, name), random.Random(seed)
    own = Guard(lambda: table, lambda: limits(**BOUNDS))
    said.send(("", 0))
    while True:
        deadline.begin(Context())
        tokens, output = chance.randrange(1, 3000), chance.randrange(1, 400)
        feature = chance.choice(list(Feature))
        try:
            reserved = own.reserve(
                tenant_id=f"t{chance.randrange(4)}", user_id="u", feature=feature, model=MODEL, input_tokens=tokens,
                max_output=output, request_id="r",
            )  # fmt: skip
        except (LimitReachedError, UnavailableError):
            time.sleep(0.01)
            continue
        used = Usage(input=chance.randrange(1, tokens + 1), output=chance.randrange(output + 1))
        said.send((reserved.reservation_id, MODEL.prices.cost(used)))
        time.sleep(chance.uniform(0, 0.01))
        own.settle(reserved, used, stop_reason="end_turn", latency_ms=5)
