"""Which tables a migration has moved and verified, from the run folders of `omnix migrate`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops.errors import Refused
from ops.stack import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_VERIFIED = "verified"


def verified(folders: Iterable[Path]) -> dict[str, datetime]:
    """By source table's ARN: when its migration was verified (the file's age). Refused for one that was not."""
    found: dict[str, datetime] = {}
    for folder in folders:
        run, report = read_json(folder / "run.json"), read_json(folder / "verify.json")
        if report.get("state") != _VERIFIED:
            raise Refused(
                f"{folder}: the verification ended as {report.get('state')!r}",
                "finish it (`omnix migrate verify`), or leave this folder out",
            )
        when = datetime.fromtimestamp((folder / "verify.json").stat().st_mtime, UTC)
        found |= {source["arn"]: when for source in (run.get("sources") or {}).values()}
    return found
