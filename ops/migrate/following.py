"""Follows the sources' streams from where they were when the snapshot began, until the cut-over.

A change says which item to look at; what is placed is the item as it is now. Within a shard one worker goes from record
to record, and a shard waits for its parent: so no two workers are at the same item. A stream keeps 24 hours, and what
it no longer has is refused, loudly: a new pass is needed then.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from omnix.migration.record import source_name
from ops.errors import Refused
from ops.migrate.snapshot import again, moved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from omnix.migration.moving import Result
    from omnix.migration.wire import Document, Item, Wire
    from ops.migrate.engine import Engine

KEPT_SECONDS = 24 * 3600
# What follows must begin while there is time left to read what is about to be trimmed.
GUARD_SECONDS = 22 * 3600
# Records older than the position are not needed: their approximate times may be off by so much.
_MARGIN_SECONDS = 900
_PAGE = 500
_PAUSE_SECONDS = 0.3
_LOST = "begin a new pass: `omnix migrate run --again`"


@dataclass
class Followed:
    """How it goes: changes seen, when the last one was made and when one was last seen (epoch seconds)."""

    changes: int = 0
    newest: float | None = None
    seen: float = field(default_factory=time.time)


@dataclass
class Following:
    """One engine's streams. `control`: boto3's client of DynamoDB Streams, `wire` the same for records."""

    engine: Engine
    control: Any
    wire: Wire
    each: Callable[[Followed], None]
    followed: Followed = field(default_factory=Followed)
    _iterators: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, *, idle_seconds: float | None, stop: Callable[[], bool] = lambda: False) -> Followed:
        """Until nothing came for `idle_seconds` (None: until `stop` says so). Raises Refused for what a stream lost."""
        require_time(self.engine, time.time())
        self.followed.seen = time.time()
        with ThreadPoolExecutor(self.engine.speed.threads, thread_name_prefix="shard") as pool:
            while not stop():
                waiting = list(self._open())
                moved_on = sum(pool.map(lambda one: self._page(*one), waiting))
                self.each(self.followed)
                if moved_on:
                    self.followed.seen = time.time()
                elif idle_seconds is not None and time.time() - self.followed.seen >= idle_seconds:
                    break
                else:
                    time.sleep(_PAUSE_SECONDS)
        again(self.engine.mover, self.engine.legacy, self.engine.journal)
        self.engine.journal.remember("followed", time.time())
        return self.followed

    def _open(self) -> Iterator[tuple[str, str, str]]:
        """Source, stream and shard of what may be read now: what is not done, and whose parent is or is no more."""
        for source, table in self.engine.run.sources.items():
            if table.stream_arn is None:
                continue
            shards = self._shards(table.stream_arn)
            ids = {shard["ShardId"] for shard in shards}
            done = {one for one in ids if self.engine.journal.shard(source, one)[1]}
            for shard in shards:
                parent = shard.get("ParentShardId")
                if shard["ShardId"] not in done and (parent not in ids or parent in done):
                    yield source, table.stream_arn, shard["ShardId"]

    def _shards(self, stream: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        arguments: dict[str, Any] = {"StreamArn": stream}
        while True:
            # ten a second for the whole account, and there may be more sources than that
            described = partial(self.control.describe_stream, **arguments)
            answer = self.engine.legacy.patience.insist(described)["StreamDescription"]
            found += answer["Shards"]
            last = answer.get("LastEvaluatedShardId")
            if not last:
                return found
            arguments["ExclusiveStartShardId"] = last

    def _page(self, source: str, stream: str, shard: str) -> int:
        """One page of a shard; how many records it had."""
        iterator = self._iterators.get((source, shard)) or self._iterator(source, stream, shard)
        try:
            answer = self.wire.call("get_records", {"ShardIterator": iterator, "Limit": _PAGE})
        except ClientError as error:
            self._iterators.pop((source, shard), None)
            code = error.response["Error"]["Code"]
            if code == "TrimmedDataAccessException":
                raise _trimmed(source) from None
            if code in {"ExpiredIteratorException", "LimitExceededException", "ThrottlingException"}:
                return 0
            raise
        records, following = answer["Records"], answer.get("NextShardIterator")
        position = (self.engine.run.sources[source].position or 0.0) - _MARGIN_SECONDS
        fresh = [one for one in records if one["dynamodb"]["ApproximateCreationDateTime"] >= position]
        results, images = self._moved(source, fresh)
        if records or following is None:
            last = records[-1]["dynamodb"]["SequenceNumber"] if records else None
            self.engine.journal.followed(source, shard, last, results, images, done=following is None)
        self._iterators[source, shard] = following
        with self._lock:
            self.followed.changes += len(fresh)
            if fresh:
                self.followed.newest = fresh[-1]["dynamodb"]["ApproximateCreationDateTime"]
        return len(records)

    def _iterator(self, source: str, stream: str, shard: str) -> str:
        sequence, _ = self.engine.journal.shard(source, shard)
        place = {"ShardIteratorType": "TRIM_HORIZON"}
        if sequence:
            place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": sequence}
        try:
            answer = self.control.get_shard_iterator(StreamArn=stream, ShardId=shard, **place)
        except ClientError as error:
            if error.response["Error"]["Code"] == "TrimmedDataAccessException":
                raise _trimmed(source) from None
            raise
        iterator: str = answer["ShardIterator"]
        return iterator

    def _moved(self, source: str, records: Sequence[Document]) -> tuple[list[Result], Mapping[str, Item]]:
        """Look at each changed item, or at the one that it is a part of, once for all of its changes."""
        engine = self.engine
        leaders = engine.mover.leaders(source, [one["dynamodb"]["Keys"] for one in records])
        got = engine.legacy.get(leaders.values())
        olds: defaultdict[str, list[Item]] = defaultdict(list)
        for one in records:
            if old := one["dynamodb"].get("OldImage"):
                olds[source_name(source, one["dynamodb"]["Keys"])].append(old)
        results: list[Result] = []
        images: dict[str, Item] = {}
        for table in dict.fromkeys(table for table, _ in leaders.values()):
            names = [name for name, (owner, _) in leaders.items() if owner == table]
            items = [got[name] for name in names if name in got]
            before = {name: olds.get(name, []) for name in names}
            found, seen = moved(engine.mover, engine.legacy, engine.journal, table, items, before)
            results += found
            images |= seen
        return results, images


def require_time(engine: Engine, now: float) -> None:
    """Raises Refused when a stream may have lost what came after its position."""
    last = engine.journal.fact("followed")
    for source, table in engine.run.sources.items():
        if table.stream_arn is None or table.position is None:
            continue
        since = max(table.position, last or 0.0)
        if now - since > KEPT_SECONDS:
            raise Refused(
                f"{source} was last followed {(now - since) / 3600:.1f} h ago, and its stream keeps 24 h: "
                "changes were lost from sight",
                _LOST,
            )


def _trimmed(source: str) -> Refused:
    return Refused(f"the stream of {source} no longer has what was not followed yet (24 h)", _LOST)
