"""Recovery points on demand, of several tables side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ops.backup.health import retention_problem
from ops.backup.inspection import vault_facts
from ops.backup.jobs import back_up, copy_to_dr
from ops.backup.waiting import StoppedError
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ops.backup.estate import Estate, Vault
    from ops.backup.points import RecoveryPoint
    from ops.backup.waiting import Patience


def create(
    estate: Estate,
    tables: Mapping[str, str],
    *,
    keep_days: int,
    copy: bool,
    patience: Patience,
    say: Callable[[str], None],
) -> list[RecoveryPoint]:
    """Recovery points of tables (logical -> physical), with their copies. Raises Refused naming those that failed.

    Without a recovery region there is nowhere to copy to; that is said, and the backups are made.

    A table's failure keeps no other from its backup. A retention that a vault's lock does not take is refused before
    the first job, since AWS takes the order and fails the job.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    there = estate.dr if copy else None
    if copy and there is None:
        say(f"no recovery region: the backups stay in {estate.home.region} alone")
    _require_admitted(estate, keep_days, (estate.home,) if there is None else (estate.home, there))

    def one(logical: str) -> list[RecoveryPoint]:
        say(f"{logical}: backing up")
        made = [back_up(estate, tables[logical], keep_days, patience)]
        if there is not None:
            say(f"{logical}: copying to {there.region}")
            made.append(copy_to_dr(estate, made[0], keep_days, patience))
        return made

    found: list[RecoveryPoint] = []
    failed: list[str] = []
    with ThreadPoolExecutor(len(tables), thread_name_prefix="backup") as pool:
        runs = {logical: pool.submit(one, logical) for logical in tables}
        try:
            for logical, run in runs.items():
                try:
                    found += run.result()
                except (BotoCoreError, ClientError, Refused, StoppedError) as error:
                    failed.append(f"{logical}: {error}")
        except BaseException:
            patience.stop.set()  # jobs that were started go on in AWS; we stop waiting for them
            raise
    if failed:
        raise Refused(
            f"{len(failed)} of {len(tables)} tables have no new recovery point: {'; '.join(failed)}",
            "mend what is named, then run it again with --table for these",
        )
    return found


def _require_admitted(estate: Estate, keep_days: int, vaults: Sequence[Vault]) -> None:
    reasons = [reason for vault in vaults if (reason := retention_problem(vault_facts(estate, vault), keep_days))]
    if reasons:
        raise Refused(
            f"{'; '.join(reasons)}: {keep_days} days are refused", "name other --keep-days; nothing was begun"
        )
