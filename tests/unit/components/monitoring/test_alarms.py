import re

import pytest

from components.monitoring.alarms import (
    TABLE_OPERATIONS,
    Alarm,
    Thresholds,
    api_alarms,
    function_alarms,
    table_alarms,
)
from components.monitoring.backup_alarms import Backups, backup_alarms
from components.monitoring.metrics import Api, Function, Table, Vault

API = Api("omnix-ai-dev-api", "dev")
FUNCTION = Function("api", "omnix-ai-dev-api", "live", 28, "/aws/lambda/omnix-ai-dev-api")
AUTHORIZER = Function("authorizer", "omnix-ai-dev-authorizer", "live", 10, "/x", refuses_by_error=True)
TABLE = Table("orders", "omnix-ai-dev-orders", ("gsi1", "gsi2"))
BACKUPS = Backups("dev", Vault("omnix-ai-dev-backup"), Vault("omnix-ai-dev-backup-dr"), True, True)
THRESHOLDS = Thresholds()

ALL: list[Alarm] = [
    *api_alarms(API, THRESHOLDS),
    *function_alarms(FUNCTION, THRESHOLDS),
    *function_alarms(AUTHORIZER, THRESHOLDS),
    *table_alarms(TABLE, THRESHOLDS),
    *backup_alarms(BACKUPS),
]


def _by_key(alarms):
    return {alarm.key: alarm for alarm in alarms}


def test_every_alarm_says_why_it_rings_within_awss_1024_characters():
    for alarm in ALL:
        assert 40 < len(alarm.reason) <= 1024


def test_every_alarm_has_a_key_of_its_own():
    assert len({alarm.key for alarm in ALL}) == len(ALL)


def test_an_idle_resource_never_rings_and_never_stays_in_insufficient_data():
    silence = {alarm.key for alarm in ALL if alarm.treat_missing_data != "notBreaching"}
    assert silence == {"backup-recovery-points"}  # whose silence is the very failure


def test_metric_math_is_what_put_metric_alarm_accepts():
    for alarm in ALL:
        assert all(re.fullmatch(r"[a-z][A-Za-z0-9_]*", id_) for id_ in alarm.metrics)
        if alarm.expression is None:
            assert alarm.metrics.keys() == {"m"}
        else:
            assert 1 < len(alarm.metrics) <= 10  # CloudWatch: ten metrics an alarm
            assert all(id_ in alarm.expression for id_ in alarm.metrics)
            assert alarm.label


def test_datapoints_never_outnumber_periods():
    assert all(1 <= alarm.datapoints <= alarm.periods for alarm in ALL)


def test_the_api_is_watched_by_name_and_stage():
    for alarm in api_alarms(API, THRESHOLDS):
        for metric in alarm.metrics.values():
            assert metric.namespace == "AWS/ApiGateway"
            assert metric.dimensions == {"ApiName": "omnix-ai-dev-api", "Stage": "dev"}


def test_the_5xx_rate_needs_traffic_before_it_is_a_rate():
    alarm = _by_key(api_alarms(API, Thresholds(api_error_minimum_requests=7)))["api-5xx-rate"]
    assert alarm.expression == "IF(requests >= 7, 100 * errors / requests, 0)"
    assert {id_: (m.name, m.stat) for id_, m in alarm.metrics.items()} == {
        "errors": ("5XXError", "Sum"),
        "requests": ("Count", "Sum"),
    }


def test_a_function_is_watched_through_its_alias():
    for alarm in function_alarms(FUNCTION, THRESHOLDS):
        assert alarm.metrics["m"].dimensions == {
            "FunctionName": "omnix-ai-dev-api",
            "Resource": "omnix-ai-dev-api:live",
        }


@pytest.mark.parametrize(("timeout", "share", "expected"), [(28, 0.8, 22_400), (10, 0.5, 5_000)])
def test_a_duration_rings_at_its_share_of_the_timeout_in_milliseconds(timeout, share, expected):
    function = Function("x", "x", "live", timeout, "/x")
    alarm = _by_key(function_alarms(function, Thresholds(duration_share=share)))["function-x-duration"]
    assert alarm.threshold == pytest.approx(expected)
    assert alarm.metrics["m"].stat == "Maximum"


def test_an_authorizer_that_refuses_by_raising_rings_for_no_expired_token():
    keys = _by_key(function_alarms(AUTHORIZER, THRESHOLDS)).keys()
    assert keys == {"function-authorizer-throttles", "function-authorizer-duration"}


def test_throttles_of_a_table_include_those_of_its_indexes():
    metrics = _by_key(table_alarms(TABLE, THRESHOLDS))["table-orders-throttles"].metrics
    found = {(m.name, m.dimensions.get("GlobalSecondaryIndexName")) for m in metrics.values()}
    names = ("ReadThrottleEvents", "WriteThrottleEvents")
    assert found == {(name, index) for name in names for index in (None, "gsi1", "gsi2")}


def test_system_errors_are_read_by_operation_as_dynamodb_emits_them():
    metrics = _by_key(table_alarms(TABLE, THRESHOLDS))["table-orders-system-errors"].metrics
    assert {m.dimensions["Operation"] for m in metrics.values()} == set(TABLE_OPERATIONS)
    assert {m.dimensions["TableName"] for m in metrics.values()} == {"omnix-ai-dev-orders"}
    assert "Scan" not in TABLE_OPERATIONS


def test_a_backup_that_failed_expired_or_was_aborted_rings_by_vault():
    alarm = _by_key(backup_alarms(BACKUPS))["backup-jobs"]
    assert {m.name for m in alarm.metrics.values()} == {
        "NumberOfBackupJobsAborted",
        "NumberOfBackupJobsExpired",
        "NumberOfBackupJobsFailed",
    }
    dimensions = [m.dimensions for m in alarm.metrics.values()]
    assert all(d["BackupVaultName"] == "omnix-ai-dev-backup" for d in dimensions)
    # with and without the resource type: whichever AWS emits, the alarm sees it
    assert {d.get("ResourceType") for d in dimensions} == {None, "DynamoDB"}
    assert alarm.threshold == 1


def test_a_failed_copy_rings_whichever_vault_it_counts_for():
    alarm = _by_key(backup_alarms(BACKUPS))["backup-copies"]
    assert {m.name for m in alarm.metrics.values()} == {"NumberOfCopyJobsFailed"}
    vaults = {m.dimensions["BackupVaultName"] for m in alarm.metrics.values()}
    assert vaults == {"omnix-ai-dev-backup", "omnix-ai-dev-backup-dr"}


def test_a_failed_restore_rings_also_where_aws_counts_it_by_type_alone():
    alarm = _by_key(backup_alarms(BACKUPS))["backup-restores"]
    assert {m.name for m in alarm.metrics.values()} == {"NumberOfRestoreJobsFailed"}
    assert {"ResourceType": "DynamoDB"} in [m.dimensions for m in alarm.metrics.values()]


def test_a_restored_table_that_is_no_true_copy_rings_by_the_functions_own_count(monkeypatch):
    """The function's log line is the metric: name, namespace and dimensions must be the ones that it writes."""
    from omnix.metrics import document

    monkeypatch.setenv("OMNIX_ENVIRONMENT", "dev")
    monkeypatch.setenv("OMNIX_FUNCTION", "validation")
    line = document({"RestoreValidationsFailed": 1}, None)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    (metric,) = _by_key(backup_alarms(BACKUPS))["backup-validations"].metrics.values()
    assert metric.namespace == directive["Namespace"]
    assert [metric.name] == [told["Name"] for told in directive["Metrics"]]
    assert dict(metric.dimensions) == {name: line[name] for name in directive["Dimensions"][0]}


def test_a_day_without_any_recovery_point_rings_and_silence_counts_as_none():
    alarm = _by_key(backup_alarms(BACKUPS))["backup-recovery-points"]
    assert {m.name for m in alarm.metrics.values()} == {"NumberOfBackupJobsCompleted"}
    assert (alarm.comparison, alarm.threshold, alarm.treat_missing_data) == ("LessThanThreshold", 1, "breaching")
    hours = {m.period for m in alarm.metrics.values()}
    # PutMetricAlarm: periods of an hour or more may look back seven days, shorter ones one
    assert hours == {3600}
    assert alarm.periods == alarm.datapoints == 26


def test_what_a_config_does_not_ask_for_is_not_watched():
    plain = Backups("dev", BACKUPS.vault, copies=None, tests=False, expected=False)
    assert _by_key(backup_alarms(plain)).keys() == {"backup-jobs", "backup-restores"}
