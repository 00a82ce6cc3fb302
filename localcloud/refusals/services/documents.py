"""Policy documents, by what they are attached to: `localcloud.iam.lint` says what AWS refuses to store."""

from collections.abc import Iterator
from typing import Any

from localcloud.iam.lint import FORMS, PolicyKind, aggregate_findings, findings
from localcloud.iam.policy import UnreadablePolicy, parse
from localcloud.refusals.check import Check, Inputs, Of, Place, Violation, root, short, values

_DOCUMENTS = (
    ("aws:iam/role:Role", "assumeRolePolicy", PolicyKind.TRUST),
    ("aws:iam/role:Role", "inlinePolicies[].policy", PolicyKind.INLINE),
    ("aws:iam/rolePolicy:RolePolicy", "policy", PolicyKind.INLINE),
    ("aws:iam/policy:Policy", "policy", PolicyKind.MANAGED),
    ("aws:kms/key:Key", "policy", PolicyKind.KEY),
    ("aws:s3/bucketPolicy:BucketPolicy", "policy", PolicyKind.BUCKET),
    ("aws:sqs/queue:Queue", "policy", PolicyKind.QUEUE),
    ("aws:sqs/queuePolicy:QueuePolicy", "policy", PolicyKind.QUEUE),
    ("aws:sns/topic:Topic", "policy", PolicyKind.TOPIC),
    ("aws:sns/topicPolicy:TopicPolicy", "policy", PolicyKind.TOPIC),
    ("aws:secretsmanager/secret:Secret", "policy", PolicyKind.SECRET),
    ("aws:secretsmanager/secretPolicy:SecretPolicy", "policy", PolicyKind.SECRET),
    ("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "policyDocument", PolicyKind.LOGS),
    ("aws:apigateway/restApi:RestApi", "policy", PolicyKind.REST_API),
    ("aws:apigateway/restApiPolicy:RestApiPolicy", "policy", PolicyKind.REST_API),
)


def _check(token: str, path: str, kind: PolicyKind) -> Check:
    def find(inputs: Inputs, _: Place) -> Iterator[Violation]:
        for at, text in values(inputs, path):
            if text != "":
                yield from ((at, finding) for finding in findings(text, kind, at))

    form = FORMS[kind]
    what = f"what AWS does not store as a {kind}: grammar, principals, resources, size"
    limit = f"{form.limit} {form.unit}"
    return Of(token, form.source).rule(f"{short(path)}-document", root(path), find, what, limit)


def _vault(value: Any) -> str | None:
    try:
        policy = parse(value, owner="policy")
    except UnreadablePolicy as error:
        return str(error)
    foreign = [action for one in policy.statements for action in one.actions if not action.startswith(("backup:", "*"))]
    return f"action {foreign[0]} is not one of backup" if foreign else None


def _together(inputs: Inputs, _: Place) -> Iterator[Violation]:
    documents = [str(policy["policy"]) for policy in inputs.get("inlinePolicies", ()) if policy.get("policy")]
    yield from (("inlinePolicies", finding) for finding in aggregate_findings(documents, "inlinePolicies"))


RULES = (
    *(_check(token, path, kind) for token, path, kind in _DOCUMENTS),
    Of("aws:backup/vaultPolicy:VaultPolicy", "AWS Backup PutBackupVaultAccessPolicy").each(
        "policy-document", "policy", _vault, "a policy that cannot be read, or of other actions"
    ),
    Of("aws:iam/role:Role", FORMS[PolicyKind.INLINE].source).rule(
        "inline-size", "inlinePolicies", _together, "inline policies too large together", "10240 characters"
    ),
)
