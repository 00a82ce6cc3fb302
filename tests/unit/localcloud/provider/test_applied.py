"""What only the cloud's state can tell: one refusal and its remedy for each rule of `refusals.applied`."""
# ruff: noqa: A001 - `id` is the engine's word for it

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.provider import packages
from localcloud.refusals.applied import RULES

from .test_lifecycle import deploy_function, trust

REGION, ACCOUNT = "eu-central-1", "123456789012"
PROVED: set[str] = set()
API, STAGE, PLAN = (
    "aws:apigateway/restApi:RestApi",
    "aws:apigateway/stage:Stage",
    "aws:apigateway/usagePlan:UsagePlan",
)
DEPLOYMENT, SETTINGS = "aws:apigateway/deployment:Deployment", "aws:apigateway/methodSettings:MethodSettings"
LOG_ROLE, ROLE, POLICY = "aws:apigateway/account:Account", "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT, VAULT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:backup/vault:Vault"
BACKUP, SELECTION = "aws:backup/plan:Plan", "aws:backup/selection:Selection"
OBJECT, FUNCTION, ALIAS = (
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:lambda/function:Function",
    "aws:lambda/alias:Alias",
)
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access"


def proves[**P](*names: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Which rules a test shows at work."""
    PROVED.update(names)
    return lambda test: test


def body(**operation: Any) -> str:
    paths = {"/x": {"get": {"responses": {}, **operation}}} if operation else {}
    return json.dumps({"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": paths})


MOCK = {"x-amazon-apigateway-integration": {"type": "mock"}}


def refused(engine: Any, words: str, call: Any, *arguments: Any) -> None:
    assert words in engine.refusal(call, *arguments).details


def staged(engine: Any) -> tuple[str, str, str, dict[str, Any]]:
    """(API, deployment, stage, the stage's state)."""
    api, _ = engine.create(API, "a", {"name": "a", "body": body(**MOCK)})
    deployment, _ = engine.create(DEPLOYMENT, "d", {"restApi": api})
    inputs = {"restApi": api, "stageName": "dev", "deployment": deployment}
    id, outputs = engine.create(STAGE, "s", inputs)
    return api, deployment, id, outputs


def role(engine: Any, name: str, service: str = "lambda.amazonaws.com") -> str:
    _, outputs = engine.create(ROLE, name, {"name": name, "assumeRolePolicy": trust(service)})
    return str(outputs["arn"])


@proves("apigateway.Account.role-trust")
def test_a_log_role_must_trust_the_gateway(engine: Any) -> None:
    wrong, right = role(engine, "wrong"), role(engine, "right", "apigateway.amazonaws.com")
    refused(engine, "does not have required permissions", engine.create, LOG_ROLE, "c", {"cloudwatchRoleArn": wrong})
    engine.create(LOG_ROLE, "c", {"cloudwatchRoleArn": right})


@proves("apigateway.Deployment.methods", "apigateway.Deployment.integrations")
def test_a_deployment_needs_methods_that_lead_somewhere(engine: Any) -> None:
    empty, _ = engine.create(API, "a", {"name": "a", "body": body()})
    refused(engine, "doesn't contain any methods", engine.create, DEPLOYMENT, "d", {"restApi": empty})
    nowhere, _ = engine.create(API, "b", {"name": "b", "body": body(operationId="x")})
    refused(engine, "No integration defined", engine.create, DEPLOYMENT, "d", {"restApi": nowhere})


@proves("apigateway.Deployment.delete-active", "apigateway.Stage.deployment-exists")
def test_a_deployment_lives_as_long_as_its_stage(engine: Any) -> None:
    api, deployment, id, outputs = staged(engine)
    refused(engine, "Active stages", engine.delete, DEPLOYMENT, "d", deployment, {"restApi": api})
    engine.delete(STAGE, "s", id, outputs)
    engine.delete(DEPLOYMENT, "d", deployment, {"restApi": api})
    gone = {"restApi": api, "stageName": "dev", "deployment": deployment}
    refused(engine, "Invalid deployment identifier", engine.create, STAGE, "s", gone)


@proves("apigateway.Stage.log-role", "apigateway.MethodSettings.log-role", "apigateway.MethodSettings.stage-exists")
def test_logging_needs_the_accounts_role_first(engine: Any) -> None:
    api, deployment, _, _ = staged(engine)
    logged: dict[str, Any] = {"restApi": api, "stageName": "two", "deployment": deployment}
    logged["accessLogSettings"] = {"destinationArn": GROUP, "format": "$context.requestId"}
    settings = {"restApi": api, "stageName": "dev", "methodPath": "*/*", "settings": {"loggingLevel": "INFO"}}
    refused(engine, "CloudWatch Logs role ARN", engine.create, STAGE, "two", logged)
    refused(engine, "CloudWatch Logs role ARN", engine.create, SETTINGS, "m", settings)
    engine.create(LOG_ROLE, "c", {"cloudwatchRoleArn": role(engine, "cw", "apigateway.amazonaws.com")})
    engine.create(STAGE, "two", logged)
    engine.create(SETTINGS, "m", settings)
    refused(engine, "Invalid stage", engine.create, SETTINGS, "n", {**settings, "stageName": "none"})


@proves("apigateway.UsagePlan.stage-exists", "apigateway.Stage.delete-planned", "apigateway.UsagePlanKey.plan-exists")
def test_a_plan_needs_its_stage_and_a_key_its_plan(engine: Any) -> None:
    api, _, id, outputs = staged(engine)
    none = {"name": "p", "apiStages": [{"apiId": api, "stage": "none"}]}
    refused(engine, "API Stage not found", engine.create, PLAN, "p", none)
    engine.create(PLAN, "p", {"name": "p", "apiStages": [{"apiId": api, "stage": "dev"}]})
    refused(engine, "in usage plan p", engine.delete, STAGE, "s", id, outputs)
    key, _ = engine.create("aws:apigateway/apiKey:ApiKey", "k", {"name": "k"})
    inputs = {"keyId": key, "keyType": "API_KEY", "usagePlanId": "none"}
    assert engine.refusal(engine.create, "aws:apigateway/usagePlanKey:UsagePlanKey", "u", inputs)


@proves("appautoscaling.Policy.target-exists")
def test_a_scaling_policy_needs_its_target(engine: Any) -> None:
    own = {"resourceId": "table/t", "scalableDimension": "dynamodb:table:ReadCapacityUnits"}
    own["serviceNamespace"] = "dynamodb"
    metric = {"predefinedMetricType": "DynamoDBReadCapacityUtilization"}
    tracking = {"targetValue": 70, "predefinedMetricSpecification": metric}
    policy = {**own, "policyType": "TargetTrackingScaling", "targetTrackingScalingPolicyConfiguration": tracking}
    refused(engine, "no scalable target", engine.create, "aws:appautoscaling/policy:Policy", "p", policy)
    engine.create("aws:appautoscaling/target:Target", "t", {**own, "minCapacity": 1, "maxCapacity": 2})
    engine.create("aws:appautoscaling/policy:Policy", "p", policy)


@proves("backup.Plan.vault-exists", "backup.Plan.delete-selected", "backup.Selection.plan-exists")
def test_a_backup_plan_needs_its_vault_and_a_selection_its_plan(engine: Any) -> None:
    rules = {"name": "p", "rules": [{"ruleName": "daily", "targetVaultName": "shop"}]}
    assert engine.refusal(engine.create, BACKUP, "p", rules)
    engine.create(VAULT, "v", {"name": "shop"})
    id, outputs = engine.create(BACKUP, "p", rules)
    selected = {"name": "s", "planId": id, "resources": ["*"], "iamRoleArn": role(engine, "b", "backup.amazonaws.com")}
    refused(engine, "does not exist", engine.create, SELECTION, "s", {**selected, "planId": "none"})
    engine.create(SELECTION, "s", selected)
    refused(engine, "still has selections", engine.delete, BACKUP, "p", id, outputs)


@proves("backup.Vault.delete-full")
def test_a_vault_with_recovery_points_is_kept(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """moto makes no recovery points: what it says of the vault is replaced."""
    id, outputs = engine.create(VAULT, "v", {"name": "shop"})
    client = engine.cloud.client("backup")
    found = {**client.describe_backup_vault(BackupVaultName=id), "NumberOfRecoveryPoints": 2}
    with monkeypatch.context() as patched:
        patched.setattr(client, "describe_backup_vault", lambda **_: found)
        refused(engine, "holds 2 recovery points", engine.delete, VAULT, "v", id, outputs)
    engine.delete(VAULT, "v", id, outputs)


@proves("budgets.Budget.twice")
def test_a_budgets_name_is_the_accounts(engine: Any) -> None:
    inputs = {"name": "b", "budgetType": "COST", "timeUnit": "DAILY", "limitAmount": "5", "limitUnit": "USD"}
    engine.create("aws:budgets/budget:Budget", "one", inputs)
    refused(engine, "DuplicateRecordException", engine.create, "aws:budgets/budget:Budget", "two", inputs)


@proves("cloudwatch.LogGroup.delete-protected")
def test_a_protected_log_group_is_kept(engine: Any) -> None:
    kind = "aws:cloudwatch/logGroup:LogGroup"
    id, outputs = engine.create(kind, "g", {"name": "/shop", "deletionProtectionEnabled": True})
    refused(engine, "protected against deletion", engine.delete, kind, "g", id, outputs)
    engine.delete(kind, "g", id, {**outputs, "deletionProtectionEnabled": False})


@proves("dynamodb.Table.delete-protected")
def test_a_protected_table_is_kept(engine: Any) -> None:
    kind, keys = "aws:dynamodb/table:Table", {"hashKey": "a", "attributes": [{"name": "a", "type": "S"}]}
    inputs = {"name": "users", **keys, "billingMode": "PAY_PER_REQUEST"}
    id, outputs = engine.create(kind, "t", {**inputs, "deletionProtectionEnabled": True})
    refused(engine, "protected against deletion", engine.delete, kind, "t", id, outputs)
    engine.delete(kind, "t", id, engine.update(kind, "t", id, outputs, inputs))


def policy(size: int) -> str:
    resources = [f"arn:aws:s3:::{number:060}/*" for number in range(size // 75)]
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resources}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@proves("iam.RolePolicy.inline-size")
def test_the_inline_policies_of_a_role_count_together(engine: Any) -> None:
    role(engine, "r")
    engine.create(POLICY, "a", {"role": "r", "name": "a", "policy": policy(6000)})
    refused(engine, "10,240", engine.create, POLICY, "b", {"role": "r", "name": "b", "policy": policy(6000)})
    engine.create(POLICY, "c", {"role": "r", "name": "a", "policy": policy(9000)})


@proves("iam.RolePolicyAttachment.attached-count", "iam.Role.delete-attached")
def test_a_role_takes_ten_managed_policies_and_is_deleted_without_any(engine: Any) -> None:
    role(engine, "r")
    iam = engine.cloud.client("iam")
    arns = [
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=policy(75))["Policy"]["Arn"] for number in range(11)
    ]
    for number, arn in enumerate(arns[:10]):
        engine.create(ATTACHMENT, str(number), {"role": "r", "policyArn": arn})
    refused(engine, "PoliciesPerRole", engine.create, ATTACHMENT, "x", {"role": "r", "policyArn": arns[10]})
    refused(engine, "DeleteConflict", engine.delete, ROLE, "r", "r", {"name": "r"})


@proves("lambda.Function.role-trust")
def test_a_functions_role_must_be_there(engine: Any) -> None:
    refused(engine, "nobody", deploy_with, engine, f"arn:aws:iam::{ACCOUNT}:role/nobody")


def deploy_with(engine: Any, arn: str) -> None:
    deploy_function(engine, role=arn)


@proves("lambda.Alias.version-exists", "lambda.ProvisionedConcurrencyConfig.qualifier-exists")
def test_aliases_and_concurrency_need_a_version_that_is_published(engine: Any) -> None:
    deploy_function(engine)
    kind = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
    provisioned = {"functionName": "f", "qualifier": "live", "provisionedConcurrentExecutions": 1}
    alias = {"name": "live", "functionName": "f", "functionVersion": "7"}
    assert engine.refusal(engine.create, ALIAS, "a", alias)
    assert engine.refusal(engine.create, kind, "c", provisioned)
    engine.create(ALIAS, "a", {**alias, "functionVersion": "1"})
    engine.create(kind, "c", provisioned)


def package(size: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.bin", bytes(size))
    return buffer.getvalue()


@proves("lambda.Function.unzipped-size")
def test_a_package_too_large_unpacked_is_refused_at_preview_and_at_create(
    engine: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "UNZIPPED", 1000)
    file = tmp_path / "f.zip"
    function = {"role": f"arn:aws:iam::{ACCOUNT}:role/f", "handler": "a.b", "runtime": "python3.13", "s3Key": "new.zip"}
    asset = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "path": str(file), "hash": "h"}
    for size, path in ((1001, {"s3Key"}), (1000, set())):
        file.write_bytes(package(size))
        engine.check(OBJECT, "o", {"bucket": "code", "key": "new.zip", "source": asset})
        assert engine.check(FUNCTION, "f", {**function, "s3Bucket": "code"})[1].keys() == path
    engine.cloud.client("s3").create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": REGION})
    for content, words in ((package(1001), "Unzipped size"), (b"text", "Could not unzip")):
        engine.cloud.client("s3").put_object(Bucket="code", Key="old.zip", Body=content)
        role(engine, f"f{len(words)}")
        given = {
            **function,
            "role": f"arn:aws:iam::{ACCOUNT}:role/f{len(words)}",
            "s3Bucket": "code",
            "s3Key": "old.zip",
        }
        refused(engine, words, engine.create, FUNCTION, "f", given)


@proves("lambda.Function.bucket-region")
def test_code_comes_from_a_bucket_of_the_functions_region(engine: Any) -> None:
    s3 = engine.cloud.client("s3", "us-east-1")
    s3.create_bucket(Bucket="elsewhere")
    s3.put_object(Bucket="elsewhere", Key="f.zip", Body=package(1))
    given = {"role": role(engine, "f"), "handler": "a.b", "runtime": "python3.13", "s3Key": "f.zip"}
    refused(engine, "in this region: us-east-1", engine.create, FUNCTION, "f", {**given, "s3Bucket": "elsewhere"})


@proves("s3.Bucket.delete-full")
def test_a_bucket_with_objects_is_kept(engine: Any) -> None:
    kind = "aws:s3/bucket:Bucket"
    id, outputs = engine.create(kind, "b", {"bucket": "shop-files"})
    engine.cloud.client("s3").put_object(Bucket=id, Key="a", Body=b"a")
    refused(engine, "BucketNotEmpty", engine.delete, kind, "b", id, outputs)
    engine.delete(kind, "b", id, {**outputs, "forceDestroy": True})


@proves("secretsmanager.Secret.name-waits")
def test_the_name_of_a_deleted_secret_is_taken_until_its_window_ends(engine: Any) -> None:
    kind = "aws:secretsmanager/secret:Secret"
    id, outputs = engine.create(kind, "s", {"name": "shop"})
    engine.delete(kind, "s", id, outputs)
    refused(engine, "already scheduled for deletion", engine.create, kind, "s", {"name": "shop"})


@proves("secretsmanager.SecretRotation.value", "secretsmanager.SecretRotation.permission")
def test_rotation_needs_a_value_and_a_function_that_may_be_invoked(engine: Any) -> None:
    id, _ = engine.create("aws:secretsmanager/secret:Secret", "s", {"name": "shop"})
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
    inputs = {"secretId": id, "rotationLambdaArn": function, "rotationRules": {"automaticallyAfterDays": 30}}
    kind = "aws:secretsmanager/secretRotation:SecretRotation"
    refused(engine, "no AWSCURRENT value", engine.create, kind, "r", inputs)
    engine.cloud.client("secretsmanager").put_secret_value(SecretId=id, SecretString="x")
    refused(engine, "cannot invoke", engine.create, kind, "r", inputs)


def test_every_rule_that_is_applied_is_shown_at_work() -> None:
    assert {rule.id for rule in RULES} == PROVED
