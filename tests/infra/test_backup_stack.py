"""`BackupStack`, as the composed program registers it."""

import json

from tests.infra.stacks import stack_config

VAULT = "aws:backup/vault:Vault"


def test_the_vault_is_encrypted_and_kept_where_the_config_protects(recording, stack):
    vault, protect = recording.only(VAULT), stack_config(stack).protect
    assert vault.inputs["name"] == f"omnix-ai-{stack}-backup"
    assert vault.inputs["kmsKeyArn"]
    assert (vault.protect, vault.retain_on_delete) == (protect, protect)
    # dev and staging destroy to zero: AWS deletes no vault that holds recovery points
    assert vault.inputs["forceDestroy"] is not protect


def test_a_protected_vault_denies_deletion_and_no_other_has_a_policy(recording, stack):
    policies = recording.of("aws:backup/vaultPolicy:VaultPolicy")
    assert len(policies) == (1 if stack_config(stack).protect else 0)
    for policy in policies:
        (statement,) = json.loads(policy.inputs["policy"])["Statement"]
        assert statement["Effect"] == "Deny"
        assert "backup:DeleteRecoveryPoint" in statement["Action"]


def test_exactly_the_stacks_tables_are_backed_up(recording):
    tables = recording.of("aws:dynamodb/table:Table")
    selection = recording.only("aws:backup/selection:Selection")
    assert len(tables) == 9
    assert len(selection.inputs["resources"]) == 9
    assert {table.urn for table in tables} <= selection.dependencies
    assert not any("*" in arn for arn in selection.inputs["resources"])


def test_the_plan_keeps_daily_weekly_and_monthly_points_in_the_vault(recording, stack):
    plan = recording.only("aws:backup/plan:Plan")
    kept = {rule["ruleName"]: rule["lifecycle"]["deleteAfter"] for rule in plan.inputs["rules"]}
    assert kept == {"daily": 30, "weekly": 84, "monthly": 365}
    assert {rule["targetVaultName"] for rule in plan.inputs["rules"]} == {f"omnix-ai-{stack}-backup"}
    assert {rule["scheduleExpressionTimezone"] for rule in plan.inputs["rules"]} == {"Etc/UTC"}


def test_no_job_starts_before_its_role_may_back_up(recording):
    (attachment,) = [
        a
        for a in recording.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if a.inputs["policyArn"].endswith("AWSBackupServiceRolePolicyForBackup")
    ]
    assert attachment.urn in recording.only("aws:backup/selection:Selection").dependencies


def test_failed_copies_and_restores_are_reported_to_the_alarm_topic(recording):
    notifications = recording.only("aws:backup/vaultNotifications:VaultNotifications")
    assert recording.only("aws:sns/topic:Topic").urn in notifications.dependencies
    assert notifications.inputs["backupVaultEvents"] == ["COPY_JOB_FAILED", "RESTORE_JOB_COMPLETED"]
