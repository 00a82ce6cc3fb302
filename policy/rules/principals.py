"""Who is let in: trust policies, resource policies, permissions on functions."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy import types
from policy.documents import DOCUMENTS, Statement
from policy.model import PROD, Finding, Resource, Rule, Violation, resource_rule
from policy.references import account_in
from policy.rules.permissions import over_statements
from policy.surroundings import own_account, trusted_accounts

CARRIERS = tuple(type_ for type_, places in DOCUMENTS.items() if any(kind != "identity" for _, kind in places))
# Operators that hold when the key is absent confine nothing (…IfExists, ForAllValues, Null, the Not… ones).
CONFINING = frozenset(
    {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "ForAnyValue:StringEquals"}
)
ACCOUNT_KEYS = frozenset({"aws:principalaccount", "aws:sourceaccount", "kms:calleraccount"})
ARN_KEYS = frozenset({"aws:principalarn", "aws:sourcearn"})
ORGANISATION_KEYS = frozenset({"aws:principalorgid", "aws:sourceorgid", "aws:principalorgpaths", "aws:sourceorgpaths"})
# (service, action) that works without a source condition only. Backup documents no condition key for its
# notifications, and one that it does not send would lose every message; it publishes to topics of the vault's own
# account ("Notification options with AWS Backup", limitations).
UNCONDITIONAL: Mapping[tuple[str, str], str] = {("backup.amazonaws.com", "sns:publish"): "Notification options"}
# Services that can act for anyone in any account, and whose guide asks for a source condition in the role's trust
# ("Confused deputy prevention" of EventBridge Scheduler, Step Functions, EventBridge, Pipes and Bedrock).
CONFUSABLE = frozenset(f"{name}.amazonaws.com" for name in ("scheduler", "states", "events", "pipes", "bedrock"))
_ACCOUNT = re.compile(r"(?:arn:aws:(?:iam|sts)::)?(\d{12})(?::.+)?\Z")


def _confined(statement: Statement, accounts: frozenset[str]) -> bool:
    """Say whether a condition keeps a statement to callers of `accounts`."""
    for operator, key, values in statement.conditions():
        if operator not in CONFINING or not values:
            continue
        if key in ORGANISATION_KEYS and all("*" not in value for value in values):
            return True
        if key in ACCOUNT_KEYS and set(values) <= accounts:
            return True
        if key in ARN_KEYS and all(account_in(value) in accounts for value in values):
            return True
    return False


def principal_accounts(resource: Resource, statement: Statement) -> Iterator[Finding]:
    """Judge AWS principals: accounts and roles of this account, or of the allow-list, or confined to them."""
    if not statement.allows:
        return
    accounts = frozenset({own_account(resource)}) | trusted_accounts()
    for principal in statement.principals("AWS"):
        match = _ACCOUNT.match(principal)
        if (match and match[1] in accounts) or _confined(statement, accounts):
            continue
        who = "everyone" if principal == "*" else principal
        yield Violation(f"{statement.where} lets in {who}")


def service_principals(resource: Resource, statement: Statement) -> Iterator[Finding]:
    """Judge service principals: a service acts for whoever asks it, so the statement says for whom."""
    if not statement.allows:
        return
    accounts = frozenset({own_account(resource)}) | trusted_accounts()
    for service in statement.principals("Service"):
        if statement.kind == "trust" and service not in CONFUSABLE:
            continue
        if all((service, action) in UNCONDITIONAL for action in statement.actions):
            continue
        if not (_confined(statement, accounts) or _by_context(statement, accounts)):
            yield Violation(
                f"{statement.where} lets in {service} for any account: no aws:SourceAccount or aws:SourceArn"
            )


def _by_context(statement: Statement, accounts: frozenset[str]) -> bool:
    """Say whether KMS's encryption context pins a key statement to ARNs of our own."""
    return any(
        operator in CONFINING
        and key.startswith("kms:encryptioncontext:")
        and values
        and all(account_in(value) in accounts for value in values)
        for operator, key, values in statement.conditions()
    )


def federated(resource: Resource, statement: Statement) -> Iterator[Finding]:
    """Judge web identity: the token's audience and subject decide who it is, and must both be named."""
    del resource
    for provider in statement.principals("Federated") if statement.allows else ():
        named = {key: values for operator, key, values in statement.conditions() if operator in CONFINING}
        subjects = [value for key, values in named.items() if key.endswith(":sub") for value in values]
        if not any(key.endswith(":aud") for key in named):
            yield Violation(f"{statement.where} takes tokens of {provider} for any audience (:aud)")
        if not subjects or any(set("*?") & set(":".join(subject.split(":")[:2])) for subject in subjects):
            yield Violation(f"{statement.where} takes tokens of {provider} of anyone (:sub names no repository)")


def permission(resource: Resource) -> Iterator[Finding]:
    """Judge who may invoke a function."""
    principal = str(resource.get("principal"))
    if principal == "*":
        yield Violation("everyone may invoke the function")
    elif principal.endswith(".amazonaws.com"):
        arn, account = str(resource.get("sourceArn") or ""), resource.get("sourceAccount")
        if not account and not account_in(arn):
            yield Violation(f"{principal} may invoke it for any account: no sourceAccount, and no account in sourceArn")
        elif (account or account_in(arn)) != own_account(resource):
            yield Violation(f"{principal} may invoke it for the account {account or account_in(arn)}")
    else:
        match = _ACCOUNT.match(principal)
        if not match or match[1] not in {own_account(resource), *trusted_accounts()}:
            yield Violation(f"{principal} may invoke the function")


def _with(type_: str, principal: Any, condition: Any = None, *, action: str = "sns:Publish") -> Resource:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": action}
    if condition:
        statement["Condition"] = condition
    if type_ == types.ROLE:
        document = {"Version": "2012-10-17", "Statement": [statement]}
        return PROD(type_, assumeRolePolicy=json.dumps(document))
    statement["Resource"] = "arn:aws:sns:eu-central-1:111122223333:omnix-ai-prod-alarms"
    return PROD(type_, policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


_GITHUB = {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}
_TOKEN = "token.actions.githubusercontent.com"  # noqa: S105  a condition key's prefix

RULES: tuple[Rule, ...] = (
    resource_rule(
        "principal-known",
        over_statements(principal_accounts),
        types=CARRIERS,
        reason="a policy that lets in everyone, or an account nobody has listed, gives the data away",
        fix="name a role of this account, add a condition on aws:PrincipalArn, or list the account in "
        "policy/trusted_accounts.yaml",
        failing=_with(types.TOPIC, "*"),
        passing=_with(types.TOPIC, {"AWS": "arn:aws:iam::111122223333:role/omnix-ai-prod-api-eu-central-1"}),
        refs=("P15", "C5"),
    ),
    resource_rule(
        "service-principal-confined",
        over_statements(service_principals),
        types=CARRIERS,
        reason="the service acts for any account that asks it (the confused deputy)",
        fix="add conditions on aws:SourceAccount and aws:SourceArn",
        failing=_with(types.TOPIC, {"Service": "cloudwatch.amazonaws.com"}),
        passing=_with(
            types.TOPIC,
            {"Service": "cloudwatch.amazonaws.com"},
            {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        ),
        refs=("P15", "A1"),
    ),
    resource_rule(
        "federated-trust-confined",
        over_statements(federated),
        types=(types.ROLE,),
        reason="without audience and repository every workflow of every GitHub user gets the role",
        fix="add StringEquals conditions on the provider's :aud and :sub (repo:owner/name:…)",
        failing=_with(types.ROLE, _GITHUB, action="sts:AssumeRoleWithWebIdentity"),
        passing=_with(
            types.ROLE,
            _GITHUB,
            {
                "StringEquals": {
                    f"{_TOKEN}:aud": "sts.amazonaws.com",
                    f"{_TOKEN}:sub": "repo:owner/platform:environment:preview",
                }
            },
            action="sts:AssumeRoleWithWebIdentity",
        ),
        refs=("P14", "P15"),
    ),
    resource_rule(
        "function-permission-confined",
        permission,
        types=(types.FUNCTION_PERMISSION,),
        reason="a permission without its source lets the same service of any account invoke the function",
        fix="set sourceArn (and sourceAccount where the ARN has no account)",
        failing=PROD(types.FUNCTION_PERMISSION, principal="apigateway.amazonaws.com", function="omnix-ai-prod-api"),
        passing=PROD(
            types.FUNCTION_PERMISSION,
            principal="apigateway.amazonaws.com",
            function="omnix-ai-prod-api",
            sourceArn="arn:aws:execute-api:eu-central-1:111122223333:a1b2c3/prod/*/*",
        ),
        refs=("P15",),
    ),
)
