"""Documents are read strictly: what AWS could not read is an error that says whose it is and where it is wrong."""

import json
from typing import Any

import pytest

from localcloud.iam.evaluate import Policies
from localcloud.iam.policy import UnreadablePolicy, parse
from tests.unit.localcloud.iam.asking import ACCOUNT, ROLE, allow, decide, policy, request


def _document(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [allow(), {**allow(Sid="Two"), **statement}]}


def _without(name: str) -> dict[str, Any]:
    document = _document()
    del document["Statement"][1][name]
    return document


def _condition(**operators: Any) -> dict[str, Any]:
    return _document(Condition=operators)


UNREADABLE = {
    "not JSON": ("{", "the document is not JSON"),
    "not an object": ("[]", "the document: is not an object"),
    "an element given twice": ('{"Statement": [], "Statement": []}', "Statement is given more than once"),
    "no statement": ({"Version": "2012-10-17"}, "the document: Statement must be"),
    "an empty list of statements": ({"Statement": []}, "the document: Statement must be"),
    "a version that does not exist": ({"Version": "2012-10-18", "Statement": allow()}, "Version '2012-10-18'"),
    "an unknown element of the document": ({"Statements": [], "Statement": allow()}, "unknown element 'Statements'"),
    "an unknown element of a statement": (_document(Actions="s3:*"), "statement 2 (Two): unknown element 'Actions'"),
    "an element in lower case": (_document(effect="Allow"), "unknown element 'effect'"),
    "an effect in lower case": (_document(Effect="allow"), "Effect must be Allow or Deny, not 'allow'"),
    "no effect": (_without("Effect"), "Effect must be Allow or Deny, not None"),
    "no action": (_without("Action"), "must contain actions"),
    "no resource and no principal": (_without("Resource"), "must contain resources"),
    "an empty list of actions": (_document(Action=[]), "Action must be a non-empty string"),
    "an action that is a number": (_document(Action=[1]), "Action must be a non-empty string"),
    "Action and NotAction": (_document(NotAction="s3:*"), "has both Action and NotAction"),
    "Resource and NotResource": (_document(NotResource="*"), "has both Resource and NotResource"),
    "an action without a service": (_document(Action="GetItem"), "'GetItem' is no action"),
    "an action with two colons": (_document(Action="dynamodb:Get:Item"), "can contain only one colon"),
    "a Sid that is a number": (_document(Sid=7), "Sid is not a string"),
    "a principal in one statement only": (_document(Principal="*"), "some statements name a Principal and some do not"),
    "an unknown operator": (_condition(StringMatches={"a": "b"}), "unknown condition operator 'StringMatches'"),
    "an operator in lower case": (_condition(stringequals={"a": "b"}), "unknown condition operator 'stringequals'"),
    "IfExists on Null": (_condition(NullIfExists={"a": "true"}), "unknown condition operator 'NullIfExists'"),
    "an unknown set operator": (_condition(**{"ForSome:StringLike": {"a": "b"}}), "unknown condition operator"),
    "a condition that is a list": (_document(Condition=[]), "Condition must be an object"),
    "a condition's null value": (_condition(StringEquals={"a": None}), "must be a string, a number or a Boolean"),
    "a key given twice": (_condition(StringEquals={"a:b": "1", "A:B": "2"}), "a key is given twice"),
    "a number that is none": (_condition(NumericLessThan={"s3:max-keys": "abc"}), "'abc' is not a number"),
    "an infinite number": (_condition(NumericLessThan={"s3:max-keys": "Infinity"}), "'Infinity' is not a number"),
    "a block that is none": (_condition(IpAddress={"aws:SourceIp": "10.0.0.0/33"}), "not an IP address or CIDR block"),
    "a date that is none": (_condition(DateLessThan={"aws:CurrentTime": "tomorrow"}), "'tomorrow' is not a date"),
    "a 13th month": (_condition(DateLessThan={"aws:CurrentTime": "2026-13-01"}), "'2026-13-01' is not a date"),
    "a truth that is none": (_condition(Bool={"aws:SecureTransport": "yes"}), "'yes' is neither true nor false"),
    "a Null that is none": (_condition(Null={"a": "maybe"}), "'maybe' is neither true nor false"),
    "a binary that is none": (_condition(BinaryEquals={"a": "?"}), "'?' is not base64"),
}


@pytest.mark.parametrize(("document", "where"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_unreadable_document_is_an_error_that_names_its_owner_and_the_element(document, where):
    with pytest.raises(UnreadablePolicy) as raised:
        parse(document, owner="role reader, policy grants")
    assert str(raised.value).startswith("role reader, policy grants: ")
    assert where in str(raised.value)


UNREADABLE_PRINCIPALS = {
    "a bare name": "anna",
    "an empty object": {},
    "an unknown type": {"User": "anna"},
    "a part of a name": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"},
    "any service": {"Service": "*"},
    "a service that is none": {"Service": "lambda"},
    "an account of eleven digits": {"AWS": "11112222333"},
    "no values": {"AWS": []},
    "a group": {"AWS": f"arn:aws:iam::{ACCOUNT}:group/readers"},
}


@pytest.mark.parametrize("element", UNREADABLE_PRINCIPALS.values(), ids=UNREADABLE_PRINCIPALS.keys())
def test_a_principal_that_aws_does_not_know_is_unreadable(element):
    with pytest.raises(UnreadablePolicy, match=r"^queue orders: statement 1: Principal: "):
        policy(allow(Principal=element), owner="queue orders")


def test_not_principal_is_refused_in_an_allow():
    statement = allow(NotPrincipal={"AWS": ROLE})
    with pytest.raises(UnreadablePolicy, match="NotPrincipal is supported with Effect Deny only"):
        policy(statement)


def test_an_identity_policy_with_a_principal_and_a_resource_policy_without_one_are_refused():
    with pytest.raises(UnreadablePolicy, match=r"^role reader: Principal is not allowed"):
        Policies(identity=(policy(allow(Principal="*")),))
    with pytest.raises(UnreadablePolicy, match=r"^role reader: Principal is not allowed"):
        Policies(boundary=policy(allow(Principal="*")))
    with pytest.raises(UnreadablePolicy, match=r"^role reader: a resource's policy must name a Principal"):
        Policies(resource=policy(allow()))


def test_a_single_statement_is_a_list_of_one_and_keeps_its_place_and_sid():
    single = parse({"Statement": allow(Sid="One")}, owner="o")
    listed = parse({"Statement": [allow(), allow(Sid="One")]}, owner="o")
    assert [(one.index, one.sid) for one in single.statements] == [(0, "One")]
    assert [(one.index, one.sid) for one in listed.statements] == [(0, None), (1, "One")]


def test_the_same_text_is_read_once_for_each_owner():
    text = json.dumps({"Statement": allow()})
    assert parse(text, owner="a") is parse(text, owner="a")
    assert parse(text, owner="b").owner == "b"


ACTIONS = [
    ("*", True),
    ("dynamodb:*", True),
    ("DynamoDB:getITEM", True),
    ("dynamodb:Get*", True),
    ("dynamodb:*Item", True),
    ("dynamodb:Get?tem", True),
    ("dynamodb:GetItem*", True),
    ("dynamodb:GetItems", False),
    ("dynamodb:Get?Item", False),
    ("dynamodb:", False),
    ("dynamo:*", False),
    (["s3:*", "dynamodb:GetItem"], True),
]


@pytest.mark.parametrize(("action", "covered"), ACTIONS)
def test_an_action_is_covered_in_any_case_and_by_wildcards(action, covered):
    assert decide(request(), Policies(identity=(policy(allow(Action=action)),))).allowed is covered
    inverse = policy({"Effect": "Allow", "NotAction": action, "Resource": "*"})
    assert decide(request(), Policies(identity=(inverse,))).allowed is not covered


DYNAMO = f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/orders"
RESOURCES = [
    ("*", DYNAMO, True),
    ("*", "*", True),
    (DYNAMO, DYNAMO, True),
    (DYNAMO, "*", False),
    ("arn:aws:dynamodb:*", "*", False),
    (f"{DYNAMO}/index/*", DYNAMO, False),
    (f"{DYNAMO}/index/*", f"{DYNAMO}/index/by-date", True),
    (DYNAMO.replace("orders", "Orders"), DYNAMO, False),
    (DYNAMO.replace("orders", "ord?rs"), DYNAMO, True),
    (f"arn:aws:dynamodb:*:{ACCOUNT}:table/*", DYNAMO, True),
    # the last character of a segment "can expand to match beyond the colon boundaries"
    ("arn:aws:logs:*:log-group:app:*", f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:app:stream", True),
    ("arn:aws:logs:eu?:log-group:app", "arn:aws:logs:eu::log-group:app", False),
    # one within a segment cannot, a `?` never does; the last component has no boundaries
    ("arn:aws:logs:eu*1:log-group:app", f"arn:aws:logs:eu-central-1:{ACCOUNT}:1:log-group:app", False),
    ("arn:aws:logs:eu-central-1?log:app:x", "arn:aws:logs:eu-central-1:log:app:x", False),
    ("arn:aws:s3:::data/*.jpg", "arn:aws:s3:::data/a:b:c.jpg", True),
    ("arn:aws:s3:::data/?", "arn:aws:s3:::data/:", True),
    ("arn:aws:s3:::data/a", "arn:aws:s3:::data/a/", False),
    # an ARN short of components is completed
    ("arn:aws:dynamodb", DYNAMO, True),
    ("arn:aws:dynamodb:eu-west-1", DYNAMO, False),
    (["arn:aws:s3:::x", DYNAMO], DYNAMO, True),
]


@pytest.mark.parametrize(("resource", "asked", "covered"), RESOURCES)
def test_a_resource_is_covered_with_its_case_and_by_wildcards_within_its_segments(resource, asked, covered):
    identity = policy(allow(Action="*", Resource=resource))
    assert decide(request("s3:GetObject", asked), Policies(identity=(identity,))).allowed is covered
    inverse = policy({"Effect": "Allow", "Action": "*", "NotResource": resource})
    assert decide(request("s3:GetObject", asked), Policies(identity=(inverse,))).allowed is not covered


@pytest.mark.parametrize(("resource", "covered"), [("arn:aws:dynamodb", False), ("arn:aws:dynamodb:*", True)])
def test_a_resources_policy_completes_an_arn_only_if_it_has_a_wildcard(resource, covered):
    attached = policy(allow(Principal="*", Resource=resource))
    assert decide(request(), Policies(resource=attached)).allowed is covered


VARIABLES = [
    ("${aws:username}", {"aws:username": "anna"}, "anna", True),
    ("${AWS:UserName}", {"aws:username": "anna"}, "anna", True),
    ("${aws:username}", {"aws:username": "anna"}, "${aws:username}", False),
    ("${aws:username}", {}, "", False),
    ("${aws:username, 'nobody'}", {}, "nobody", True),
    ("${aws:username,'nobody'}", {}, "nobody", True),
    ("${aws:username, 'nobody'}", {"aws:username": "anna"}, "nobody", False),
    ("${aws:username, 'nobody'}", {"aws:username": ""}, "nobody", True),
    ("${aws:username, 'nobody'}", {"aws:username": ["anna", "ben"]}, "nobody", False),
    ("${aws:username}", {"aws:username": "*"}, "anna", False),
    ("${aws:username}*", {"aws:username": "a?"}, "a?b", True),
    ("${aws:username}", {"aws:username": ["anna", "ben"]}, "anna", False),
    ("${aws:username}", {"aws:username": ""}, "", False),
    ("${aws:PrincipalTag/Cost Center}", {"aws:PrincipalTag/cost center": "a:b"}, "a:b", True),
    ("${*}", {}, "*", True),
    ("${*}", {}, "anna", False),
    ("a${?}", {}, "a?", True),
    ("a${?}", {}, "ab", False),
    ("${$}{aws:username}", {"aws:username": "anna"}, "${aws:username}", True),
]


@pytest.mark.parametrize(("pattern", "given", "name", "covered"), VARIABLES)
def test_a_variable_stands_for_the_requests_one_value_literally(pattern, given, name, covered):
    identity = policy(allow(Action="*", Resource=f"arn:aws:s3:::data/{pattern}/x"))
    asked = request("s3:GetObject", f"arn:aws:s3:::data/{name}/x", given=given)
    assert decide(asked, Policies(identity=(identity,))).allowed is covered


def test_version_2008_knows_no_variables():
    resource = "arn:aws:s3:::data/${aws:username}"
    identity = policy(allow(Action="*", Resource=resource), version="2008-10-17")
    given = {"aws:username": "anna"}
    assert not decide(request("s3:GetObject", "arn:aws:s3:::data/anna", given=given), Policies((identity,))).allowed
    assert decide(request("s3:GetObject", resource, given=given), Policies((identity,))).allowed


def test_a_policy_without_a_version_is_of_2008():
    identity = parse({"Statement": allow(Resource="arn:aws:s3:::${aws:username}")}, owner="o")
    asked = request(resource="arn:aws:s3:::anna", given={"aws:username": "anna"})
    assert not decide(asked, Policies((identity,))).allowed


def test_a_variable_before_the_fifth_colon_is_literal():
    identity = policy(allow(Resource="arn:aws:dynamodb:eu-central-1:${aws:PrincipalAccount}:table/orders"))
    assert not decide(request(given={"aws:PrincipalAccount": ACCOUNT}), Policies((identity,))).allowed
