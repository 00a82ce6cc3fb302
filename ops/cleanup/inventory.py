"""The audit's own survey of the account, once more: for the re-check before and at the moment of a removal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.audit import last_use
from ops.audit.inventory import reread
from ops.audit.model import Resource  # noqa: TC001 - in a public signature
from ops.audit.reader import Reader
from ops.audit.run import Scope, survey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.cleanup.plan import Entry, Plan


class AuditInventory:
    """Reads by the audit's code. References in source trees are the audit's alone: no tree is known here."""

    def __init__(self, clients: Callable[[str, str], Any], plan: Plan) -> None:
        self._clients = clients
        self._plan = plan
        self._scope = Scope(plan.regions, timedelta(days=plan.audit_window_days))
        self._surveyed: dict[str, Resource] = {}

    def resources(self, entries: Sequence[Entry]) -> dict[str, Resource]:
        """Every region of the plan is read whole: who refers to something is known only when all are read."""
        reader = self._reader()
        wanted = {one.arn for one in entries}
        self._surveyed = {one.arn: _whole(one, reader) for one in survey(reader, self._scope).resources}
        return {arn: one for arn, one in self._surveyed.items() if arn in wanted}

    def resource(self, entry: Entry) -> Resource | None:
        """One resource now; only it is asked for again, and its metrics."""
        known = self._surveyed.get(entry.arn)
        if known is None:
            return None
        reader = self._reader()
        found = reread(reader, known)
        if found is None:
            return None
        used = last_use.again(reader, found, self._scope.window)
        kept = {"owner": known.owner, "references": known.references, "last_use": used}
        return _whole(found.model_copy(update=kept), reader)

    def _reader(self) -> Reader:
        partition = self._plan.entries[0].arn.split(":")[1] if self._plan.entries else "aws"
        return Reader(self._clients, self._plan.account_id, datetime.now(UTC), partition)


def _whole(resource: Resource, reader: Reader) -> Resource:
    """With what the whole kind lacks: a list that was refused hides references and owners."""
    unread = [
        f"{one.service}:{one.operation} in {one.region} was not answered: {one.code}"
        for one in reader.errors
        if not one.subject and resource.kind in one.kinds
    ]
    return resource.model_copy(update={"incomplete": [*resource.incomplete, *unread]})
