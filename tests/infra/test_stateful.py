"""What must survive: protection, retention, deletion protection, recovery and adoption."""

from collections.abc import Callable

import pulumi
import pytest

from components.data.stack import DataStack, DataStackArgs
from components.data.tables import TABLES
from components.environment import Inputs, compose
from components.lifecycle import Protection
from components.security.stack import SecurityStack, SecurityStackArgs
from tests.infra.recording import Recording, record
from tests.infra.stacks import STACKS, artefacts, contract, names_of, stack_config

Stacks = Callable[[str], Recording]

STATEFUL = (
    "aws:backup/vault:Vault",
    "aws:dynamodb/table:Table",
    "aws:kms/key:Key",
    "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secret:Secret",
)
TABLE = "aws:dynamodb/table:Table"
SERVING = (
    "aws:apigateway/apiKey:ApiKey",
    "aws:apigateway/restApi:RestApi",
    "aws:apigateway/stage:Stage",
    "aws:apigateway/usagePlan:UsagePlan",
    "aws:apigateway/usagePlanKey:UsagePlanKey",
    "aws:iam/role:Role",
    "aws:lambda/alias:Alias",
    "aws:lambda/function:Function",
    "aws:sqs/queue:Queue",
    "aws:ssm/parameter:Parameter",
)
NOT_SERVING = ("backup-role", "bedrock-log-role", "budget-action-role", "security-apigateway-logs-role")
KEPT_WITH = (
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
    "aws:backup/vaultPolicy:VaultPolicy",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
)
REMADE_BY_THE_NEXT_UP = {
    "aws:apigateway/methodSettings:MethodSettings",
    "aws:backup/plan:Plan",
    "aws:backup/regionSettings:RegionSettings",  # whose deletion changes nothing in AWS
    "aws:backup/reportPlan:ReportPlan",
    "aws:backup/restoreTestingPlan:RestoreTestingPlan",
    "aws:backup/restoreTestingSelection:RestoreTestingSelection",
    "aws:backup/selection:Selection",
    "aws:backup/vaultNotifications:VaultNotifications",
    "aws:budgets/budget:Budget",
    "aws:budgets/budgetAction:BudgetAction",
    "aws:cloudwatch/contributorInsightRule:ContributorInsightRule",
    "aws:cloudwatch/dashboard:Dashboard",
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
    "aws:costexplorer/anomalySubscription:AnomalySubscription",
    "aws:iam/policy:Policy",  # the budget action's
    "aws:iam/role:Role",  # AWS Backup's and AWS Budgets'
    "aws:iam/rolePolicy:RolePolicy",  # AWS Budgets'
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:kms/alias:Alias",
    "aws:lambda/eventSourceMapping:EventSourceMapping",  # reads 24 hours again: reactions count once
    "aws:lambda/invocation:Invocation",  # writes a value only where there is none
    "aws:lambda/permission:Permission",  # Secrets Manager's and EventBridge's
    "aws:secretsmanager/secretRotation:SecretRotation",
    "aws:sns/topic:Topic",
    "aws:sns/topicSubscription:TopicSubscription",
}


def test_every_stateful_resource_is_protected_and_retained_in_prod(recorded: Stacks) -> None:
    stateful = [r for type_ in STATEFUL for r in recorded("prod").of(type_)]
    assert len(stateful) == 2 + len(TABLES) + 2 + 4 + 3  # vaults, tables, keys, buckets, secrets
    assert [r.name for r in stateful if not (r.protect and r.retain_on_delete)] == []


def test_an_unprotect_deployment_lifts_the_lock_and_nothing_else(recorded: Stacks) -> None:
    """So that what a destroy then retains is what the next `up` expects to adopt."""
    config = stack_config("prod", unprotect=True)

    def program() -> None:
        compose(Inputs(config, artefacts(), contract()))

    unlocked = record(program, stack="prod", account_id=config.account_id)
    assert [r.name for r in unlocked.resources if r.protect] == []
    locked = {r.urn: r for r in recorded("prod").resources}
    assert {r.urn for r in unlocked.resources} == set(locked)
    assert [r.name for r in unlocked.resources if r.retain_on_delete != locked[r.urn].retain_on_delete] == []
    # an asset has no equality of its own
    compared = [r for r in unlocked.resources if r.type != "aws:s3/bucketObjectv2:BucketObjectv2"]
    assert [r.name for r in compared if r.inputs != locked[r.urn].inputs] == []


def test_what_answers_requests_is_locked_in_prod(recorded: Stacks) -> None:
    """`destroy --skip-preview` deletes what nothing depends on before the engine meets a lock."""
    prod = recorded("prod")
    locked = {r.urn for r in prod.resources if r.protect}
    for type_ in SERVING:
        assert prod.of(type_)
        assert [r.name for r in prod.of(type_) if r.urn not in locked and r.name not in NOT_SERVING] == []


def test_nothing_else_is_protected_in_prod(recorded: Stacks) -> None:
    """An update replaces deployments, permissions and selections: a lock would stop it."""
    others = [r for r in recorded("prod").resources if r.protect and r.type not in (*STATEFUL, *SERVING)]
    assert [r.name for r in others] == []


def test_a_prod_destroy_without_preview_takes_nothing_that_a_request_needs(recorded: Stacks) -> None:
    """The engine deletes whatever no locked resource needs, over any number of steps, and only then fails."""
    prod = recorded("prod")
    held = {urn for r in prod.resources if r.protect for urn in (r.urn, *prod.closure(r))}
    taken = {r.type for r in prod.custom() if r.urn not in held and not r.retain_on_delete}
    assert taken == REMADE_BY_THE_NEXT_UP
    gates = [r for r in prod.of("aws:lambda/permission:Permission") if r.name.startswith("api-permission-")]
    assert len(gates) == 4
    assert {r.urn for r in gates} <= held


def test_what_a_retained_resource_holds_and_is_guarded_by_stays_with_it(recorded: Stacks) -> None:
    """Deleting a versioning resource suspends versioning; deleting an object deletes all of its versions."""
    prod = recorded("prod")
    parts = [r for type_ in KEPT_WITH for r in prod.of(type_)]
    # buckets' settings, replication, objects, and of each vault policy and lock
    assert len(parts) == 4 * 6 + 1 + 7 + 2 + 2
    assert [r.name for r in parts if not r.retain_on_delete] == []
    assert [r.name for r in parts if r.protect] == []


@pytest.mark.parametrize("stack", ["dev", "staging"])
def test_dev_and_staging_destroy_to_zero(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    assert [r.name for r in recording.resources if r.protect or r.retain_on_delete] == []
    assert not any(table.inputs["deletionProtectionEnabled"] for table in recording.of(TABLE))
    assert recording.of("aws:s3/bucket:Bucket")[0].inputs["forceDestroy"] is True


def test_prod_tables_refuse_deletion_by_aws_too(recorded: Stacks) -> None:
    assert all(table.inputs["deletionProtectionEnabled"] for table in recorded("prod").of(TABLE))
    assert not recorded("prod").of("aws:s3/bucket:Bucket")[0].inputs.get("forceDestroy")


@pytest.mark.parametrize("stack", STACKS)
def test_every_table_is_as_the_design_says(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    assert {table.name for table in recording.of(TABLE)} == {f"data-table-{name}" for name in TABLES}
    for name, definition in TABLES.items():
        table = recording.one(TABLE, f"data-table-{name}").inputs
        assert table["name"] == f"omnix-ai-{stack}-{name}"
        assert (table["hashKey"], table["rangeKey"]) == ("pk", "sk")
        assert table["billingMode"] == "PAY_PER_REQUEST"
        assert table["pointInTimeRecovery"] == {"enabled": True}
        assert table["serverSideEncryption"]["kmsKeyArn"].startswith("arn:aws:kms:")
        assert tuple(i["name"] for i in table.get("globalSecondaryIndexes", [])) == definition.indexes
        assert table.get("ttl", {}).get("attributeName") == definition.ttl
        assert table.get("streamViewType") == ("NEW_AND_OLD_IMAGES" if definition.stream else None)
        used = {"pk", "sk"} | {
            key["attributeName"] for index in table.get("globalSecondaryIndexes", []) for key in index["keySchemas"]
        }
        assert {attribute["name"] for attribute in table["attributes"]} == used


def test_there_are_fewer_than_ten_tables() -> None:
    assert len(TABLES) < 10


def test_a_retained_table_key_and_secret_are_adopted_by_import(recorded: Stacks) -> None:
    """After a destroy that retained them, `up` imports what is there instead of failing on its name."""
    adopt = {"key": "key-id", "tables/users": "omnix-ai-prod-users", "secrets/JWT_SECRET": "arn:aws:x"}
    config = stack_config("prod", adopt=adopt)
    names = names_of(config)

    def program() -> None:
        security = SecurityStack(
            "security",
            SecurityStackArgs(names, "eu-west-1", Protection(retain=True, locked=True), 30, False, config.adopt),
        )
        protection = Protection(retain=True, locked=True)
        args = DataStackArgs(
            names=names,
            recovery=security.recovery,
            key_arn=security.key.arn,
            protection=protection,
            cors_origins=["https://a.example"],
            bedrock=(),
            log_level="INFO",
            adopt=config.adopt,
        )
        DataStack("data", args)

    recording = record(program, stack="prod", account_id=config.account_id)
    imported = {r.name: r.import_id for r in recording.resources if r.import_id}
    assert imported == {
        "security-key": "key-id",
        "data-table-users": "omnix-ai-prod-users",
        "security-secret-JWT_SECRET": "arn:aws:x",
    }
    assert not any(r.import_id for r in recorded("prod").resources)


def test_a_callers_options_do_not_leak_into_children() -> None:
    """`ResourceOptions.merge` would hand a caller's protect, aliases and ignored changes to every child."""
    names = names_of(stack_config("dev"))

    def program() -> None:
        SecurityStack(
            "security",
            SecurityStackArgs(names, "eu-west-1", Protection(retain=False, locked=False), 0, True),
            pulumi.ResourceOptions(ignore_changes=["tags"], protect=True),
        )

    recording = record(program, stack="dev", account_id=names.account_id)
    children = [r for r in recording.resources if r.custom]
    assert children
    assert [r.name for r in children if "tags" in r.ignore_changes] == []
