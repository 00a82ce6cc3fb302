"""Allowed or not, by AWS's evaluation logic: explicit denies, limits, and how closely a resource's policy names one."""

from typing import Any

import pytest

from localcloud.iam.evaluate import Policies, Trust
from localcloud.iam.policy import Policy
from localcloud.iam.request import Principal
from tests.unit.localcloud.iam.asking import (
    ACCOUNT,
    KEY,
    OTHER_ACCOUNT,
    ROLE,
    ROOT,
    SERVICE,
    SESSION,
    SESSION_ARN,
    TABLE,
    TARGET,
    USER,
    allow,
    decide,
    deny,
    policy,
    request,
)

ALLOWS, NOTHING = policy(allow(Sid="Grant")), policy(allow(Action="s3:*"))
DENIES = policy(deny(Sid="Refuse"))
ACCOUNT_ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def _on_resource(*principals: Any, **elements: Any) -> Policy:
    """A resource's policy that allows each of the principals everything on a table."""
    return policy(*(allow(Principal=one, **elements) for one in principals), owner="table orders")


def test_without_a_policy_everything_is_denied_to_everyone_but_the_root_user():
    assert not decide(request(), Policies()).allowed
    assert not decide(request(by=USER), Policies()).allowed
    assert not decide(request(by=SERVICE), Policies()).allowed
    assert decide(request(by=ROOT), Policies()).allowed


def test_one_allow_in_any_identity_policy_is_enough():
    assert decide(request(), Policies(identity=(NOTHING, ALLOWS))).allowed
    assert not decide(request(), Policies(identity=(NOTHING, NOTHING))).allowed


@pytest.mark.parametrize("where", ["identity", "boundary", "session", "resource"])
@pytest.mark.parametrize("trust", ["identity-or-resource", "resource-only", "both"])
def test_an_explicit_deny_in_any_policy_wins(where, trust):
    everything: dict[str, Any] = {
        "identity": (ALLOWS,),
        "boundary": ALLOWS,
        "session": (ALLOWS,),
        "resource": _on_resource("*"),
    }
    assert decide(request(), Policies(**everything), trust).allowed
    refusing: Any = policy(allow(Principal="*"), deny(Principal="*")) if where == "resource" else DENIES
    changed = {**everything, where: (refusing,) if where in {"identity", "session"} else refusing}
    decision = decide(request(), Policies(**changed), trust)
    assert (decision.allowed, decision.reason) == (False, "explicit deny")
    assert [(one.kind, one.effect) for one in decision.matched if one.decisive] == [(where, "Deny")]


def test_a_deny_of_a_service_or_of_the_root_user_holds():
    refusing = policy(allow(Principal="*"), deny(Principal={"Service": SERVICE.arn}), deny(Principal={"AWS": ACCOUNT}))
    assert not decide(request(by=SERVICE), Policies(resource=refusing)).allowed
    assert not decide(request(by=ROOT), Policies(resource=refusing)).allowed


# how the resource's policy names the caller, who calls, and whether that is within a boundary's limit
NAMED = [
    ({"AWS": ROLE}, SESSION, "within"),
    ({"AWS": SESSION_ARN}, SESSION, "past"),
    ({"AWS": f"{SESSION_ARN}0"}, SESSION, "no"),
    ({"AWS": ROLE.replace("team/", "")}, SESSION, "no"),
    ({"AWS": ACCOUNT}, SESSION, "no"),
    ({"AWS": ACCOUNT_ROOT}, SESSION, "no"),
    ({"AWS": USER.arn}, USER, "past"),
    ({"AWS": USER.arn.replace("anna", "Anna")}, USER, "no"),
    ({"AWS": ACCOUNT_ROOT}, ROOT, "past"),
    ({"AWS": "AROAEXAMPLEEXAMPLE123"}, SESSION, "no"),
    ({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}, USER, "no"),
    ("*", SESSION, "past"),
    ({"AWS": "*"}, USER, "past"),
    ("*", SERVICE, "past"),
    ({"Service": SERVICE.arn}, SERVICE, "past"),
    ({"Service": "lambda.amazonaws.com"}, SERVICE, "no"),
    ({"AWS": ACCOUNT}, SERVICE, "no"),
    ({"Federated": "accounts.google.com"}, Principal("accounts.google.com", "", "federated"), "past"),
    ({"AWS": [OTHER_ACCOUNT, USER.arn]}, USER, "past"),
]


@pytest.mark.parametrize(("principal", "caller", "grant"), NAMED)
def test_a_resources_policy_grants_to_whom_it_names(principal, caller, grant):
    resource = _on_resource(principal)
    if caller.kind != "root":
        assert decide(request(by=caller), Policies(resource=resource)).allowed is (grant != "no")
    if caller.role_arn or caller.kind == "user":
        limited = Policies(resource=resource, boundary=NOTHING, session=(NOTHING,))
        assert decide(request(by=caller), limited).allowed is (grant == "past")
        assert decide(request(by=caller), Policies(resource=resource, boundary=ALLOWS)).allowed is (grant != "no")


def test_a_boundary_and_session_policies_limit_what_identity_policies_grant():
    assert decide(request(), Policies(identity=(ALLOWS,), boundary=ALLOWS, session=(ALLOWS,))).allowed
    assert decide(request(), Policies(identity=(ALLOWS,), session=(NOTHING, ALLOWS))).allowed
    assert decide(request(), Policies(identity=(ALLOWS,), boundary=NOTHING)).reason == "boundary"
    assert decide(request(), Policies(identity=(ALLOWS,), session=(NOTHING,))).reason == "session policy"
    assert not decide(request(), Policies(boundary=ALLOWS, session=(ALLOWS,))).allowed


def test_a_grant_by_principal_arn_to_anyone_passes_the_boundary():
    condition = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
    resource = _on_resource("*", Condition=condition)
    asked = request(given={"aws:PrincipalArn": ROLE})
    assert decide(asked, Policies(resource=resource, boundary=NOTHING)).allowed
    assert not decide(request(given={"aws:PrincipalArn": TARGET}), Policies(resource=resource)).allowed


# what a key's policy says, whether the identity's policy allows, the boundary's, and whether the call is allowed
KEY_POLICIES = [
    (None, True, None, False),
    ({"AWS": ACCOUNT_ROOT}, True, None, True),
    ({"AWS": ACCOUNT_ROOT}, False, None, False),
    ({"AWS": ACCOUNT_ROOT}, True, NOTHING, False),
    ({"AWS": OTHER_ACCOUNT}, True, None, False),
    ({"AWS": ROLE}, False, None, True),
    ({"AWS": ROLE}, True, NOTHING, False),
    ({"AWS": SESSION_ARN}, False, NOTHING, True),
    ({"Service": "logs.eu-central-1.amazonaws.com"}, True, None, False),
]


@pytest.mark.parametrize(("principal", "identity", "boundary", "allowed"), KEY_POLICIES)
def test_a_keys_policy_must_allow_or_leave_it_to_the_accounts_own_policies(principal, identity, boundary, allowed):
    policies = Policies(
        identity=(policy(allow(Action="kms:*")),) if identity else (),
        boundary=boundary,
        resource=_on_resource(principal, Action="kms:*") if principal else None,
    )
    assert decide(request("kms:Decrypt", KEY), policies, "resource-only").allowed is allowed


def test_a_key_policys_statement_without_a_resource_has_no_effect():
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:*"}
    assert not decide(request("kms:Decrypt", KEY), Policies(resource=policy(statement)), "resource-only").allowed


def test_a_trust_policy_alone_decides_on_a_service_that_assumes_a_role():
    trust = policy({"Effect": "Allow", "Principal": {"Service": SERVICE.arn}, "Action": "sts:AssumeRole"})
    assert decide(request("sts:AssumeRole", TARGET, by=SERVICE), Policies(resource=trust), "resource-only").allowed
    other = Principal("lambda.amazonaws.com", "", "service")
    assert not decide(request("sts:AssumeRole", TARGET, by=other), Policies(resource=trust), "resource-only").allowed


CROSS = [
    (True, {"AWS": ACCOUNT}, True),
    (True, {"AWS": ROLE}, True),
    (True, {"AWS": SESSION_ARN}, True),
    (True, "*", True),
    (True, {"AWS": OTHER_ACCOUNT}, False),
    (False, {"AWS": ROLE}, False),
    (False, "*", False),
    (True, None, False),
]


@pytest.mark.parametrize(("identity", "principal", "allowed"), CROSS)
@pytest.mark.parametrize("trust", ["identity-or-resource", "resource-only", "both"])
def test_across_accounts_both_sides_must_allow(identity, principal, allowed, trust):
    policies = Policies(
        identity=(ALLOWS,) if identity else (),
        resource=_on_resource(principal) if principal else None,
    )
    theirs = TABLE.replace(ACCOUNT, OTHER_ACCOUNT)
    assert decide(request(resource=theirs), policies, trust).allowed is allowed
    assert decide(request(), policies, "both").allowed is allowed


def test_across_accounts_the_boundary_limits_even_a_grant_to_the_session():
    policies = Policies(identity=(ALLOWS,), boundary=NOTHING, resource=_on_resource({"AWS": SESSION_ARN}))
    assert decide(request(), policies, "both").reason == "boundary"


# NotPrincipal spares whom it lists with his account: "you must also specify the account ARN"
SPARED = [
    ([ROLE, SESSION_ARN, ACCOUNT_ROOT], SESSION, True),
    ([ROLE, ACCOUNT_ROOT], SESSION, False),
    ([SESSION_ARN, ROLE], SESSION, False),
    ([SESSION_ARN, ACCOUNT_ROOT], SESSION, False),
    ([USER.arn, ACCOUNT], USER, True),
    ([USER.arn], USER, False),
    ([ACCOUNT], ROOT, True),
    (["*"], USER, True),
]


@pytest.mark.parametrize(("listed", "caller", "spared"), SPARED)
def test_not_principal_denies_everyone_whom_it_does_not_list_with_the_account(listed, caller, spared):
    resource = policy(allow(Principal="*"), {**deny(), "NotPrincipal": {"AWS": listed}})
    assert decide(request(by=caller), Policies(resource=resource)).allowed is spared


def test_not_principal_spares_a_service_and_nobody_with_a_boundary():
    service = policy(allow(Principal="*"), {**deny(), "NotPrincipal": {"Service": SERVICE.arn}})
    assert decide(request(by=SERVICE), Policies(resource=service)).allowed
    assert not decide(request(), Policies(resource=service)).allowed
    listed = [ROLE, SESSION_ARN, ACCOUNT_ROOT]
    resource = policy(allow(Principal="*"), {**deny(), "NotPrincipal": {"AWS": listed}})
    assert not decide(request(), Policies(resource=resource, boundary=ALLOWS)).allowed


def test_a_decision_lists_every_statement_that_is_about_the_request_and_which_of_them_granted():
    identity = policy(allow(Sid="Other", Action="s3:*"), allow(Sid="Reads"), owner="role reader, policy reads")
    policies = Policies(
        identity=(identity,),
        boundary=policy(allow(Sid="Limit"), owner="boundary"),
        resource=_on_resource({"AWS": ACCOUNT}, {"AWS": ROLE}),
    )
    decision = decide(request(), policies)
    assert [(one.kind, one.owner, one.sid, one.index, one.decisive) for one in decision.matched] == [
        ("identity", "role reader, policy reads", "Reads", 1, True),
        ("resource", "table orders", None, 0, False),
        ("resource", "table orders", None, 1, True),
        ("boundary", "boundary", "Limit", 0, True),
    ]
    assert (decision.reason, decision.message) == ("allow", "")


def test_only_the_statements_that_granted_are_decisive():
    named = _on_resource({"AWS": SESSION_ARN}, {"AWS": ROLE})
    past_the_boundary = decide(request(), Policies(boundary=NOTHING, resource=named))
    assert [one.decisive for one in past_the_boundary.matched] == [True, False]
    key = policy(allow(Principal={"AWS": ACCOUNT}, Action="kms:*"))
    delegated = Policies(identity=(policy(allow(Action="kms:*")),), resource=key)
    decision = decide(request("kms:Decrypt", KEY), delegated, "resource-only")
    assert [(one.kind, one.decisive) for one in decision.matched] == [("identity", True), ("resource", True)]


def test_a_refusal_still_lists_the_statements_that_were_about_the_request():
    decision = decide(request(), Policies(identity=(ALLOWS,), boundary=NOTHING))
    assert [(one.sid, one.decisive) for one in decision.matched] == [("Grant", False)]


SAID = f"User: {SESSION_ARN} is not authorized to perform: dynamodb:GetItem on resource: {TABLE} "
MESSAGES: list[tuple[Policies, Trust, str]] = [
    (Policies(), "identity-or-resource", "because no identity-based policy allows the dynamodb:GetItem action"),
    (
        Policies((ALLOWS,), NOTHING),
        "identity-or-resource",
        "because no permissions boundary allows the dynamodb:GetItem action",
    ),
    (
        Policies((ALLOWS,), session=(NOTHING,)),
        "identity-or-resource",
        "because no session policy allows the dynamodb:GetItem action",
    ),
    (Policies((ALLOWS,)), "both", "because no resource-based policy allows the dynamodb:GetItem action"),
    (Policies((ALLOWS,)), "resource-only", "because no resource-based policy allows the dynamodb:GetItem action"),
    (
        Policies(resource=_on_resource({"AWS": ACCOUNT})),
        "resource-only",
        "because no identity-based policy allows the dynamodb:GetItem action",
    ),
    (Policies((DENIES,)), "identity-or-resource", "with an explicit deny in an identity-based policy"),
    (Policies((ALLOWS,), DENIES), "identity-or-resource", "with an explicit deny in a permissions boundary"),
    (Policies((ALLOWS,), session=(DENIES,)), "both", "with an explicit deny in a session policy"),
    (
        Policies((ALLOWS,), resource=policy(deny(Principal="*"))),
        "identity-or-resource",
        "with an explicit deny in a resource-based policy",
    ),
]


@pytest.mark.parametrize(("policies", "trust", "said"), MESSAGES)
def test_a_refusal_is_worded_as_aws_words_it(policies, trust, said):
    assert decide(request(), policies, trust).message == SAID + said


def test_a_refusal_to_assume_a_role_speaks_of_the_trust_policy():
    trusting = policy({"Effect": "Allow", "Principal": {"Service": SERVICE.arn}, "Action": "sts:AssumeRole"})
    said = f"User: {SESSION_ARN} is not authorized to perform: sts:AssumeRole on resource: {TARGET} "
    asked = request("sts:AssumeRole", TARGET)
    implicit = decide(asked, Policies((policy(allow(Action="*")),), resource=trusting), "resource-only")
    assert implicit.message == said + "because no role trust policy allows the sts:AssumeRole action"
    refusing = policy({"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"})
    explicit = decide(asked, Policies(resource=refusing), "resource-only")
    assert explicit.message == said + "with an explicit deny in the role trust policy"
