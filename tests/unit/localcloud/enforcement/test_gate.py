"""Whose call it is, and whether policies let it."""

import datetime
import json
from typing import Any

import pytest
from moto.core.utils import get_service_model

from localcloud.enforcement.services import MAPPED
from localcloud.enforcement.usage import Usage
from tests.unit.localcloud.enforcement.conftest import ACCOUNT, LAMBDA, REGION, World, allow, document

TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"
ITEM: dict[str, Any] = {"TableName": "t", "Key": {"pk": {"S": "TENANT#1"}}}


def test_a_role_may_what_its_policies_grant_and_nothing_else(world: World) -> None:
    key = world.key_of(world.role(allow("dynamodb:GetItem", TABLE)))
    assert world.allowed(key, "dynamodb:GetItem", **ITEM)
    refusal = world.call(key, "dynamodb:DeleteItem", **ITEM)
    assert refusal is not None
    assert (refusal.status, refusal.code) == (400, "AccessDeniedException")
    assert refusal.message == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/role-0/function is not authorized to perform: dynamodb:DeleteItem "
        f"on resource: {TABLE} because no identity-based policy allows the dynamodb:DeleteItem action"
    )


def test_an_explicit_deny_wins_over_every_allow(world: World) -> None:
    deny = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": TABLE}
    key = world.key_of(world.role(allow("*"), deny))
    refusal = world.call(key, "dynamodb:GetItem", **ITEM)
    assert refusal is not None
    assert "with an explicit deny" in refusal.message


def test_a_boundary_limits_what_the_policies_grant(world: World) -> None:
    boundary = world.client("iam").create_policy(PolicyName="b", PolicyDocument=document(allow("s3:*")))["Policy"][
        "Arn"
    ]
    key = world.key_of(world.role(allow("*"), PermissionsBoundary=boundary))
    assert world.allowed(key, "s3:ListObjectsV2", Bucket="bkt")
    assert not world.allowed(key, "dynamodb:GetItem", **ITEM)


def test_a_sessions_own_policy_limits_the_role(world: World) -> None:
    key = world.key_of(world.role(allow("*")), Policy=document(allow("dynamodb:GetItem")))
    assert world.allowed(key, "dynamodb:GetItem", **ITEM)
    assert not world.allowed(key, "dynamodb:DeleteItem", **ITEM)


def test_an_attached_managed_policy_counts(world: World) -> None:
    role = world.role()
    iam = world.client("iam")
    iam.create_policy(PolicyName="own", PolicyDocument=document(allow("logs:PutLogEvents")))
    iam.attach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/own")
    world.gate.written("iam")
    key = world.key_of(role)
    assert world.allowed(key, "logs:PutLogEvents", logGroupName="g", logStreamName="s")
    assert not world.allowed(key, "logs:CreateLogStream", logGroupName="g", logStreamName="s")


def test_a_policy_that_is_written_or_taken_away_holds_from_the_next_call(world: World) -> None:
    role = world.role(allow("dynamodb:GetItem", TABLE))
    key = world.key_of(role)
    assert world.allowed(key, "dynamodb:GetItem", **ITEM)
    world.client("iam").delete_role_policy(RoleName=role.rpartition("/")[2], PolicyName="given")
    world.gate.written("iam")
    assert not world.allowed(key, "dynamodb:GetItem", **ITEM)


def test_the_operator_may_everything_but_what_a_resource_denies(world: World) -> None:
    world.client("s3").create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": REGION})
    assert world.allowed("test", "s3:GetObject", Bucket="bkt", Key="k")
    assert world.allowed("test", "backup:CreateBackupPlan")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bkt/*"}
    world.client("s3").put_bucket_policy(Bucket="bkt", Policy=document(deny))
    refusal = world.call("test", "s3:GetObject", Bucket="bkt", Key="k")
    assert refusal is not None
    assert (refusal.status, refusal.code) == (403, "AccessDenied")
    assert "explicit deny in a resource-based policy" in refusal.message


@pytest.mark.parametrize(
    ("subject", "status", "code"),
    [
        ("dynamodb:GetItem", 400, "UnrecognizedClientException"),
        ("lambda:GetFunction", 403, "UnrecognizedClientException"),
        ("sts:GetCallerIdentity", 403, "InvalidClientTokenId"),
        ("s3:ListBuckets", 403, "InvalidAccessKeyId"),
    ],
)
def test_a_key_that_nobody_holds_gets_awss_error(world: World, subject: str, status: int, code: str) -> None:
    refusal = world.call("ASIAIOSFODNN7EXAMPLE", subject)
    assert refusal is not None
    assert (refusal.status, refusal.code) == (status, code)


def test_a_session_that_is_over_opens_nothing(world: World) -> None:
    key = world.key_of(world.role(allow("*")))
    sessions = world.gate.account.backend("sts", "aws")
    sessions.get_assumed_role_from_access_key(key).expiration = datetime.datetime(2020, 1, 1)  # noqa: DTZ001 - moto's are naive
    refusal = world.call(key, "dynamodb:GetItem", **ITEM)
    assert refusal is not None
    assert refusal.code == "ExpiredTokenException"


def test_a_call_without_a_signature_is_nobodys(world: World) -> None:
    refusal = world.call(None, "dynamodb:GetItem", **ITEM)
    assert refusal is not None
    assert refusal.status == 403


@pytest.mark.parametrize("service", sorted(MAPPED))
def test_an_operation_that_is_not_mapped_is_refused_by_name_even_to_an_administrators_role(
    world: World, service: str
) -> None:
    key = world.key_of(world.role(allow("*")))
    unmapped = set(get_service_model(service).operation_names) - set(MAPPED[service])
    for operation in unmapped:
        refusal = world.call(key, f"{service}:{operation}", Name="thing")
        assert refusal is not None, operation
        assert refusal.rule == "iam.call.unmapped"
        for word in (service, operation, "Name=thing", "role-0"):
            assert word in refusal.message


def test_a_service_that_is_not_mapped_is_refused_to_a_role(world: World) -> None:
    key = world.key_of(world.role(allow("*")))
    refusal = world.call(key, "ecs:RunTask", taskDefinition="web")
    assert refusal is not None
    assert "ecs:RunTask (taskDefinition=web)" in refusal.message


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"', "not JSON"),
        (json.dumps({"Version": "2012-10-17", "Statement": [{**allow("*"), "Conditions": {}}]}), "Conditions"),
        (document({**allow("*"), "Condition": {"StringIs": {"aws:userid": "x"}}}), "StringIs"),
    ],
)
def test_a_policy_that_cannot_be_read_is_never_an_allow_and_is_named(world: World, text: str, what: str) -> None:
    role = world.role(allow("dynamodb:*"))
    key = world.key_of(role)
    stored = world.gate.account.role(role)
    stored.policies["broken"] = text
    world.gate.written("iam")
    refusal = world.call(key, "dynamodb:GetItem", **ITEM)
    assert refusal is not None
    for word in ("role role-0", "policy broken", what, "dynamodb:GetItem"):
        assert word in refusal.message


def test_a_resource_policy_that_cannot_be_read_does_not_lock_the_operator_out(world: World) -> None:
    world.client("s3").create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": REGION})
    world.gate.account.bucket("bkt").policy = b"{}"
    assert world.allowed("test", "s3:PutBucketPolicy", Bucket="bkt")
    assert not world.allowed(world.key_of(world.role(allow("*"))), "s3:GetObject", Bucket="bkt", Key="k")


def test_a_role_is_assumed_by_whom_its_trust_policy_names(world: World) -> None:
    first = world.role(allow("sts:AssumeRole"))
    other = world.role(allow("sts:AssumeRole"))
    by_role = world.role(trust={"AWS": first})
    by_account = world.role(trust={"AWS": ACCOUNT})
    nobody = world.role(trust=LAMBDA)
    key, stranger = world.key_of(first), world.key_of(other)
    assert world.allowed(key, "sts:AssumeRole", RoleArn=by_role, RoleSessionName="s")
    assert not world.allowed(stranger, "sts:AssumeRole", RoleArn=by_role, RoleSessionName="s")
    assert world.allowed(stranger, "sts:AssumeRole", RoleArn=by_account, RoleSessionName="s")
    assert not world.allowed(key, "sts:AssumeRole", RoleArn=nobody, RoleSessionName="s")
    assert not world.allowed(world.key_of(world.role()), "sts:AssumeRole", RoleArn=by_account, RoleSessionName="s")


def test_passing_a_role_on_needs_leave_for_role_and_service(world: World) -> None:
    passed = f"arn:aws:iam::{ACCOUNT}:role/target"
    condition = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    create = allow("scheduler:CreateSchedule")
    schedule = {"Name": "s", "Target": {"Arn": "arn:aws:lambda:r:1:function:f", "RoleArn": passed}}
    without = world.key_of(world.role(create))
    elsewhere = world.key_of(
        world.role(create, allow("iam:PassRole", passed, Condition={"StringEquals": {"iam:PassedToService": "x"}}))
    )
    granted = world.key_of(world.role(create, allow("iam:PassRole", passed, Condition=condition)))
    assert not world.allowed(without, "scheduler:CreateSchedule", **schedule)
    assert not world.allowed(elsewhere, "scheduler:CreateSchedule", **schedule)
    assert world.allowed(granted, "scheduler:CreateSchedule", **schedule)


def test_tags_of_request_resource_and_caller_count(world: World) -> None:
    queue = world.client("sqs").create_queue(QueueName="q", tags={"team": "retail"})["QueueUrl"]
    owned = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    statement = allow("sqs:SendMessage", Condition=owned)
    same = world.key_of(world.role(statement, Tags=[{"Key": "team", "Value": "retail"}]))
    other = world.key_of(world.role(statement, Tags=[{"Key": "team", "Value": "sales"}]))
    assert world.allowed(same, "sqs:SendMessage", QueueUrl=queue, MessageBody="m")
    assert not world.allowed(other, "sqs:SendMessage", QueueUrl=queue, MessageBody="m")
    tagged = world.key_of(world.role(allow("sqs:TagQueue", Condition={"StringEquals": {"aws:RequestTag/env": "dev"}})))
    assert world.allowed(tagged, "sqs:TagQueue", QueueUrl=queue, Tags={"env": "dev"})
    assert not world.allowed(tagged, "sqs:TagQueue", QueueUrl=queue, Tags={"env": "prod"})


def test_the_usage_record_names_used_and_unused_statements_and_denials(world: World) -> None:
    role = world.role(allow("dynamodb:GetItem", TABLE, Sid="Read"), allow("sqs:SendMessage", Sid="Send"))
    key = world.key_of(role)
    world.allowed(key, "dynamodb:GetItem", **ITEM)
    world.allowed(key, "dynamodb:GetItem", **ITEM)
    world.allowed(key, "dynamodb:DeleteItem", **ITEM)
    record = world.gate.usage_document()
    (read, send) = record["roles"]["role-0"]["statements"]
    assert (read["policy"], read["sid"], read["used"]) == ("given", "Read", {"dynamodb:GetItem": 2})
    assert (send["sid"], send["used"]) == ("Send", {})
    (denied,) = record["roles"]["role-0"]["denied"]
    assert (denied["action"], denied["resource"], denied["count"]) == ("dynamodb:DeleteItem", TABLE, 1)
    again = Usage()
    again.load(json.loads(json.dumps(record)))
    assert again.document({}) == record


def test_a_statement_that_was_replaced_leaves_the_record_and_its_successor_starts_anew(world: World) -> None:
    role = world.role(allow("dynamodb:GetItem", TABLE, Sid="Read"))
    key = world.key_of(role)
    world.allowed(key, "dynamodb:GetItem", **ITEM)
    statement = allow(["dynamodb:GetItem", "dynamodb:Query"], TABLE, Sid="Read")
    world.client("iam").put_role_policy(RoleName="role-0", PolicyName="given", PolicyDocument=document(statement))
    world.gate.written("iam")
    (row,) = world.gate.usage_document()["roles"]["role-0"]["statements"]
    assert (row["actions"], row["used"]) == (["dynamodb:GetItem", "dynamodb:Query"], {})
