import json
import subprocess
import sys
from typing import Any

import grpc
import pytest

from localcloud.provider.catalogue import CATALOGUE
from localcloud.provider.labels import LABELS
from localcloud.provider.wire import UNKNOWN, secret

TABLE, FUNCTION, BUCKET = "aws:dynamodb/table:Table", "aws:lambda/function:Function", "aws:s3/bucket:Bucket"
KEYED = {"hashKey": "pk", "attributes": [{"name": "pk", "type": "S"}], "billingMode": "PAY_PER_REQUEST"}


def test_an_unknown_resource_type_is_an_error_that_names_type_and_urn(engine: Any) -> None:
    refused = engine.refusal(engine.check, "aws:ec2/instance:Instance", "vm", {})
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "aws:ec2/instance:Instance" in refused.details
    assert "urn:pulumi:dev::shop::aws:ec2/instance:Instance::vm" in refused.details


def test_names_and_types_are_checked_against_the_real_sdk_at_every_depth(engine: Any) -> None:
    _, failures = engine.check(
        TABLE,
        "t",
        {
            **KEYED,
            "readUnits": 1,
            "ttl": [],
            "globalSecondaryIndexes": [{"name": "g", "projectionType": "ALL", "keySchemas": [{"attributeName": "x"}]}],
        },
    )
    assert set(failures) == {"readUnits", "ttl", "globalSecondaryIndexes[0].keySchemas[0].keyType"}


def test_a_missing_required_property_is_reported(engine: Any) -> None:
    assert "role" in engine.check(FUNCTION, "f", {})[1]


def test_an_automatic_name_is_the_same_in_preview_and_update_and_stays(engine: Any) -> None:
    first, _ = engine.check(TABLE, "orders", KEYED, seed=b"one")
    again, _ = engine.check(TABLE, "orders", KEYED, seed=b"one")
    later, _ = engine.check(TABLE, "orders", KEYED, olds=first, seed=b"two")
    assert first["name"].startswith("orders-")
    assert first["name"] == again["name"] == later["name"]


def test_a_replacement_gets_another_automatic_name(engine: Any) -> None:
    first, _ = engine.check(TABLE, "orders", KEYED, seed=b"one")
    assert engine.check(TABLE, "orders", KEYED, seed=b"two")[0]["name"] != first["name"]


def test_the_providers_region_is_filled_in_and_a_resources_own_wins(engine: Any) -> None:
    assert engine.check(TABLE, "t", KEYED)[0]["region"] == "eu-central-1"
    assert engine.check(TABLE, "t", {**KEYED, "region": "eu-west-1"})[0]["region"] == "eu-west-1"
    assert "region" not in engine.check("aws:iam/role:Role", "r", {"assumeRolePolicy": POLICY})[0]


def test_secret_inputs_are_still_secret_after_check(engine: Any) -> None:
    inputs, failures = engine.check(
        "aws:ssm/parameter:Parameter", "p", {"name": "/a", "type": "SecureString", "value": secret("hush")}
    )
    assert not failures
    assert inputs["value"] == secret("hush")


def test_what_is_unknown_is_not_judged_yet(engine: Any) -> None:
    inputs, failures = engine.check(
        TABLE, "t", {"name": UNKNOWN, "hashKey": UNKNOWN, "attributes": UNKNOWN, "billingMode": UNKNOWN}
    )
    assert not failures
    assert inputs["name"] == UNKNOWN


def test_a_policy_given_as_an_object_becomes_json(engine: Any) -> None:
    inputs, failures = engine.check("aws:iam/role:Role", "r", {"assumeRolePolicy": json.loads(POLICY)})
    assert not failures
    assert json.loads(inputs["assumeRolePolicy"]) == json.loads(POLICY)


POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
ALARM = {
    "name": "a",
    "metricName": "Errors",
    "namespace": "AWS/Lambda",
    "statistic": "Sum",
    "period": 60,
    "evaluationPeriods": 5,
    "threshold": 1,
    "comparisonOperator": "GreaterThanThreshold",
}
BUDGET = {"budgetType": "COST", "timeUnit": "DAILY", "limitAmount": "50", "limitUnit": "USD"}
NOTIFICATION = {
    "comparisonOperator": "GREATER_THAN",
    "threshold": 80,
    "thresholdType": "PERCENTAGE",
    "notificationType": "ACTUAL",
    "subscriberEmailAddresses": ["a@example.com"],
}
OPENAPI_31 = json.dumps({"openapi": "3.1.0", "info": {"title": "t"}, "paths": {}})
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (TABLE, {**KEYED, "name": "x"}, "name"),
    (TABLE, {**KEYED, "name": "has space"}, "name"),
    (TABLE, {"hashKey": "pk", "attributes": [{"name": "other", "type": "S"}]}, "attributes"),
    (TABLE, {**KEYED, "streamEnabled": True}, "streamViewType"),
    (BUCKET, {"bucket": "Upper.Case"}, "bucket"),
    (BUCKET, {"bucket": "x" * 64}, "bucket"),
    ("aws:kms/key:Key", {"deletionWindowInDays": 3}, "deletionWindowInDays"),
    ("aws:kms/alias:Alias", {"name": "nope", "targetKeyId": "k"}, "name"),
    ("aws:secretsmanager/secret:Secret", {"name": "s", "recoveryWindowInDays": 3}, "recoveryWindowInDays"),
    ("aws:ssm/parameter:Parameter", {"name": "/a", "type": "String", "value": "x" * 4097}, "value"),
    ("aws:ssm/parameter:Parameter", {"name": "/aws/a", "type": "String", "value": "x"}, "name"),
    ("aws:iam/role:Role", {"assumeRolePolicy": "{}"}, "assumeRolePolicy"),
    ("aws:iam/role:Role", {"name": "x" * 65, "assumeRolePolicy": POLICY}, "name"),
    (FUNCTION, {"role": "r", "environment": {"variables": {"A": "x" * 4096}}}, "environment.variables"),
    (FUNCTION, {"role": "r", "environment": {"variables": {"AWS_REGION": "x"}}}, "environment.variables.AWS_REGION"),
    (FUNCTION, {"role": "r", "timeout": 901}, "timeout"),
    ("aws:cloudwatch/logGroup:LogGroup", {"name": "g", "retentionInDays": 8}, "retentionInDays"),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", {**ALARM, "extendedStatistic": "p99"}, "extendedStatistic"),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", {**ALARM, "period": 45}, "period"),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", {**ALARM, "datapointsToAlarm": 6}, "datapointsToAlarm"),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", {**ALARM, "evaluationPeriods": 1441}, "evaluationPeriods"),
    ("aws:cloudwatch/dashboard:Dashboard", {"dashboardName": "d", "dashboardBody": "[]"}, "dashboardBody"),
    ("aws:apigateway/restApi:RestApi", {"name": "a", "body": OPENAPI_31}, "body"),
    ("aws:budgets/budget:Budget", {**BUDGET, "limitAmount": "0"}, "limitAmount"),
    (
        "aws:budgets/budget:Budget",
        {**BUDGET, "notifications": [{**NOTIFICATION, "notificationType": "FORECASTED"}]},
        "notifications[0].notificationType",
    ),
    (
        "aws:backup/plan:Plan",
        {"rules": [{"ruleName": "r", "targetVaultName": "vault", "schedule": "every day"}]},
        "rules[0].schedule",
    ),
    (
        "aws:backup/plan:Plan",
        {
            "rules": [
                {"ruleName": "r", "targetVaultName": "vault", "lifecycle": {"coldStorageAfter": 30, "deleteAfter": 60}}
            ]
        },
        "rules[0].lifecycle",
    ),
    ("aws:sqs/queue:Queue", {"name": "q", "visibilityTimeoutSeconds": 43201}, "visibilityTimeoutSeconds"),
    ("aws:sns/topic:Topic", {"name": "t.fifo"}, "name"),
]


@pytest.mark.parametrize(("type_token", "inputs", "path"), REFUSED)
def test_what_aws_would_refuse_is_refused_with_its_path(
    engine: Any, type_token: str, inputs: dict[str, Any], path: str
) -> None:
    assert path in engine.check(type_token, "x", inputs)[1]


@pytest.mark.parametrize("type_token", sorted(CATALOGUE))
def test_every_type_declares_only_properties_that_the_real_provider_has(type_token: str) -> None:
    kind = CATALOGUE[type_token]
    declared = {*kind.defaults, *kind.forces({}), *kind.unordered, *kind.local_only}
    if kind.naming:
        declared.add(kind.naming.property)
    assert declared <= set(kind.schema.inputs)
    assert kind.secret_outputs <= kind.schema.outputs
    assert LABELS[type_token] in {"executed", "enforced", "stored"}


def test_what_is_given_and_not_known_yet_is_not_missing(engine: Any) -> None:
    """The first preview of an empty stack: `make preview` before `make up`."""
    selection = "aws:backup/selection:Selection"
    inputs = {"name": "tables", "planId": UNKNOWN, "iamRoleArn": UNKNOWN, "resources": [UNKNOWN, UNKNOWN]}
    assert engine.check(selection, "s", inputs)[1] == {}
    del inputs["resources"]
    assert engine.check(selection, "s", inputs)[1].keys() == {"resources"}


def test_the_first_calls_of_all_types_may_come_at_once() -> None:
    """After a restart, a refresh reads every resource in parallel before any other call has loaded the SDK."""
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from localcloud.provider.catalogue import CATALOGUE\n"
        "from localcloud.provider.schema import schema\n"
        "with ThreadPoolExecutor(32) as pool:\n"
        "    list(pool.map(schema, CATALOGUE))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
