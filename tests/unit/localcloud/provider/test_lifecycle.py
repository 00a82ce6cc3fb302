# ruff: noqa: A001 - `id` is the engine's word for it
import io
import json
import zipfile
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from localcloud.provider.catalogue import CATALOGUE
from localcloud.provider.wire import UNKNOWN, from_struct, secret

TABLE, KEY, SECRET = "aws:dynamodb/table:Table", "aws:kms/key:Key", "aws:secretsmanager/secret:Secret"
BUCKET, VAULT, PARAMETER = "aws:s3/bucket:Bucket", "aws:backup/vault:Vault", "aws:ssm/parameter:Parameter"
ROLE, FUNCTION, API = "aws:iam/role:Role", "aws:lambda/function:Function", "aws:apigateway/restApi:RestApi"
ALIAS = "aws:kms/alias:Alias"
STAGE, DEPLOYMENT = "aws:apigateway/stage:Stage", "aws:apigateway/deployment:Deployment"
USERS: dict[str, Any] = {
    "name": "users",
    "hashKey": "pk",
    "rangeKey": "sk",
    "billingMode": "PAY_PER_REQUEST",
    "attributes": [{"name": name, "type": "S"} for name in ("pk", "sk", "gsi1pk", "gsi1sk")],
    "globalSecondaryIndexes": [
        {"name": "gsi1", "hashKey": "gsi1pk", "rangeKey": "gsi1sk", "projectionType": "ALL"},
    ],
    "pointInTimeRecovery": {"enabled": True},
    "ttl": {"enabled": True, "attributeName": "expires_at"},
    "streamEnabled": True,
    "streamViewType": "NEW_AND_OLD_IMAGES",
    "deletionProtectionEnabled": True,
    "tags": {"Component": "data"},
}


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def body(**operation: Any) -> str:
    integration = {"x-amazon-apigateway-integration": {"type": "mock"}}
    document = {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}}
    return json.dumps({**document, "paths": {"/x": {"get": {"responses": {}, **integration, **operation}}}})


def deploy_function(engine: Any, source: str = "1", **inputs: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    s3 = engine.cloud.client("s3")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", f"def handler(event, context):\n    return {source}\n")
    s3.put_object(Bucket="code", Key="f.zip", Body=buffer.getvalue())
    _, role = engine.create(ROLE, "role", {"name": "f", "assumeRolePolicy": trust("lambda.amazonaws.com")})
    given = {
        "name": "f",
        "role": role["arn"],
        "handler": "handler.handler",
        "runtime": "python3.13",
        "s3Bucket": "code",
        "s3Key": "f.zip",
        "sourceCodeHash": source,
        "publish": True,
        **inputs,
    }
    id, outputs = engine.create(FUNCTION, "f", given)
    return id, outputs, given


# --- previews and unknowns


def test_a_preview_of_a_create_has_no_id_and_says_nothing_of_what_is_not_known(engine: Any) -> None:
    inputs = {**USERS, "serverSideEncryption": {"enabled": True, "kmsKeyArn": UNKNOWN}}
    id, outputs = engine.create(TABLE, "users", inputs, preview=True)
    assert id == ""
    assert outputs["name"] == "users"
    assert not {"arn", "streamArn", "serverSideEncryption"} & outputs.keys()
    assert not engine.cloud.client("dynamodb").list_tables()["TableNames"]


def test_an_unknown_outside_a_preview_is_an_error(engine: Any) -> None:
    refused = engine.refusal(engine.create, ALIAS, "a", {"name": "alias/a", "targetKeyId": UNKNOWN})
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT


def test_a_preview_of_an_update_leaves_out_what_it_will_change(engine: Any) -> None:
    id, outputs, inputs = deploy_function(engine)
    quiet = engine.update(FUNCTION, "f", id, outputs, {**inputs, "tags": {"a": "b"}}, preview=True)
    loud = engine.update(FUNCTION, "f", id, outputs, {**inputs, "memorySize": 512}, preview=True)
    assert quiet["version"] == "1"
    assert not {"version", "qualifiedArn", "qualifiedInvokeArn"} & loud.keys()
    assert loud["arn"] == outputs["arn"]


# --- secrets


def test_secret_inputs_come_back_as_secret_outputs(engine: Any) -> None:
    inputs = {"name": "/shop/key", "type": "SecureString", "value": secret("hush")}
    id, outputs = engine.create(PARAMETER, "p", inputs)
    assert outputs["value"] == secret("hush")
    state = from_struct(engine.read(PARAMETER, "p", id, outputs, inputs).properties)
    assert state["value"] == secret("hush")


# --- import and refresh


@pytest.mark.parametrize(
    ("type_token", "inputs"),
    [
        (TABLE, USERS),
        (KEY, {"description": "shop", "enableKeyRotation": True, "tags": {"Component": "security"}}),
        (SECRET, {"name": "shop/jwt", "description": "signs", "tags": {"Component": "security"}}),
        (BUCKET, {"bucket": "shop-files", "tags": {"Component": "data"}}),
        (VAULT, {"name": "shop"}),
        ("aws:cloudwatch/logGroup:LogGroup", {"name": "/shop", "retentionInDays": 7}),
        (PARAMETER, {"name": "/shop/a", "type": "String", "value": "x"}),
        ("aws:sns/topic:Topic", {"name": "shop"}),
        ("aws:sqs/queue:Queue", {"name": "shop", "delaySeconds": 5}),
        (ROLE, {"name": "shop", "assumeRolePolicy": trust("lambda.amazonaws.com")}),
    ],
)
def test_an_import_reads_inputs_that_match_the_program(engine: Any, type_token: str, inputs: dict[str, Any]) -> None:
    id, created = engine.create(type_token, "x", inputs)
    imported = engine.read(type_token, "x", id)
    assert imported.id == id
    state, old_inputs = from_struct(imported.properties), from_struct(imported.inputs)
    found = engine.diff(type_token, "x", id, state, old_inputs, inputs)
    assert found.changes == provider_pb2.DiffResponse.DIFF_NONE, dict(found.detailedDiff)
    assert state["tagsAll"] == created["tagsAll"]


@pytest.mark.parametrize(
    ("type_token", "inputs"),
    [(VAULT, {"name": "shop-dr"}), (KEY, {"description": "shop"}), (BUCKET, {"bucket": "shop-files-dr"})],
)
def test_an_import_from_another_region_says_so_behind_its_id(
    engine: Any, type_token: str, inputs: dict[str, Any]
) -> None:
    there = {**inputs, "region": "eu-west-1"}
    id, _ = engine.create(type_token, "x", there)
    imported = engine.read(type_token, "x", f"{id}@eu-west-1")
    assert imported.id == id
    found = engine.diff(type_token, "x", id, from_struct(imported.properties), from_struct(imported.inputs), there)
    assert found.changes == provider_pb2.DiffResponse.DIFF_NONE, dict(found.detailedDiff)


def test_a_kept_table_with_other_settings_does_not_match(engine: Any) -> None:
    id, _ = engine.create(TABLE, "users", {**USERS, "pointInTimeRecovery": {"enabled": False}})
    imported = engine.read(TABLE, "users", id)
    found = engine.diff(TABLE, "users", id, from_struct(imported.properties), from_struct(imported.inputs), USERS)
    assert list(found.diffs) == ["pointInTimeRecovery"]


def test_what_is_gone_reads_as_an_empty_id(engine: Any) -> None:
    id, outputs = engine.create(TABLE, "users", {**USERS, "deletionProtectionEnabled": False})
    engine.cloud.client("dynamodb").delete_table(TableName="users")
    assert engine.read(TABLE, "users", id, outputs, USERS).id == ""


def test_a_change_by_hand_shows_in_what_refresh_reads(engine: Any) -> None:
    id, outputs = engine.create("aws:cloudwatch/logGroup:LogGroup", "g", {"name": "/shop", "retentionInDays": 7})
    engine.cloud.client("logs").put_retention_policy(logGroupName="/shop", retentionInDays=30)
    inputs = {"name": "/shop", "retentionInDays": 7}
    found = engine.read("aws:cloudwatch/logGroup:LogGroup", "g", id, outputs, inputs)
    assert from_struct(found.inputs)["retentionInDays"] == 30
    assert from_struct(found.properties)["retentionInDays"] == 30


# --- what is protected


def test_a_protected_table_is_not_deleted(engine: Any) -> None:
    id, outputs = engine.create(TABLE, "users", USERS)
    refused = engine.refusal(engine.delete, TABLE, "users", id, outputs)
    assert refused.code is grpc.StatusCode.FAILED_PRECONDITION
    assert "protected against deletion" in refused.details
    outputs = engine.update(TABLE, "users", id, outputs, {**USERS, "deletionProtectionEnabled": False})
    engine.delete(TABLE, "users", id, outputs)
    assert engine.cloud.registry.all("resource") == {}


def test_a_bucket_with_objects_is_deleted_only_by_force(engine: Any) -> None:
    id, outputs = engine.create(BUCKET, "files", {"bucket": "shop-files"})
    engine.cloud.client("s3").put_object(Bucket="shop-files", Key="a", Body=b"x")
    assert "BucketNotEmpty" in engine.refusal(engine.delete, BUCKET, "files", id, outputs).details
    engine.delete(BUCKET, "files", id, {**outputs, "forceDestroy": True})


def test_a_secret_waits_out_its_window_unless_the_window_is_zero(engine: Any) -> None:
    id, outputs = engine.create(SECRET, "s", {"name": "shop/jwt"})
    engine.delete(SECRET, "s", id, outputs)
    refused = engine.refusal(engine.create, SECRET, "s", {"name": "shop/jwt"})
    assert "scheduled" in refused.details or "deleted" in refused.details
    id, outputs = engine.create(SECRET, "other", {"name": "shop/other", "recoveryWindowInDays": 0})
    engine.delete(SECRET, "other", id, outputs)
    engine.create(SECRET, "other", {"name": "shop/other"})


def test_deleting_what_is_gone_already_succeeds(engine: Any) -> None:
    id, outputs = engine.create(TABLE, "users", {**USERS, "deletionProtectionEnabled": False})
    engine.cloud.client("dynamodb").delete_table(TableName="users")
    engine.delete(TABLE, "users", id, outputs)


# --- conflicts and interrupted runs


def test_what_another_hand_made_is_a_conflict_with_a_remedy(engine: Any) -> None:
    engine.cloud.client("kms")
    _, key = engine.create(KEY, "key", {})
    engine.cloud.client("kms").create_alias(AliasName="alias/shop", TargetKeyId=key["keyId"])
    refused = engine.refusal(engine.create, ALIAS, "a", {"name": "alias/shop", "targetKeyId": key["keyId"]})
    assert refused.code is grpc.StatusCode.ALREADY_EXISTS
    assert "import it" in refused.details


@pytest.mark.parametrize(
    ("type_token", "inputs"), [(KEY, {"description": "d"}), (TABLE, USERS), (SECRET, {"name": "shop/jwt"})]
)
def test_a_create_that_no_engine_recorded_is_adopted_by_the_next_run(
    engine: Any, type_token: str, inputs: dict[str, Any]
) -> None:
    id, _ = engine.create(type_token, "x", inputs)  # and here the engine is killed
    engine.peer = "ipv4:127.0.0.1:2"
    engine.configure()
    again, outputs = engine.create(type_token, "x", inputs)
    assert again == id
    assert outputs["arn"]


def test_an_adopted_resource_is_brought_in_line_with_a_changed_program(engine: Any) -> None:
    engine.create(TABLE, "users", {**USERS, "deletionProtectionEnabled": False})
    _, outputs = engine.create(TABLE, "users", {**USERS, "tags": {"Component": "other"}})
    assert outputs["tagsAll"] == {"Component": "other"}
    found = engine.cloud.client("dynamodb").describe_table(TableName="users")["Table"]
    assert found["DeletionProtectionEnabled"] is True


def test_nothing_is_adopted_after_a_run_that_ended_in_good_order(engine: Any) -> None:
    engine.create(TABLE, "users", USERS)
    engine.close()
    assert engine.refusal(engine.create, TABLE, "users", USERS).code is grpc.StatusCode.ALREADY_EXISTS


def test_nothing_is_adopted_by_another_urn(engine: Any) -> None:
    engine.create(TABLE, "users", USERS)
    assert engine.refusal(engine.create, TABLE, "people", USERS).code is grpc.StatusCode.ALREADY_EXISTS


def test_cancel_is_not_sticky(engine: Any) -> None:
    engine.close()
    engine.create(TABLE, "users", USERS)


def test_a_half_made_resource_is_handed_to_the_engine_with_its_id(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from localcloud.provider.resource import failed_precondition

    def fails(*_: Any) -> None:
        raise failed_precondition("no PITR today")

    monkeypatch.setattr(CATALOGUE[TABLE], "settle", fails)
    refused = engine.refusal(engine.create, TABLE, "users", USERS)
    status = status_pb2.Status()
    status.ParseFromString(dict(refused.metadata)["grpc-status-details-bin"])
    failed = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(failed)
    assert failed.id == "users"
    assert list(failed.reasons) == ["no PITR today"]
    assert from_struct(failed.inputs)["hashKey"] == "pk"


# --- configuration


def test_another_account_than_this_clouds_is_refused(engine: Any) -> None:
    refused = engine.refusal(engine.configure, allowedAccountIds=json.dumps(["111122223333"]))
    assert "not allowed" in refused.details


def test_a_connection_that_never_configured_gets_a_clear_error(engine: Any) -> None:
    engine.peer = "ipv4:127.0.0.1:99"
    assert engine.refusal(engine.check, TABLE, "t", USERS).code is grpc.StatusCode.FAILED_PRECONDITION


def test_a_resources_own_region_is_where_it_is_made(engine: Any) -> None:
    _, outputs = engine.create(VAULT, "dr", {"name": "shop", "region": "eu-west-1"})
    assert outputs["arn"].split(":")[3] == "eu-west-1"
    assert not engine.cloud.client("backup").list_backup_vaults()["BackupVaultList"]


# --- Lambda


def test_a_version_is_published_only_when_code_or_configuration_changed(engine: Any) -> None:
    id, outputs, inputs = deploy_function(engine)
    assert outputs["version"] == "1"
    assert outputs["qualifiedArn"] == f"{outputs['arn']}:1"
    outputs = engine.update(FUNCTION, "f", id, outputs, {**inputs, "tags": {"a": "b"}})
    assert outputs["version"] == "1"
    outputs = engine.update(FUNCTION, "f", id, outputs, {**inputs, "memorySize": 512})
    assert outputs["version"] == "2"
    assert outputs["qualifiedInvokeArn"].endswith(f"{outputs['arn']}:2/invocations")


def test_a_function_gets_the_object_version_it_asks_for_not_the_latest(engine: Any) -> None:
    s3 = engine.cloud.client("s3")
    id, outputs, inputs = deploy_function(engine)
    s3.put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Enabled"})
    wanted = s3.put_object(Bucket="code", Key="f.zip", Body=s3.get_object(Bucket="code", Key="f.zip")["Body"].read())
    s3.put_object(Bucket="code", Key="f.zip", Body=b"not a zip at all")
    news = {**inputs, "s3ObjectVersion": wanted["VersionId"], "sourceCodeHash": "2"}
    assert engine.update(FUNCTION, "f", id, outputs, news)["codeSha256"] == outputs["codeSha256"]


def test_a_role_that_lambda_cannot_assume_is_refused(engine: Any) -> None:
    _, role = engine.create(ROLE, "r", {"name": "r", "assumeRolePolicy": trust("backup.amazonaws.com")})
    inputs = {
        "name": "f",
        "role": role["arn"],
        "handler": "h.h",
        "runtime": "python3.13",
        "s3Bucket": "code",
        "s3Key": "k",
    }
    assert "cannot be assumed" in engine.refusal(engine.create, FUNCTION, "f", inputs).details


def test_rotation_needs_a_value_and_a_permission_first(engine: Any) -> None:
    _, function, _ = deploy_function(engine)
    id, _ = engine.create(SECRET, "s", {"name": "shop/jwt"})
    rotation = "aws:secretsmanager/secretRotation:SecretRotation"
    rules = {"rotationRules": {"automaticallyAfterDays": 30}, "rotateImmediately": False}
    inputs = {"secretId": id, "rotationLambdaArn": function["arn"], **rules}
    assert "no AWSCURRENT value" in engine.refusal(engine.create, rotation, "r", inputs).details
    engine.cloud.client("secretsmanager").put_secret_value(SecretId=id, SecretString="first")
    assert "cannot invoke" in engine.refusal(engine.create, rotation, "r", inputs).details


def test_permissions_are_where_the_gateway_looks(engine: Any) -> None:
    deploy_function(engine)
    inputs = {
        "statementId": "gateway",
        "action": "lambda:InvokeFunction",
        "function": "f",
        "principal": "apigateway.amazonaws.com",
        "sourceArn": "arn:aws:execute-api:eu-central-1:123456789012:abc/*",
    }
    permission = "aws:lambda/permission:Permission"
    id, outputs = engine.create(permission, "p", inputs)
    row = engine.cloud.registry.get("lambda:permission", "f/gateway")
    assert row["principal"] == "apigateway.amazonaws.com"
    assert row["source_arn"] == inputs["sourceArn"]
    engine.delete(permission, "p", id, outputs)
    assert engine.cloud.registry.get("lambda:permission", "f/gateway") is None


# --- API Gateway


def deployed_api(engine: Any, **inputs: Any) -> tuple[str, str]:
    api, _ = engine.create(API, "api", {"name": "shop", "body": body(), **inputs})
    deployment, _ = engine.create(DEPLOYMENT, "d", {"restApi": api})
    return api, deployment


def test_a_deployment_keeps_the_body_as_it_was(engine: Any) -> None:
    api, deployment = deployed_api(engine, apiKeySource="AUTHORIZER")
    _, outputs = engine.create(API, "other", {"name": "shop", "body": body()})
    engine.update(API, "api", api, {**outputs, "body": body()}, {"name": "shop", "body": body(operationId="new")})
    row = engine.cloud.registry.get("apigateway:deployment", f"{api}/{deployment}")
    assert "operationId" not in row["body"]["paths"]["/x"]["get"]
    assert row["api"]["apiKeySource"] == "AUTHORIZER"


def test_an_operation_without_integration_cannot_be_deployed(engine: Any) -> None:
    bare = json.dumps({"openapi": "3.0.1", "info": {"title": "t"}, "paths": {"/x": {"get": {"responses": {}}}}})
    api, _ = engine.create(API, "api", {"name": "shop", "body": bare})
    refused = engine.refusal(engine.create, DEPLOYMENT, "d", {"restApi": api})
    assert "No integration defined for method: GET /x" in refused.details


def test_access_logs_need_the_accounts_log_role_first(engine: Any) -> None:
    api, deployment = deployed_api(engine)
    log = {"destinationArn": "arn:aws:logs:eu-central-1:123456789012:log-group:api", "format": "$context.requestId"}
    stage = {"restApi": api, "deployment": deployment, "stageName": "dev", "accessLogSettings": log}
    refused = engine.refusal(engine.create, STAGE, "s", stage)
    assert "CloudWatch Logs role ARN must be set in account settings" in refused.details
    _, role = engine.create(ROLE, "logs", {"name": "logs", "assumeRolePolicy": trust("apigateway.amazonaws.com")})
    engine.create("aws:apigateway/account:Account", "account", {"cloudwatchRoleArn": role["arn"]})
    _, outputs = engine.create(STAGE, "s", stage)
    assert outputs["invokeUrl"] == f"http://127.0.0.1:9/{api}/dev"


def test_a_deployment_that_a_stage_serves_is_not_deleted(engine: Any) -> None:
    api, deployment = deployed_api(engine)
    engine.create(STAGE, "s", {"restApi": api, "deployment": deployment, "stageName": "dev"})
    refused = engine.refusal(engine.delete, DEPLOYMENT, "d", deployment, {"restApi": api})
    assert "Active stages pointing to this deployment" in refused.details


def test_the_stages_document_joins_what_several_resources_say(engine: Any) -> None:
    api, deployment = deployed_api(engine)
    engine.create(STAGE, "s", {"restApi": api, "deployment": deployment, "stageName": "dev", "variables": {"a": "b"}})
    settings = {"throttlingRateLimit": 5, "throttlingBurstLimit": 10}
    inputs = {"restApi": api, "stageName": "dev", "methodPath": "*/*", "settings": settings}
    engine.create("aws:apigateway/methodSettings:MethodSettings", "m", inputs)
    row = engine.cloud.registry.get("apigateway:stage", f"{api}/dev")
    assert row["variables"] == {"a": "b"}
    assert row["method_settings"] == [{"methodPath": "*/*", "settings": settings}]


def test_a_usage_plan_knows_its_keys_by_value(engine: Any) -> None:
    api, deployment = deployed_api(engine)
    engine.create(STAGE, "s", {"restApi": api, "deployment": deployment, "stageName": "dev"})
    plan, _ = engine.create(
        "aws:apigateway/usagePlan:UsagePlan", "u", {"name": "shop", "apiStages": [{"apiId": api, "stage": "dev"}]}
    )
    key, outputs = engine.create("aws:apigateway/apiKey:ApiKey", "k", {"name": "shop"})
    inputs = {"keyId": key, "keyType": "API_KEY", "usagePlanId": plan}
    engine.create("aws:apigateway/usagePlanKey:UsagePlanKey", "uk", inputs)
    row = engine.cloud.registry.get("apigateway:usageplan", plan)
    assert row["keys"] == [{"id": key, "value": outputs["value"]["value"]}]
    assert row["stages"] == [{"apiId": api, "stage": "dev"}]


# --- what is held


def test_every_resource_has_one_row_with_its_label(engine: Any) -> None:
    id, outputs = engine.create(VAULT, "v", {"name": "shop"})
    rows = engine.cloud.registry.all("resource")
    assert list(rows.values()) == [{"type": VAULT, "label": "executed", "id": "shop"}]
    engine.delete(VAULT, "v", id, outputs)
    assert not engine.cloud.registry.all("resource")
