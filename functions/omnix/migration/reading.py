"""The legacy tables: pages of a parallel scan, items by key and whole partitions, all strongly consistent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from omnix.migration.patience import Patience
from omnix.migration.record import source_name
from omnix.migration.store import READ_AT_ONCE, Pace, Unpaced, consumed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from omnix.migration.wire import Document, Item, Wire


@dataclass(frozen=True)
class ScanPage:
    """Items and the key after which the next page starts; None on the last one."""

    items: list[Item]
    following: Item | None


@dataclass
class Legacy:
    """Source tables of one account; `keys` are their key attributes by table."""

    wire: Wire
    keys: Mapping[str, tuple[str, ...]]
    patience: Patience = field(default_factory=Patience)
    pace: Pace = field(default_factory=Unpaced)

    def page(self, table: str, segment: int, segments: int, start: Item | None, limit: int) -> ScanPage:
        """One page of a segment."""
        request: Document = {
            "TableName": table,
            "Segment": segment,
            "TotalSegments": segments,
            "ConsistentRead": True,
            "Limit": limit,
        }
        answer = self._call("scan", request | ({"ExclusiveStartKey": start} if start else {}))
        return ScanPage(answer["Items"], answer.get("LastEvaluatedKey"))

    def pages(self, table: str, segment: int, segments: int, limit: int) -> Iterator[list[Item]]:
        """All pages of a segment."""
        start: Item | None = None
        while True:
            page = self.page(table, segment, segments, start, limit)
            yield page.items
            if page.following is None:
                return
            start = page.following

    def get(self, wanted: Iterable[tuple[str, Item]]) -> dict[str, Item]:
        """As `moving.Sources.get`."""
        distinct = list({source_name(*one): one for one in wanted}.values())
        found: dict[str, Item] = {}
        for start in range(0, len(distinct), READ_AT_ONCE):
            found |= self._batch(distinct[start : start + READ_AT_ONCE])
        return found

    def _batch(self, wanted: Sequence[tuple[str, Item]]) -> dict[str, Item]:
        try:
            return self._got(wanted)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":
                raise
        if len(wanted) == 1:
            return {}  # no item can have such a key: a reference of the wrong type, or an empty one
        return {name: item for one in wanted for name, item in self._batch([one]).items()}

    def _got(self, wanted: Sequence[tuple[str, Item]]) -> dict[str, Item]:
        found: dict[str, Item] = {}
        asked: Document = {}
        for table, key in wanted:
            asked.setdefault(table, {"Keys": [], "ConsistentRead": True})["Keys"].append(key)
        while asked:
            answer = self._call("batch_get_item", {"RequestItems": asked})
            for table, items in answer["Responses"].items():
                names = self.keys[table]
                found |= {source_name(table, {name: item[name] for name in names}): item for item in items}
            asked = answer.get("UnprocessedKeys") or {}
        return found

    def members(self, table: str, partition: Item, sort: str) -> list[Item]:
        """As `moving.Sources.members`."""
        del sort  # a query's order is the sort key's
        ((name, value),) = partition.items()
        request: Document = {
            "TableName": table,
            "KeyConditionExpression": "#partition = :value",
            "ExpressionAttributeNames": {"#partition": name},
            "ExpressionAttributeValues": {":value": value},
            "ConsistentRead": True,
        }
        found: list[Item] = []
        while True:
            answer = self._call("query", request)
            found += answer["Items"]
            if not (last := answer.get("LastEvaluatedKey")):
                return found
            request["ExclusiveStartKey"] = last

    def _call(self, operation: str, request: Document) -> Document:
        self.pace.wait()

        def attempt() -> Any:
            return self.wire.call(operation, {**request, "ReturnConsumedCapacity": "TOTAL"})

        answer: Document = self.patience.insist(attempt)
        self.pace.spend(consumed(answer))
        return answer
