"""The models' constraints, in AWS's words."""

import time
from typing import Any

import pytest

from localcloud.limits import constraints

from .conftest import Judge

FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:f"
LAMBDA_ALIAS = {"FunctionName": "f", "FunctionVersion": "1"}


@pytest.mark.parametrize(
    ("service", "method", "parameters", "code", "message"),
    [
        (
            "dynamodb", "get_item", {"TableName": "", "Key": {"pk": {"S": "a"}}}, "ValidationException",
            "Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            "dynamodb", "get_item", {"TableName": "t"}, "ValidationException",
            "Value null at 'key' failed to satisfy constraint: Member must not be null",
        ),
        (
            "dynamodb", "query", {"TableName": "t", "Limit": 0}, "ValidationException",
            "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            "dynamodb", "put_item", {"TableName": "t", "Item": {}, "ReturnValues": "SOME"}, "ValidationException",
            "Member must satisfy enum value set: [NONE, ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATED_NEW]",
        ),
        (
            "dynamodb", "batch_write_item", {"RequestItems": {"t": [{}] * 26}}, "ValidationException",
            ("at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have"
            " length less than or equal to 25, Member must have length greater than or equal to 1]"),
        ),
        (
            "dynamodb", "transact_write_items", {"TransactItems": [{}] * 101}, "ValidationException",
            "at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100",
        ),
        (
            "dynamodb", "create_table",
            {"TableName": "t", "KeySchema": [{"AttributeName": "", "KeyType": "HASH"}], "AttributeDefinitions": []},
            "ValidationException", "Value '' at 'keySchema.1.member.attributeName' failed to satisfy constraint",
        ),
        (
            "ssm", "get_parameters", {"Names": [f"/{n}" for n in range(11)]}, "ValidationException",
            "at 'names' failed to satisfy constraint: Member must have length less than or equal to 10",
        ),
        (
            "ssm", "get_parameters", {"Names": [""]}, "ValidationException",
            "Value '[]' at 'names' failed to satisfy constraint: Member must satisfy constraint: [Member must have",
        ),
        (
            "iam", "create_role", {"RoleName": "a b", "AssumeRolePolicyDocument": "{}"}, "ValidationError",
            "Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern:",
        ),
        (
            "lambda", "create_alias", {**LAMBDA_ALIAS, "Name": "1"}, "ValidationException",
            "Value '1' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern:",
        ),
        (
            "events", "put_events", {"Entries": [{"Source": "s"}] * 11}, "ValidationException",
            "at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10",
        ),
        (
            "logs", "put_log_events",
            {"logGroupName": "g", "logStreamName": "a:b", "logEvents": [{"timestamp": 1, "message": "x"}]},
            "InvalidParameterException", "Value 'a:b' at 'logStreamName' failed to satisfy constraint",
        ),
        (
            "scheduler", "create_schedule",
            {"Name": "a b", "ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {"Mode": "OFF"},
             "Target": {"Arn": FUNCTION, "RoleArn": "arn:aws:iam::123456789012:role/r"}},
            "ValidationException", "Value 'a b' at 'name' failed to satisfy constraint",
        ),
    ],
)  # fmt: skip
def test_a_broken_constraint_is_refused_in_the_services_words(
    judge: Judge, service: str, method: str, parameters: dict[str, Any], code: str, message: str
) -> None:
    refused = judge(service, method, **parameters)
    assert refused is not None
    assert (refused.status, refused.code, refused.rule) == (400, code, f"{service}.model")
    assert refused.message.startswith("1 validation error detected: Value")
    assert message in refused.message


@pytest.mark.parametrize(
    ("service", "method", "parameters"),
    [
        ("dynamodb", "get_item", {"TableName": "t", "Key": {"pk": {"S": "a"}}}),
        ("dynamodb", "query", {"TableName": "t", "Limit": 1, "KeyConditionExpression": "a = :a"}),
        ("dynamodb", "batch_write_item", {"RequestItems": {"t": [{"DeleteRequest": {"Key": {"a": {"S": "b"}}}}] * 25}}),
        ("ssm", "get_parameters", {"Names": [f"/{n}" for n in range(10)]}),
        (
            "iam",
            "create_role",
            {"RoleName": "a-b", "AssumeRolePolicyDocument": "{}", "Tags": [{"Key": "ö", "Value": ""}]},
        ),
        ("lambda", "create_alias", {**LAMBDA_ALIAS, "Name": "live", "FunctionName": FUNCTION}),
        ("kms", "encrypt", {"KeyId": "alias/x", "Plaintext": b"x" * 4096}),
        ("sts", "get_caller_identity", {}),
    ],
)
def test_what_the_model_allows_is_let_through(
    judge: Judge, service: str, method: str, parameters: dict[str, Any]
) -> None:
    assert judge(service, method, **parameters) is None


def test_everything_that_is_wrong_is_said_at_once(judge: Judge) -> None:
    refused = judge("dynamodb", "get_item", TableName="")
    assert refused is not None
    assert refused.message.startswith("2 validation errors detected: ")
    assert refused.message.count("failed to satisfy constraint") == 2


def test_a_secret_value_is_never_shown(judge: Judge) -> None:
    refused = judge("secretsmanager", "put_secret_value", SecretId="s", SecretString="hush" * 20000)
    assert refused is not None
    assert refused.message.startswith("1 validation error detected: Value at 'secretString' failed")
    assert "hush" not in refused.message
    plaintext = judge("kms", "encrypt", KeyId="alias/x", Plaintext=b"hush" * 1025)
    assert plaintext is not None
    assert "hush" not in plaintext.message


def test_a_long_value_is_cut_in_the_message(judge: Judge) -> None:
    refused = judge("dynamodb", "get_item", TableName="t" * 5000, Key={})
    assert refused is not None
    assert len(refused.message) < 1500


def test_a_document_that_contains_itself_is_walked_to_its_end() -> None:
    value: dict[str, Any] = {"S": "x"}
    for _ in range(60):
        value = {"M": {"a" * 65535: value}}
    item = {"pk": value}
    assert constraints.refuse("dynamodb", "PutItem", {"TableName": "t", "Item": item}) is None
    deep = {"pk": {"M": {"x": {"M": {"a" * 65536: {"S": "x"}}}}}}
    refused = constraints.refuse("dynamodb", "PutItem", {"TableName": "t", "Item": deep})
    assert refused is not None
    assert "Map keys must satisfy constraint" in refused.message


def test_a_service_with_words_of_its_own_is_left_to_its_own_rules() -> None:
    assert constraints.refuse("s3", "PutObject", {"Bucket": "", "Key": ""}) is None


def test_every_pattern_of_the_models_is_readable() -> None:
    assert constraints.NOT_COVERED == ()


def test_a_call_costs_microseconds() -> None:
    parameters = {"TableName": "t", "Item": {f"a{n}": {"S": "x"} for n in range(20)}, "ReturnValues": "NONE"}
    constraints.refuse("dynamodb", "PutItem", parameters)
    start = time.process_time()
    for _ in range(200):
        constraints.refuse("dynamodb", "PutItem", parameters)
    assert (time.process_time() - start) / 200 < 0.002
