"""What AWS refuses to store: the checks of PutRolePolicy, CreateRole, PutKeyPolicy, SetQueueAttributes and their like.

A document that `policy.parse` reads may still be refused: by its size, by the kind of thing it is attached to, by what
IAM's own parser asks of an ARN or a Sid. Each kind's limits name their source.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from localcloud.iam import policy as policies
from localcloud.iam.patterns import ARN_COMPONENTS
from localcloud.iam.policy import Policy, Statement
from localcloud.iam.principals import Principals

type Check = Callable[[Policy], Iterator[str]]
type Unit = Literal["characters without white space", "characters", "bytes"]


class PolicyKind(StrEnum):
    """What a document is stored as."""

    INLINE = "inline policy"
    MANAGED = "managed policy"
    SESSION = "session policy"
    TRUST = "role trust policy"
    KEY = "key policy"
    QUEUE = "queue policy"
    TOPIC = "topic policy"
    BUCKET = "bucket policy"
    FUNCTION = "function policy"
    SECRET = "secret policy"  # noqa: S105 - a kind of policy
    EVENT_BUS = "event bus policy"
    LOGS = "log resource policy"
    TABLE = "table policy"
    REST_API = "REST API policy"


@dataclass(frozen=True, slots=True)
class Form:
    """What one kind must be: its size, where that is written, and the checks it must pass."""

    limit: int
    unit: Unit
    source: str
    checks: tuple[Check, ...]


def findings(document: str | Mapping[str, Any], kind: PolicyKind, owner: str) -> tuple[str, ...]:
    """Why AWS would refuse the document as a policy of that kind; empty when it would not.

    Each finding begins with the owner. A document that cannot be read has its reading errors only.
    """
    text, form = _text(document), FORMS[kind]
    read, problems = policies.read(text, owner=owner)
    found = [*_size(text, form)]
    if kind in _LATIN and not re.fullmatch(r"[\t\n\r -\xff]*", text):
        found.append("may hold tabs, line ends and the characters U+0020 to U+00FF only")
    if read is None:
        found += problems
    else:
        found += [finding for check in form.checks for finding in check(read)]
    return tuple(f"{owner}: {finding}" for finding in found)


def aggregate_findings(documents: Iterable[str | Mapping[str, Any]], owner: str) -> tuple[str, ...]:
    """Why AWS would refuse a role's inline policies together: their sizes count as one."""
    together = "".join(map(_text, documents))
    return tuple(f"{owner}: {finding}" for finding in _size(together, FORMS[PolicyKind.INLINE]))


def _text(document: str | Mapping[str, Any]) -> str:
    if isinstance(document, str):
        return document
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _size(text: str, form: Form) -> Iterator[str]:
    match form.unit:
        case "bytes":
            size = len(text.encode())
        case "characters":
            size = len(text)
        case _:
            size = len("".join(text.split()))
    if size > form.limit:
        yield f"maximum policy size of {form.limit:,} {form.unit} exceeded: {size:,} ({form.source})"


def _at(statement: Statement) -> str:
    return f"statement {statement.index + 1}" + (f" ({statement.sid})" if statement.sid else "")


def _of_identity(policy: Policy) -> Iterator[str]:
    if policy.version != "2012-10-17":
        yield "Policy document must be version 2012-10-17 or greater."
    if policy.for_resource:
        yield "Policy document should not specify a principal."


def _of_resource(policy: Policy) -> Iterator[str]:
    if not policy.for_resource:
        yield "Missing required field Principal"


def _sids(policy: Policy) -> Iterator[str]:
    """IAM's own Sids; other services allow more characters (grammar notes, `sid_string`)."""
    for statement in policy.statements:
        if not re.fullmatch(r"[0-9A-Za-z]*", statement.sid or ""):
            yield (
                f"{_at(statement)}: Statement IDs (SID) must be alpha-numeric. "
                "Check that your input satisfies the regular expression [0-9A-Za-z]*"
            )


def _unique_sids(policy: Policy) -> Iterator[str]:
    counted = Counter(statement.sid for statement in policy.statements if statement.sid)
    for sid in (sid for sid, count in counted.items() if count > 1):
        yield f"Statement IDs (SID) in a single policy must be unique: {sid}"


def _has_resources(policy: Policy) -> Iterator[str]:
    for statement in policy.statements:
        if not (statement.resources or statement.not_resources):
            yield f"{_at(statement)}: Policy statement must contain resources."


_PARTITIONS = frozenset({"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"})
_IAM_RESOURCES = (
    "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
    "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
)  # fmt: skip


def _arns(policy: Policy) -> Iterator[str]:
    for statement in policy.statements:
        for resource in statement.resources + statement.not_resources:
            for wrong in _arn(resource):
                yield f"{_at(statement)}: {wrong}"


def _arn(resource: str) -> Iterator[str]:
    if resource == "*":
        return
    components = resource.split(":", ARN_COMPONENTS - 1)
    if components[0] != "arn" or len(components) == 1:
        yield f'Resource {resource} must be in ARN format or "*".'
        return
    short = len(components) < ARN_COMPONENTS
    partition, service, region, _, name = components[1:] + [""] * (ARN_COMPONENTS - len(components))
    if partition not in _PARTITIONS and partition != "*":
        yield f'Partition "{partition}" is not valid for resource "{resource}".'
    elif not service or re.search(r"[*?]", service):
        yield f"Resource vendor must be fully qualified and cannot contain regexes. ({resource})"
    elif short and "::" in resource:
        yield f"The policy failed legacy parsing ({resource})"
    elif any("${" in component for component in components[: ARN_COMPONENTS - 1]):
        yield f"{resource}: a policy variable may stand after the fifth colon only"
    elif service == "iam" and region:
        yield f"IAM resource {resource} cannot contain region information."
    elif service == "iam" and name and name != "*" and not name.startswith(_IAM_RESOURCES):
        yield f'IAM resource path must either be "*" or start with {", ".join(_IAM_RESOURCES)}. ({resource})'
    elif service == "s3" and region and not name.startswith("accesspoint/"):
        yield f"Resource {resource} can not contain region information."


def _trust(policy: Policy) -> Iterator[str]:
    for statement in policy.statements:
        if statement.resources or statement.not_resources:
            yield f"{_at(statement)}: Has prohibited field Resource."
        if statement.not_principals is not None:
            yield f"{_at(statement)}: Has prohibited field NotPrincipal."
        allowed = {"sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}
        for action in statement.actions + statement.not_actions:
            if not action.lower().startswith("sts:assumerole") and action.lower() not in allowed:
                yield f"{_at(statement)}: AssumeRole policy may only specify STS AssumeRole actions. ({action})"


def _own_actions(service: str, *, everything: bool = True) -> Check:
    """A resource's policy speaks of its own service's actions; `everything`: whether `*` is one."""

    def check(policy: Policy) -> Iterator[str]:
        for statement in policy.statements:
            for action in statement.actions + statement.not_actions:
                if not action.lower().startswith(f"{service}:") and not (everything and action == "*"):
                    yield f"{_at(statement)}: action {action} is not one of {service}"

    return check


# "Valid Amazon SNS policy actions"; sns:Receive is in the policies of topics that SNS made before 2020.
_TOPIC_ACTIONS = frozenset(
    f"sns:{name}".lower()
    for name in (
        "AddPermission", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes", "ListSubscriptionsByTopic",
        "ListTagsForResource", "Publish", "PutDataProtectionPolicy", "Receive", "RemovePermission",
        "SetTopicAttributes", "Subscribe",
    )
)  # fmt: skip


def _topic(policy: Policy) -> Iterator[str]:
    for statement in policy.statements:
        for action in statement.actions + statement.not_actions:
            known = action.lower() in _TOPIC_ACTIONS or re.fullmatch(r"sns:.*[*?].*", action.lower())
            if not known:
                yield f"{_at(statement)}: Invalid parameter: Policy statement action out of service scope! ({action})"


def _at_most(*, statements: int, actions: int | None, principals: int, conditions: int | None, source: str) -> Check:
    """Counted limits of SQS and SNS policies."""

    def check(policy: Policy) -> Iterator[str]:
        if len(policy.statements) > statements:
            yield f"at most {statements} statements, not {len(policy.statements)} ({source})"
        if (named := sum(_count(one.principals or one.not_principals) for one in policy.statements)) > principals:
            yield f"at most {principals} principals, not {named} ({source})"
        if conditions is not None and (used := sum(len(one.conditions) for one in policy.statements)) > conditions:
            yield f"at most {conditions} conditions, not {used} ({source})"
        for one in policy.statements:
            if actions is not None and len(one.actions + one.not_actions) > actions:
                yield f"{_at(one)}: at most {actions} actions, not {len(one.actions + one.not_actions)} ({source})"

    return check


def _count(element: Principals | None) -> int:
    if element is None:
        return 0
    named = (element.accounts, element.arns, element.services, element.federated, element.canonical_users)
    return element.anyone + sum(map(len, named))


def _no_lockout(policy: Policy) -> Iterator[str]:
    """PutKeyPolicy's lockout safety check: whoever puts it must still be allowed to put another."""
    if not any(
        statement.effect == "Allow" and any(test("kms:putkeypolicy") for test in statement.action_tests)
        for statement in policy.statements
        if statement.actions
    ):
        yield "The new key policy will not allow you to update the key policy in the future."


# botocore iam policyDocumentType, kms PolicyType
_LATIN = frozenset({PolicyKind.INLINE, PolicyKind.MANAGED, PolicyKind.SESSION, PolicyKind.TRUST, PolicyKind.KEY})
_IDENTITY = (_of_identity, _sids, _unique_sids, _has_resources, _arns)
_RESOURCE = (_of_resource, _has_resources)
_IAM = "IAM and STS quotas: "

FORMS: Mapping[PolicyKind, Form] = {
    PolicyKind.INLINE: Form(
        10_240, "characters without white space", _IAM + "role inline policies, together", _IDENTITY
    ),
    PolicyKind.MANAGED: Form(6_144, "characters without white space", _IAM + "managed policy", _IDENTITY),
    PolicyKind.SESSION: Form(2_048, "characters", "botocore sts sessionPolicyDocumentType", _IDENTITY),
    PolicyKind.TRUST: Form(
        2_048,
        "characters without white space",
        _IAM + "role trust policy length, the default",
        (_of_resource, _sids, _unique_sids, _trust),
    ),
    PolicyKind.KEY: Form(
        32_768,
        "bytes",
        "KMS resource quotas: key policy document size 32 KB",
        (*_RESOURCE, _no_lockout),
    ),
    PolicyKind.QUEUE: Form(
        8_192,
        "bytes",
        "SQS policy quotas",
        (
            *_RESOURCE,
            _own_actions("sqs"),
            _at_most(statements=20, actions=7, principals=50, conditions=10, source="SQS policy quotas"),
        ),
    ),
    PolicyKind.TOPIC: Form(
        30_720,
        "bytes",
        "SNS policy quotas: 30 KB",
        (
            *_RESOURCE,
            _topic,
            _unique_sids,
            _at_most(statements=100, actions=None, principals=200, conditions=None, source="SNS policy quotas"),
        ),
    ),
    PolicyKind.BUCKET: Form(
        20_480, "bytes", "S3 quotas: bucket policies 20 KB", (*_RESOURCE, _arns, _own_actions("s3"))
    ),
    PolicyKind.FUNCTION: Form(
        20_480, "bytes", "Lambda quotas: function resource-based policy 20 KB", (*_RESOURCE, _own_actions("lambda"))
    ),
    PolicyKind.SECRET: Form(
        20_480,
        "characters",
        "botocore secretsmanager NonEmptyResourcePolicyType",
        (*_RESOURCE, _own_actions("secretsmanager")),
    ),
    PolicyKind.EVENT_BUS: Form(
        10_240,
        "characters",
        "EventBridge quotas: event bus policy size 10,240 characters",
        (*_RESOURCE, _own_actions("events")),
    ),
    PolicyKind.LOGS: Form(51_200, "characters", "botocore logs PolicyDocument", (*_RESOURCE, _own_actions("logs"))),
    PolicyKind.TABLE: Form(
        20_480,
        "bytes",
        "DynamoDB PutResourcePolicy: 20 KB, white space counted",
        (*_RESOURCE, _own_actions("dynamodb")),
    ),
    PolicyKind.REST_API: Form(
        8_192, "bytes", "API Gateway quotas: resource policy 8,192 bytes", (*_RESOURCE, _own_actions("execute-api"))
    ),
}
