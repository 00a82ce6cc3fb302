"""What AWS refuses to store is found before it is sent, in AWS's words where they are known."""

import json
from typing import Any

import pytest

from localcloud.iam.lint import FORMS, PolicyKind, aggregate_findings, findings
from tests.unit.localcloud.iam.asking import ACCOUNT, TABLE

QUEUE = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders"
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:orders"
SERVICE = {"Service": "sns.amazonaws.com"}
RESOURCES = {
    PolicyKind.KEY: ("kms:*", "*"),
    PolicyKind.QUEUE: ("sqs:SendMessage", QUEUE),
    PolicyKind.TOPIC: ("sns:Publish", TOPIC),
    PolicyKind.BUCKET: ("s3:GetObject", "arn:aws:s3:::data/*"),
    PolicyKind.FUNCTION: ("lambda:InvokeFunction", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:api"),
    PolicyKind.SECRET: ("secretsmanager:GetSecretValue", "*"),
    PolicyKind.EVENT_BUS: ("events:PutEvents", "*"),
    PolicyKind.LOGS: ("logs:PutLogEvents", "*"),
    PolicyKind.TABLE: ("dynamodb:GetItem", TABLE),
    PolicyKind.REST_API: ("execute-api:Invoke", "execute-api:/*"),
}


def _valid(kind: PolicyKind) -> dict[str, Any]:
    """One statement that AWS would store as that kind."""
    if kind is PolicyKind.TRUST:
        return {"Sid": "Assume", "Effect": "Allow", "Principal": SERVICE, "Action": "sts:AssumeRole"}
    if kind in RESOURCES:
        action, resource = RESOURCES[kind]
        return {"Sid": "Use it", "Effect": "Allow", "Principal": SERVICE, "Action": action, "Resource": resource}
    return {"Sid": "Read", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE}


def _document(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def _changed(kind: PolicyKind, **elements: Any) -> dict[str, Any]:
    return _document({name: value for name, value in {**_valid(kind), **elements}.items() if value is not None})


@pytest.mark.parametrize("kind", PolicyKind)
def test_what_aws_stores_has_no_findings(kind):
    if kind is PolicyKind.TRUST:
        assert not findings(_document(_valid(kind), version="2008-10-17"), kind, "role reader")
    valid = _valid(kind) if kind is not PolicyKind.TRUST else {**_valid(kind), "Sid": "One"}
    assert not findings(_document(valid), kind, "it")
    assert not findings(json.dumps(_document(valid)), kind, "it")


INLINE, TRUST, KEY, QUEUES, TOPICS = (
    PolicyKind.INLINE,
    PolicyKind.TRUST,
    PolicyKind.KEY,
    PolicyKind.QUEUE,
    PolicyKind.TOPIC,
)
REFUSED: list[tuple[PolicyKind, dict[str, Any], str]] = [
    (INLINE, {"Resource": None}, "must contain resources"),
    (INLINE, {"Action": None}, "must contain actions"),
    (INLINE, {"NotAction": "s3:*"}, "has both Action and NotAction"),
    (INLINE, {"Action": "GetItem"}, "'GetItem' is no action: a service prefix"),
    (INLINE, {"Principal": "*"}, "Policy document should not specify a principal."),
    (INLINE, {"Sid": "read-it"}, "Statement IDs (SID) must be alpha-numeric."),
    (INLINE, {"Resource": "orders"}, 'Resource orders must be in ARN format or "*".'),
    (INLINE, {"Resource": "arn"}, 'Resource arn must be in ARN format or "*".'),
    (INLINE, {"Resource": "arn:aw:s3:::data"}, 'Partition "aw" is not valid for resource "arn:aw:s3:::data".'),
    (INLINE, {"Resource": "arn:aws"}, "Resource vendor must be fully qualified and cannot contain regexes."),
    (INLINE, {"Resource": "arn:aws:s3*:::data"}, "Resource vendor must be fully qualified"),
    (INLINE, {"Resource": "arn:aws:s3::data"}, "The policy failed legacy parsing"),
    (INLINE, {"Resource": f"arn:aws:iam:eu-west-1:{ACCOUNT}:role/x"}, "cannot contain region information."),
    (INLINE, {"Resource": f"arn:aws:iam::{ACCOUNT}:reader"}, 'IAM resource path must either be "*" or start with'),
    (INLINE, {"Resource": "arn:aws:s3:eu-west-1::data"}, "can not contain region information."),
    (INLINE, {"Resource": "arn:aws:sqs:${aws:PrincipalTag/r}:1:q"}, "may stand after the fifth colon only"),
    (INLINE, {"NotResource": "orders", "Resource": None}, 'must be in ARN format or "*".'),
    (INLINE, {"Condition": {"StringIs": {"a": "b"}}}, "unknown condition operator 'StringIs'"),
    (INLINE, {"Condition": {"StringEquals": {"a": "€"}}}, "the characters U+0020 to U+00FF only"),
    (TRUST, {"Resource": "*"}, "Has prohibited field Resource."),
    (TRUST, {"Principal": None, "Resource": "*"}, "Missing required field Principal"),
    (TRUST, {"Action": "sts:*"}, "AssumeRole policy may only specify STS AssumeRole actions."),
    (TRUST, {"Action": ["sts:AssumeRole", "s3:GetObject"]}, "AssumeRole policy may only specify"),
    (TRUST, {"Effect": "Deny", "Principal": None, "NotPrincipal": SERVICE}, "Has prohibited field NotPrincipal."),
    (KEY, {"Action": "kms:Decrypt"}, "will not allow you to update the key policy in the future."),
    (KEY, {"Effect": "Deny"}, "will not allow you to update the key policy in the future."),
    (KEY, {"Resource": None}, "Policy statement must contain resources."),
    (QUEUES, {"Action": "sns:Publish"}, "action sns:Publish is not one of sqs"),
    (QUEUES, {"Action": [f"sqs:{letter}" for letter in "abcdefgh"]}, "at most 7 actions, not 8"),
    (QUEUES, {"Principal": {"AWS": [f"{n:012}" for n in range(51)]}}, "at most 50 principals, not 51"),
    (QUEUES, {"Condition": {"Null": {f"aws:k{n}": "true" for n in range(11)}}}, "at most 10 conditions, not 11"),
    (TOPICS, {"Action": "sns:CreateTopic"}, "Policy statement action out of service scope!"),
    (TOPICS, {"Action": "sqs:SendMessage"}, "Policy statement action out of service scope!"),
    (PolicyKind.BUCKET, {"Principal": None}, "Missing required field Principal"),
    (PolicyKind.BUCKET, {"Resource": "data/*"}, 'must be in ARN format or "*".'),
    (PolicyKind.SECRET, {"Action": "kms:Decrypt"}, "action kms:Decrypt is not one of secretsmanager"),
]


@pytest.mark.parametrize(("kind", "elements", "said"), REFUSED)
def test_what_aws_refuses_is_found_and_names_its_owner(kind, elements, said):
    found = findings(_changed(kind, **elements), kind, "the owner")
    assert any(said in finding for finding in found), found
    assert all(finding.startswith("the owner: ") for finding in found)


@pytest.mark.parametrize("kind", [PolicyKind.INLINE, PolicyKind.MANAGED, PolicyKind.TRUST, PolicyKind.TOPIC])
def test_a_sid_given_twice_is_refused_where_aws_wants_them_unique(kind):
    found = findings(_document(_valid(kind), _valid(kind)), kind, "it")
    assert any("Statement IDs (SID) in a single policy must be unique" in finding for finding in found)


def test_an_identity_policy_of_2008_is_refused():
    found = findings(_document(_valid(INLINE), version="2008-10-17"), INLINE, "it")
    assert found == ("it: Policy document must be version 2012-10-17 or greater.",)


@pytest.mark.parametrize("kind", PolicyKind)
def test_each_kind_has_its_limit_to_the_character(kind):
    """Padded by a Sid, the one element that every kind lets grow."""
    limit = FORMS[kind].limit
    empty = json.dumps(_changed(kind, Sid=""), separators=(",", ":"))
    overhead = len(empty) if FORMS[kind].unit != "characters without white space" else len("".join(empty.split()))
    fits, too_long = (_changed(kind, Sid="a" * (limit - overhead + extra)) for extra in (0, 1))
    assert not findings(fits, kind, "it")
    (found,) = findings(too_long, kind, "it")
    assert f"maximum policy size of {limit:,} {FORMS[kind].unit} exceeded: {limit + 1:,}" in found
    assert FORMS[kind].source in found


def test_iam_does_not_count_white_space_and_other_services_do():
    spaced = json.dumps(_document(_valid(INLINE)), indent=3000)
    assert len(spaced) > FORMS[INLINE].limit
    assert not findings(spaced, INLINE, "it")
    assert findings(json.dumps(_document(_valid(QUEUES)), indent=3000), QUEUES, "it")


def test_a_roles_inline_policies_count_together():
    half = _document({**_valid(INLINE), "Sid": "a" * 5_100})
    assert not findings(half, INLINE, "role reader")
    assert aggregate_findings([half], "role reader") == ()
    assert "maximum policy size of 10,240" in aggregate_findings([half, json.dumps(half)], "role reader")[0]


def test_as_much_as_sqs_takes_is_not_refused():
    most = {
        "Action": [f"sqs:{letter}" for letter in "abcdefg"],
        "Principal": {"AWS": [f"{n:012}" for n in range(50)]},
        "Condition": {"Null": {f"aws:k{n}": "true" for n in range(10)}},
    }
    first = {**_valid(QUEUES), **most}
    others = [{**_valid(QUEUES), "Principal": {"CanonicalUser": str(n)}} for n in range(20)]
    assert not findings(_document(first), QUEUES, "it")
    assert not findings(_document(*others), QUEUES, "it")
    assert "at most 20 statements, not 21" in findings(_document(*others, others[0]), QUEUES, "it")[0]


def test_several_errors_are_all_found():
    found = findings(_document({"Effect": "allow", "Actions": "*"}), INLINE, "it")
    assert len(found) == 4  # the effect, the unknown element, no action, no resource
