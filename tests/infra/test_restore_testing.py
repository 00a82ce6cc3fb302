"""Restore tests, reports, the framework and the account's settings, as the composed program registers them."""

import json
from typing import Any

from tests.infra.recording import Recording
from tests.infra.stacks import stack_config
from tests.infra.test_backup_stack import deployed

PLAN = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
SELECTION = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
FRAMEWORK = "aws:backup/framework:Framework"
REPORT = "aws:backup/reportPlan:ReportPlan"
SETTINGS = "aws:backup/regionSettings:RegionSettings"
FUNCTION = "aws:lambda/function:Function"
POLICY = "aws:iam/rolePolicy:RolePolicy"


def statements(recording: Recording, name: str) -> dict[str, dict[str, Any]]:
    policy = recording.one(POLICY, f"backup-restore-testing-lambda-policy-{name}")
    return {statement["Sid"]: statement for statement in json.loads(policy.inputs["policy"])["Statement"]}


def test_the_newest_snapshot_of_every_table_is_restored_each_week(recording, stack):
    plan, selection = recording.only(PLAN), recording.only(SELECTION)
    assert plan.inputs["name"] == f"omnix_ai_{stack}_tables"
    points = plan.inputs["recoveryPointSelection"]
    assert points["algorithm"] == "LATEST_WITHIN_WINDOW"
    assert [vault.rpartition("/")[2] for vault in points["includeVaults"]] == [f"omnix-ai-{stack}-backup"]
    assert points["recoveryPointTypes"] == ["SNAPSHOT"]
    arns = {table.rpartition("/")[2] for table in selection.inputs["protectedResourceArns"]}
    assert arns == {table.inputs["name"] for table in recording.of("aws:dynamodb/table:Table")}
    assert selection.inputs["restoreMetadataOverrides"]["encryptionType"] == "KMS"
    assert selection.inputs["restoreMetadataOverrides"]["kmsMasterKeyArn"].startswith("arn:aws:kms:")


def test_tables_under_their_old_names_are_restored_and_described_as_the_standard_ones_are():
    recording = deployed("dev", legacyTables={"users": {"name": "old-users"}})
    standard = {table.inputs["name"] for table in recording.of("aws:dynamodb/table:Table")}
    selected = recording.only(SELECTION).inputs["protectedResourceArns"]
    assert {arn.rpartition("/")[2] for arn in selected} == {*standard, "old-users"}
    assert set(selected) == set(recording.only("aws:backup/selection:Selection").inputs["resources"])
    described = statements(recording, "validate")["DescribeTables"]["Resource"]
    assert set(described[:-1]) == set(selected)


def test_the_function_is_told_the_key_that_tests_restore_under(recording):
    (function,) = [f for f in recording.of(FUNCTION) if f.inputs["name"].endswith("-validation")]
    restored_under = recording.only(SELECTION).inputs["restoreMetadataOverrides"]["kmsMasterKeyArn"]
    assert function.inputs["environment"]["variables"]["OMNIX_KEY_ARN"] == restored_under


def test_no_test_starts_before_its_role_may_restore(recording):
    (restores,) = [
        a
        for a in recording.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if a.inputs["policyArn"].endswith("AWSBackupServiceRolePolicyForRestores")
    ]
    assert restores.urn in recording.only(SELECTION).dependencies


def test_the_function_hears_of_this_plans_finished_restores_of_tables_and_of_nothing_else(recording, stack):
    rule = recording.one("aws:cloudwatch/eventRule:EventRule", "backup-restore-testing-rule")
    assert rule.inputs["name"] == f"omnix-ai-{stack}-restore-tests"
    pattern = json.loads(rule.inputs["eventPattern"])
    assert pattern["source"] == ["aws.backup"]
    assert pattern["detail-type"] == ["Restore Job State Change"]
    assert pattern["detail"]["status"] == ["COMPLETED"]
    assert pattern["detail"]["restoreTestingPlanArn"] == [f"{plan_arn(recording)}"]
    target = recording.one("aws:cloudwatch/eventTarget:EventTarget", "backup-restore-testing-target")
    permission = recording.one("aws:lambda/permission:Permission", "backup-restore-testing-permission")
    assert permission.urn in target.dependencies
    assert permission.inputs["principal"] == "events.amazonaws.com"
    assert permission.inputs["sourceArn"].endswith(rule.inputs["name"])
    assert permission.inputs["qualifier"] == "live"
    assert target.inputs["arn"].endswith("/live")


def plan_arn(recording: Recording) -> str:
    account = json.loads(recording.only("pulumi:providers:aws").inputs["allowedAccountIds"])[0]
    return f"arn:aws:backup:eu-central-1:{account}:restoretestingplan/{recording.only(PLAN).inputs['name']}"


def test_the_function_reads_keys_of_restored_tables_and_judges_and_no_more(recording):
    grants = statements(recording, "validate")
    assert set(grants) == {"JudgeRestores", "DescribeTables", "SampleKeys", "UseKey"}
    assert grants["JudgeRestores"]["Action"] == ["backup:DescribeRestoreJob", "backup:PutRestoreValidationResult"]
    assert grants["DescribeTables"]["Action"] == ["dynamodb:DescribeTable"]
    assert len(grants["DescribeTables"]["Resource"]) == 10
    assert grants["SampleKeys"]["Resource"] == [grants["DescribeTables"]["Resource"][-1]]
    names = grants["UseKey"]["Condition"]["StringLike"]["kms:EncryptionContext:aws:dynamodb:tableName"]
    assert names == ["awsbackup-restore-test-*"]


def test_an_event_that_cannot_be_judged_is_mailed(recording):
    (function,) = [f for f in recording.of(FUNCTION) if f.inputs["name"].endswith("-validation")]
    topic = recording.one("aws:sns/topic:Topic", "monitoring-topic")
    assert topic.urn in function.dependencies
    target = function.inputs["deadLetterConfig"]["targetArn"]
    assert target.endswith(topic.inputs["name"])
    assert statements(recording, "tell-of-failures")["PublishDeadLetters"]["Resource"] == [target]
    others = [f for f in recording.of(FUNCTION) if f is not function]
    assert not any("deadLetterConfig" in f.inputs for f in others)


def test_without_restore_testing_nothing_of_it_is_deployed():
    recording = deployed("dev", backup={"restoreTesting": False})
    left = sorted(r.name for r in recording.resources if "restore" in r.name or "validation" in r.name)
    assert left == ["backup-role-policy-restores", "monitoring-alarm-backup-restores"]
    home = recording.one("aws:backup/vaultNotifications:VaultNotifications", "backup-notifications")
    assert home.inputs["backupVaultEvents"] == ["COPY_JOB_FAILED", "RESTORE_JOB_COMPLETED"]


def test_jobs_are_reported_daily_where_the_config_asks_for_it(recording, stack):
    plans = recording.of(REPORT)
    asked = stack_config(stack).backup.reports
    wanted = {"BACKUP_JOB_REPORT", "COPY_JOB_REPORT", "RESTORE_JOB_REPORT"} if asked else set()
    assert {plan.inputs["reportSetting"]["reportTemplate"] for plan in plans} == wanted
    for plan in plans:
        channel = plan.inputs["reportDeliveryChannel"]
        assert channel["s3BucketName"].startswith(f"omnix-ai-{stack}-backup-reports-")
        assert channel["formats"] == ["CSV", "JSON"]


def test_only_aws_backups_reports_role_writes_reports_and_is_named_when_it_exists(recorded):
    recording = recorded("prod")
    policy = recording.one("aws:s3/bucketPolicy:BucketPolicy", "backup-reports-policy")
    assert {plan.urn for plan in recording.of(REPORT)} <= policy.dependencies
    tls, write = json.loads(policy.inputs["policy"])["Statement"]
    assert tls["Sid"] == "TlsOnly"
    (role,) = write["Principal"]["AWS"]
    assert role.endswith("/reports.backup.amazonaws.com/AWSServiceRoleForBackupReports")
    assert write["Action"] == ["s3:PutObject"]
    ownership = recording.one("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "backup-reports-ownership")
    assert ownership.inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}, "then no access control list counts"
    (use,) = [statement for statement in _key(recording) if statement["Sid"] == "BackupReports"]
    assert use["Condition"]["StringEquals"]["aws:PrincipalArn"] == [role]


def test_the_key_serves_reports_only_where_there_are_any(recording, stack):
    served = any(statement["Sid"] == "BackupReports" for statement in _key(recording))
    assert served == stack_config(stack).backup.reports


def _key(recording):
    return json.loads(recording.one("aws:kms/key:Key", "security-key").inputs["policy"])["Statement"]


def test_the_framework_is_made_only_where_aws_config_records(recorded):
    assert not any(recorded(stack).of(FRAMEWORK) for stack in ("dev", "staging", "prod"))
    recording = deployed("prod", backup={"lock": "governance", "framework": True, "reports": True})
    framework = recording.only(FRAMEWORK)
    assert framework.inputs["name"] == "omnix_ai_prod_tables"
    controls = {control["name"]: control for control in framework.inputs["controls"]}
    assert len(controls) == 8
    cross = controls["BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION"]
    assert cross["inputParameters"] == [{"name": "crossRegionList", "value": "eu-west-1"}]
    assert cross["scope"] == {"complianceResourceTypes": ["DynamoDB"]}
    (reported,) = [p for p in recording.of(REPORT) if "frameworkArns" in p.inputs["reportSetting"]]
    assert framework.urn in reported.dependencies


def test_a_framework_holds_nobody_to_what_the_config_does_not_ask_for():
    recording = deployed("staging", backup={"framework": True, "copyToDr": False})
    names = {control["name"] for control in recording.only(FRAMEWORK).inputs["controls"]}
    assert not any("CROSS_REGION" in name or "VAULT_LOCK" in name for name in names)


def test_the_account_backs_dynamodb_up_with_aws_backups_own_features_in_both_regions(recording):
    settings = {one.inputs.get("region"): one for one in recording.of(SETTINGS)}
    assert set(settings) == {None, "eu-west-1"}
    for one in settings.values():
        assert one.inputs["resourceTypeManagementPreference"] == {"DynamoDB": True}
        # the provider reads all types back: the unnamed would be a change in every preview
        assert set(one.ignore_changes) == {"resourceTypeOptInPreference", "resourceTypeManagementPreference"}
        assert one.urn in recording.only("aws:backup/plan:Plan").dependencies


def test_a_stack_that_does_not_own_the_account_leaves_its_settings_alone():
    recording = deployed("dev", accountBaseline=False)
    assert not recording.of(SETTINGS)
    assert recording.only("aws:backup/plan:Plan")
