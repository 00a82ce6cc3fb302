"""DynamoDB streams to functions: Lambda's pollers, as its developer guide describes them.

A lane is one of a mapping's `ParallelizationFactor` pollers and takes the records whose keys fall to it, in their
order. It reads as the function's role and keeps its place in the registry: a stop or kill loses no record. What a lane
cannot hand over it retries, bisects, and gives up to the mapping's destination, with Lambda's own message.
Not here: tumbling windows, and metrics.
"""

import datetime
import json
import logging
import threading
import time
import zlib
from typing import Any, NamedTuple

from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import EventPattern

from localcloud.enforcement.acting import Acting
from localcloud.enforcement.preconditions import source_needs
from localcloud.functions.destination import Failure, send
from localcloud.functions.invocation import MAX_PAYLOAD, InvokeRefused, InvokeResult
from localcloud.functions.runtime import FunctionRuntime
from localcloud.persistence.lock import StateLock
from localcloud.registry import Registry

_LOG = logging.getLogger(__name__)
POSITION = "lambda:stream-position"
_LOOK_SECONDS = 0.25
_READ = 1000
_LAST_CALL_SECONDS = 10.0
_KEPT_SECONDS = 24 * 3600
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0  # AWS waits longer

type Record = dict[str, Any]


class Settings(NamedTuple):
    """A mapping as it is now."""

    id: str
    function: str
    role: str
    function_name: str
    source: str
    enabled: bool
    from_start: bool
    size: int
    window: float
    lanes: int
    retries: int
    age: int
    bisect: bool
    partial: bool
    destination: str
    patterns: tuple[str, ...]


class Batch(NamedTuple):
    """Records to hand over, and how often they were: `attempts` counts calls that reached the function."""

    records: list[Record]
    attempts: int = 0


class Streams:
    """Starts and stops lanes as mappings come and go."""

    def __init__(
        self,
        account_id: str,
        region: str,
        runtime: FunctionRuntime,
        acting: Acting,
        lock: StateLock,
        registry: Registry,
    ) -> None:
        self.account_id, self.region = account_id, region
        self.runtime, self.acting, self.lock, self.registry = runtime, acting, lock, registry
        self._lanes: dict[tuple[str, int, int], Lane] = {}
        self._stop = threading.Event()
        patched: Any = LambdaBackend
        # moto would hand every record over a second time, all of the stream's at once
        patched.send_dynamodb_items = lambda *_: None

    def start(self) -> None:
        """Look after the mappings from now on."""
        self._thread = threading.Thread(target=self._watch, name="streams", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let each lane finish the call that it is in; nothing is handed over afterwards."""
        self._stop.set()
        self._thread.join()
        for lane in self._lanes.values():
            lane.stopped.set()
        for lane in self._lanes.values():
            lane.join(_LAST_CALL_SECONDS)

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            try:
                self._look()
            except Exception:  # noqa: BLE001 - the next look may succeed
                _LOG.exception("event-source mappings could not be read")

    def _look(self) -> None:
        with self.lock.hold():
            backend: Any = lambda_backends[self.account_id][self.region]
            known = {one: _settings(backend, mapping) for one, mapping in backend._event_source_mappings.items()}
        wanted = {
            (id_, lane, found.lanes)
            for id_, found in known.items()
            if found is not None and found.enabled
            for lane in range(found.lanes)
        }
        for key in self._lanes.keys() - wanted:
            self._lanes.pop(key).stopped.set()
        for key in wanted - self._lanes.keys():
            self._lanes[key] = Lane(self, *key)
            self._lanes[key].start()
        self._sweep({f"{id_}/{lanes}/{lane}" for id_, lane, lanes in wanted}, {*known})

    def _sweep(self, wanted: set[str], mappings: set[str]) -> None:
        """Forget the places of mappings that are gone, and of lanes that others took over from."""
        kept = self.registry.all(POSITION).keys()
        for key in kept - wanted:
            mapping = key.partition("/")[0]
            successors = {one for one in wanted if one.startswith(f"{mapping}/")}
            if mapping not in mappings or (successors and successors <= kept):
                self.registry.delete(POSITION, key)

    def settings(self, mapping_id: str) -> Settings | None:
        """The mapping as it is now; None when it is gone, or no DynamoDB stream's."""
        with self.lock.hold():
            backend: Any = lambda_backends[self.account_id][self.region]
            mapping = backend._event_source_mappings.get(mapping_id)
            return _settings(backend, mapping) if mapping else None

    def records(self, source: str, after: int) -> list[Record]:
        """Up to a thousand records of the stream from number `after` on, as Lambda hands them over."""
        with self.lock.hold():
            shard = self._shard(source)
            found = [entry.record for entry in shard.items[after : after + _READ]] if shard else []
        return [_handed(record, self.region, source) for record in found]

    def end(self, source: str) -> int:
        """The number of the next record of the stream."""
        with self.lock.hold():
            shard = self._shard(source)
            return len(shard.items) if shard else 0

    def first(self, source: str) -> int:
        """The sequence number of record 0."""
        with self.lock.hold():
            shard = self._shard(source)
            return int(shard.starting_sequence_number) if shard else 0

    def shard_id(self, source: str) -> str:
        """The one shard that a local stream has."""
        with self.lock.hold():
            shard = self._shard(source)
            return str(shard.id) if shard else ""

    def _shard(self, source: str) -> Any:
        table: Any = dynamodb_backends[self.account_id][self.region].tables.get(source.split("/")[1])
        if table is None or table.latest_stream_label != source.rpartition("/")[2]:
            return None
        return table.stream_shard


class Lane(threading.Thread):
    """One poller of one mapping."""

    def __init__(self, streams: Streams, mapping_id: str, number: int, lanes: int) -> None:
        super().__init__(name=f"stream-{mapping_id[:8]}-{number}", daemon=True)
        self._streams, self._id, self._number, self._lanes = streams, mapping_id, number, lanes
        self._key = f"{mapping_id}/{lanes}/{number}"
        self.stopped = threading.Event()

    def run(self) -> None:
        """Poll until stopped."""
        while not self.stopped.is_set():
            try:
                settings = self._streams.settings(self._id)
                if settings is None or not self._poll(settings):
                    self.stopped.wait(_LOOK_SECONDS)
            except Exception:  # noqa: BLE001 - the place is kept: what was not done is tried again
                _LOG.exception("%s", self.name)
                self.stopped.wait(_LOOK_SECONDS)

    def _poll(self, settings: Settings) -> bool:
        """Hand one batch over; whether there was one. Where there are fewer records than fit, wait for the window."""
        place = self._place(settings)
        if self._streams.end(settings.source) <= place:
            return False
        needs = source_needs(settings.source, self._streams.acting.gate.account)
        decision = self._streams.acting.as_role(settings.role, settings.function_name, needs)
        if not decision.allowed:
            return False
        deadline = time.monotonic() + settings.window
        while True:
            read = self._streams.records(settings.source, place)
            mine = [record for record in read if self._mine(record, settings)]
            if len(mine) >= settings.size or len(read) == _READ or not mine:
                break
            if time.monotonic() >= deadline or self.stopped.wait(min(_LOOK_SECONDS, settings.window)):
                break
        chosen = _fitting(mine[: settings.size])
        following = place + len(read)
        if len(chosen) < len(mine):
            following = _number(mine[len(chosen)]) - self._streams.first(settings.source)
        if chosen and not self._deliver(settings, Batch(chosen)):
            return True  # stopped midway: the place of what was done is kept already
        if following != place:
            self._keep(settings, following)
        return bool(read)

    def _deliver(self, settings: Settings, batch: Batch) -> bool:
        """Hand a batch over until it is done or given up; False when the lane was stopped before that."""
        waiting, pause = [batch], _FIRST_PAUSE
        while waiting:
            now = self._streams.settings(self._id)
            if self.stopped.is_set() or now is None or not now.enabled:
                return False
            settings, batch = now, waiting.pop(0)
            old, fresh = _by_age(batch.records, settings.age)
            if old:
                self._give_up(settings, Batch(old, batch.attempts), "RecordAgeExceeded", None)
                self._keep_after(settings, old[-1])
            if not fresh:
                continue
            result = self._invoke(settings, fresh)
            if result is None:  # throttled, or not even begun: no attempt
                waiting.insert(0, Batch(fresh, batch.attempts))
            else:
                done, left = _outcome(result, fresh, partial=settings.partial)
                if done:
                    self._keep_after(settings, done[-1])
                if not left:
                    pause = _FIRST_PAUSE
                    continue
                waiting[:0] = self._again(settings, Batch(left, batch.attempts + 1), result, progressed=bool(done))
            self.stopped.wait(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)
        return True

    def _again(self, settings: Settings, left: Batch, result: InvokeResult, *, progressed: bool) -> list[Batch]:
        """What is tried next of what is left. Bisecting takes no attempt from the halves."""
        if settings.bisect and len(left.records) > 1:
            if progressed:  # split where the function said that it failed
                return [Batch(left.records, left.attempts - 1)]
            middle = len(left.records) // 2
            return [Batch(part, left.attempts - 1) for part in (left.records[:middle], left.records[middle:])]
        if settings.retries < 0 or left.attempts <= settings.retries:
            return [left]
        self._give_up(settings, left, "RetryAttemptsExhausted", result)
        self._keep_after(settings, left.records[-1])
        return []

    def _invoke(self, settings: Settings, records: list[Record]) -> InvokeResult | None:
        payload = json.dumps({"Records": records}).encode()
        try:
            return self._streams.runtime.invoke(settings.function, None, payload)
        except InvokeRefused as refusal:
            _LOG.warning("%s: %s was not called: %s", self.name, settings.function_name, refusal.message)
            return None

    def _give_up(self, settings: Settings, batch: Batch, condition: str, result: InvokeResult | None) -> None:
        _LOG.warning("%s: gave up %d records: %s", self.name, len(batch.records), condition)
        if settings.destination:
            shard = self._streams.shard_id(settings.source)
            failure = Failure(condition, batch.records, batch.attempts, shard, settings.source, settings.function)
            send(self._streams, settings, failure, result)

    def _mine(self, record: Record, settings: Settings) -> bool:
        """In this lane by its key, written in the last 24 hours, changed at all, and let through by a filter."""
        data = record["dynamodb"]
        lane = zlib.crc32(json.dumps(data["Keys"], sort_keys=True).encode()) % self._lanes
        if lane != self._number or time.time() - data["ApproximateCreationDateTime"] > _KEPT_SECONDS:
            return False
        if record["eventName"] == "MODIFY" and data.get("OldImage", 0) == data.get("NewImage", 1):
            return False
        filtered: Any = record
        return not settings.patterns or any(
            EventPattern.load(pattern).matches_event(filtered) for pattern in settings.patterns
        )

    def _place(self, settings: Settings) -> int:
        """The number of the next record; at first, the earliest of an earlier set of lanes, or the starting position.

        A stream that is not the one of before begins at its own start.
        """
        registry = self._streams.registry
        kept = registry.get(POSITION, self._key)
        if kept and kept["stream"] == settings.source:
            return int(kept["next"])
        others = registry.all(POSITION).items()
        before = [
            int(one["next"])
            for key, one in others
            if key.startswith(f"{self._id}/")
            and not key.startswith(f"{self._id}/{self._lanes}/")
            and one["stream"] == settings.source
        ]
        place = min(before, default=0 if settings.from_start else self._streams.end(settings.source))
        self._keep(settings, place)
        return place

    def _keep(self, settings: Settings, place: int) -> None:
        self._streams.registry.put(POSITION, self._key, {"stream": settings.source, "next": place})

    def _keep_after(self, settings: Settings, record: Record) -> None:
        self._keep(settings, _number(record) - self._streams.first(settings.source) + 1)


def _settings(backend: Any, mapping: Any) -> Settings | None:
    source = mapping.event_source_arn
    if ":dynamodb:" not in source:
        return None
    named = mapping.function_name
    name = mapping.function_arn.split(":")[6]
    function = backend.get_function(name)
    qualified = named if named.startswith("arn:") and named.split(":")[6] == name else mapping.function_arn
    destination = ((mapping.destination_config or {}).get("OnFailure") or {}).get("Destination", "")
    filters = (mapping.filter_criteria or {}).get("Filters") or []
    return Settings(
        id=mapping.uuid,
        function=qualified,
        role=function.role,
        function_name=name,
        source=source,
        enabled=mapping.enabled not in (False, "false"),
        from_start=mapping.starting_position != "LATEST",
        size=int(mapping.batch_size or 100),
        window=float(mapping.max_batch_window or 0),
        lanes=int(mapping.parallelization_factor or 1),
        retries=-1 if mapping.max_retry_attempts is None else int(mapping.max_retry_attempts),
        age=-1 if mapping.max_record_age is None else int(mapping.max_record_age),
        bisect=bool(mapping.bisect_on_error),
        partial="ReportBatchItemFailures" in (mapping.function_response_types or []),
        destination=destination,
        patterns=tuple(str(one["Pattern"]) for one in filters),
    )


def _handed(record: Record, region: str, source: str) -> Record:
    data = dict(record["dynamodb"])
    moment = data["ApproximateCreationDateTime"]
    if isinstance(moment, datetime.datetime):
        data["ApproximateCreationDateTime"] = float(int(moment.replace(tzinfo=datetime.UTC).timestamp()))
    return {**record, "awsRegion": region, "dynamodb": data, "eventSourceARN": source}


def _number(record: Record) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


def _fitting(records: list[Record]) -> list[Record]:
    """As many as an event may hold; one at least."""
    size = 0
    for count, record in enumerate(records):
        size += len(json.dumps(record)) + 2
        if size > MAX_PAYLOAD - 100 and count:
            return records[:count]
    return records


def _by_age(records: list[Record], age: int) -> tuple[list[Record], list[Record]]:
    """The leading records that are too old, and the rest."""
    limit = time.time() - age
    count = 0
    while age >= 0 and count < len(records) and records[count]["dynamodb"]["ApproximateCreationDateTime"] < limit:
        count += 1
    return records[:count], records[count:]


def _outcome(result: InvokeResult, records: list[Record], *, partial: bool) -> tuple[list[Record], list[Record]]:
    """What is done and what is left. An answer that Lambda does not understand is a failure of all."""
    if result.function_error:
        return [], records
    if not partial:
        return records, []
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    try:
        answer = json.loads(result.payload or b"null")
        failures = (answer or {}).get("batchItemFailures") or []
        failed = [numbers.index(failure["itemIdentifier"]) for failure in failures]
    except (ValueError, KeyError, TypeError, AttributeError):
        return [], records
    at = min(failed, default=len(records))
    return records[:at], records[at:]
