"""The audit's own reading of the account, once more: for the re-check before and at the moment of a removal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.audit import last_use, references, telemetry
from ops.audit.inventory import inventory, reread
from ops.audit.model import Resource
from ops.audit.owners import Owners, cloudformation
from ops.audit.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.audit.model import LastUse, Reference
    from ops.cleanup.plan import Entry, Plan


class AuditInventory:
    """Reads by the audit's code. References out of source trees are the audit's alone: code does not change here."""

    def __init__(self, clients: Callable[[str, str], Any], plan: Plan) -> None:
        self._clients = clients
        self._plan = plan
        self._window = timedelta(days=plan.audit_window_days)
        self._owners = Owners()
        self._references: dict[str, list[Reference]] = {}

    def resources(self, entries: Sequence[Entry]) -> dict[str, Resource]:
        """Every region of the plan is read whole: who refers to something is known only when all are read."""
        reader, regions = self._reader(), self._plan.regions
        seen = inventory(reader, regions)
        self._owners = Owners()
        cloudformation(reader, regions, self._owners)
        index = references.Index(one.resource for one in seen)
        named = references.parameters(reader, regions, index)
        self._references = references.merged(references.between(seen), named)
        wanted = {one.arn for one in entries}
        found = [one.resource for one in seen if one.resource.arn in wanted]
        measured = telemetry.gather(reader, found, self._window)
        used = {one.arn: last_use.last_use(one, measured.get(one.arn, {}), reader.now, self._window) for one in found}
        return {one.arn: self._whole(one, used[one.arn], reader) for one in found}

    def resource(self, entry: Entry) -> Resource | None:
        """One resource now; only it is asked for again, and its metrics."""
        reader = self._reader()
        found = reread(reader, self._planned(entry))
        return self._whole(found, last_use.again(reader, found, self._window), reader) if found else None

    def _planned(self, entry: Entry) -> Resource:
        return Resource(
            kind=entry.kind, arn=entry.arn, name=entry.name, region=entry.region, account_id=self._plan.account_id
        )

    def _reader(self) -> Reader:
        partition = self._plan.entries[0].arn.split(":")[1] if self._plan.entries else "aws"
        return Reader(self._clients, self._plan.account_id, datetime.now(UTC), partition)

    def _whole(self, resource: Resource, use: LastUse, reader: Reader) -> Resource:
        unread = [
            f"{one.service}:{one.operation} in {one.region} was not answered: {one.code}"
            for one in reader.errors
            if resource.kind in one.kinds and not one.subject
        ]
        return resource.model_copy(
            update={
                "last_use": use,
                "owner": self._owners.owner(resource),
                "references": self._references.get(resource.arn, []),
                "incomplete": [*resource.incomplete, *unread],
            }
        )
