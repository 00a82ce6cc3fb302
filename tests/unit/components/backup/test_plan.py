import itertools
import re

import pytest

from components.backup.plan import RULES, VAULT_EVENTS, BackupRule, vault_statements

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
    (statement,) = (s.render() for s in vault_statements())
    assert statement["Effect"] == "Deny"
    assert statement["Principal"] == "*"
    assert statement["Action"] == ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"]


def test_the_vault_reports_what_is_rare_and_leaves_daily_successes_out():
    assert set(VAULT_EVENTS) == {"COPY_JOB_FAILED", "RESTORE_JOB_COMPLETED"}
