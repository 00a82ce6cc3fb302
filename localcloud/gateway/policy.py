"""Does an authorizer's policy let a call through? `execute-api:Invoke` on the call's method ARN."""

from collections.abc import Mapping
from typing import Any

from localcloud.iam.evaluate import Policies, evaluate
from localcloud.iam.policy import UnreadablePolicy, parse
from localcloud.iam.request import Principal, Request

_OWNER = "authorizer's policyDocument"


class MalformedPolicyError(Exception):
    """API Gateway would answer 500: the document is not a policy."""


def decide(document: Any, method_arn: str, source_ip: str = "") -> str:
    """`allow`, `deny` (by a statement) or `none` (no statement says so). Raises `MalformedPolicyError`.

    Of condition keys only the caller's address is known: nothing local stands for the others, so that an Allow on one
    never allows.
    """
    if not isinstance(document, Mapping):
        raise MalformedPolicyError("policyDocument is not an object")
    account = method_arn.split(":")[4]
    caller = Principal(f"arn:aws:iam::{account}:user/authorized", account, "user")
    context = {"aws:sourceip": (source_ip,)} if source_ip else {}
    try:
        policies = Policies(identity=(parse(document, owner=_OWNER),))
    except (UnreadablePolicy, TypeError) as error:
        raise MalformedPolicyError(str(error)) from error
    decision = evaluate(Request(caller, "execute-api:Invoke", method_arn, context), policies)
    if decision.allowed:
        return "allow"
    return "deny" if decision.reason == "explicit deny" else "none"
