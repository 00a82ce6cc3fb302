"""What goes on while tables move: customers who write and read, and a migration that follows every change."""

import json
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Self

import httpx

from tests.integration.conftest import Environment

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Answered:
    """One request: when it was sent and answered (epoch seconds), what it was, and its status."""

    sent: float
    at: float
    method: str
    status: int


@dataclass
class Shop:
    """A tenant, its products as they were acknowledged, and every request's answer."""

    environment: Environment
    token: str
    answers: list[Answered] = field(default_factory=list)
    products: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def busy(self, people: int = 2) -> Iterator[None]:
        """Requests of so many people at once; all of them have ended when this has."""
        self._stop.clear()
        threads = [threading.Thread(target=self._shop, args=(number,)) for number in range(people)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def get(self, path: str) -> httpx.Response:
        with self.environment.http(self.token) as http:
            return http.get(path)

    def missing(self) -> dict[str, int]:
        """Acknowledged products that are not answered any more, with the status; asked within the stage's limits."""
        found = {}
        with self.environment.http(self.token) as http:
            for one in self.products:
                while (status := http.get(f"/products/{one}").status_code) == 429:
                    time.sleep(1)
                if status != 200:
                    found[one] = status
        return found

    def _shop(self, number: int) -> None:
        chance = Random(number)
        with self.environment.http(self.token) as http:
            while not self._stop.is_set():
                self._create(http, f"{number}-{uuid.uuid4().hex[:10]}")
                self._send(http, "GET", f"/products/{chance.choice(self.products)}")
                time.sleep(0.1)

    def _create(self, http: httpx.Client, sku: str) -> None:
        body = {"sku": sku, "name": sku, "category": "tea", "price": {"amount": 100, "currency": "EUR"}}
        while not self._stop.is_set():
            answer = self._send(http, "POST", "/products", json=body, headers={"Idempotency-Key": sku})
            if answer.status_code == 201:
                self.products.append(answer.json()["product_id"])
                return
            time.sleep(float(answer.headers.get("Retry-After", 1)))

    def _send(self, http: httpx.Client, method: str, path: str, **given: Any) -> httpx.Response:
        sent = time.time()
        answer = http.request(method, path, **given)
        self.answers.append(Answered(sent, time.time(), method, answer.status_code))
        return answer


def opened(environment: Environment) -> Shop:
    """A new tenant with one product."""
    owner = {"email": f"{uuid.uuid4().hex[:12]}@cutover.example", "password": PASSWORD, "name": "Ada",
             "tenant_name": "Moving Shop"}  # fmt: skip
    with environment.http() as http:
        answer = http.post("/auth/register", json=owner)
        assert answer.status_code == 201, answer.text
    shop = Shop(environment, answer.json()["access_token"])
    with environment.http(shop.token) as http:
        shop._create(http, "first")
    return shop


class Follower:
    """Copies a table into another from its stream's beginning on, as a migration that follows live changes does."""

    def __init__(self, environment: Environment, source: str, target: str) -> None:
        self._database, self._streams = environment.client("dynamodb"), environment.client("dynamodbstreams")
        self._source, self._target = source, target
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        arn = self._database.describe_table(TableName=self._source)["Table"]["LatestStreamArn"]
        (shard,) = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        iterator = self._streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while not self._stop.is_set():
            page = self._streams.get_records(ShardIterator=iterator)
            self._copy([record["dynamodb"] for record in page["Records"]])
            iterator = page["NextShardIterator"]
            if not page["Records"]:
                time.sleep(0.2)

    def _copy(self, changes: Sequence[dict[str, Any]]) -> None:
        """The last image of each item, 25 a call: one at a time a copier falls behind its customers."""
        newest = {json.dumps(change["Keys"], sort_keys=True): change for change in changes}
        requests = [
            {"PutRequest": {"Item": change["NewImage"]}}
            if "NewImage" in change
            else {"DeleteRequest": {"Key": change["Keys"]}}
            for change in newest.values()
        ]
        for first in range(0, len(requests), 25):
            left = {self._target: requests[first : first + 25]}
            while left:
                left = self._database.batch_write_item(RequestItems=left)["UnprocessedItems"]


def slowest(answers: Sequence[Answered], share: float) -> float:
    """The answer time (ms) that `share` of the answers do not exceed."""
    times = sorted(one.at - one.sent for one in answers)
    return round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 1)
