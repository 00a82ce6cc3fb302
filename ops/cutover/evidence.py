"""What says that a table holds what the one that serves holds: the verification of a migration into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import Refused
from ops.stack import read_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What a run was told (its `mapping_sha256`, its `targets` by logical name), and what verifying it said.
RUN, FILE = "run.json", "verify.json"
VERIFIED = "verified"


def verified_tables(runs: Sequence[Path], account_id: str) -> set[str]:
    """The physical names of the targets that these run directories of `omnix migrate` verified.

    Refused for a run whose verification is missing, failed, or is of another mapping than the run's own, and for a run
    into another account than `account_id`.
    """
    found: set[str] = set()
    for run in runs:
        report, begun = read_json(run / FILE), read_json(run / RUN)
        if report.get("state") != VERIFIED:
            raise Refused(
                f"{run}: the verification ended as {report.get('state')!r}",
                f"see `omnix migrate verify`: only a run that ended as {VERIFIED!r} may be served from",
            )
        if not begun.get("mapping_sha256") or report.get("mapping_sha256") != begun["mapping_sha256"]:
            raise Refused(f"{run}: what was verified is not what was run", "verify it again: `omnix migrate verify`")
        if begun.get("account_id") != account_id:
            raise Refused(f"{run} filled tables of account {begun.get('account_id')}", f"give a run of {account_id}")
        found |= set(begun.get("targets", {}).values())
    return found
