"""Fills a tenant with products straight into its tables: the items that the catalogue and the worker would write.

The items come out of the catalogue's own `ProductStore` and the dashboard's own `RollupStore`, which are given a client
that writes down instead of sending; only the transactions become batches. Imported where `functions/` is on the path.
"""

import json
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import batched
from typing import Any, cast
from urllib.parse import urlsplit

from omnix.catalogue.model import Money, Product, Status
from omnix.catalogue.store import ProductStore
from omnix.dashboard.rollup import Counted
from omnix.dashboard.store import RollupStore
from omnix.dynamodb import Table

CATEGORIES = 8
_BATCH = 25  # BatchWriteItem's limit
_WRITERS = 4
_MOMENT = "2026-11-21T09:00:00.000Z"
_STATUSES = (Status.ACTIVE,) * 8 + (Status.DRAFT, Status.ARCHIVED)
_DESCRIPTION = "Whole leaf, picked by hand in the first flush, dried in the shade and packed where it grew. " * 2


class Recorder:
    """A DynamoDB client that keeps what a transaction would have written."""

    def __init__(self) -> None:
        self.actions: list[dict[str, Any]] = []

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803 - the API's name
        self.actions += TransactItems

    def taken(self) -> list[dict[str, Any]]:
        """What was written since the last call."""
        found, self.actions = self.actions, []
        return found


def product(number: int) -> Product:
    """The tenant's product of that number, always the same."""
    return Product(
        product_id=f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:016x}",
        sku=f"SKU-{number:06}",
        name=f"{('Assam', 'Darjeeling', 'Sencha', 'Oolong')[number % 4]} {number * 7919 % 1_000_003:07}",
        category=f"category-{number % CATEGORIES}",
        price=Money(amount=100 + number % 5000, currency="EUR"),
        description=_DESCRIPTION,
        status=_STATUSES[number // CATEGORIES % len(_STATUSES)],
        version=1,
        created_at=_MOMENT,
        updated_at=_MOMENT,
    )


def product_items(table: str, tenant_id: str, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
    """Every item of the products with these numbers, as the API takes it: the product, its SKU, its entries."""
    recorder = Recorder()
    recording = Table(cast("Any", recorder), table)
    store = ProductStore(recording, recording)
    for number in numbers:
        store.create(tenant_id, product(number), None)
        for action in recorder.taken():
            yield action["Put"]["Item"]


def rollup_updates(table: str, tenant_id: str, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
    """The worker's updates for the creation of these products, one of each key: counters are sums."""
    store = RollupStore(Table(cast("Any", Recorder()), table))
    summed: dict[str, dict[str, Any]] = {}
    for number in numbers:
        made = product(number)
        counted = Counted(made.product_id, made.category, made.status, made.price.amount, made.price.currency)
        for action in store.actions(tenant_id, None, counted, _MOMENT):
            update = action["Update"]
            key = f"{update['Key']['sk']['S']} {update['UpdateExpression']} {update['ExpressionAttributeNames']}"
            known = summed.setdefault(key, update)
            if known is not update:
                _add(known["ExpressionAttributeValues"], update["ExpressionAttributeValues"])
    yield from summed.values()


def _add(into: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        if "N" in value:
            into[name] = {"N": str(int(into[name]["N"]) + int(value["N"]))}


def write(endpoint: str, region: str, table: str, items: Iterable[dict[str, Any]]) -> int:
    """Put the items in batches, several at once, and say how many there were; raises RuntimeError when refused.

    Plain HTTP: botocore's serialiser and signer would be most of the minutes that half a million items take, and
    neither DynamoDB Local nor the local cloud looks at a signature.
    """
    address = urlsplit(endpoint)
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential=bench/20261121/{region}/dynamodb/aws4_request, "
        "SignedHeaders=host, Signature=0",
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Date": "20261121T090000Z",
        "X-Amz-Target": "DynamoDB_20120810.BatchWriteItem",
    }
    open_connections = threading.local()

    def put(batch: tuple[dict[str, Any], ...]) -> int:
        if not hasattr(open_connections, "one"):
            open_connections.one = HTTPConnection(address.hostname or "", address.port)
        left: Any = {table: [{"PutRequest": {"Item": item}} for item in batch]}
        while left:
            open_connections.one.request("POST", "/", json.dumps({"RequestItems": left}), headers)
            answer = open_connections.one.getresponse()
            content = answer.read()
            if answer.status != HTTPStatus.OK:
                raise RuntimeError(f"BatchWriteItem on {table}: {answer.status} {content[:300]!r}")
            left = json.loads(content).get("UnprocessedItems")
        return len(batch)

    written = 0
    with ThreadPoolExecutor(_WRITERS) as pool:
        # so many batches are in memory at once, and no more
        for many in batched(batched(items, _BATCH, strict=False), 200, strict=False):
            written += sum(pool.map(put, many))
    return written
