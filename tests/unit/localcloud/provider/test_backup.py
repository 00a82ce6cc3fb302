"""AWS Backup's locks, settings, frameworks, reports and restore tests: refusals of a preview, and their lives."""
# ruff: noqa: A001 - `id` is the engine's word for it

from typing import Any

import pytest

from localcloud.backup.resource_types import OPTED_IN
from localcloud.provider.wire import UNKNOWN, from_struct

from .test_applied import role

REGION, DR, ACCOUNT = "eu-central-1", "eu-west-1", "123456789012"
VAULT, LOCK = "aws:backup/vault:Vault", "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
SETTINGS, FRAMEWORK = "aws:backup/regionSettings:RegionSettings", "aws:backup/framework:Framework"
REPORT, PLAN = "aws:backup/reportPlan:ReportPlan", "aws:backup/restoreTestingPlan:RestoreTestingPlan"
SELECTION = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
BUCKET, KEY, ALIAS = "aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:kms/alias:Alias"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/restores"
TESTED = {
    "name": "weekly",
    "scheduleExpression": "cron(0 9 ? * SUN *)",
    "recoveryPointSelection": {
        "algorithm": "LATEST_WITHIN_WINDOW",
        "includeVaults": [f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:v"],
        "recoveryPointTypes": ["SNAPSHOT"],
    },
}
RESTORED = {
    "name": "tables",
    "restoreTestingPlanName": "weekly",
    "iamRoleArn": ROLE,
    "protectedResourceType": "DynamoDB",
    "protectedResourceArns": [TABLE],
}
JOBS = {
    "name": "jobs",
    "reportDeliveryChannel": {"s3BucketName": "reports", "formats": ["JSON"]},
    "reportSetting": {"reportTemplate": "BACKUP_JOB_REPORT"},
}


def points(**changes: Any) -> dict[str, Any]:
    """`TESTED` with another selection of recovery points."""
    return {**TESTED, "recoveryPointSelection": {**TESTED["recoveryPointSelection"], **changes}}  # type: ignore[dict-item]


def framework(*controls: dict[str, Any]) -> dict[str, Any]:
    return {"name": "omnix", "controls": list(controls)}


def control(name: str, scope: dict[str, Any] | None = None, **parameters: str) -> dict[str, Any]:
    given = [{"name": key, "value": value} for key, value in parameters.items()]
    return {"name": name, "inputParameters": given, **({"scope": scope} if scope else {})}


RETAINED = "BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK"
FREQUENT = "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK"
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (LOCK, {"backupVaultName": "vault", "minRetentionDays": 0}, "minRetentionDays"),
    (LOCK, {"backupVaultName": "vault", "maxRetentionDays": 36501}, "maxRetentionDays"),
    (LOCK, {"backupVaultName": "vault", "minRetentionDays": 31, "maxRetentionDays": 30}, "minRetentionDays"),
    (LOCK, {"backupVaultName": "vault", "changeableForDays": 2}, "changeableForDays"),
    (LOCK, {"backupVaultName": "two words"}, "backupVaultName"),
    (SETTINGS, {"resourceTypeOptInPreference": {"Dynamo": True}}, "resourceTypeOptInPreference"),
    (SETTINGS, {"resourceTypeOptInPreference": {}, "resourceTypeManagementPreference": {"S3": True}},
     "resourceTypeManagementPreference"),
    (FRAMEWORK, framework(), "controls"),
    (FRAMEWORK, framework(*[control("BACKUP_RECOVERY_POINT_ENCRYPTED")] * 51), "controls"),
    (FRAMEWORK, framework(control("BACKUPS_ENCRYPTED")), "controls[0].name"),
    (FRAMEWORK, framework(control(RETAINED, days="35")), "controls[0].inputParameters[0].name"),
    (FRAMEWORK, framework(control(RETAINED, requiredRetentionDays="a month")), "controls[0].inputParameters[0].value"),
    (FRAMEWORK, framework(control(FREQUENT, requiredFrequencyUnit="weeks")), "controls[0].inputParameters[0].value"),
    (FRAMEWORK, framework(control(RETAINED, {"tags": {"a": "1", "b": "2"}})), "controls[0].scope.tags"),
    (FRAMEWORK, framework(control(RETAINED, {"complianceResourceIds": ["t"] * 101})),
     "controls[0].scope.complianceResourceIds"),
    (FRAMEWORK, {**framework(control(RETAINED)), "name": "omnix-ai"}, "name"),
    (REPORT, {**JOBS, "name": "job-report"}, "name"),
    (REPORT, {**JOBS, "reportSetting": {"reportTemplate": "JOBS"}}, "reportSetting.reportTemplate"),
    (REPORT, {**JOBS, "reportSetting": {"reportTemplate": "CONTROL_COMPLIANCE_REPORT"}}, "reportSetting.frameworkArns"),
    (REPORT, {**JOBS, "reportSetting": {"reportTemplate": "COPY_JOB_REPORT", "numberOfFrameworks": 1}},
     "reportSetting.frameworkArns"),
    (REPORT, {**JOBS, "reportDeliveryChannel": {"s3BucketName": "s3://reports"}}, "reportDeliveryChannel.s3BucketName"),
    (REPORT, {**JOBS, "reportDeliveryChannel": {"s3BucketName": "reports", "formats": ["PDF"]}},
     "reportDeliveryChannel.formats[0]"),
    (PLAN, {**TESTED, "name": "week-ly"}, "name"),
    (PLAN, {**TESTED, "scheduleExpression": "cron(0 9 * * SUN)"}, "scheduleExpression"),
    (PLAN, {**TESTED, "startWindowHours": 169}, "startWindowHours"),
    (PLAN, points(selectionWindowDays=366), "recoveryPointSelection.selectionWindowDays"),
    (PLAN, points(algorithm="NEWEST"), "recoveryPointSelection.algorithm"),
    (PLAN, points(includeVaults=["v"]), "recoveryPointSelection.includeVaults[0]"),
    (PLAN, points(includeVaults=[f"arn:aws:backup:{DR}:{ACCOUNT}:backup-vault:v"]),
     "recoveryPointSelection.includeVaults[0]"),
    (PLAN, points(includeVaults=[]), "recoveryPointSelection.includeVaults"),
    (PLAN, points(recoveryPointTypes=["DAILY"]), "recoveryPointSelection.recoveryPointTypes[0]"),
    (SELECTION, {**RESTORED, "name": "the-tables"}, "name"),
    (SELECTION, {**RESTORED, "protectedResourceType": "dynamodb"}, "protectedResourceType"),
    (SELECTION, {**RESTORED, "validationWindowHours": 169}, "validationWindowHours"),
    (SELECTION, {**RESTORED, "protectedResourceArns": ["orders"]}, "protectedResourceArns[0]"),
    (SELECTION, {**RESTORED, "protectedResourceArns": [TABLE] * 31}, "protectedResourceArns"),
    (SELECTION, {**RESTORED, "protectedResourceConditions": {"stringEquals": [
        {"key": "aws:ResourceTag/Environment", "value": "dev"}]}}, "protectedResourceArns"),
    (SELECTION, {**{key: value for key, value in RESTORED.items() if key != "protectedResourceArns"},
                 "protectedResourceConditions": {"stringEquals": [{"key": "Environment", "value": "dev"}]}},
     "protectedResourceConditions.stringEquals[0].key"),
    (SELECTION, {**RESTORED, "iamRoleArn": ROLE.replace(ACCOUNT, "999999999999")}, "iamRoleArn"),
]  # fmt: skip
TAKEN: list[tuple[str, dict[str, Any]]] = [
    (LOCK, {"backupVaultName": "vault", "minRetentionDays": 30, "maxRetentionDays": 365, "changeableForDays": 3}),
    (LOCK, {"backupVaultName": UNKNOWN}),
    (SETTINGS, {"resourceTypeOptInPreference": dict(OPTED_IN)}),
    (
        FRAMEWORK,
        framework(
            control("BACKUP_RECOVERY_POINT_ENCRYPTED"),
            control(RETAINED, {"tags": {"Environment": "prod"}}, requiredRetentionDays="30"),
            control(FREQUENT, requiredFrequencyUnit="days", requiredFrequencyValue="1", requiredRetentionDays="30"),
            control("BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION", crossRegionList=DR),
        ),
    ),
    (REPORT, JOBS),
    (
        REPORT,
        {**JOBS, "reportSetting": {"reportTemplate": "RESOURCE_COMPLIANCE_REPORT", "frameworkArns": [UNKNOWN]}},
    ),
    (PLAN, TESTED),
    (PLAN, points(includeVaults=["*"], selectionWindowDays=7)),
    (SELECTION, RESTORED),
    (SELECTION, {**RESTORED, "protectedResourceArns": ["*"], "validationWindowHours": 4}),
]


@pytest.mark.parametrize(("token", "inputs", "path"), REFUSED)
def test_what_aws_backup_would_refuse_is_refused_by_check(
    engine: Any, token: str, inputs: dict[str, Any], path: str
) -> None:
    assert path in engine.check(token, "r", inputs)[1]


@pytest.mark.parametrize(("token", "inputs"), TAKEN)
def test_what_aws_backup_takes_is_taken(engine: Any, token: str, inputs: dict[str, Any]) -> None:
    assert engine.check(token, "r", inputs)[1] == {}


def test_a_lock_is_on_the_vault_itself_in_its_region_and_goes_while_it_may(engine: Any) -> None:
    engine.create(VAULT, "v", {"name": "vault", "region": DR})
    given = {"backupVaultName": "vault", "minRetentionDays": 30, "maxRetentionDays": 365, "region": DR}
    id, lock = engine.create(LOCK, "l", given)
    backup = engine.cloud.client("backup", DR)
    found = backup.describe_backup_vault(BackupVaultName="vault")
    assert (found["Locked"], found["MinRetentionDays"], found["MaxRetentionDays"]) == (True, 30, 365)
    assert lock["backupVaultArn"] == f"arn:aws:backup:{DR}:{ACCOUNT}:backup-vault:vault"
    changed = engine.diff(LOCK, "l", id, lock, given, {**given, "minRetentionDays": 60})
    assert list(changed.replaces) == ["minRetentionDays"]
    engine.delete(LOCK, "l", id, lock)
    assert not backup.describe_backup_vault(BackupVaultName="vault")["Locked"]
    seen = from_struct(engine.read(LOCK, "l", id, lock, given).inputs)
    assert "minRetentionDays" not in seen


def test_a_lock_of_a_vault_that_is_not_there_is_refused(engine: Any) -> None:
    assert "not found" in engine.refusal(engine.create, LOCK, "l", {"backupVaultName": "nowhere"}).details


def test_region_settings_are_read_whole_so_that_a_part_of_them_never_settles(engine: Any) -> None:
    part = {"resourceTypeOptInPreference": {"DynamoDB": True}}
    id, settings = engine.create(SETTINGS, "s", part)
    assert id == REGION
    assert settings["resourceTypeOptInPreference"] == dict(OPTED_IN)
    assert settings["resourceTypeManagementPreference"] == {"DynamoDB": True, "EFS": True}
    assert "resourceTypeOptInPreference" in engine.diff(SETTINGS, "s", id, settings, part, part).diffs

    whole = {"resourceTypeOptInPreference": {**OPTED_IN, "EC2": False}}
    settings = engine.update(SETTINGS, "s", id, settings, whole)
    assert not engine.diff(SETTINGS, "s", id, settings, whole, whole).diffs
    assert settings["resourceTypeOptInPreference"]["EC2"] is False


def test_deleting_region_settings_leaves_what_the_account_protects(engine: Any) -> None:
    whole = {"resourceTypeOptInPreference": {**OPTED_IN, "EC2": False}}
    id, settings = engine.create(SETTINGS, "s", whole)
    engine.delete(SETTINGS, "s", id, settings)
    imported = engine.read(SETTINGS, "s", REGION)
    assert from_struct(imported.properties)["resourceTypeOptInPreference"]["EC2"] is False
    assert engine.read(SETTINGS, "s", DR).id == DR


def test_a_framework_lives_changes_and_goes(engine: Any) -> None:
    given = {**framework(control("BACKUP_RECOVERY_POINT_ENCRYPTED"), control(RETAINED)), "tags": {"a": "b"}}
    id, made = engine.create(FRAMEWORK, "f", given)
    assert (id, made["deploymentStatus"], made["status"]) == ("omnix", "COMPLETED", "ACTIVE")
    assert "exists" in engine.refusal(engine.create, FRAMEWORK, "g", given).details
    turned = {**given, "controls": list(reversed(given["controls"]))}
    assert not engine.diff(FRAMEWORK, "f", id, made, given, turned).diffs
    fewer = framework(control(RETAINED))
    assert not engine.diff(FRAMEWORK, "f", id, made, given, fewer).replaces
    assert engine.update(FRAMEWORK, "f", id, made, fewer)["creationTime"] == made["creationTime"]
    assert list(engine.diff(FRAMEWORK, "f", id, made, given, {**given, "name": "other"}).replaces) == ["name"]
    engine.delete(FRAMEWORK, "f", id, made)
    assert engine.read(FRAMEWORK, "f", id, made, fewer).id == ""


def test_a_report_plan_needs_its_bucket_and_keeps_its_template(engine: Any) -> None:
    assert "404" in engine.refusal(engine.create, REPORT, "r", JOBS).details
    engine.create(BUCKET, "b", {"bucket": "reports"})
    id, made = engine.create(REPORT, "r", JOBS)
    assert "exists" in engine.refusal(engine.create, REPORT, "s", JOBS).details
    other = {**JOBS, "reportSetting": {"reportTemplate": "COPY_JOB_REPORT"}}
    assert engine.diff(REPORT, "r", id, made, JOBS, other).replaces
    elsewhere = {**JOBS, "reportDeliveryChannel": {"s3BucketName": "reports", "s3KeyPrefix": "backup"}}
    assert not engine.diff(REPORT, "r", id, made, JOBS, elsewhere).replaces


def test_a_restore_test_needs_its_plan_and_its_role(engine: Any) -> None:
    refusal = engine.refusal(engine.create, SELECTION, "s", RESTORED)
    assert "restore testing plan weekly does not exist" in refusal.details
    plan_id, plan = engine.create(PLAN, "p", TESTED)
    assert "exists" in engine.refusal(engine.create, PLAN, "q", TESTED).details
    assert (plan["scheduleExpressionTimezone"], plan["startWindowHours"]) == ("Etc/UTC", 24)
    assert "NoSuchEntity" in engine.refusal(engine.create, SELECTION, "s", RESTORED).details
    role(engine, "restores", "backup.amazonaws.com")
    id, made = engine.create(SELECTION, "s", RESTORED)
    assert id == "tables:weekly"
    assert "exists" in engine.refusal(engine.create, SELECTION, "t", RESTORED).details
    assert "still has selections" in engine.refusal(engine.delete, PLAN, "p", plan_id, plan).details
    engine.delete(SELECTION, "s", id, made)
    engine.delete(PLAN, "p", plan_id, plan)
    assert engine.read(PLAN, "p", plan_id, plan, TESTED).id == ""


def test_other_arns_of_a_restore_test_alone_are_refused_because_the_provider_sends_no_update(engine: Any) -> None:
    engine.create(PLAN, "p", TESTED)
    role(engine, "restores", "backup.amazonaws.com")
    id, made = engine.create(SELECTION, "s", RESTORED)
    more = {**RESTORED, "protectedResourceArns": [TABLE, f"{TABLE}-2"]}
    assert "replace_on_changes" in engine.refusal(engine.update, SELECTION, "s", id, made, more).details
    longer = {**more, "validationWindowHours": 8}
    assert len(engine.update(SELECTION, "s", id, made, longer)["protectedResourceArns"]) == 2


def test_keys_aliases_and_vaults_of_two_regions_bear_the_same_names(engine: Any) -> None:
    for region in (REGION, DR):
        _, key = engine.create(KEY, f"k-{region}", {"region": region})
        engine.create(ALIAS, f"a-{region}", {"name": "alias/shop", "targetKeyId": key["arn"], "region": region})
        _, vault = engine.create(VAULT, f"v-{region}", {"name": "shop", "kmsKeyArn": key["arn"], "region": region})
        assert vault["arn"].split(":")[3] == key["arn"].split(":")[3] == region
    wrong = engine.check(VAULT, "w", {"name": "other", "kmsKeyArn": key["arn"], "region": REGION})[1]
    assert "kmsKeyArn" in wrong
