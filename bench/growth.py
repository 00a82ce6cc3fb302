"""What `GET /products` and `GET /dashboard/summary` cost as a tenant grows, beside the twin on the same items.

Both functions run in one process of their own, on one store after the other: AWS's own DynamoDB Local where Java is,
and the local cloud's. Latency is the functions' and the store's; items read and read units are DynamoDB's own count
and do not depend on the machine.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.environment import client, free_port
from components.data.tables import PARTITION_KEY, SORT_KEY, TABLES, TableDefinition
from components.naming import Names
from tests.dynamodb_local import server
from tests.dynamodb_local.distribution import UnavailableError
from toolchain import cloud as clouds
from toolchain.cloud import Cloud
from toolchain.workspace import ROOT, Workspace

SIZES = (100, 1_000, 10_000, 100_000)
# The local cloud keeps its items as Python objects and saves them with its state: so many are enough to see a line.
SIZES_OF_THE_CLOUD = (100, 1_000, 10_000)
_REGION = "eu-central-1"
_STORES = ("products", "analytics", "orders", "inventory", "sessions", "customer-profiles", "recommendations", "users")


@dataclass(frozen=True)
class Grown:
    """`cells` are those of `bench.growth_work`; `missing` says why a store has none.

    `counts_units`: whether the store counts read units as AWS does.
    """

    store: str
    cells: list[dict[str, Any]]
    missing: str | None = None
    counts_units: bool = True


class GrowthError(RuntimeError):
    """The functions could not be measured; their own message has been shown."""


def measure(say: Callable[[str], None], largest: int) -> list[Grown]:
    """Each store, sizes up to `largest`."""
    with _cloud() as cloud:
        found = [_on_dynamodb_local(cloud, largest, say)]
        names = _tables(cloud, cloud.endpoint_url)
        say("growth: the local cloud")
        cells = _work(cloud, cloud.endpoint_url, names, SIZES_OF_THE_CLOUD, largest)
        found.append(Grown("the local cloud", cells, counts_units=False))
    return found


def _on_dynamodb_local(cloud: Cloud, largest: int, say: Callable[[str], None]) -> Grown:
    try:
        with server.running() as endpoint:
            say("growth: DynamoDB Local")
            return Grown("DynamoDB Local", _work(cloud, endpoint, _tables(cloud, endpoint), SIZES, largest))
    except UnavailableError as error:
        return Grown("DynamoDB Local", [], str(error))


@contextlib.contextmanager
def _cloud() -> Iterator[Cloud]:
    """A local cloud with nothing but the parameters that `api` reads."""
    with tempfile.TemporaryDirectory(prefix="omnix-bench-") as home:
        workspace = Workspace("dev", Path(home).resolve())
        try:
            cloud = clouds.start(workspace, _REGION, (free_port(), free_port()))
            names = Names("dev", cloud.account_id, _REGION)
            ssm = client("ssm", cloud.endpoint_url, _REGION)
            values = {
                ("database", "endpoint"): f"https://dynamodb.{_REGION}.amazonaws.com",
                ("api", "cors-origins"): "http://localhost:5173",
                ("monitoring", "log-level"): "WARNING",
                **{("database", f"tables/{logical}"): names.table(logical) for logical in _STORES},
            }
            for (area, name), value in values.items():
                ssm.put_parameter(Name=f"{names.parameter_prefix}/{area}/{name}", Value=value, Type="String")
            yield cloud
        finally:
            clouds.stop(workspace)


def _tables(cloud: Cloud, endpoint: str) -> dict[str, str]:
    """The tables as `DataStack` makes them, without streams: nobody follows these writes."""
    names = Names("dev", cloud.account_id, _REGION)
    dynamodb = client("dynamodb", endpoint, _REGION)
    made = {logical: names.table(logical) for logical in _STORES}
    for logical, name in made.items():
        _create(dynamodb, name, TABLES[logical])
    return made


def _create(dynamodb: Any, name: str, definition: TableDefinition) -> None:
    indexes = [
        {
            "IndexName": index,
            "KeySchema": _keys(f"{index}pk", f"{index}sk"),
            "Projection": {"ProjectionType": "ALL"},
        }
        for index in definition.indexes
    ]
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys(PARTITION_KEY, SORT_KEY),
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in definition.attributes],
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    )


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _work(cloud: Cloud, store: str, tables: dict[str, str], sizes: Sequence[int], largest: int) -> list[dict[str, Any]]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "OMNIX_", "POWERTOOLS_"))},
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": _REGION,
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
        "AWS_ENDPOINT_URL_DYNAMODB": store,
        "OMNIX_ENVIRONMENT": "dev",
        "OMNIX_FUNCTION": "api",
        "OMNIX_PARAMETER_PREFIX": "/omnix-ai/dev",
        "TWIN_TABLE": tables["products"],
        "TWIN_READ_SECONDS": "30",
        "PYTHONPATH": os.pathsep.join((str(ROOT / "functions"), str(ROOT))),
    }
    wanted = [str(size) for size in sizes if size <= largest]
    command = [sys.executable, "-m", "bench.growth_work", *wanted]
    done = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise GrowthError(f"growth on {store} ended with {done.returncode}; its message is above")
    cells: list[dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
    return cells
