"""What `omnix backup verify` finds: by looking, and by restoring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from omnix.table_names import PARAMETER
from ops.backup.health import Problem, of_framework, of_table, of_vault
from ops.backup.inspection import framework_facts, table_facts, vault_facts
from ops.backup.points import points
from ops.dr.drill import Drill, Wishes
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from ops.backup.estate import Estate
    from ops.backup.points import RecoveryPoint
    from ops.backup.waiting import Patience

# Environments whose vaults shall resist deletion, whatever else their configuration says.
_MUST_HOLD = frozenset({"prod"})
# Whose problem it is when it is no single table's.
RESTORE = "restore"
_ANY_AGE_HOURS = 10 * 365 * 24.0


@dataclass(frozen=True)
class Restored:
    """What restores showed: the labels of tables that came back whole; what is wrong, each table's under its label."""

    proven: frozenset[str]
    problems: list[Problem]


def shallow(estate: Estate, chosen: Mapping[str, str], now: datetime) -> list[Problem]:
    """What is wrong with vaults and tables (label -> physical), and with what serves, without a restore."""
    must_hold = estate.environment in _MUST_HOLD
    home, dr = vault_facts(estate, estate.home), vault_facts(estate, estate.dr) if estate.dr else None
    found = of_vault(home, estate.home.key_arn, must_hold=must_hold)
    found += of_vault(dr, estate.dr.key_arn, must_hold=must_hold) if dr and estate.dr else of_recovery(estate)
    # the provider takes a framework whose deployment failed for deployed
    if framework := framework_facts(estate):
        found += of_framework(framework)
    at_home, copied = points(estate, estate.home), points(estate, estate.dr) if estate.dr else []
    for label, physical in chosen.items():
        found += of_table(label, table_facts(estate, physical, at_home, copied), (home, dr), now)
    return found + of_serving(estate)


def of_recovery(estate: Estate) -> list[Problem]:
    """That there is no region to copy to, where there is none: a failover goes on, and its backups have that gap."""
    if estate.dr is not None:
        return []
    what = f"there is none: the loss of {estate.home.region} would be the loss of everything since the failover"
    return [Problem("recovery region", f"{what}; set drRegion when the lost region answers again, and run `up`")]


def of_serving(estate: Estate) -> list[Problem]:
    """What serves and is in no backup, or that nobody can say what serves."""
    if estate.serving.unknown is not None:
        return [Problem(PARAMETER, f"nobody can say which tables serve: {estate.serving.unknown}")]
    return [
        Problem(logical, f"{name} serves, and no backup covers it") for logical, name in estate.unprotected().items()
    ]


def deeply(
    estate: Estate,
    tables: Sequence[str] | None,
    point: RecoveryPoint | None,
    patience: Patience,
    say: Callable[[str], None],
) -> Restored:
    """Restore recovery points, compare and check them: `point`, or the newest ones.

    Time is no matter here: a drill measures it. Where nothing could be restored at all, that is the one problem: what
    looking found must still be told.
    """
    copies = (estate.dr.region, estate.dr.name) if estate.dr else None
    from_dr = point is not None and (point.region, point.vault) == copies
    wishes = Wishes(tables, point, from_dr, rpo_hours=_ANY_AGE_HOURS, rto_hours=_ANY_AGE_HOURS)
    try:
        done = Drill(estate, wishes, patience, say).perform()
    except Refused as refused:
        return Restored(frozenset(), [Problem(RESTORE, f"nothing was restored: {refused.message}; {refused.remedy}")])
    except (BotoCoreError, ClientError) as error:
        return Restored(frozenset(), [Problem(RESTORE, f"nothing was restored: {error}")])
    found = [Problem(table, what) for table, what in done.of_tables()]
    found += [Problem(RESTORE, what) for what in done.of_run()]
    return Restored(frozenset(one.table for one in done.tables if one.proven and not one.problems), found)
