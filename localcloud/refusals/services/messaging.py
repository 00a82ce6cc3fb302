"""SNS topics and subscriptions, SQS queues."""
# ruff: noqa: PLR2004 - the limits are what these functions are about

import re
from collections.abc import Iterator
from typing import Any

from localcloud.provider.resource import document
from localcloud.refusals.check import Finder, Inputs, Of, Place, Violation
from localcloud.refusals.general import ARN

_TOPIC = Of("aws:sns/topic:Topic", "SNS CreateTopic")
_SUBSCRIPTION = Of("aws:sns/topicSubscription:TopicSubscription", "SNS Subscribe")
_QUEUE = Of("aws:sqs/queue:Queue", "SQS CreateQueue")
_ENDPOINTS = {  # protocol → what an endpoint of it is
    "sqs": r"arn:aws:sqs:.+",
    "lambda": r"arn:aws:lambda:.+:function:.+",
    "firehose": r"arn:aws:firehose:.+:deliverystream/.+",
    "application": r"arn:aws:sns:.+:endpoint/.+",
    "email": r"[^@\s]+@[^@\s]+",
    "email-json": r"[^@\s]+@[^@\s]+",
    "sms": r"\+?\d[\d-]{5,}",
    "http": r"http://.+",
    "https": r"https://.+",
}


def _fifo(flag: str) -> Finder:
    def find(inputs: Inputs, _: Place) -> Iterator[Violation]:
        fifo = bool(inputs.get(flag, False))
        if "name" in inputs and fifo != str(inputs["name"]).endswith(".fifo"):
            yield "name", "a FIFO name ends in .fifo, and no other's"
        for key in ("contentBasedDeduplication", "deduplicationScope", "fifoThroughputLimit", "fifoThroughputScope"):
            if inputs.get(key) and not fifo:
                yield key, f"only with {flag}: true"

    return find


def _throughput(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if inputs.get("fifoThroughputLimit") == "perMessageGroupId" and inputs.get("deduplicationScope") != "messageGroup":
        yield "fifoThroughputLimit", "perMessageGroupId needs deduplicationScope messageGroup"


def _sse(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if inputs.get("kmsMasterKeyId") and inputs.get("sqsManagedSseEnabled"):
        yield "sqsManagedSseEnabled", "conflicts with kmsMasterKeyId"


def _redrive(inputs: Inputs, place: Place) -> Iterator[Violation]:
    if not inputs.get("redrivePolicy"):
        return
    policy = document(inputs["redrivePolicy"])
    if not isinstance(policy, dict) or not {"deadLetterTargetArn", "maxReceiveCount"} <= policy.keys():
        yield "redrivePolicy", "a JSON object with deadLetterTargetArn and maxReceiveCount"
        return
    count, match = policy["maxReceiveCount"], ARN.fullmatch(str(policy["deadLetterTargetArn"]))
    if not str(count).isdigit() or not 1 <= int(count) <= 1000:
        yield "redrivePolicy", f"maxReceiveCount {count} is outside 1 to 1000"
    if match is None or match["service"] != "sqs":
        yield "redrivePolicy", f"{policy['deadLetterTargetArn']!r} is no queue's ARN"
        return
    if (match["region"], match["account"]) != (place.region, place.account_id):
        yield "redrivePolicy", f"the dead-letter queue must be of {place.account_id} in {place.region}, as the queue"
    if match["name"].endswith(".fifo") != bool(inputs.get("fifoQueue", False)):
        yield "redrivePolicy", "a FIFO queue's dead-letter queue is FIFO, a standard queue's standard"
    if match["name"] == inputs.get("name"):
        yield "redrivePolicy", "a queue cannot be its own dead-letter queue"


def _redrive_allow(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if not inputs.get("redriveAllowPolicy"):
        return
    policy = document(inputs["redriveAllowPolicy"])
    kind = policy.get("redrivePermission") if isinstance(policy, dict) else None
    if kind not in {"allowAll", "denyAll", "byQueue"}:
        yield "redriveAllowPolicy", "redrivePermission is allowAll, denyAll or byQueue"
    elif (kind == "byQueue") != bool(policy.get("sourceQueueArns")) or len(policy.get("sourceQueueArns") or ()) > 10:
        yield "redriveAllowPolicy", "byQueue names 1 to 10 sourceQueueArns, the others none"


def _endpoint(inputs: Inputs, _: Place) -> Iterator[Violation]:
    pattern = _ENDPOINTS.get(str(inputs.get("protocol")))
    endpoint = str(inputs.get("endpoint", ""))
    if pattern and endpoint and not re.fullmatch(pattern, endpoint):
        yield "endpoint", f"{endpoint!r} is no endpoint of the protocol {inputs['protocol']}"
    if inputs.get("protocol") == "firehose" and not inputs.get("subscriptionRoleArn"):
        yield "subscriptionRoleArn", "required by the protocol firehose"
    if str(inputs.get("topic", "")).endswith(".fifo") and inputs.get("protocol") not in {None, "sqs"}:
        yield "protocol", "a FIFO topic delivers to queues only"
    if inputs.get("rawMessageDelivery") and inputs.get("protocol") not in {"sqs", "http", "https", "firehose"}:
        yield "rawMessageDelivery", "only for sqs, http, https and firehose"


def _filter(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if not inputs.get("filterPolicy"):
        if inputs.get("filterPolicyScope"):
            yield "filterPolicyScope", "only with a filterPolicy"
        return
    policy = document(inputs["filterPolicy"])
    if not isinstance(policy, dict):
        yield "filterPolicy", "not a JSON object"
        return
    flat = inputs.get("filterPolicyScope", "MessageAttributes") == "MessageAttributes"
    if len(policy) > 5 and flat:
        yield "filterPolicy", f"{len(policy)} attribute names; AWS takes 5"
    for key, values in policy.items():
        if flat and not isinstance(values, list) and key != "$or":
            yield "filterPolicy", f"{key}: a list of what to match"
    if len(str(inputs["filterPolicy"]).encode()) > 262144:
        yield "filterPolicy", "a policy takes 256 KB"


def _display(value: Any) -> str | None:
    return None if len(str(value)) <= 100 else "takes 100 characters"


RULES = (
    _TOPIC.matching("name", r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo", "1 to 256 letters, digits, - and _"),
    _TOPIC.rule(
        "fifo",
        "name fifoTopic contentBasedDeduplication fifoThroughputScope",
        _fifo("fifoTopic"),
        "the suffix .fifo without the flag, the flag without the suffix, FIFO settings of others",
    ),
    _TOPIC.each("display-name", "displayName", _display, "a display name too long", "100 characters"),
    _TOPIC.within("signatureVersion", 1, 2, "SNS SetTopicAttributes", also=(0,)),
    _TOPIC.one_of("tracingConfig", ("PassThrough", "Active", ""), "SNS SetTopicAttributes"),
    _SUBSCRIPTION.one_of("protocol", _ENDPOINTS),
    _SUBSCRIPTION.one_of("filterPolicyScope", ("MessageAttributes", "MessageBody", "")),
    _SUBSCRIPTION.rule(
        "endpoint",
        "protocol endpoint topic subscriptionRoleArn rawMessageDelivery",
        _endpoint,
        "an endpoint that is not the protocol's, FIFO to other than queues, raw delivery where there is none",
    ),
    _SUBSCRIPTION.rule(
        "filter",
        "filterPolicy filterPolicyScope",
        _filter,
        "a filter that is no object, of too many attributes, a scope without filter",
        "5 attributes; 256 KB",
        "SNS filter policy constraints",
    ),
    _QUEUE.matching("name", r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo", "1 to 80 letters, digits, - and _"),
    _QUEUE.within("visibilityTimeoutSeconds", 0, 43200),
    _QUEUE.within("messageRetentionSeconds", 60, 1209600),
    _QUEUE.within("maxMessageSize", 1024, 1048576),
    _QUEUE.within("delaySeconds", 0, 900),
    _QUEUE.within("receiveWaitTimeSeconds", 0, 20),
    _QUEUE.within("kmsDataKeyReusePeriodSeconds", 60, 86400),
    _QUEUE.one_of("deduplicationScope", ("queue", "messageGroup", "")),
    _QUEUE.one_of("fifoThroughputLimit", ("perQueue", "perMessageGroupId", "")),
    _QUEUE.rule(
        "fifo",
        "name fifoQueue contentBasedDeduplication deduplicationScope fifoThroughputLimit",
        _fifo("fifoQueue"),
        "the suffix .fifo without the flag, the flag without the suffix, FIFO settings of others",
    ),
    _QUEUE.rule(
        "throughput",
        "fifoThroughputLimit deduplicationScope",
        _throughput,
        "high throughput without its scope",
        source="SQS: high throughput for FIFO queues",
    ),
    _QUEUE.rule("sse", "kmsMasterKeyId sqsManagedSseEnabled", _sse, "two kinds of encryption"),
    _QUEUE.rule(
        "redrive",
        "redrivePolicy fifoQueue name",
        _redrive,
        "a dead-letter queue of another Region, account or kind, or itself",
        "maxReceiveCount 1 to 1000",
        "SQS dead-letter queues",
    ),
    _QUEUE.rule(
        "redrive-allow",
        "redriveAllowPolicy",
        _redrive_allow,
        "a redrive permission that is none",
        "10 source queues",
        "SQS SetQueueAttributes",
    ),
)
