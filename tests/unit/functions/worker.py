"""The worker's end of the tables' streams: what the mappings would hand over, delivered when a test says so."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.config import Config

from components.events.stack import SOURCES

from .conftest import REGION, Cloud, table

type Records = list[dict[str, Any]]


class Worker:
    """Reads each stream of `SOURCES` from where it stopped and hands the records to the function's own handler."""

    def __init__(self, cloud: Cloud) -> None:
        from worker.handler import handler

        self._handler = handler
        self._database = cloud.client("dynamodb")
        # moto knows no endpoint of an account's own
        plain = Config(account_id_endpoint_mode="disabled")
        self._streams: Any = boto3.client(
            "dynamodbstreams", region_name=REGION, endpoint_url=cloud.database, config=plain
        )
        self._seen = dict.fromkeys(SOURCES, 0)

    def records(self) -> dict[str, Records]:
        """What was written since the last call, by table, filtered as the mappings filter."""
        found = {}
        for source, prefix in SOURCES.items():
            everything = list(self._stream(source))
            fresh, self._seen[source] = everything[self._seen[source] :], len(everything)
            found[source] = [one for one in fresh if one["dynamodb"]["Keys"]["sk"]["S"].startswith(prefix)]
        return found

    def deliver(self, records: Records, remaining_ms: Callable[[], float] = lambda: 60_000) -> list[str]:
        """The sequence numbers that the worker asks for again."""
        answer = self._handler({"Records": records}, SimpleNamespace(get_remaining_time_in_millis=remaining_ms))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def catch_up(self) -> None:
        """Deliver everything once, until a reaction's own writes have been seen too."""
        for _ in range(5):
            batches = [batch for batch in self.records().values() if batch]
            if not batches:
                return
            for batch in batches:
                assert self.deliver(batch) == []

    def mess_up(self, seed: int) -> None:
        """Deliver everything twice, items of all tables in any order, each item's own changes in theirs."""
        chance = random.Random(seed)
        for _ in range(5):
            queues: dict[tuple[str, str, str], Records] = {}
            for source, batch in self.records().items():
                for record in batch:
                    keys = record["dynamodb"]["Keys"]
                    queues.setdefault((source, keys["pk"]["S"], keys["sk"]["S"]), []).extend([record, record])
            if not queues:
                return
            while queues:
                key = chance.choice(list(queues))
                assert self.deliver([queues[key].pop(0)]) == []
                if not queues[key]:
                    del queues[key]

    def _stream(self, source: str) -> Iterator[dict[str, Any]]:
        arn = self._database.describe_table(TableName=table(source))["Table"]["LatestStreamArn"]
        for shard in self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            iterator = self._streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while iterator:
                page = self._streams.get_records(ShardIterator=iterator)
                yield from (_handed(record, arn) for record in page["Records"])
                iterator = page.get("NextShardIterator") if page["Records"] else None


def _handed(record: dict[str, Any], arn: str) -> dict[str, Any]:
    data = dict(record["dynamodb"])
    moment = data["ApproximateCreationDateTime"]
    if isinstance(moment, datetime):
        data["ApproximateCreationDateTime"] = moment.astimezone(UTC).timestamp()
    return {**record, "awsRegion": REGION, "eventSourceARN": arn, "dynamodb": data}
