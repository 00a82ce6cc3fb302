"""Rules about losing things: backups, their lock, and the two regions."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from components.config.findings import Finding
from components.config.model import HOME_REGION, RECOVERY_REGION

type Values = Mapping[str, Any]


def truth(value: object) -> bool | None:
    """What a config value says, as YAML or as text; None for what is neither true nor false."""
    return {"true": True, "false": False}.get(str(value).lower())


def region_rules(values: Values) -> Iterator[Finding]:
    """Home and recovery region, swapped only while the home region is lost and the config says so.

    Only then may there be no recovery region: it would be the lost one, where nothing can be made.
    """
    region, recovery = values.get("region"), values.get("drRegion")
    failover = truth(values.get("failover")) is True
    if recovery is None and not failover:
        yield Finding(
            "drRegion",
            "(missing)",
            "without a recovery region the loss of the home region is the loss of the stack",
            f"set it to {RECOVERY_REGION}: pulumi config set omnix-ai:drRegion {RECOVERY_REGION}; it may be left out "
            f"only in a failover (region: {RECOVERY_REGION}, failover: true)",
        )
    if region is not None and region == recovery:
        other = HOME_REGION if region == RECOVERY_REGION else RECOVERY_REGION
        yield Finding("drRegion", str(region), "the same as region", f"use another region: {other}")
    elif region == RECOVERY_REGION and not failover:
        yield Finding(
            "region",
            str(region),
            "the stack would be made anew in the recovery region, and its data stay behind",
            f"set it to {HOME_REGION}; or failover to true, after the steps of docs/operations/BACKUP_RECOVERY.md",
        )
    elif region == HOME_REGION and failover:
        yield Finding(
            "failover",
            "true",
            f"the stack is at home in {HOME_REGION}",
            f"leave it out; or, if {HOME_REGION} is lost: region {RECOVERY_REGION}, and no drRegion until it answers",
        )


def backup_rules(values: Values, stack: str) -> Iterator[Finding]:
    """How locked, copied and proven the backups of `stack` must be."""
    found = values.get("backup", {})
    backup: Values = found if isinstance(found, Mapping) else {}
    if stack == "prod":
        yield from _prod_backups(backup, copies=values.get("drRegion") is not None)
    lock = backup.get("lock", "none")
    if stack == "dev" and lock != "none":
        yield Finding(
            "backup.lock",
            str(lock),
            "dev is destroyed to zero, and a locked vault keeps what it holds",
            "set it to none",
        )
    elif lock == "compliance":
        yield from _compliance(values, backup)
    yield from _drill(backup)


def _prod_backups(backup: Values, *, copies: bool) -> Iterator[Finding]:
    """`copies`: whether there is a region to copy to; without one `copyToDr` says nothing."""
    if backup.get("lock", "none") == "none":
        yield Finding(
            "backup.lock",
            "none",
            "whoever may delete prod's tables may delete their backups, too",
            "set it to governance; to compliance when a drill has passed",
        )
    kept = {"restoreTesting": "a backup that was never restored is a hope"}
    if copies:
        kept["copyToDr"] = "without copies, the loss of the home region is the loss of prod"
    for key, problem in kept.items():
        if truth(backup.get(key)) is False:
            yield Finding(f"backup.{key}", "false", problem, "set it to true")


def _compliance(values: Values, backup: Values) -> Iterator[Finding]:
    """Nobody undoes it: neither the account's root nor AWS."""
    if not backup.get("drillPassed"):
        yield Finding(
            "backup.lock",
            "compliance",
            "it cannot be undone, and no drill has shown that what it keeps can be restored",
            "run `omnix dr drill`, and set backup.drillPassed to the date of the report; until then: governance",
        )
    if truth(values.get("protect")) is False:
        yield Finding(
            "backup.lock",
            "compliance",
            "a destroy of an unprotected stack would stop at vaults that nobody can empty",
            "set protect to true, or backup.lock to governance",
        )


def _drill(backup: Values) -> Iterator[Finding]:
    passed = backup.get("drillPassed")
    try:
        day = passed if isinstance(passed, date) else date.fromisoformat(str(passed))
    except ValueError:
        return
    if day > datetime.now(UTC).date():
        yield Finding("backup.drillPassed", day.isoformat(), "a day that has not come", "the date of a drill report")
