"""IAM roles and policies, KMS keys and aliases."""

import re
from collections.abc import Iterator
from typing import Any

from localcloud.provider.resource import document
from localcloud.refusals.check import Inputs, Of, Place, Violation
from localcloud.wildcard import matches

_ROLE = Of("aws:iam/role:Role", "IAM CreateRole")
_KEY = Of("aws:kms/key:Key", "KMS CreateKey")
_ALIAS = Of("aws:kms/alias:Alias", "KMS CreateAlias")
_ASYMMETRIC = ("RSA_", "ECC_", "SM2", "ML_DSA")


def listed(value: Any) -> list[Any]:
    """A policy's "one or several" as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def statements(text: Any) -> list[dict[str, Any]]:
    """Of a policy document, JSON or parsed; none of what is no document."""
    found = document(text)
    rows = listed(found.get("Statement")) if isinstance(found, dict) else []
    return [row for row in rows if isinstance(row, dict)]


def _usage(inputs: Inputs, _: Place) -> Iterator[Violation]:
    spec = str(inputs.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT"))
    usage = str(inputs.get("keyUsage", "ENCRYPT_DECRYPT"))
    allowed = {"ENCRYPT_DECRYPT"}
    if spec.startswith("HMAC"):
        allowed = {"GENERATE_VERIFY_MAC"}
    elif spec.startswith("RSA"):
        allowed = {"ENCRYPT_DECRYPT", "SIGN_VERIFY"}
    elif spec.startswith(("ECC_NIST_P", "SM2")):
        allowed = {"SIGN_VERIFY", "KEY_AGREEMENT"} | ({"ENCRYPT_DECRYPT"} if spec == "SM2" else set())
    elif spec.startswith(_ASYMMETRIC):
        allowed = {"SIGN_VERIFY"}
    if usage not in allowed and spec.split("_", maxsplit=1)[0] in {"SYMMETRIC", "HMAC", "RSA", "ECC", "SM2", "ML"}:
        yield "keyUsage", f"{spec} is for {' or '.join(sorted(allowed))}, not {usage}"
    if inputs.get("enableKeyRotation") and spec != "SYMMETRIC_DEFAULT":
        yield "enableKeyRotation", f"only symmetric keys rotate by themselves, not {spec}"
    if inputs.get("rotationPeriodInDays") and not inputs.get("enableKeyRotation"):
        yield "rotationPeriodInDays", "only with enableKeyRotation: true"


def _lockout(inputs: Inputs, place: Place) -> Iterator[Violation]:
    """PutKeyPolicy's safety check: whoever writes the policy must be able to write the next one."""
    if "policy" not in inputs or inputs.get("bypassPolicyLockoutSafetyCheck"):
        return
    rows = statements(inputs["policy"])
    if rows and not any(_keeps(row, place.account_id) for row in rows):
        remedy = f"allow kms:PutKeyPolicy to arn:aws:iam::{place.account_id}:root or to the deployer"
        yield "policy", f"the key policy will not allow you to update the key policy in the future: {remedy}"


def _keeps(statement: Inputs, account: str) -> bool:
    principal = statement.get("Principal")
    names = listed(principal.get("AWS")) if isinstance(principal, dict) else listed(principal)
    mine = any(name in {"*", account} or f"::{account}:" in str(name) for name in names)
    actions = listed(statement.get("Action"))
    writes = any(matches(str(action).lower(), "kms:putkeypolicy") for action in actions)
    spared = listed(statement.get("NotAction"))
    writes |= bool(spared) and not any(matches(str(action).lower(), "kms:putkeypolicy") for action in spared)
    return statement.get("Effect") == "Allow" and mine and writes


def _alias(value: Any) -> str | None:
    name = str(value)
    if not re.fullmatch(r"alias/[a-zA-Z0-9/_-]{1,250}", name):
        return f"{name!r} is not alias/ and 1 to 250 letters, digits, /, _ and -"
    return "alias/aws/ is reserved for AWS managed keys" if name.startswith("alias/aws/") else None


RULES = (
    _ROLE.count("managedPolicyArns", 10, "IAM quotas: managed policies attached to a role (default)"),
    _KEY.within("deletionWindowInDays", 7, 30, "KMS ScheduleKeyDeletion"),
    _KEY.rule(
        "usage",
        "customerMasterKeySpec keyUsage enableKeyRotation rotationPeriodInDays",
        _usage,
        "a usage that is not the key spec's, rotation of a key that does not rotate",
        source="KMS key spec reference; EnableKeyRotation",
    ),
    _KEY.rule(
        "lockout",
        "policy bypassPolicyLockoutSafetyCheck",
        _lockout,
        "a key policy that locks the account out of the key",
        "kms:PutKeyPolicy",
        "KMS PutKeyPolicy: BypassPolicyLockoutSafetyCheck",
    ),
    _ALIAS.each("name-form", "name", _alias, "an alias without alias/, or AWS's own", "alias/ and 1 to 250 characters"),
)
