"""What a table holds, as counts and checksums: two tables with the same ones hold the same items."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import TYPE_CHECKING, Any

from omnix.migration.checksum import Buckets

if TYPE_CHECKING:
    from collections.abc import Mapping

# 2**10 buckets are 40 kB and say where to look in a table of millions.
_BITS = 10
# Segments of about a gigabyte, read by as many threads as botocore's pool has connections at most.
_SEGMENT_BYTES = 1_000_000_000
_THREADS = 8


def contents(dynamodb: Any, table: Mapping[str, Any]) -> Buckets:
    """Count and sum every item by a consistent scan, in constant memory. Reads cost the table's capacity."""
    keys = [one["AttributeName"] for one in table["KeySchema"]]
    segments = max(1, min(1000, int(table.get("TableSizeBytes", 0)) // _SEGMENT_BYTES + 1))

    def segment(number: int) -> Buckets:
        found = Buckets(_BITS)
        scan = dynamodb.get_paginator("scan").paginate(
            TableName=table["TableName"], ConsistentRead=True, Segment=number, TotalSegments=segments
        )
        for page in scan:
            for item in page["Items"]:
                found.add({name: item[name] for name in keys}, item)
        return found

    with ThreadPoolExecutor(min(segments, _THREADS)) as threads:
        return reduce(_merged, threads.map(segment, range(segments)))


def _merged(left: Buckets, right: Buckets) -> Buckets:
    left.merge(right)
    return left
