"""When a resource was last used. Silence counts only as far back as somebody would have been listening."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops.audit import telemetry
from ops.audit.model import Kind, LastUse
from ops.audit.plain import moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ops.audit.metrics import Series
    from ops.audit.model import Resource
    from ops.audit.reader import Reader
    from ops.audit.telemetry import Telemetry

# CloudWatch keeps hourly and daily sums for 455 days.
LONGEST_WINDOW = timedelta(days=455)
# "IAM reports the last use of the past 400 days" (IAM User Guide, role last used).
_ROLE_MEMORY = timedelta(days=400)


def last_use(resource: Resource, series: Telemetry, now: datetime, window: timedelta) -> LastUse:
    """The word of the best witness that the resource's kind has."""
    if resource.kind in _FOLLOWING:
        return LastUse(source="none", detail="used when what it leads to is used")
    return _WITNESS.get(resource.kind, _metered)(resource, series, now, window)


def again(reader: Reader, resource: Resource, window: timedelta) -> LastUse:
    """The last use as it is at this moment; `resource` as `inventory.reread` gave it. Asks for its metrics only."""
    found = telemetry.gather(reader, [resource], window)[resource.arn]
    return last_use(resource, found, reader.now, window)


def _of(series: Telemetry, *meanings: str) -> list[Series]:
    return [one for meaning, one in series.items() if meaning.partition(".")[0] in meanings]


def _latest(series: Iterable[Series]) -> datetime | None:
    return max((one.last for one in series if one.last), default=None)


def _silence(resource: Resource, start: datetime) -> datetime | None:
    """From when on silence proves something: never before the resource was there."""
    born = resource.created_at or moment(resource.facts.get("LastModifiedTime"))
    if born is None:
        # rules tell no age: somebody listened for the whole window, whether it was there or not
        return start if resource.kind is Kind.EVENT_RULE else None
    return max(start, born)


def _silent(resource: Resource, now: datetime, window: timedelta, source: str) -> LastUse:
    since = _silence(resource, _start(now, window))
    whole = since is not None and since <= _start(now, window)
    detail = f"nothing in {window.days} days" if whole else "nothing, but younger than the window or of unknown age"
    return LastUse(unused_since=since, source=source, detail=detail)


def _start(now: datetime, window: timedelta) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - window


def _metered(resource: Resource, series: Telemetry, now: datetime, window: timedelta) -> LastUse:
    signs = _of(series, "use")
    source = "CloudWatch metrics"
    if at := _latest(signs):
        count = sum(one.total(now - window) for one in signs)
        return LastUse(at=at, source=source, detail=f"{count:,.0f} in {window.days} days")
    if not signs or not all(one.known for one in signs):
        return LastUse(source=source, detail="the metrics were not answered")
    return _silent(resource, now, window, source)


def _table(resource: Resource, series: Telemetry, now: datetime, window: timedelta) -> LastUse:
    reads, writes = _of(series, "read"), _of(series, "write")
    source = "CloudWatch metrics"
    read, written = _latest(reads), _latest(writes)
    if read or written:
        units = sum(one.total(now - window) for one in (*reads, *writes))
        at = max(when for when in (read, written) if when)
        detail = f"{units:,.0f} units in {window.days} days"
        return LastUse(at=at, source=source, detail=detail, read_at=read, written_at=written)
    if not all(one.known for one in (*reads, *writes)):
        return LastUse(source=source, detail="the metrics were not answered")
    return _silent(resource, now, window, source)


def _role(resource: Resource, _series: Telemetry, now: datetime, _window: timedelta) -> LastUse:
    return _remembered(resource, "last_used", now - _ROLE_MEMORY, "IAM's record of the role's last use")


def _secret(resource: Resource, _series: Telemetry, now: datetime, _window: timedelta) -> LastUse:
    start = now - LONGEST_WINDOW
    return _remembered(resource, "accessed", start, "Secrets Manager's date of the last access (by the day)")


def _remembered(resource: Resource, key: str, start: datetime, source: str) -> LastUse:
    if at := moment(resource.measures.get(key)):
        return LastUse(at=at, source=source)
    return LastUse(unused_since=_silence(resource, start), source=source, detail="never")


def _log_group(resource: Resource, series: Telemetry, now: datetime, window: timedelta) -> LastUse:
    """Its newest event; a metric that says otherwise is newer than what the streams tell."""
    source = "its newest event"
    times = [when for when in (moment(resource.measures.get("newest")), _latest(_of(series, "write"))) if when]
    if times:
        return LastUse(at=max(times), source=source, written_at=max(times))
    if resource.incomplete:
        return LastUse(source=source, detail="its streams were not answered")
    return LastUse(unused_since=_silence(resource, _start(now, window)), source=source, detail="no event at all")


def _bucket(resource: Resource, _series: Telemetry, now: datetime, window: timedelta) -> LastUse:
    """Its newest object. Reads leave no trace without access logs: only an empty bucket is known to be unused."""
    source = "its newest object"
    newest, contents = moment(resource.measures.get("newest")), resource.measures
    if newest:
        more = " of the first few thousand" if contents.get("more") else ""
        return LastUse(at=newest, source=source, detail=f"newest{more}; reads leave no trace", written_at=newest)
    if not contents:
        return LastUse(source=source, detail="its objects were not listed")
    return LastUse(unused_since=_silence(resource, _start(now, window)), source=source, detail="it is empty")


_FOLLOWING = frozenset({Kind.EVENT_SOURCE_MAPPING, Kind.ALARM, Kind.DOMAIN_MAPPING})
_WITNESS = {
    Kind.TABLE: _table,
    Kind.ROLE: _role,
    Kind.SECRET: _secret,
    Kind.LOG_GROUP: _log_group,
    Kind.BUCKET: _bucket,
}
