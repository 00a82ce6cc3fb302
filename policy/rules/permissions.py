"""Identity policies and roles: exact actions on exact resources, nothing long-lived."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy import types
from policy.action_table import takes_no_resource
from policy.documents import DOCUMENTS, Statement, UnreadablePolicyError, judged, places, statements
from policy.model import DEV, PROD, Finding, Resource, Rule, Violation, each, resource_rule
from policy.surroundings import PROJECT, own_account

CARRIERS = tuple(DOCUMENTS)
# Wildcards that AWS's own documents ask for: each stands for variants of one operation (with and without plaintext, the
# two ends of a re-encryption), and DynamoDB and CloudWatch Logs use several of them.
DOCUMENTED_WILDCARDS: Mapping[str, str] = {
    "kms:generatedatakey*": "DynamoDB encryption at rest, 'Authorizing use of your customer managed key'",
    "kms:reencrypt*": "the same, and CloudWatch Logs, 'Encrypt log data using KMS'",
}
# Names that AWS gives, and begins so: AWS Backup restores a table to test under a random name ("Restore testing
# inferred metadata", DynamoDB), and deletes it with the verdict.
GIVEN_NAMES: Mapping[str, str] = {"dynamodb": "table/awsbackup-restore-test-"}


@dataclass(frozen=True)
class GivenId:
    """A kind whose ids AWS gives, so that no policy can name an environment's own: what may be done with all of them.

    `tagged`: only with a condition on the resource's tags, for what below it is not for everybody.
    """

    service: str
    head: str
    actions: frozenset[str]
    tagged: bool = False


_ANOMALIES = frozenset({"ce:getanomalymonitors", "ce:getanomalysubscriptions", "ce:listtagsforresource"})
# Definitions only. Below a usage plan are its keys' values, in an API's log group its errors.
GIVEN_IDS: Sequence[GivenId] = (
    GivenId("apigateway", "/usageplans/", frozenset({"apigateway:get"}), tagged=True),
    GivenId("application-autoscaling", "scalable-target/", frozenset({"application-autoscaling:listtagsforresource"})),
    GivenId("bedrock", "application-inference-profile/",
            frozenset({"bedrock:getinferenceprofile", "bedrock:listtagsforresource"})),
    GivenId("ce", "anomalymonitor/", _ANOMALIES),
    GivenId("ce", "anomalysubscription/", _ANOMALIES),
    GivenId("lambda", "event-source-mapping:", frozenset({"lambda:geteventsourcemapping", "lambda:listtags"})),
    GivenId("logs", "log-group:API-Gateway-Execution-Logs_", frozenset({"logs:listtagsforresource"})),
)  # fmt: skip

# AWS-managed policies that grant one service role what it needs and no more
NARROW_MANAGED = re.compile(r"arn:aws:iam::aws:policy/(service-role/[\w+=,.@-]+|AWSLambdaExecute)\Z")
# ARN resource parts that begin with a type: "table/x", "function:x". The others begin with the name itself.
UNTYPED_SERVICES = frozenset({"s3", "sns", "sqs", "execute-api"})


def over_statements(
    check: Callable[[Resource, Statement], Iterable[Finding]],
) -> Callable[[Resource], Iterator[Finding]]:
    """Return a check of a resource that runs `check` on every statement of every document it carries."""

    def run(resource: Resource) -> Iterator[Finding]:
        def document(place: Any) -> Iterator[Finding]:
            for statement in judged(resource, place):
                yield from check(resource, statement)

        yield from each(places(resource), document, resource.urn)

    return run


def readable_policies(resource: Resource) -> Iterator[Finding]:
    """Judge whether each document is one that IAM takes: what nobody can read must not count as harmless."""

    def document(place: Any) -> Iterator[Finding]:
        try:
            statements(resource, *place)
        except UnreadablePolicyError as error:
            yield Violation(str(error))

    yield from each(places(resource), document, resource.urn)


def _is_key_administration(resource: Resource, statement: Statement) -> bool:
    """A key policy's own first statement: it delegates to the account's IAM, and is the only way to stay in charge."""
    root = f"arn:aws:iam::{own_account(resource)}:root"
    return statement.kind == "key" and statement.principals("AWS") == [root] and not statement.principals("Service")


def wildcard_action(resource: Resource, statement: Statement) -> Iterator[Finding]:
    """Judge the actions of an Allow."""
    if not statement.allows:
        return
    for action in statement.actions:
        if not set(action) & {"*", "?"} or action in DOCUMENTED_WILDCARDS:
            continue
        if action == "kms:*" and _is_key_administration(resource, statement):
            continue
        yield Violation(f"{statement.where} allows {action}")


def wildcard_resource(resource: Resource, statement: Statement) -> Iterator[Finding]:
    """Judge the resources of an Allow. In a key policy `*` is the key itself; trust policies have none."""
    if not statement.allows or statement.kind in {"key", "trust"}:
        return
    for pattern in statement.resources:
        if pattern == "*":
            broad = [action for action in statement.actions if not takes_no_resource(action)]
            if broad:
                yield Violation(f"{statement.where} allows {', '.join(broad)} on *")
        else:
            problem = broad_arn(pattern, resource.stack)
            if problem and not _of_given_id(pattern, statement):
                yield Violation(f"{statement.where}: {pattern} {problem}")


def broad_arn(pattern: str, stack: str) -> str | None:
    """Return what is too wide in an ARN pattern, None for one that keeps to something that is named.

    A wildcard may follow this environment's own name, or a complete name below its type (`index/*` of one table).
    """
    parts = pattern.split(":", 5)
    if len(parts) < 6:  # noqa: PLR2004  arn:partition:service:region:account:resource
        return "is not an ARN"
    _, partition, service, region, account, name = parts
    model = service == "bedrock" and name.startswith(("foundation-model/", "inference-profile/"))
    if re.search(r"[*?]", partition + service + account) or (re.search(r"[*?]", region) and not model):
        return "leaves partition, service, region or account open"
    head, wildcard, _ = re.split(r"([*?])", name, maxsplit=1) if re.search(r"[*?]", name) else (name, "", "")
    if wildcard and head == GIVEN_NAMES.get(service):
        return None
    # AWS Backup's names for plans and frameworks take no hyphen
    if not wildcard or re.search(rf"(^|[/:_-])omnix[-_]ai[-_/]{re.escape(stack)}([-_/]|$)", head):
        return None
    complete = [part for part in re.split(r"[/:]", head)[:-1] if part and part != PROJECT]
    needed = 1 if service in UNTYPED_SERVICES else 2
    return None if len(complete) >= needed else "names nothing before its wildcard"


def _of_given_id(pattern: str, statement: Statement) -> bool:
    """Whether the statement reads definitions of a kind whose ids AWS gives, by a pattern that is open there only."""
    parts = pattern.split(":", 5)
    if len(parts) < 6 or re.search(r"[*?]", "".join(parts[:5])):  # noqa: PLR2004  arn:partition:service:region:account
        return False
    head = re.split(r"[*?]", parts[5], maxsplit=1)[0]
    tagged = any(
        operator == "StringEquals" and key.startswith("aws:resourcetag/") for operator, key, _ in statement.conditions()
    )
    return any(
        (parts[2], head) == (kind.service, kind.head)
        and kind.actions.issuperset(statement.actions)
        and (tagged or not kind.tagged)
        for kind in GIVEN_IDS
    )


def inverted(resource: Resource, statement: Statement) -> Iterator[Finding]:
    """Judge NotAction, NotResource and NotPrincipal, which allow what nobody has thought of."""
    del resource
    if statement.allows:
        for element in ("NotAction", "NotResource", "NotPrincipal"):
            if element in statement.raw:
                yield Violation(f"{statement.where} allows with {element}")


def pass_role(resource: Resource, statement: Statement) -> Iterator[Finding]:
    """Judge who may be handed a role."""
    del resource
    if not statement.allows or "iam:passrole" not in statement.actions:
        return
    services = [
        value
        for operator, key, values in statement.conditions()
        if key == "iam:passedtoservice" and operator in {"StringEquals", "StringLike", "ForAllValues:StringEquals"}
        for value in values
    ]
    if not services or any("*" in service for service in services):
        yield Violation(f"{statement.where} allows iam:PassRole without naming the service (iam:PassedToService)")


def managed_policy(attachment: Resource) -> Iterator[Finding]:
    """Judge an attached AWS-managed policy: its content changes without us."""
    arn = str(attachment.get("policyArn"))
    if arn.startswith("arn:aws:iam::aws:") and not NARROW_MANAGED.match(arn):
        yield Violation(f"attaches {arn}")


def role_managed_policies(role: Resource) -> Iterator[Finding]:
    """Judge a role's own list of managed policies."""
    for index in range(len(role.get("managedPolicyArns") or [])):
        arn = str(role.get(f"managedPolicyArns.{index}"))
        if arn.startswith("arn:aws:iam::aws:") and not NARROW_MANAGED.match(arn):
            yield Violation(f"attaches {arn}")


def long_lived(resource: Resource) -> Iterator[Finding]:
    """Every user, key or password is one too many."""
    yield Violation(f"{resource.type.rpartition(':')[2]} makes a credential that does not expire")


def identity(*raw: Mapping[str, Any], example: Any = PROD) -> Resource:
    """Return an example of a role policy with these statements."""
    document = json.dumps({"Version": "2012-10-17", "Statement": list(raw)})
    resource: Resource = example(types.ROLE_POLICY, name="grant", policy=document)
    return resource


def allow(actions: Sequence[str], resources: Sequence[str], **more: Any) -> dict[str, Any]:
    """Return a statement."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources), **more}


_TABLE = "arn:aws:dynamodb:eu-central-1:111122223333:table/omnix-ai-prod-orders"
_ROLE = "arn:aws:iam::111122223333:role/omnix-ai-prod-scheduler-eu-central-1"
_TO = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}

RULES: tuple[Rule, ...] = (
    resource_rule(
        "policy-readable",
        readable_policies,
        types=CARRIERS,
        reason="a policy that cannot be read cannot be judged, and must never count as harmless",
        fix="write a document of version 2012-10-17 with the elements that IAM knows",
        failing=PROD(types.ROLE_POLICY, policy='{"Version": "2012-10-17", "Statement": [{"Efect": "Allow"}]}'),
        passing=identity(allow(["dynamodb:GetItem"], [_TABLE])),
        refs=("P15",),
    ),
    resource_rule(
        "no-wildcard-action",
        over_statements(wildcard_action),
        types=CARRIERS,
        reason="a wildcard grants what AWS adds next year, and hides what is used",
        fix="list the actions",
        failing=identity(allow(["dynamodb:*"], [_TABLE])),
        passing=identity(allow(["dynamodb:GetItem", "dynamodb:Query"], [_TABLE])),
        refs=("P15",),
    ),
    resource_rule(
        "no-wildcard-resource",
        over_statements(wildcard_resource),
        types=CARRIERS,
        reason="a grant on everything reaches other tenants' data, other environments and other stacks of the account",
        fix="name the ARN; `*` only for actions that take no resource (policy/actions_without_resource.json)",
        failing=identity(allow(["dynamodb:GetItem"], ["arn:aws:dynamodb:eu-central-1:111122223333:table/*"])),
        passing=identity(
            allow(["dynamodb:GetItem"], [_TABLE, f"{_TABLE}/index/*"]), allow(["xray:PutTraceSegments"], ["*"])
        ),
        refs=("P15", "C5"),
    ),
    resource_rule(
        "no-inverted-allow",
        over_statements(inverted),
        types=CARRIERS,
        reason="`everything except` grants all that nobody has thought of",
        fix="list what is allowed; keep NotAction, NotResource and NotPrincipal to Deny",
        failing=identity({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": [_TABLE]}),
        passing=identity(
            allow(["dynamodb:GetItem"], [_TABLE]), {"Effect": "Deny", "NotAction": ["iam:*"], "Resource": ["*"]}
        ),
        refs=("P15",),
    ),
    resource_rule(
        "pass-role-confined",
        over_statements(pass_role),
        types=CARRIERS,
        reason="who can hand a role to any service can act with it",
        fix="add the condition StringEquals iam:PassedToService",
        failing=identity(allow(["iam:PassRole"], [_ROLE])),
        passing=identity(allow(["iam:PassRole"], [_ROLE], Condition=_TO)),
        refs=("A2", "P15"),
    ),
    resource_rule(
        "managed-policy-narrow",
        managed_policy,
        types=(types.ROLE_ATTACHMENT,),
        reason="AWS's general policies grant whole services, and change without a review of ours",
        fix="write the grant; only policies under service-role/ are made for one role",
        failing=PROD(types.ROLE_ATTACHMENT, role="x", policyArn="arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"),
        passing=PROD(
            types.ROLE_ATTACHMENT,
            role="x",
            policyArn="arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        ),
        refs=("P15",),
    ),
    resource_rule(
        "role-managed-policies-narrow",
        role_managed_policies,
        types=(types.ROLE,),
        reason="AWS's general policies grant whole services, and change without a review of ours",
        fix="write the grant as a RolePolicy",
        failing=DEV(types.ROLE, managedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
        passing=DEV(types.ROLE),
        refs=("P15",),
    ),
    resource_rule(
        "no-long-lived-credential",
        long_lived,
        types=(types.USER, types.ACCESS_KEY, types.USER_LOGIN),
        reason="an access key in a state file, a laptop or a log works until someone notices",
        fix="use a role: OIDC for CI, IAM Identity Center for people",
        failing=PROD(types.ACCESS_KEY, user="ci"),
        passing=PROD(types.ROLE, name="omnix-ai-prod-preview-eu-central-1"),
        refs=("P7", "P15"),
    ),
)
