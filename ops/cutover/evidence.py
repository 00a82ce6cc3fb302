"""What says that a table holds what the one that serves holds: the verification of a migration into it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ops.errors import Refused
from ops.stack import read_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE = "verify.json"
VERIFIED = "verified"


def verified_tables(runs: Sequence[Path]) -> set[str]:
    """The physical names of the targets that these run directories of `omnix migrate` verified.

    Refused for a run whose verification is missing, failed, or is of another mapping than the run's own.
    """
    found: set[str] = set()
    for run in runs:
        report, begun = read_json(run / FILE), read_json(run / "run.json")
        if report.get("state") != VERIFIED:
            raise Refused(
                f"{run}: the verification ended as {report.get('state')!r}",
                f"see `omnix migrate verify`: only a run that ended as {VERIFIED!r} may be served from",
            )
        if report.get("mapping_sha256") != begun.get("mapping_sha256"):
            raise Refused(
                f"{run}: what was verified is not what was run", "verify the run again: `omnix migrate verify`"
            )
        found |= {str(name) for name in _targets(report)}
    return found


def _targets(report: dict[str, Any]) -> list[Any]:
    targets = report.get("targets", [])
    if not isinstance(targets, list | dict):
        raise Refused(
            f"the verification names no targets: {json.dumps(targets)}", "make it again: `omnix migrate verify`"
        )
    return list(targets)
