"""Alarms on backups, their copies, and the proof that they restore. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.monitoring.alarms import Alarm, total
from components.monitoring.metrics import HOUR, Metric, Vault

# A backup a day, and what its start window and the job may take: what `omnix backup verify` holds points against.
OLDEST_POINT_HOURS = 26


@dataclass(frozen=True)
class Backups:
    """What is watched. `copies`: the vault that copies go to, None where none are made. `tests`: of restores, weekly.

    `expected`: a stack that lives long enough to miss a backup. In a new one the alarm rings until its first night.
    """

    environment: str
    vault: Vault
    copies: Vault | None
    tests: bool
    expected: bool


def backup_alarms(backups: Backups) -> list[Alarm]:
    """Jobs that did not complete, no recovery point at all, and restored tables that are not what was backed up."""
    return [
        _jobs(backups.vault),
        _restores(backups.vault),
        *([_copies(backups.vault, backups.copies)] if backups.copies else []),
        *([_validations(backups.environment)] if backups.tests else []),
        *([_points(backups.vault)] if backups.expected else []),
    ]


def _by_state(kind: str, states: Sequence[str], *vaults: Vault) -> dict[str, Metric]:
    """The metrics of jobs in `states`, of the vaults and of their tables."""
    return {
        f"{state.lower()}_{scope}{number or ''}": metric
        for number, vault in enumerate(vaults)
        for state in states
        for scope, metric in zip(("vault", "tables"), vault.metrics(f"NumberOf{kind}Jobs{state}"), strict=True)
    }


def _counted(key: str, reason: str, metrics: Mapping[str, Metric], label: str) -> Alarm:
    return Alarm(key=key, reason=reason, metrics=metrics, expression=total(metrics), label=label, threshold=1)


def _jobs(vault: Vault) -> Alarm:
    return _counted(
        "backup-jobs",
        f"A backup into {vault.name} failed, expired or was aborted: a table has no recovery point for its rule. The "
        "job's status message says why; start an on-demand backup: `omnix backup create`.",
        _by_state("Backup", ("Aborted", "Expired", "Failed"), vault),
        "backup jobs that did not complete",
    )


def _copies(vault: Vault, recovery_vault: Vault) -> Alarm:
    """AWS does not say whether a copy counts for the vault that it leaves or the one that it enters: both are read."""
    return _counted(
        "backup-copies",
        f"A copy to {recovery_vault.name} failed: the recovery region lacks a recovery point, and the loss of "
        "the home region would cost a day more. The copy job's status message says why (a key, a role, a lock).",
        _by_state("Copy", ("Failed",), vault, recovery_vault),
        "copy jobs that failed",
    )


def _restores(vault: Vault) -> Alarm:
    """Restore jobs are counted by type of resource, and perhaps by vault."""
    of_tables = Metric("AWS/Backup", "NumberOfRestoreJobsFailed", {"ResourceType": "DynamoDB"}, "Sum", HOUR)
    return _counted(
        "backup-restores",
        f"A restore of a table failed, in the weekly test, in a drill or by hand: what {vault.name} holds may not come "
        "back. The restore job's status message says why.",
        {**_by_state("Restore", ("Failed",), vault), "failed": of_tables},
        "restore jobs that failed",
    )


def _validations(environment: str) -> Alarm:
    """The function `validation` counts its verdicts itself."""
    dimensions = {"Environment": environment, "Function": "validation"}
    return Alarm(
        key="backup-validations",
        reason=(
            "A table that AWS Backup restored to test is not what was backed up: keys, indexes, encryption or items "
            "are missing. The restore job's validation message names them; run `omnix dr drill` for the whole truth."
        ),
        metrics={"m": Metric("Omnix/Platform", "RestoreValidationsFailed", dimensions, "Sum", HOUR)},
        threshold=1,
    )


def _points(vault: Vault) -> Alarm:
    """Not one backup of any table completed in so many hours. Which table's is missing, no metric tells."""
    names = ("vault", "tables")
    metrics = dict(zip(names, vault.metrics("NumberOfBackupJobsCompleted"), strict=True))
    return Alarm(
        key="backup-recovery-points",
        reason=(
            f"No backup into {vault.name} completed for {OLDEST_POINT_HOURS} hours: the plan, its selection or its "
            "role is gone, or every job hangs. `omnix backup verify` tells by table. In a new stack it rings until its "
            "first night."
        ),
        metrics=metrics,
        expression=total(metrics),
        label="backups that completed",
        threshold=1,
        comparison="LessThanThreshold",
        periods=OLDEST_POINT_HOURS,
        datapoints=OLDEST_POINT_HOURS,
        treat_missing_data="breaching",
    )
