"""The report of what local clouds counted: one that runs, or all of a test run by the files that they left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import Refused
from ops.permissions.model import Report
from ops.permissions.record import across_environments, judged, total
from ops.permissions.sources import ask_cloud, read_files

if TYPE_CHECKING:
    from pathlib import Path


def report_of_cloud(endpoint_url: str, account_id: str, source: str) -> Report:
    """What the running cloud counted since its environment was made."""
    return Report(source, judged(total([(account_id, ask_cloud(endpoint_url))])))


def report_of_files(path: Path, stack: str | None = None, *, together: bool = False) -> Report:
    """The files' sum; `stack` leaves only that environment's roles, `together` makes one of all environments'.

    A cloud that was restarted goes on from its saved counts and leaves a file for each of its processes: its counts
    are then too high, and what was used or not is right all the same.
    """
    records = read_files(path)
    roles = total(records)
    if stack:
        # Names are `{project}-{environment}-{role}-{region}`.
        roles = {key: usage for key, usage in roles.items() if f"-{stack}-" in key.role}
        if not roles:
            raise Refused(f"the usage files in {path} know no role of {stack}", "leave --stack out to see all")
    if together:
        roles = across_environments(roles)
    count = len(records)
    found = Report(f"{count} local cloud{'' if count == 1 else 's'}, {path}", judged(roles))
    if found.totals.actions and not (found.totals.used or found.totals.denied):
        note = "Nothing at all was used: did these clouds run with `--permissions off`?"
        return Report(found.source, found.roles, (note,))
    return found
