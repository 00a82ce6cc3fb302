"""Data in transit: TLS 1.2 or later, and nothing else accepted."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from policy import types
from policy.documents import Statement, judged, places
from policy.model import PROD, Finding, Resource, Rule, Stack, Violation, each, resource_rule, stack_rule
from policy.references import attached

# API Gateway names its newer policies after the lowest version that they take ("SecurityPolicy_TLS13_1_2_…")
MODERN = ("TLS_1_2", "SecurityPolicy_TLS13", "SecurityPolicy_TLS12")
# CloudFront's policies that refuse TLS 1.1, in its naming TLSv1.2_year and TLSv1.3_year
MODERN_EDGE = ("TLSv1.2_", "TLSv1.3_")
# What a Deny must name to keep plain HTTP out: all of S3, and what moves messages of a topic or a queue (SNS and SQS
# document theirs with these actions).
COVERING: Mapping[str, tuple[frozenset[str], ...]] = {
    types.BUCKET: (frozenset({"*", "s3:*"}),),
    types.TOPIC: (frozenset({"*", "sns:*", "sns:publish"}),),
    types.QUEUE: (frozenset({"*", "sqs:*", "sqs:sendmessage"}), frozenset({"*", "sqs:*", "sqs:receivemessage"})),
}
_ALL_OBJECTS = re.compile(r"\*|arn:aws:s3:::[^/]+(/\*|\*)")


def refuses_plain(statements: Sequence[Statement], kind: str) -> bool:
    """Say whether the statements deny everyone what does not come over TLS, to the whole of a resource of `kind`.

    A second condition would let the others in, an action or a prefix would leave the rest.
    """
    denials = [one for one in statements if not one.allows and one.principals("AWS") == ["*"] and _plain_only(one)]
    if kind == types.BUCKET:
        denials = [one for one in denials if any(_ALL_OBJECTS.fullmatch(found) for found in one.resources)]
    return all(any(wanted.intersection(one.actions) for one in denials) for wanted in COVERING[kind])


def _plain_only(statement: Statement) -> bool:
    found = [(operator, key, [value.lower() for value in values]) for operator, key, values in statement.conditions()]
    return found in ([(operator, "aws:securetransport", ["false"])] for operator in ("Bool", "BoolIfExists"))


def _statements(resource: Resource) -> list[Statement]:
    return [statement for place in places(resource) for statement in judged(resource, place)]


def _with_policies(stack: Stack, kind: str, policy: str, path: str, by: str) -> Iterator[Finding]:
    def judge(resource: Resource) -> Iterator[Finding]:
        carriers = [resource, *attached(stack, policy, path, resource, by=by)]
        if not refuses_plain([statement for carrier in carriers for statement in _statements(carrier)], kind):
            yield Violation("its policy does not deny requests without TLS", resource.urn)

    yield from each(stack.of(kind), judge)


def buckets(stack: Stack) -> Iterator[Finding]:
    """Judge each bucket's policy."""
    yield from _with_policies(stack, types.BUCKET, types.BUCKET_POLICY, "bucket", "bucket")


def topics(stack: Stack) -> Iterator[Finding]:
    """Judge each topic's policy, its own or a resource of its own."""
    yield from _with_policies(stack, types.TOPIC, types.TOPIC_POLICY, "arn", "arn")


def queues(stack: Stack) -> Iterator[Finding]:
    """Judge each queue's policy, its own or a resource of its own."""
    yield from _with_policies(stack, types.QUEUE, types.QUEUE_POLICY, "queueUrl", "url")


def domain(resource: Resource) -> Iterator[Finding]:
    """Judge a custom domain of a REST or an HTTP API; a REST API's own default takes TLS 1.0."""
    path = "securityPolicy" if resource.type == types.DOMAIN else "domainNameConfiguration.securityPolicy"
    policy = str(resource.get(path))
    if not policy.startswith(MODERN):
        yield Violation(f"{path} is {policy}")


def distribution(resource: Resource) -> Iterator[Finding]:
    """Judge viewers and origins of a distribution."""
    minimum = resource.get("viewerCertificate.minimumProtocolVersion")
    # with CloudFront's own *.cloudfront.net certificate AWS sets TLSv1, and nothing can be set
    own_name = resource.get("viewerCertificate.cloudfrontDefaultCertificate") is not True
    if (own_name or resource.is_production) and not str(minimum).startswith(MODERN_EDGE):
        yield Violation(f"viewerCertificate.minimumProtocolVersion is {minimum}")
    behaviours = ["defaultCacheBehavior"]
    behaviours += [
        f"orderedCacheBehaviors.{index}" for index in range(len(resource.get("orderedCacheBehaviors") or []))
    ]
    for behaviour in behaviours:
        protocol = resource.get(f"{behaviour}.viewerProtocolPolicy")
        if protocol not in {"redirect-to-https", "https-only"}:
            yield Violation(f"{behaviour}.viewerProtocolPolicy is {protocol}")
    for index in range(len(resource.get("origins") or [])):
        custom = resource.get(f"origins.{index}.customOriginConfig")
        if custom and custom.get("originProtocolPolicy") != "https-only":
            yield Violation(f"origin {index + 1} is asked over {custom.get('originProtocolPolicy')}")


def denial(action: str, *resources: str, **more: object) -> str:
    """Return an example of a policy that denies `action` without TLS."""
    condition = {"Bool": {"aws:SecureTransport": "false"}, **more}
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resources, "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


_NAME = "omnix-ai-prod-files-111122223333-eu-central-1"
_FILES = f"arn:aws:s3:::{_NAME}"
_BUCKET = PROD(types.BUCKET, bucket=_NAME)
_QUEUE = PROD(types.QUEUE, name="omnix-ai-prod-jobs", url="https://queue/jobs")
_EDGE = {"defaultCacheBehavior": {"viewerProtocolPolicy": "redirect-to-https"}, "origins": []}
REASON = "without TLS tokens and customers' data cross the network in clear"
REFS = ("P15", "C5")

RULES: tuple[Rule, ...] = (
    stack_rule(
        "bucket-tls",
        buckets,
        reason=REASON,
        fix="add a BucketPolicy that denies everyone where aws:SecureTransport is false",
        failing=(_BUCKET,),
        passing=(
            _BUCKET,
            PROD(
                types.BUCKET_POLICY,
                bucket=_NAME,
                policy=denial("s3:*", _FILES, f"{_FILES}/*"),
            ),
        ),
        refs=REFS,
    ),
    stack_rule(
        "topic-tls",
        topics,
        reason=REASON,
        fix="add a Deny to the topic's policy where aws:SecureTransport is false",
        failing=(PROD(types.TOPIC, name="omnix-ai-prod-alarms"),),
        passing=(PROD(types.TOPIC, name="omnix-ai-prod-alarms", policy=denial("sns:Publish", "*")),),
        refs=REFS,
    ),
    stack_rule(
        "queue-tls",
        queues,
        reason=REASON,
        fix="add a QueuePolicy that denies everyone where aws:SecureTransport is false",
        failing=(_QUEUE,),
        passing=(_QUEUE, PROD(types.QUEUE_POLICY, queueUrl="https://queue/jobs", policy=denial("sqs:*", "*"))),
        refs=REFS,
    ),
    resource_rule(
        "domain-tls",
        domain,
        types=(types.DOMAIN, types.HTTP_DOMAIN),
        reason="a REST API's domain takes TLS 1.0 unless told otherwise",
        fix="set securityPolicy TLS_1_2",
        failing=PROD(types.DOMAIN, domainName="api.omnix-ai.example", securityPolicy="TLS_1_0"),
        passing=PROD(types.DOMAIN, domainName="api.omnix-ai.example", securityPolicy="TLS_1_2"),
        refs=REFS,
    ),
    resource_rule(
        "distribution-tls",
        distribution,
        types=(types.DISTRIBUTION,),
        reason=REASON,
        fix="set minimumProtocolVersion TLSv1.2_2021 or later, viewerProtocolPolicy redirect-to-https, and https-only "
        "origins",
        failing=PROD(types.DISTRIBUTION, viewerCertificate={"minimumProtocolVersion": "TLSv1.1_2016"}, **_EDGE),
        passing=PROD(types.DISTRIBUTION, viewerCertificate={"minimumProtocolVersion": "TLSv1.2_2021"}, **_EDGE),
        refs=REFS,
    ),
)
