"""Looks at a resource again at the moment of its removal: it must be what was approved, unused and unneeded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ops.audit.model import Kind, Resource, fingerprint
from ops.cleanup.allow_list import covering
from ops.cleanup.planning import kept, names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from ops.cleanup.allow_list import Allowed
    from ops.cleanup.plan import Entry, Plan


class Inventory(Protocol):
    """What the audit reads of an account, read anew."""

    def resources(self, entries: Sequence[Entry]) -> dict[str, Resource]:
        """The entries' resources by ARN with owner, last use and references; what is gone is not in it."""

    def resource(self, entry: Entry) -> Resource | None:
        """One of them at this moment; owner and references are at least as new as the last call of `resources`."""


def problems(
    entry: Entry, live: Resource, plan: Plan, allowed: Sequence[Allowed], now: datetime, *, secured: bool = False
) -> Iterator[str]:
    """In words, why an entry may not be removed now; nothing when it may.

    `secured`: our own backup has read it meanwhile, so that of a table only writes count as use.
    """
    if now < entry.not_before:
        yield f"its waiting period ends {entry.not_before:%Y-%m-%d %H:%M} UTC"
    if replaced(entry, live):
        yield "it was deleted and made again since the audit"
    elif fingerprint(live) != entry.fingerprint:
        yield "it changed since the audit"
    if live.owner:
        yield f"the {live.owner.tool} stack {live.owner.stack} owns it"
    if live.incomplete:
        yield f"not all of it can be read: {'; '.join(live.incomplete)}"
    if used := _used(entry, live, secured=secured):
        yield used
    going = {one.arn for one in plan.entries}
    for keeper in kept(live, going):
        yield f"referred to by what stays: {keeper}"
    if found := covering(allowed, names(live)):
        yield f"allow-listed by {found.owner} until {found.until}: {found.reason}"


def _used(entry: Entry, live: Resource, *, secured: bool) -> str:
    before, after = entry.last_use, live.last_use
    if entry.kind is Kind.TABLE and secured:
        was, now, how = before.written_at, after.written_at, "written to"
    else:
        was, now, how = before.at, after.at, "used"
    if now is not None and (was is None or now > was):
        return f"it was {how} since the audit: {now:%Y-%m-%d %H:%M} UTC ({after.source})"
    told = before.at or before.unused_since
    if told and after.at is None and after.unused_since is None:
        return f"nobody can tell any more whether it is used ({after.detail or after.source or 'no evidence'})"
    return ""


def replaced(entry: Entry, live: Resource) -> bool:
    """True when what bears the name now is not what was planned: it was deleted and made again."""
    if entry.kind is Kind.FUNCTION:
        return False  # Lambda tells only the last change, which removing its triggers is not
    return entry.created_at is not None and live.created_at is not None and live.created_at != entry.created_at
