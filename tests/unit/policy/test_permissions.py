"""Wildcards, principals and conditions, case by case."""

import json
from typing import Any

import pytest

from policy import types
from policy.action_table import FILE, table, takes_no_resource
from policy.evaluation import findings
from policy.model import PROD, Resource, Violation
from policy.rules import RULES
from policy.rules.permissions import broad_arn

BY_NAME = {rule.name: rule for rule in RULES}
OWN = "111122223333"
TABLE = f"arn:aws:dynamodb:eu-central-1:{OWN}:table/omnix-ai-prod-orders"


def carrier(type_: str, *statements: dict[str, Any]) -> Resource:
    key = "assumeRolePolicy" if type_ == types.ROLE else "policy"
    return PROD(type_, **{key: json.dumps({"Version": "2012-10-17", "Statement": list(statements)})})


def refused(rule: str, resource: Resource) -> bool:
    return any(isinstance(finding, Violation) for finding in findings(BY_NAME[rule], resource))


@pytest.mark.parametrize(
    "pattern",
    [
        "arn:aws:dynamodb:eu-central-1:111122223333:table/*",
        "arn:aws:dynamodb:eu-central-1:111122223333:*",
        "arn:aws:dynamodb:*:111122223333:table/omnix-ai-prod-orders",
        "arn:aws:dynamodb:eu-central-1:*:table/omnix-ai-prod-orders",
        "arn:aws:s3:::*",
        "arn:aws:s3:::omnix-ai-*",
        "arn:aws:lambda:eu-central-1:111122223333:function:omnix-ai-*",
        "arn:aws:lambda:eu-central-1:111122223333:function:omnix-ai-production*",
        "arn:aws:ssm:eu-central-1:111122223333:parameter/*",
        "arn:aws:ssm:eu-central-1:111122223333:parameter/omnix-ai/*",
        "arn:aws:secretsmanager:eu-central-1:111122223333:secret:?",
        "arn:*:s3:::omnix-ai-prod-files",
        "table/omnix-ai-prod-orders",
    ],
)
def test_an_arn_that_names_nothing_before_its_wildcard_is_broad(pattern: str) -> None:
    assert broad_arn(pattern, "prod")


@pytest.mark.parametrize(
    "pattern",
    [
        TABLE,
        f"{TABLE}/index/*",
        f"{TABLE}/stream/*",
        "arn:aws:s3:::omnix-ai-prod-files-111122223333-eu-central-1/*",
        "arn:aws:ssm:eu-central-1:111122223333:parameter/omnix-ai/prod/*",
        "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/omnix-ai-prod-api:*",
        "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3/prod/*/@connections/*",
        "arn:aws:lambda:eu-central-1:111122223333:function:omnix-ai-prod-*",
        "arn:aws:bedrock:*::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
        "arn:aws:scheduler:eu-central-1:111122223333:schedule/omnix-ai-prod-reminders/*",
    ],
)
def test_an_arn_that_keeps_to_something_named_is_not_broad(pattern: str) -> None:
    assert broad_arn(pattern, "prod") is None


_MAPPINGS = f"arn:aws:lambda:eu-central-1:{OWN}:event-source-mapping:*"
_PLANS = "arn:aws:apigateway:eu-central-1::/usageplans/*"
_EXECUTION_LOGS = f"arn:aws:logs:eu-central-1:{OWN}:log-group:API-Gateway-Execution-Logs_*/prod"
_TAGGED = {"Condition": {"StringEquals": {"aws:ResourceTag/Environment": ["prod"]}}}


@pytest.mark.parametrize(
    ("action", "pattern", "more", "broad"),
    [
        ("lambda:GetEventSourceMapping", _MAPPINGS, {}, False),
        ("lambda:DeleteEventSourceMapping", _MAPPINGS, {}, True),
        ("lambda:GetEventSourceMapping", f"arn:aws:lambda:*:{OWN}:event-source-mapping:*", {}, True),
        ("lambda:GetEventSourceMapping", "arn:aws:lambda:eu-central-1:????????????:event-source-mapping:*", {}, True),
        ("lambda:GetFunction", f"arn:aws:lambda:eu-central-1:{OWN}:function:*", {}, True),
        ("apigateway:GET", _PLANS, _TAGGED, False),
        ("apigateway:GET", _PLANS, {}, True),
        ("apigateway:PATCH", _PLANS, _TAGGED, True),
        ("apigateway:GET", "arn:aws:apigateway:eu-central-1::/*", _TAGGED, True),
        ("logs:ListTagsForResource", _EXECUTION_LOGS, {}, False),
        ("logs:GetLogEvents", _EXECUTION_LOGS, {}, True),
        ("backup:DescribeFramework", f"arn:aws:backup:eu-central-1:{OWN}:framework:omnix_ai_prod_*", {}, False),
        ("backup:DescribeFramework", f"arn:aws:backup:eu-central-1:{OWN}:framework:omnix_ai_production*", {}, True),
        ("dynamodb:GetItem", "a-table's-name", {}, True),
        ("dynamodb:GetItem", "arn:aws:dynamodb:*", {}, True),
    ],
)
def test_definitions_of_what_aws_gives_an_id_may_be_read_and_nothing_else(
    action: str, pattern: str, more: dict[str, Any], *, broad: bool
) -> None:
    grant = {"Effect": "Allow", "Action": action, "Resource": pattern, **more}
    assert refused("no-wildcard-resource", carrier(types.ROLE_POLICY, grant)) is broad


def test_the_table_of_actions_without_resource_is_aws_own() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == table()


def test_actions_without_resource_are_known_in_any_case() -> None:
    assert takes_no_resource("secretsmanager:GetRandomPassword")
    assert takes_no_resource("XRAY:putTraceSegments")
    assert not takes_no_resource("dynamodb:GetItem")
    assert not takes_no_resource("nosuchservice:DoAnything")


def test_a_star_is_refused_when_one_of_its_actions_takes_a_resource() -> None:
    mixed = {"Effect": "Allow", "Action": ["xray:PutTraceSegments", "dynamodb:GetItem"], "Resource": "*"}
    assert refused("no-wildcard-resource", carrier(types.ROLE_POLICY, mixed))


def key_policy(**changes: Any) -> Resource:
    root = {"AWS": f"arn:aws:iam::{OWN}:root"}
    return carrier(types.KEY, {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*", **changes})


def test_a_key_policy_may_delegate_to_its_own_account_and_to_no_other() -> None:
    assert not refused("no-wildcard-action", key_policy())
    assert not refused("no-wildcard-resource", key_policy())
    assert refused("no-wildcard-action", key_policy(Principal={"AWS": "arn:aws:iam::999988887777:root"}))
    assert refused("principal-known", key_policy(Principal={"AWS": "arn:aws:iam::999988887777:root"}))
    assert refused("no-wildcard-action", key_policy(Action="*"))


def test_a_deny_may_be_as_wide_as_it_likes() -> None:
    deny = {"Effect": "Deny", "Principal": "*", "NotAction": "s3:GetObject", "Resource": "*"}
    for rule in ("no-wildcard-action", "no-wildcard-resource", "no-inverted-allow", "principal-known"):
        assert not refused(rule, carrier(types.BUCKET_POLICY, deny))


@pytest.mark.parametrize(
    ("condition", "open_to_others"),
    [
        ({}, True),
        ({"StringEquals": {"aws:SourceAccount": OWN}}, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": OWN}}, True),
        ({"ForAllValues:StringEquals": {"aws:SourceAccount": OWN}}, True),
        ({"StringNotEquals": {"aws:SourceAccount": OWN}}, True),
        ({"StringEquals": {"aws:SourceAccount": [OWN, "999988887777"]}}, True),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:eu-central-1:{OWN}:alarm:*"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-central-1:*:alarm:*"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
    ],
)
def test_only_a_condition_that_names_our_account_confines_a_service(
    condition: dict[str, Any], open_to_others: bool
) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": "arn:aws:sns:eu-central-1:111122223333:omnix-ai-prod-alarms",
        "Condition": condition,
    }
    assert refused("service-principal-confined", carrier(types.TOPIC, statement)) is open_to_others


def test_everyone_is_let_in_only_where_a_condition_names_our_roles() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    assert refused("principal-known", carrier(types.BUCKET_POLICY, statement))
    confined = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/omnix-ai-prod-*"}}
    assert not refused("principal-known", carrier(types.BUCKET_POLICY, {**statement, "Condition": confined}))


def test_a_scheduler_role_names_whose_schedules_it_serves() -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    assert refused("service-principal-confined", carrier(types.ROLE, trust))
    confined = {"StringEquals": {"aws:SourceAccount": OWN}}
    assert not refused("service-principal-confined", carrier(types.ROLE, {**trust, "Condition": confined}))


@pytest.mark.parametrize(
    "document",
    [
        "not json",
        "[]",
        '{"Version": "2008-10-17", "Statement": []}',
        '{"Version": "2012-10-17", "Statement": []}',
        '{"Version": "2012-10-17", "Statement": [{"Effect": "allow", "Action": "s3:GetObject", "Resource": "*"}]}',
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*"}]}',
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject"}]}',
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condtion": {}}]}',
        '{"Version": "2012-10-17", "Statement": ["Allow"]}',
    ],
)
def test_a_policy_that_nobody_can_read_is_refused_and_says_where(document: str) -> None:
    resource = PROD(types.ROLE_POLICY, policy=document)
    (finding,) = findings(BY_NAME["policy-readable"], resource)
    assert isinstance(finding, Violation)
    assert finding.message.startswith("policy")


@pytest.mark.parametrize(
    ("subject", "is_refused"),
    [
        ("repo:owner/platform:ref:refs/heads/main", False),
        ("repo:owner/platform:*", False),
        ("repo:owner/*", True),
        ("repo:owner/platfor?:ref:refs/heads/main", True),
        ("*", True),
    ],
)
def test_a_workflow_token_names_its_repository(subject: str, is_refused: bool) -> None:
    issuer = "token.actions.githubusercontent.com"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{OWN}:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
            "StringLike": {f"{issuer}:sub": subject},
        },
    }
    assert refused("federated-trust-confined", carrier(types.ROLE, statement)) is is_refused
