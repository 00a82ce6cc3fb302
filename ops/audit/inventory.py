"""Everything in the account, every region asked; and one resource again, as it is at this moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ops.audit.kinds import (
    alarms,
    buckets,
    distributions,
    domains,
    events,
    functions,
    http_apis,
    logs,
    rest_apis,
    roles,
    secrets,
    tables,
)
from ops.audit.model import Kind
from ops.audit.reader import GLOBAL_HOME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ops.audit.model import Resource
    from ops.audit.reader import Reader
    from ops.audit.seen import Seen

type Read = Callable[[Reader, str, str | None], Iterator[Seen]]

_REGIONAL: Mapping[tuple[Kind, ...], Read] = {
    (Kind.REST_API,): rest_apis.read,
    (Kind.HTTP_API, Kind.WEBSOCKET_API): http_apis.read,
    (Kind.FUNCTION,): functions.read,
    (Kind.TABLE,): tables.read,
    (Kind.LOG_GROUP,): logs.read,
    (Kind.SECRET,): secrets.read,
    (Kind.EVENT_SOURCE_MAPPING,): events.mappings,
    (Kind.EVENT_RULE,): events.rules,
    (Kind.ALARM,): alarms.read,
    (Kind.DOMAIN_MAPPING,): domains.read,
}
_GLOBAL: Mapping[tuple[Kind, ...], Read] = {
    (Kind.ROLE,): roles.read,
    (Kind.DISTRIBUTION,): distributions.read,
}
# Few at a time: every service throttles a whole account, and the account has other work.
_THREADS = 8


def inventory(reader: Reader, regions: Sequence[str], progress: Callable[[str], None] = lambda _: None) -> list[Seen]:
    """All resources of these regions, with the global ones, by kind, region and name."""

    def done(what: str, rows: Iterable[Seen]) -> list[Seen]:
        found = list(rows)
        progress(what)
        return found

    with ThreadPoolExecutor(_THREADS) as pool:
        waiting = [
            pool.submit(done, f"{kinds[0]} in {region}", read(reader, region, None))
            for kinds, read in _REGIONAL.items()
            for region in regions
        ]
        waiting += [pool.submit(done, kinds[0], read(reader, GLOBAL_HOME, None)) for kinds, read in _GLOBAL.items()]
        waiting.append(pool.submit(done, Kind.BUCKET, buckets.read(reader, frozenset(regions))))
        found = [seen for one in waiting for seen in one.result()]
    return sorted(found, key=lambda seen: (seen.resource.kind, seen.resource.region, seen.resource.name))


def reread(reader: Reader, resource: Resource) -> Resource | None:
    """The same resource now (facts, measures, tags), or None when it is gone.

    Owner, last use, cost and references are not part of it: see `last_use.again` and `run.audit`. What could not be
    read stands in its `incomplete` and in the reader's errors; a caller that deletes must refuse then.
    """
    if resource.kind is Kind.BUCKET:
        found = list(buckets.read(reader, frozenset({resource.region}), resource.name))
    else:
        reads = {**_REGIONAL, **_GLOBAL}
        read = next(read for kinds, read in reads.items() if resource.kind in kinds)
        found = list(read(reader, resource.region, resource.name))
    return next((seen.resource for seen in found if seen.resource.arn == resource.arn), None)
