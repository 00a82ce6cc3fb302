"""The backup plan's rules, the vault's policy and what it reports. Pure."""

from dataclasses import dataclass

from components.iam import ANYONE, Statement

# AWS Backup: a recovery point that moves to cold storage stays there for at least 90 days.
COLD_STORAGE_MINIMUM_DAYS = 90
# CreateBackupPlan: StartWindowMinutes at least 60, and completion at least 60 minutes later.
WINDOW_MINIMUM_MINUTES = 60

# A vault lock refuses every job whose retention lies outside: the plan's rules and their copies, and what operators
# make on demand. The shortest is a week, so that the backup before a migration need not cost a month.
LOCK_MINIMUM_DAYS, LOCK_MAXIMUM_DAYS = 7, 365
# PutBackupVaultLockConfiguration: compliance can be lifted for so many days, three at least, and then never again.
COMPLIANCE_GRACE_DAYS = 14

# What the vault itself reports. Not BACKUP_JOB_COMPLETED, which tells success and failure alike: nine tables
# would mail nine successes a day, and AWS no longer sends BACKUP_JOB_FAILED. Failed backups are an alarm.
_COPIES, _RESTORES = "COPY_JOB_FAILED", "RESTORE_JOB_COMPLETED"
# Whoever restores from the recovery region is in a drill, in a disaster, or a thief.
RECOVERY_VAULT_EVENTS = (_COPIES, _RESTORES)


def vault_events(*, restore_testing: bool) -> tuple[str, ...]:
    """The home vault's events: a restore is news, unless nine a week are tests (whose failures are alarms)."""
    return (_COPIES,) if restore_testing else (_COPIES, _RESTORES)


@dataclass(frozen=True)
class BackupRule:
    """One rule. `schedule` in UTC; windows in minutes, `cold_after_days` None for warm storage only.

    Raises `ValueError` for what AWS Backup refuses.
    """

    name: str
    schedule: str
    delete_after_days: int
    cold_after_days: int | None = None
    start_window_minutes: int = 60
    completion_window_minutes: int = 720

    def __post_init__(self) -> None:
        cold = self.cold_after_days
        if cold is not None and self.delete_after_days < cold + COLD_STORAGE_MINIMUM_DAYS:
            raise ValueError(f"rule {self.name}: keeps less than {COLD_STORAGE_MINIMUM_DAYS} days of cold storage")
        if self.start_window_minutes < WINDOW_MINIMUM_MINUTES:
            raise ValueError(f"rule {self.name}: a start window is at least {WINDOW_MINIMUM_MINUTES} minutes")
        if self.completion_window_minutes < self.start_window_minutes + WINDOW_MINIMUM_MINUTES:
            raise ValueError(f"rule {self.name}: the completion window ends too soon after the start window")


# Of rules whose start windows overlap, AWS Backup runs only the one that keeps longest: on the first of a
# month that is a Sunday all three are due, so their windows follow one another.
RULES: tuple[BackupRule, ...] = (
    BackupRule("daily", "cron(0 1 * * ? *)", delete_after_days=30),
    BackupRule("weekly", "cron(0 3 ? * SUN *)", delete_after_days=84),  # too short for cold storage
    # Cold after a quarter: the weekly points cover what is likely to be restored, and cold is a third of
    # the price. Needs DynamoDB's advanced backup, which is on in every account whose first vault is younger than
    # November 2021, and which a plan's own backups opt older ones into ("Advanced DynamoDB backup", Opting in).
    BackupRule("monthly", "cron(0 5 1 * ? *)", delete_after_days=365, cold_after_days=90),
)


def vault_statements(account_id: str, *, kept: bool) -> tuple[Statement, ...]:
    """A vault's policy: copies come from this account only, and nobody deletes or shortens what is `kept`.

    A recovery point's own expiry still does. The policy itself stays changeable: an unprotect deployment must be able
    to lift it. Within the account IAM decides; nothing here allows anything.
    """
    foreign = Statement(
        "CopiesOfThisAccountOnly",
        ["backup:CopyIntoBackupVault"],
        ["*"],
        # a key that is not sent differs from everything: AWS Backup itself must not be taken for a stranger
        {"StringNotEquals": {"aws:PrincipalAccount": [account_id]}, "Null": {"aws:PrincipalAccount": ["false"]}},
        principals=ANYONE,
        effect="Deny",
    )
    keep = Statement(
        "KeepRecoveryPoints",
        ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"],
        ["*"],
        principals=ANYONE,
        effect="Deny",
    )
    return (foreign, keep) if kept else (foreign,)
