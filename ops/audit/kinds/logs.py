"""CloudWatch log groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.audit.model import Kind, Resource
from ops.audit.plain import chosen, moment, tags
from ops.audit.reader import Notes
from ops.audit.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.audit.reader import Reader

KINDS = (Kind.LOG_GROUP,)


def read(reader: Reader, region: str, only: str | None = None) -> Iterator[Seen]:
    """The region's log groups, or the one named `only`; with the time of the newest event in `measures`."""
    chosen_by: dict[str, Any] = {"logGroupNamePrefix": only} if only else {}
    for group in reader.pages("logs", "describe_log_groups", region, "logGroups", KINDS, **chosen_by):
        name = group["logGroupName"]
        if only and name != only:
            continue
        notes = Notes()
        # `logGroupArn` is the ARN that tags and policies take; `arn` has a trailing ":*"
        arn = group.get("logGroupArn") or group["arn"].removesuffix(":*")
        marks = reader.call("logs", "list_tags_for_resource", region, KINDS, subject=name, notes=notes, resourceArn=arn)
        resource = Resource(
            kind=Kind.LOG_GROUP, arn=arn, name=name, region=region, account_id=reader.account_id,
            created_at=moment(group.get("creationTime")), tags=tags((marks or {}).get("tags")),
            facts=chosen(
                group, "creationTime", "retentionInDays", "kmsKeyId", "logGroupClass", "deletionProtectionEnabled"
            ),
            measures={"bytes": group.get("storedBytes", 0), "newest": _newest(reader, region, name, notes)},
            incomplete=notes.missing,
        )  # fmt: skip
        yield Seen(resource)


def _newest(reader: Reader, region: str, name: str, notes: Notes) -> str | None:
    """The newest event or its arrival, as the streams tell it (eventually: within an hour or so)."""
    answer = reader.call(
        "logs", "describe_log_streams", region, KINDS, subject=name, notes=notes,
        logGroupName=name, orderBy="LastEventTime", descending=True, limit=1,
    )  # fmt: skip
    streams = (answer or {}).get("logStreams") or []
    times = [
        when
        for stream in streams
        for key in ("lastEventTimestamp", "lastIngestionTime")
        if (when := moment(stream.get(key)))
    ]
    return max(times).isoformat() if times else None
