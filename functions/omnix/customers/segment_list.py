"""The customers of a segment: ranges of days in a few index partitions, merged.

Nobody is moved when time makes a customer of another segment: what is stored is when it bought last and the course
that it goes (`rfm.course`), and a segment is where that puts it today. A page is one query a course, six at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any

from omnix import cursor
from omnix.customers import keys, rfm
from omnix.dynamodb import dump_item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omnix.dynamodb import Table

_PLACE = f"{keys.INDEX}sk"
_FIRST, _LAST = "0", "~"  # before and behind every ISO 8601 time


@dataclass(frozen=True)
class SegmentList:
    """The buyers of one tenant's segment as of `today` (UTC, ISO 8601), who bought last first."""

    customers: Table
    tenant_id: str
    segment: rfm.Segment
    today: str

    def page(self, limit: int, after: str | None) -> tuple[list[str], str | None]:
        """Customers' ids and the cursor of the next page; eventually consistent, as every GSI is.

        Raises InvalidRequestError for a cursor that this list did not give.
        """
        query = f"{self.customers.name}:{self.tenant_id}:{self.segment}"
        start = cursor.decode(after, query, frozenset({_PLACE}))[_PLACE] if after else _LAST
        runs = [self._places(course, span, start, limit) for course, span in rfm.spans(self.segment).items()]
        found = list(islice((place for place in merge(*runs, reverse=True) if place < start), limit + 1))
        following = cursor.encode({_PLACE: found[limit - 1]}, query) if len(found) > limit else None
        return [keys.buyer(place) for place in found[:limit]], following

    def _places(self, course: str, span: tuple[int | None, int | None], start: str, limit: int) -> Iterator[str]:
        """The first places from `start` down: one more than a page, for the next one, and one for `start` itself."""
        least, most = span
        first = self._day(most) if most is not None else _FIRST
        last = min(self._day(least) + _LAST if least is not None else _LAST, start)
        if last < first:  # DynamoDB refuses such a range
            return
        arguments: dict[str, Any] = {
            "TableName": self.customers.name,
            "IndexName": keys.INDEX,
            "KeyConditionExpression": f"{keys.INDEX}pk = :pk AND {_PLACE} BETWEEN :first AND :last",
            "ExpressionAttributeValues": dump_item(
                {":pk": keys.buyers(self.tenant_id, course), ":first": first, ":last": last}
            ),
            "ScanIndexForward": False,
            "Limit": limit + 2,
        }
        for item in self.customers.client.query(**arguments)["Items"]:
            yield item[_PLACE]["S"]

    def _day(self, ago: int) -> str:
        return (date.fromisoformat(self.today[:10]) - timedelta(days=ago)).isoformat()
