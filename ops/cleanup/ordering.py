"""In which order resources go: whatever refers to another before it, and front doors before what is behind them."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from ops.audit.model import Kind
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

# What nothing can call any more goes last: first the wiring, then the doors, then what they led to, then the data.
RANK = {
    kind: rank
    for rank, kinds in enumerate(
        (
            (Kind.ALARM, Kind.EVENT_SOURCE_MAPPING, Kind.EVENT_RULE),
            (Kind.DOMAIN_MAPPING, Kind.DISTRIBUTION),
            (Kind.REST_API, Kind.HTTP_API, Kind.WEBSOCKET_API),
            (Kind.FUNCTION,),
            (Kind.ROLE,),
            (Kind.LOG_GROUP,),
            (Kind.TABLE,),
            (Kind.BUCKET,),
            (Kind.SECRET,),
        )
    )
    for kind in kinds
}


def ordered(kinds: Mapping[str, Kind], after: Mapping[str, AbstractSet[str]]) -> list[str]:
    """ARNs in their order of removal. `after` gives each ARN those that must be gone before it.

    Among those that may go next the lowest rank goes first, then the smallest ARN: the order is the same every time.
    Raises Refused for a cycle, naming it.
    """
    sorter = TopologicalSorter({arn: after.get(arn, frozenset()) for arn in kinds})
    try:
        sorter.prepare()
    except CycleError as error:
        raise Refused(
            f"cyclic dependency: {' → '.join(reversed(error.args[1]))}",
            "take one of the references away (a variable, a target, an integration), audit again and plan again",
        ) from error
    ready: list[tuple[int, str]] = []
    result: list[str] = []
    while sorter.is_active():
        for arn in sorter.get_ready():
            heappush(ready, (RANK[kinds[arn]], arn))
        _, arn = heappop(ready)
        result.append(arn)
        sorter.done(arn)
    return result
