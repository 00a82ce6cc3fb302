"""How long logs and backups are kept."""

import re
from collections.abc import Iterator, Mapping

from policy import types
from policy.model import PROD, Finding, Resource, Rule, Violation, resource_rule

# CloudWatch Logs PutRetentionPolicy.retentionInDays; 0 (never expire) is the provider's "not set"
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096),
    *(1827, 2192, 2557, 2922, 3288, 3653),
)
PROD_LOG_RETENTION_DAYS = 30
# P11: how often -> days kept
BACKUPS: Mapping[str, int] = {"daily": 30, "weekly": 84, "monthly": 365}
_CRON = re.compile(r"cron\(\S+ \S+ (?P<day>\S+) (?P<month>\S+) (?P<weekday>\S+) \S+\)\Z")


def log_retention(group: Resource) -> Iterator[Finding]:
    """Judge the days that a log group keeps."""
    days = group.get("retentionInDays")
    if not days:
        yield Violation("retentionInDays is not set: the logs are kept, and paid, for ever")
    elif days not in LOG_RETENTION_DAYS:
        yield Violation(f"retentionInDays is {days:g}; CloudWatch Logs takes {', '.join(map(str, LOG_RETENTION_DAYS))}")
    elif group.is_production and days < PROD_LOG_RETENTION_DAYS:
        yield Violation(f"retentionInDays is {days:g}, less than {PROD_LOG_RETENTION_DAYS}")


def frequency(schedule: str) -> str | None:
    """Return "daily", "weekly" or "monthly" for an AWS Backup cron expression that runs so; None for another."""
    match = _CRON.match(schedule)
    if match is None or match["month"] != "*":
        return None
    any_day = match["day"] in {"*", "?"}
    any_weekday = match["weekday"] in {"*", "?"}
    if any_day and any_weekday:
        return "daily"
    if any_day and re.fullmatch(r"[A-Z]{3}|[1-7]", match["weekday"]):
        return "weekly"
    return "monthly" if any_weekday and re.fullmatch(r"\d+|L", match["day"]) else None


def backup_retention(plan: Resource) -> Iterator[Finding]:
    """Judge a plan's rules: one of each frequency that keeps long enough. A rule without expiry keeps for ever."""
    kept: dict[str, float] = {}
    for index in range(len(plan.get("rules") or [])):
        how_often = frequency(str(plan.get(f"rules.{index}.schedule")))
        days = plan.get(f"rules.{index}.lifecycle.deleteAfter")
        if how_often:
            kept[how_often] = max(kept.get(how_often, 0), float("inf") if days is None else days)
    for how_often, wanted in BACKUPS.items():
        if how_often not in kept:
            yield Violation(f"no {how_often} rule")
        elif kept[how_often] < wanted:
            yield Violation(f"the {how_often} backups are kept {kept[how_often]:g} days, not {wanted}")


def _plan(daily: int) -> Resource:
    def rule(name: str, schedule: str, days: int) -> dict[str, object]:
        return {
            "ruleName": name,
            "targetVaultName": "omnix-ai-prod-backup",
            "schedule": schedule,
            "lifecycle": {"deleteAfter": days},
        }

    return PROD(
        types.BACKUP_PLAN,
        name="omnix-ai-prod-tables",
        rules=[
            rule("daily", "cron(0 1 * * ? *)", daily),
            rule("weekly", "cron(0 3 ? * SUN *)", 84),
            rule("monthly", "cron(0 5 1 * ? *)", 365),
        ],
    )


RULES: tuple[Rule, ...] = (
    resource_rule(
        "log-group-retention",
        log_retention,
        types=(types.LOG_GROUP,),
        reason="logs without an end cost for ever, and an incident in prod is looked into weeks later",
        fix=f"set retentionInDays to a value that CloudWatch Logs takes, {PROD_LOG_RETENTION_DAYS} or more in prod",
        failing=PROD(types.LOG_GROUP, retentionInDays=7),
        passing=PROD(types.LOG_GROUP, retentionInDays=365),
        refs=("A3", "P10"),
    ),
    resource_rule(
        "backup-plan-retention",
        backup_retention,
        types=(types.BACKUP_PLAN,),
        reason="a loss that is noticed late is recovered from the weekly and monthly backups only",
        fix="daily kept 30 days, weekly 84, monthly 365, by cron schedules",
        failing=_plan(7),
        passing=_plan(30),
        refs=("P11",),
    ),
)
