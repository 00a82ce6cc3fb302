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


@pytest.mark.parametrize(
    ("subject", "parameters"),
    [
        ("kms:ListKeys", {}),
        ("kms:ListAliases", {}),
        ("kms:CreateKey", {}),
        ("kms:GenerateRandom", {}),
        ("sts:DecodeAuthorizationMessage", {"EncodedMessage": "x"}),
        ("sts:GetAccessKeyInfo", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}),
    ],
)
def test_what_knows_no_resource_is_granted_by_identity_policies_alone(
    world: World, subject: str, parameters: dict[str, str]
) -> None:
    assert world.allowed(world.key_of(world.role(allow(subject))), subject, **parameters)
    assert not world.allowed(world.key_of(world.role()), subject, **parameters)


def test_a_key_is_used_by_whom_its_policy_lets_and_by_the_accounts_policies_where_it_hands_that_on(
    world: World,
) -> None:
    kms = world.client("kms")
    handed_on = kms.create_key()["KeyMetadata"]["Arn"]
    reader = world.role(allow("kms:Decrypt"))
    own = {"Effect": "Allow", "Principal": {"AWS": reader}, "Action": "kms:Decrypt", "Resource": "*"}
    named = kms.create_key(Policy=document(own))["KeyMetadata"]["Arn"]
    key, stranger = world.key_of(reader), world.key_of(world.role(allow("kms:Decrypt")))
    for caller, arn, expected in (
        (key, handed_on, True),
        (stranger, handed_on, True),
        (key, named, True),
        (stranger, named, False),
    ):
        assert world.allowed(caller, "kms:Decrypt", KeyId=arn, CiphertextBlob=b"x") is expected, (caller, arn)
    unheard_of = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000"
    assert not world.allowed(key, "kms:Decrypt", KeyId=unheard_of, CiphertextBlob=b"x")


def test_an_alias_needs_the_callers_policy_on_the_alias_and_leave_on_the_key(world: World) -> None:
    """A key's policy says nothing of its aliases."""
    role = world.role()
    whole = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:*", "Resource": "*"}
    key_arn = world.client("kms").create_key(Policy=document(whole))["KeyMetadata"]["Arn"]
    asked = {"AliasName": "alias/own", "TargetKeyId": key_arn}
    assert not world.allowed(world.key_of(role), "kms:CreateAlias", **asked)
    alias = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/own"
    statement = document(allow("kms:CreateAlias", alias))
    name = role.rpartition("/")[2]
    world.client("iam").put_role_policy(RoleName=name, PolicyName="alias", PolicyDocument=statement)
    world.gate.written("iam")
    assert world.allowed(world.key_of(role), "kms:CreateAlias", **asked)


def test_a_rule_that_acts_with_a_role_is_handed_it(world: World) -> None:
    passed = f"arn:aws:iam::{ACCOUNT}:role/target"
    rule = {"Name": "r", "RoleArn": passed}
    put = allow("events:PutRule")
    assert not world.allowed(world.key_of(world.role(put)), "events:PutRule", **rule)
    assert world.allowed(world.key_of(world.role(put, allow("iam:PassRole", passed))), "events:PutRule", **rule)


def test_a_message_with_two_targets_needs_leave_for_the_one_that_gets_it(world: World) -> None:
    mine, other = (f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in ("mine", "other"))
    key = world.key_of(world.role(allow("sns:Publish", mine)))
    assert world.allowed(key, "sns:Publish", TopicArn=mine, Message="m")
    assert not world.allowed(key, "sns:Publish", TopicArn=mine, TargetArn=other, Message="m")


def test_a_role_never_comes_with_a_second_factor(world: World) -> None:
    without = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
    key = world.key_of(world.role(allow("dynamodb:*"), {**allow("dynamodb:*", Condition=without), "Effect": "Deny"}))
    assert not world.allowed(key, "dynamodb:GetItem", **ITEM)


@pytest.mark.parametrize("action", ["DYNAMODB:getitem", "dynamodb:GETITEM", "dynamodb:Get*", "DynamoDB:*Item", "*"])
def test_the_case_of_an_action_does_not_matter_and_that_of_a_resource_does(world: World, action: str) -> None:
    assert world.allowed(world.key_of(world.role(allow(action, TABLE))), "dynamodb:GetItem", **ITEM)
    assert not world.allowed(
        world.key_of(world.role(allow(action, TABLE.replace("table/t", "table/T")))), "dynamodb:GetItem", **ITEM
    )


def test_a_table_named_by_an_arn_is_that_table_in_that_region_and_account(world: World) -> None:
    key = world.key_of(world.role(allow("dynamodb:GetItem", TABLE)))
    assert world.allowed(key, "dynamodb:GetItem", **{**ITEM, "TableName": TABLE})
    for other in (TABLE.replace(REGION, "us-east-1"), TABLE.replace(ACCOUNT, "999999999999"), f"{TABLE}/index/x"):
        assert not world.allowed(key, "dynamodb:GetItem", **{**ITEM, "TableName": other})


def test_a_role_gets_no_session_token(world: World) -> None:
    assert not world.allowed(world.key_of(world.role(allow("*"))), "sts:GetSessionToken")
