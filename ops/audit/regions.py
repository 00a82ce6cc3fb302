"""Which regions an account can have anything in: those that are on by themselves, and those that it opted into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.audit.reader import GLOBAL_HOME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.audit.reader import Reader


def enabled(reader: Reader, home: str) -> list[str]:
    """Every region that is enabled for the account, sorted.

    Without the permission to ask, the home region and us-east-1: what is missing then stands in the errors.
    """
    answer = reader.call("ec2", "describe_regions", home, AllRegions=False)
    found = sorted(region["RegionName"] for region in (answer or {}).get("Regions") or [])
    return found or sorted({home, GLOBAL_HOME})


def of_stack(home: str, recovery: str | None) -> Sequence[str]:
    """A stack's regions: its own, the one of its copies, and the one of the edge."""
    return sorted({home, GLOBAL_HOME, *([recovery] if recovery else [])})
