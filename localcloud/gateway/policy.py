"""Does an authorizer's policy let a call through? `execute-api:Invoke` on the call's method ARN."""

from collections.abc import Mapping
from typing import Any

from localcloud.wildcard import matches

_ACTION = "execute-api:invoke"


class MalformedPolicyError(Exception):
    """API Gateway would answer 500: the document is not a policy."""


def decide(document: Any, method_arn: str) -> str:
    """`allow`, `deny` (by a statement) or `none` (no statement says so). Raises `MalformedPolicyError`.

    A statement with a `Condition` never allows here: nothing local stands for its keys.
    """
    if not isinstance(document, Mapping):
        raise MalformedPolicyError("policyDocument is not an object")
    statements = _listed(document.get("Statement"))
    if not statements:
        raise MalformedPolicyError("policyDocument has no Statement")
    effects = {statement["Effect"] for statement in statements if _applies(statement, method_arn)}
    if "Deny" in effects:
        return "deny"
    return "allow" if "Allow" in effects else "none"


def _applies(statement: Any, method_arn: str) -> bool:
    if not isinstance(statement, Mapping) or statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicyError("a statement lacks an Effect of Allow or Deny")
    if statement.get("Condition") and statement["Effect"] == "Allow":
        return False
    actions, not_actions = _listed(statement.get("Action")), _listed(statement.get("NotAction"))
    resources, not_resources = _listed(statement.get("Resource")), _listed(statement.get("NotResource"))
    if not (actions or not_actions) or not (resources or not_resources):
        raise MalformedPolicyError("a statement lacks an Action or a Resource")
    lowered = [str(action).lower() for action in actions or not_actions]
    action_fits = any(matches(action, _ACTION) for action in lowered) == bool(actions)
    resource_fits = any(matches(str(one), method_arn) for one in resources or not_resources)
    return action_fits and resource_fits == bool(resources)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
