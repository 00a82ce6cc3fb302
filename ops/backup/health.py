"""Whether a table's backups may be relied on, as facts and what is wrong with them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from ops.backup.points import newest
from ops.backup.show import age

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ops.backup.points import RecoveryPoint

# The daily rule may begin an hour late ("start window"), and a job takes its time.
DAILY = timedelta(hours=26)
# A copy begins when the backup is complete.
COPIED = DAILY + timedelta(hours=4)
# Point-in-time recovery reaches until five minutes ago.
WINDOW_LAG = timedelta(minutes=15)


@dataclass(frozen=True)
class VaultFacts:
    """What a vault says of itself. `denies_deletion`: whether its policy denies everybody to delete recovery points.

    `least_days`, `most_days`: the retentions that a locked vault takes.
    """

    name: str
    region: str
    key_arn: str | None
    locked: bool
    denies_deletion: bool
    least_days: int | None = None
    most_days: int | None = None


@dataclass(frozen=True)
class FrameworkFacts:
    """What Audit Manager says of the environment's framework: `deployment` and `status` as AWS words them."""

    name: str
    deployment: str
    status: str | None


@dataclass(frozen=True)
class Facts:
    """What is known of one table's backups. `window`: earliest and latest restorable time; None without PITR.

    `gone`: there is no such table, and all that can be known is its recovery points.
    """

    table: str
    key_arn: str | None
    window: tuple[datetime, datetime] | None
    home: Sequence[RecoveryPoint]
    dr: Sequence[RecoveryPoint]
    gone: bool = False


@dataclass(frozen=True)
class Problem:
    """What is wrong, and with what: a table or a vault."""

    subject: str
    what: str


def of_table(logical: str, facts: Facts, vaults: tuple[VaultFacts, VaultFacts | None], now: datetime) -> list[Problem]:
    """What is wrong with one table's backups. `vaults`: home and recovery region, None if there is none."""
    gone = ["the table is gone; restore it from a recovery point (`omnix backup list`)"]
    found = gone if facts.gone else _of_live(facts, now)
    for vault, points, allowed in ((vaults[0], facts.home, DAILY), (vaults[1], facts.dr, COPIED)):
        if vault is not None:
            found += _of_vault(facts.table, vault, points, allowed, now)
    return [Problem(logical, one) for one in found]


def _of_live(facts: Facts, now: datetime) -> list[str]:
    found = []
    if facts.window is None:
        found.append("point-in-time recovery is off")
    elif now - facts.window[1] > WINDOW_LAG:
        found.append(f"point-in-time recovery ends {age((now - facts.window[1]).total_seconds())} ago")
    if facts.key_arn is None:
        found.append("the table itself is not encrypted by a key of ours")
    return found


def _of_vault(
    table: str, vault: VaultFacts, points: Iterable[RecoveryPoint], allowed: timedelta, now: datetime
) -> list[str]:
    latest = newest(points, table)
    if latest is None:
        return [f"no recovery point in {vault.region}"]
    found = []
    if now - latest.created_at > allowed:
        hours = allowed.total_seconds() / 3600
        found.append(
            f"the newest recovery point in {vault.region} is {age(latest.age_seconds(now))} old, "
            f"more than the plan's {hours:g} h"
        )
    if latest.key_arn is None or latest.key_arn != vault.key_arn:
        found.append(f"the newest recovery point in {vault.region} is not encrypted by the vault's key")
    return found


def of_vault(vault: VaultFacts, key_arn: str, *, must_hold: bool) -> list[Problem]:
    """What is wrong with a vault. `key_arn`: the environment's key there; `must_hold`: it shall resist deletion."""
    found = []
    if vault.key_arn != key_arn:
        found.append("it is not encrypted by the environment's key")
    if must_hold and not vault.locked:
        found.append("it is not locked")
    if must_hold and not vault.denies_deletion:
        found.append("its policy denies nobody to delete recovery points")
    return [Problem(f"{vault.name} ({vault.region})", one) for one in found]


def retention_problem(vault: VaultFacts, keep_days: int) -> str | None:
    """Why a vault's lock takes no recovery point that is kept so long; None when it does."""
    if not vault.locked:
        return None
    if vault.least_days is not None and keep_days < vault.least_days:
        return f"{vault.name} ({vault.region}) is locked and takes what is kept {vault.least_days} days at least"
    if vault.most_days is not None and keep_days > vault.most_days:
        return f"{vault.name} ({vault.region}) is locked and takes what is kept {vault.most_days} days at most"
    return None


def of_framework(framework: FrameworkFacts) -> list[Problem]:
    """What keeps the controls from being judged. A deployment that is under way is no problem, nor is no answer."""
    if framework.deployment == "FAILED":
        what = "its deployment failed, and no control is judged: AWS Config must record this account and region"
    elif framework.deployment == "COMPLETED" and framework.status in {"PARTIALLY_ACTIVE", "INACTIVE"}:
        what = f"it is {framework.status}: AWS Config does not record all that its controls judge"
    else:
        return []
    return [Problem(framework.name, what)]


def gaps(points: Iterable[RecoveryPoint], table: str, now: datetime) -> list[tuple[datetime, datetime]]:
    """Times of the last thirty days, since the table's first recovery point, in which none was made for too long."""
    since = now - timedelta(days=30)
    moments = sorted(one.created_at for one in points if one.table == table and one.usable)
    if not moments:
        return []
    return [(a, b) for a, b in pairwise([*moments, now]) if b - a > DAILY and b > since]
