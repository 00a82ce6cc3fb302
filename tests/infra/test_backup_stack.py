"""`BackupStack`, as the composed program registers it."""

import json
from collections.abc import Callable

import pytest

from components.environment import Inputs, compose
from tests.infra.recording import Recording, record
from tests.infra.stacks import artefacts, contract, stack_config

VAULT = "aws:backup/vault:Vault"
VAULTS = {"backup-vault": ("backup", "eu-central-1"), "backup-dr-vault": ("backup-dr", "eu-west-1")}
POLICY = "aws:backup/vaultPolicy:VaultPolicy"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
TOPIC = "aws:sns/topic:Topic"
type Stacks = Callable[[str], Recording]


def deployed(stack: str, **changes: object) -> Recording:
    config = stack_config(stack, **changes)

    def program() -> None:
        compose(Inputs(config, artefacts(), contract()))

    return record(program, stack=stack, account_id=config.account_id, region=config.region)


def test_each_vault_is_encrypted_by_its_regions_key_and_kept_where_the_config_protects(recording, stack):
    protect = stack_config(stack).protect
    assert {vault.name for vault in recording.of(VAULT)} == set(VAULTS)
    for name, (resource, region) in VAULTS.items():
        vault = recording.one(VAULT, name)
        assert vault.inputs["name"] == f"omnix-ai-{stack}-{resource}"
        assert vault.inputs.get("region", "eu-central-1") == region
        assert vault.inputs["kmsKeyArn"].startswith(f"arn:aws:kms:{region}:")
        assert (vault.protect, vault.retain_on_delete) == (protect, protect)
        # dev and staging destroy to zero: AWS deletes no vault that holds recovery points
        assert vault.inputs["forceDestroy"] is not protect


def test_the_recovery_regions_key_is_a_key_of_its_own(recording, stack):
    key, alias = (recording.one(f"aws:kms/{kind}", f"security-dr-key{end}") for kind, end in KEYS)
    assert key.inputs["region"] == alias.inputs["region"] == "eu-west-1"
    assert alias.inputs["name"] == f"alias/omnix-ai-{stack}-dr"
    assert not key.inputs.get("multiRegion")
    statements = json.loads(key.inputs["policy"])["Statement"]
    (service,) = [statement for statement in statements if "Service" in statement["Principal"]]
    assert service["Principal"]["Service"] == ["backup.amazonaws.com"]
    topics = service["Condition"]["StringLike"]["kms:EncryptionContext:aws:sns:topicArn"]
    assert [topic.split(":")[3] for topic in topics] == ["eu-west-1"]


KEYS = (("key:Key", ""), ("alias:Alias", "-alias"))


def test_every_vault_takes_copies_of_this_account_only_and_a_protected_one_denies_deletion(recording, stack):
    config = stack_config(stack)
    policies = recording.of(POLICY)
    assert len(policies) == len(VAULTS)
    for policy in policies:
        statements = {s["Sid"]: s for s in json.loads(policy.inputs["policy"])["Statement"]}
        assert {statement["Effect"] for statement in statements.values()} == {"Deny"}
        foreign = statements.pop("CopiesOfThisAccountOnly")
        assert foreign["Action"] == ["backup:CopyIntoBackupVault"]
        assert foreign["Condition"]["StringNotEquals"] == {"aws:PrincipalAccount": [config.account_id]}
        assert list(statements) == (["KeepRecoveryPoints"] if config.protect else [])
        for statement in statements.values():
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


def test_each_point_is_copied_to_the_recovery_region_and_kept_there_as_long(recording):
    plan, vault = recording.only("aws:backup/plan:Plan"), recording.one(VAULT, "backup-dr-vault")
    assert vault.urn in plan.dependencies
    for rule in plan.inputs["rules"]:
        (copy,) = rule["copyActions"]
        assert copy["destinationVaultArn"].startswith("arn:aws:backup:eu-west-1:")
        assert copy["destinationVaultArn"].endswith("-backup-dr")
        assert copy["lifecycle"] == rule["lifecycle"]


def test_without_copies_the_plan_has_none():
    recording = deployed("dev", backup={"copyToDr": False})
    assert not any(rule.get("copyActions") for rule in recording.only("aws:backup/plan:Plan").inputs["rules"])


def test_no_job_starts_before_its_role_may_back_up_and_restore(recording):
    policies = {
        a.inputs["policyArn"].rpartition("/")[2]: a.urn
        for a in recording.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if a.inputs["role"].split("-")[3] == "backup"
    }
    assert set(policies) == {"AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores"}
    assert set(policies.values()) <= recording.only("aws:backup/selection:Selection").dependencies


def test_each_vault_reports_to_a_topic_of_its_own_region(recording, stack):
    emails = stack_config(stack).alarm_emails
    home = recording.one("aws:backup/vaultNotifications:VaultNotifications", "backup-notifications")
    recovery = recording.one("aws:backup/vaultNotifications:VaultNotifications", "backup-dr-notifications")
    assert home.inputs["snsTopicArn"].split(":")[3] == "eu-central-1"
    # a restore is news only where none is a weekly test
    assert home.inputs["backupVaultEvents"] == ["COPY_JOB_FAILED"]
    assert recovery.inputs["snsTopicArn"].split(":")[3] == "eu-west-1"
    assert recovery.inputs["backupVaultEvents"] == ["COPY_JOB_FAILED", "RESTORE_JOB_COMPLETED"]
    topic = recording.one(TOPIC, "backup-dr-topic")
    assert topic.inputs["kmsMasterKeyId"].startswith("arn:aws:kms:eu-west-1:")
    (publisher, tls) = json.loads(topic.inputs["policy"])["Statement"]
    assert publisher["Principal"] == {"Service": ["backup.amazonaws.com"]}
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    subscribed = [
        s.inputs["endpoint"]
        for s in recording.of("aws:sns/topicSubscription:TopicSubscription")
        if s.inputs.get("region") == "eu-west-1"
    ]
    assert subscribed == list(emails)


def test_prod_is_locked_in_governance_and_keeps_its_lock(recorded: Stacks) -> None:
    locks = recorded("prod").of(LOCK)
    assert {lock.inputs["backupVaultName"] for lock in locks} == {"omnix-ai-prod-backup", "omnix-ai-prod-backup-dr"}
    for lock in locks:
        assert "changeableForDays" not in lock.inputs
        assert lock.retain_on_delete
    assert not recorded("dev").of(LOCK)


def test_the_lock_admits_every_rule_and_its_copy(recorded: Stacks) -> None:
    (lifecycles,) = [
        {rule["lifecycle"]["deleteAfter"] for rule in plan.inputs["rules"]}
        for plan in recorded("prod").of("aws:backup/plan:Plan")
    ]
    for lock in recorded("prod").of(LOCK):
        assert all(lock.inputs["minRetentionDays"] <= days <= lock.inputs["maxRetentionDays"] for days in lifecycles)


def test_after_a_drill_the_lock_may_become_final_with_days_to_reconsider():
    recording = deployed("prod", backup={"lock": "compliance", "drillPassed": "2026-11-01"})
    assert [lock.inputs["changeableForDays"] for lock in recording.of(LOCK)] == [14, 14]


def test_the_framework_has_the_name_that_verify_asks_for():
    framework = deployed("dev", backup={"framework": True}).only("aws:backup/framework:Framework")
    assert framework.inputs["name"] == "omnix_ai_dev_tables"


@pytest.mark.parametrize("change", [{"region": "eu-west-1", "drRegion": "eu-central-1", "failover": True}])
def test_after_a_failover_everything_stands_in_the_recovery_region(change):
    recording = deployed("prod", **change)
    assert recording.only("pulumi:providers:aws").inputs["region"] == "eu-west-1"
    assert recording.one(VAULT, "backup-dr-vault").inputs["region"] == "eu-central-1"
    elsewhere = {
        resource.name
        for resource in recording.custom()
        if "eu-central-1" in json.dumps(resource.inputs, default=lambda _: "asset")
    }
    assert elsewhere
    # what copies there has to name it
    copying = {"backup-plan", *(f"data-files-replication{part}" for part in ("", "-role", "-role-policy"))}
    # a cross-region profile answers from any region of its geography
    assert {name for name in elsewhere if "-dr" not in name} <= copying | {"api-assistant-policy-call-models"}
