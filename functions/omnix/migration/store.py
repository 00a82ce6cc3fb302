"""The target's tables as the placer needs them: read, put where nothing is, and change what is as it was seen."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from omnix.migration.patience import Patience
from omnix.migration.record import PARTITION, SORT, STAMP, Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from omnix.migration.deciding import Seen
    from omnix.migration.record import Target
    from omnix.migration.wire import Document, Item, Wire

READ_AT_ONCE = 100  # BatchGetItem
WRITE_AT_ONCE = 25  # BatchWriteItem
CHANGE_AT_ONCE = 100  # TransactWriteItems
# Of one request: AWS takes 16 MB, and 4 MB in a transaction.
REQUEST_BYTES = 3_500_000
_CONDITIONS = 40  # attributes that a condition compares; an expression may have 300 operators and 4 KB
_CONDITION_BYTES = 4_096  # more than any key
# Compared first: whoever writes an item changes one of them.
_TELLING = frozenset({PARTITION, STAMP, "updated_at", "version"})
_RETRIED = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "InternalServerError"})


class UnwritableError(Exception):
    """DynamoDB will never take the item: too big, or no value that it or an index of it may have."""


class Pace(Protocol):
    """Who says how fast."""

    def wait(self) -> None:
        """Returns when the next call may be made."""

    def spend(self, units: float) -> None:
        """What a call took, in capacity units."""


class Unpaced:
    """As fast as it goes."""

    def wait(self) -> None:
        """At once."""

    def spend(self, units: float) -> None:
        """Nothing is counted."""


class Store(Protocol):
    """What the placer asks for. Each method retries what passes; they raise StalledError in the end."""

    def read(self, keys: Iterable[Key]) -> dict[Key, Item | None]:
        """What is stored, strongly consistent."""

    def put(self, targets: Sequence[Target]) -> None:
        """Put items whatever is there. Raises UnwritableError."""

    def change(self, writes: Mapping[Key, Target | None], seen: Seen) -> bool:
        """All puts and deletes, or none where something is not as it was `seen`. Raises UnwritableError."""


@dataclass
class DynamoStore:
    """The tables of one environment, `names` by their logical names."""

    wire: Wire
    names: Mapping[str, str]
    patience: Patience = field(default_factory=Patience)
    pace: Pace = field(default_factory=Unpaced)
    reading: Pace = field(default_factory=Unpaced)

    def read(self, keys: Iterable[Key]) -> dict[Key, Item | None]:
        """As `Store.read`."""
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Item | None] = dict.fromkeys(wanted)
        logical = {name: table for table, name in self.names.items()}
        for start in range(0, len(wanted), READ_AT_ONCE):
            for name, item in self._got(wanted[start : start + READ_AT_ONCE]):
                found[Key(logical[name], item[PARTITION]["S"], item[SORT]["S"])] = item
        return found

    def _got(self, keys: Sequence[Key]) -> Iterator[tuple[str, Item]]:
        asked: Document = {}
        for key in keys:
            asked.setdefault(self.names[key.table], {"Keys": [], "ConsistentRead": True})["Keys"].append(key.wire())
        while asked:
            answer = self._call("batch_get_item", {"RequestItems": asked}, self.reading)
            for name, items in answer["Responses"].items():
                for item in items:
                    yield name, item
            asked = answer.get("UnprocessedKeys") or {}

    def put(self, targets: Sequence[Target]) -> None:
        """As `Store.put`. What DynamoDB did not get to comes back in its answer, and is asked for until it is done."""
        for batch in _batches(targets, WRITE_AT_ONCE):
            asked: Document = defaultdict(list)
            for target in batch:
                asked[self.names[target.key.table]].append({"PutRequest": {"Item": target.item}})
            self._put_all(dict(asked))

    def _put_all(self, asked: Document) -> None:
        left = asked

        def attempt() -> bool | None:
            nonlocal left
            before = sum(map(len, left.values()))
            answer = self._write("batch_write_item", {"RequestItems": left})
            left = answer.get("UnprocessedItems") or {}
            if not left:
                return True
            return False if sum(map(len, left.values())) < before else None

        while not self.patience.insist(attempt):
            pass  # some were taken: the wait begins anew

    def change(self, writes: Mapping[Key, Target | None], seen: Seen) -> bool:
        """As `Store.change`."""
        if not writes:
            return True
        actions = [_action(self.names[key.table], key, target, seen.get(key)) for key, target in writes.items()]
        # One token: a try whose answer was lost is not applied twice, and answers as the first.
        request = {"TransactItems": actions, "ClientRequestToken": str(uuid.uuid4())}

        def attempt() -> bool | None:
            try:
                self._write("transact_write_items", request)
            except ClientError as error:
                return _cancelled(error)
            return True

        return self.patience.insist(attempt)

    def _write(self, operation: str, request: Document) -> Document:
        self.pace.wait()
        try:
            answer = self.wire.call(operation, {**request, "ReturnConsumedCapacity": "TOTAL"})
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationException":
                raise UnwritableError(error.response["Error"].get("Message", "")) from None
            raise
        self.pace.spend(consumed(answer))
        return answer

    def _call(self, operation: str, request: Document, pace: Pace) -> Document:
        pace.wait()
        answer = self.patience.insist(lambda: self.wire.call(operation, {**request, "ReturnConsumedCapacity": "TOTAL"}))
        pace.spend(consumed(answer))
        return answer


def consumed(answer: Document) -> float:
    """The capacity units that a call took, as DynamoDB reports them."""
    found = answer.get("ConsumedCapacity") or []
    parts = found if isinstance(found, list) else [found]
    return float(sum(part.get("CapacityUnits", 0.0) for part in parts))


def size(document: object) -> int:
    """Bytes on the wire, which is more than DynamoDB counts."""
    return len(json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str).encode())


def _batches(targets: Sequence[Target], most: int) -> Iterator[list[Target]]:
    batch: list[Target] = []
    total = 0
    for target in targets:
        if batch and (len(batch) == most or total + target.bytes > REQUEST_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(target)
        total += target.bytes
    if batch:
        yield batch


def _action(name: str, key: Key, target: Target | None, seen: Item | None) -> Document:
    condition = _as_seen(seen)
    if target is not None:
        return {"Put": {"TableName": name, "Item": target.item, **condition}}
    return {"Delete": {"TableName": name, "Key": key.wire(), **condition}}


def _as_seen(item: Item | None) -> Document:
    """That an item is as it was read, by all of its attributes that are not too many or too big to be compared."""
    if item is None:
        return {"ConditionExpression": f"attribute_not_exists({PARTITION})"}
    first = sorted(item, key=lambda name: (name not in _TELLING, name))
    compared = [name for name in first if size(item[name]) <= _CONDITION_BYTES][:_CONDITIONS]
    return {
        "ConditionExpression": " AND ".join(f"#a{number} = :a{number}" for number in range(len(compared))),
        "ExpressionAttributeNames": {f"#a{number}": name for number, name in enumerate(compared)},
        "ExpressionAttributeValues": {f":a{number}": item[name] for number, name in enumerate(compared)},
    }


def _cancelled(error: ClientError) -> bool | None:
    """False: something is not as it was seen. None: try again. Raises what is neither."""
    if error.response["Error"]["Code"] != "TransactionCanceledException":
        raise error
    reasons: Any = error.response.get("CancellationReasons", [])
    codes = {reason.get("Code") for reason in reasons} - {"None", None}
    if "ConditionalCheckFailed" in codes:
        return False
    if codes and codes <= _RETRIED:
        return None
    said = "; ".join(reason["Message"] for reason in reasons if reason.get("Message"))
    raise UnwritableError(said or str(error)) from None
