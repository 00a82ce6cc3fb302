import itertools
import re

import pytest

from components.backup.plan import (
    COMPLIANCE_GRACE_DAYS,
    LOCK_MAXIMUM_DAYS,
    LOCK_MINIMUM_DAYS,
    RECOVERY_VAULT_EVENTS,
    RULES,
    BackupRule,
    vault_events,
    vault_statements,
)

# AWS Backup: cron(minutes hours day-of-month month day-of-week year), one of the two days a question mark.
CRON = re.compile(r"cron\((\d+) (\d+) (\*|\?|\d+) \* (\?|[A-Z]{3}) \*\)")


def test_daily_weekly_and_monthly_points_are_kept_30_84_and_365_days():
    assert {rule.name: rule.delete_after_days for rule in RULES} == {"daily": 30, "weekly": 84, "monthly": 365}


def test_schedules_are_awss_cron_with_one_day_field_left_open():
    for rule in RULES:
        match = CRON.fullmatch(rule.schedule)
        assert match, rule.schedule
        assert (match[3] == "?") != (match[4] == "?")


def test_start_windows_never_overlap_or_only_the_longest_kept_rule_would_run():
    starts = sorted((int(re.findall(r"\d+", r.schedule)[1]) * 60, r.start_window_minutes) for r in RULES)
    for (start, window), (following, _) in itertools.pairwise(starts):
        assert start + window <= following


def test_only_what_stays_cold_for_ninety_days_goes_to_cold_storage():
    cold = {rule.name: rule.cold_after_days for rule in RULES}
    assert cold == {"daily": None, "weekly": None, "monthly": 90}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cold_after_days": 1, "delete_after_days": 90}, "cold storage"),
        ({"start_window_minutes": 30}, "start window"),
        ({"completion_window_minutes": 119}, "completion window"),
    ],
)
def test_a_rule_that_aws_refuses_is_refused_here(changes, message):
    with pytest.raises(ValueError, match=message):
        BackupRule(**{"name": "x", "schedule": "cron(0 1 * * ? *)", "delete_after_days": 30, **changes})


def test_a_rule_at_the_limits_is_accepted():
    BackupRule("x", "cron(0 1 * * ? *)", 91, cold_after_days=1, start_window_minutes=60, completion_window_minutes=120)


def test_nobody_deletes_or_shortens_a_recovery_point_of_a_protected_vault():
    (_, statement) = (s.render() for s in vault_statements("111122223333", kept=True))
    assert statement["Effect"] == "Deny"
    assert statement["Principal"] == "*"
    assert statement["Action"] == ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"]


def test_copies_of_other_accounts_are_refused_and_a_caller_without_an_account_is_no_stranger():
    """A negated condition holds where its key is not sent: alone it would refuse AWS Backup's own calls."""
    (statement,) = (s.render() for s in vault_statements("111122223333", kept=False))
    assert statement["Action"] == ["backup:CopyIntoBackupVault"]
    assert statement["Condition"] == {
        "StringNotEquals": {"aws:PrincipalAccount": ["111122223333"]},
        "Null": {"aws:PrincipalAccount": "false"},
    }


def test_a_vault_reports_what_is_rare_and_leaves_daily_successes_and_weekly_tests_out():
    assert set(vault_events(restore_testing=False)) == {"COPY_JOB_FAILED", "RESTORE_JOB_COMPLETED"}
    assert set(vault_events(restore_testing=True)) == {"COPY_JOB_FAILED"}
    assert set(RECOVERY_VAULT_EVENTS) == {"COPY_JOB_FAILED", "RESTORE_JOB_COMPLETED"}


def test_the_locks_bounds_admit_every_rule_and_can_still_be_reconsidered():
    assert all(LOCK_MINIMUM_DAYS <= rule.delete_after_days <= LOCK_MAXIMUM_DAYS for rule in RULES)
    # PutBackupVaultLockConfiguration: MinRetentionDays at least 1, MaxRetentionDays at most 36500
    assert 1 <= LOCK_MINIMUM_DAYS < LOCK_MAXIMUM_DAYS <= 36_500
    assert COMPLIANCE_GRACE_DAYS >= 3
