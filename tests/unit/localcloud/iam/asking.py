"""Who asks, and for what: short ways to write a request, a policy and a decision."""

from collections.abc import Mapping
from typing import Any

from localcloud.iam.evaluate import Decision, Policies, Trust, evaluate
from localcloud.iam.policy import Policy, parse
from localcloud.iam.request import Principal, Request

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "999988887777"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/reader"
SESSION_ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/s1"
SESSION = Principal(SESSION_ARN, ACCOUNT, "role", ROLE)
USER = Principal(f"arn:aws:iam::{ACCOUNT}:user/anna", ACCOUNT, "user")
ROOT = Principal(f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "root")
SERVICE = Principal("events.amazonaws.com", "", "service")
TABLE = f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/orders"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1"
TARGET = f"arn:aws:iam::{ACCOUNT}:role/target"

type Context = Mapping[str, str | list[str]]


def context(values: Context) -> dict[str, tuple[str, ...]]:
    """Keys in lower case, values as tuples."""
    return {key.lower(): tuple(value) if isinstance(value, list) else (value,) for key, value in values.items()}


def request(
    action: str = "dynamodb:GetItem",
    resource: str = TABLE,
    *,
    by: Principal = SESSION,
    given: Context | None = None,
) -> Request:
    return Request(by, action, resource, context(given or {}))


def policy(*statements: dict[str, Any], version: str = "2012-10-17", owner: str = "role reader") -> Policy:
    return parse({"Version": version, "Statement": list(statements)}, owner=owner)


def allow(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", **elements}


def deny(**elements: Any) -> dict[str, Any]:
    return {**allow(**elements), "Effect": "Deny"}


def decide(asked: Request, policies: Policies, trust: Trust = "identity-or-resource") -> Decision:
    return evaluate(asked, policies, trust=trust)


def holds(condition: dict[str, Any], given: Context | None = None, *, version: str = "2012-10-17") -> bool:
    """Whether a condition lets an Allow through."""
    identity = policy(allow(Condition=condition), version=version)
    return decide(request(given=given), Policies(identity=(identity,))).allowed
