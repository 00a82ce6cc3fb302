"""Each resource belongs to one environment, one account, known regions, an owner."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy import types
from policy.model import DEV, PROD, Example, Finding, Resource, Rule, Violation, resource_rule
from policy.references import account_in
from policy.surroundings import (
    ARN,
    EDGE_REGION,
    HOME_REGION,
    RECOVERY_REGION,
    other_environments,
    own_account,
    region,
    tags,
    trusted_accounts,
)
from policy.values import NotReadableError, Unreadable, texts

STAGING = Example("staging")
REQUIRED_TAGS = ("Project", "Environment", "Component", "Owner", "CostCenter", "ManagedBy")
# type -> the property that is its physical name
NAMES: Mapping[str, str] = {
    types.ALARM: "name",
    types.ANOMALY_MONITOR: "name",
    types.ANOMALY_SUBSCRIPTION: "name",
    types.BACKUP_PLAN: "name",
    types.BACKUP_SELECTION: "name",
    types.BUCKET: "bucket",
    types.BUDGET: "name",
    types.DASHBOARD: "dashboardName",
    types.EVENT_RULE: "name",
    types.FRAMEWORK: "name",
    types.FUNCTION: "name",
    types.INFERENCE_PROFILE: "name",
    types.INSIGHT_RULE: "ruleName",
    types.LOG_GROUP: "name",
    types.PARAMETER: "name",
    types.POLICY: "name",
    types.QUEUE: "name",
    types.REPORT_PLAN: "name",
    types.RESTORE_TESTING_PLAN: "name",
    types.RESTORE_TESTING_SELECTION: "name",
    types.REST_API: "name",
    types.ROLE: "name",
    types.SCHEDULE: "name",
    types.SECRET: "name",
    types.STATE_MACHINE: "name",
    types.TABLE: "name",
    types.TOPIC: "name",
    types.USAGE_PLAN: "name",
    types.VAULT: "name",
    "aws:apigateway/apiKey:ApiKey": "name",
    "aws:kms/alias:Alias": "name",
    "aws:wafv2/webAcl:WebAcl": "name",
    types.HTTP_API: "name",
}
# What AWS tags; a test compares it with the provider's own arguments.
TAGGABLE = frozenset(
    {
        *(
            set(NAMES)
            - {types.DASHBOARD, types.BACKUP_SELECTION, types.RESTORE_TESTING_SELECTION, "aws:kms/alias:Alias"}
        ),
        *(types.KEY, types.STAGE, types.DISTRIBUTION, types.EVENT_BUS, types.TRAIL, types.HTTP_STAGE),
        *(types.BUDGET_ACTION, types.EVENT_SOURCE_MAPPING),
        "aws:s3/bucketObjectv2:BucketObjectv2",
    }
    - {types.SCHEDULE}
)
# CloudFront's web ACL, certificate, metrics and what watches them exist in us-east-1 only
AT_THE_EDGE = re.compile(r"aws:(wafv2|acm|cloudfront|cloudwatch|sns|kms|route53|lambda)/")
# hashes and opaque identifiers: three letters in them mean nothing
OPAQUE = frozenset({"sourceCodeHash", "sourceHash", "codeSha256", "etag", "triggers", "s3ObjectVersion", "versionId"})


def named(resource: Resource) -> Iterator[Finding]:
    """Judge the physical name: this project and this environment, as whole words."""
    path = NAMES[resource.type]
    name = resource.get(path)
    environment = re.escape(resource.stack)
    # AWS Backup's frameworks, report plans and restore tests take no hyphen
    own = rf"(^|/|\b)omnix-ai-{environment}(-|$)|^/?omnix-ai/{environment}/|^omnix_ai_{environment}_"
    # API Gateway names its execution log itself: API-Gateway-Execution-Logs_{api}/{stage}
    execution_log = rf"API-Gateway-Execution-Logs_[^/]+/{environment}$"
    if not name:
        yield Violation(f"{path} is not set: its name would be a random one")
    elif not re.search(own, name) and not re.match(execution_log, name):
        yield Violation(f"{path} is {name}, not omnix-ai-{resource.stack}-… or /omnix-ai/{resource.stack}/…")


def tagged(resource: Resource) -> Iterator[Finding]:
    """Judge the six tags, and that Environment is the stack's."""
    found = tags(resource)
    missing = [key for key in REQUIRED_TAGS if key not in found]
    if missing:
        yield Violation(f"lacks the tags {', '.join(missing)}")
    for key in REQUIRED_TAGS:
        if isinstance(found.get(key), Unreadable):
            raise NotReadableError(f"tags.{key}", found[key].why)
        if key in found and not str(found[key]).strip():
            yield Violation(f"the tag {key} is empty")
    environment = found.get("Environment")
    if environment not in {None, resource.stack}:
        yield Violation(f"the tag Environment is {environment}, and the stack is {resource.stack}")


def _named_texts(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield the texts in which a name may stand; a value that is not known ends them with NotReadableError."""
    hidden: tuple[str, Unreadable] | None = None
    for path, _, leaf in texts(dict(resource.properties)):
        if path.partition(".")[0] in OPAQUE:
            continue
        if isinstance(leaf, Unreadable):
            hidden = hidden or (path, leaf)
        elif isinstance(leaf, str):
            yield path, leaf
    if hidden:
        raise NotReadableError(hidden[0], hidden[1].why)


def other_environment(resource: Resource) -> Iterator[Finding]:
    """Judge every text of the inputs."""
    for path, text in _named_texts(resource):
        for environment in other_environments(text, resource.stack):
            yield Violation(f"{path} names {environment}: {text[:120]}")


def other_account(resource: Resource) -> Iterator[Finding]:
    """Judge every ARN of the inputs; AWS's own (`arn:aws:iam::aws:policy/…`) have no account number."""
    accounts = {own_account(resource), *trusted_accounts()}
    for path, text in _named_texts(resource):
        for match in ARN.finditer(text):
            account = account_in(match[0])
            if account.isdigit() and account not in accounts:
                yield Violation(f"{path} names the account {account}: {match[0]}")


def bound(provider: Resource) -> Iterator[Finding]:
    """Judge the provider: one account, and no other."""
    try:
        own_account(provider)
    except NotReadableError as error:
        if error.why == "not exactly one account":
            yield Violation("allowedAccountIds does not name exactly one account")
            return
        raise


def in_region(resource: Resource) -> Iterator[Finding]:
    """Judge the resource's region."""
    found = region(resource)
    if found == EDGE_REGION and AT_THE_EDGE.match(resource.type):
        return
    if found is not None and found not in {HOME_REGION, RECOVERY_REGION}:
        yield Violation(f"is in {found}; the platform's regions are {HOME_REGION} and {RECOVERY_REGION}")


def _provider(**properties: Any) -> Resource:
    resource = PROD(types.PROVIDER, "aws", **properties)
    return Resource(resource.urn, resource.type, properties, provider=properties)


_TAGS = {"Component": "DataStack"}

RULES: tuple[Rule, ...] = (
    resource_rule(
        "named-after-environment",
        named,
        types=tuple(NAMES),
        reason="names without an environment collide in a shared account, and nobody knows whose they are",
        fix="take the name from components/naming.py",
        failing=PROD(types.TABLE, name="orders"),
        passing=PROD(types.TABLE, name="omnix-ai-prod-orders"),
        refs=("P3", "C5"),
    ),
    resource_rule(
        "tagged",
        tagged,
        types=tuple(sorted(TAGGABLE)),
        reason="what bears no owner is paid for ever, and cleaned up by nobody",
        fix="set the tags " + ", ".join(REQUIRED_TAGS),
        failing=PROD(types.TABLE, name="omnix-ai-prod-orders"),
        passing=PROD(types.TABLE, name="omnix-ai-prod-orders", tags=_TAGS),
        refs=("C4", "P12"),
    ),
    resource_rule(
        "no-other-environment",
        other_environment,
        reason="staging's page called another environment: orders of tests went to real shops",
        fix="name what belongs to this environment, or take it from this stack's outputs",
        failing=STAGING(types.PARAMETER, type="String", value="https://api.dev.omnix-ai.example"),
        passing=STAGING(types.PARAMETER, type="String", value="https://staging.omnix-ai.example/products"),
        refs=("C1", "C5", "P5"),
    ),
    resource_rule(
        "no-other-account",
        other_account,
        reason="an ARN of another account works on data of another environment, or fails at run time",
        fix="use the stack's own account, or list the other one in policy/trusted_accounts.yaml",
        failing=PROD(types.BACKUP_SELECTION, resources=["arn:aws:dynamodb:eu-central-1:999988887777:table/orders"]),
        passing=PROD(
            types.BACKUP_SELECTION,
            resources=["arn:aws:dynamodb:eu-central-1:111122223333:table/omnix-ai-prod-orders"],
        ),
        refs=("C5",),
    ),
    resource_rule(
        "provider-bound-to-account",
        bound,
        types=(types.PROVIDER,),
        reason="with the wrong credentials in the shell, one environment would be deployed into another's account",
        fix="set allowedAccountIds to the stack's account",
        failing=_provider(region=HOME_REGION),
        passing=_provider(region=HOME_REGION, allowedAccountIds='["111122223333"]'),
        refs=("C5",),
    ),
    resource_rule(
        "region-known",
        in_region,
        reason="what stands in a region that nobody looks at is not backed up or watched, and data leaves the EU",
        fix=f"leave region out ({HOME_REGION}), or use {RECOVERY_REGION}; {EDGE_REGION} for the edge only",
        failing=DEV(types.TABLE, region="us-east-1"),
        passing=DEV(types.TABLE, region="eu-west-1"),
        refs=("A4", "P8"),
    ),
)
