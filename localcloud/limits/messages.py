"""SQS's, SNS's and EventBridge's limits that moto does not keep.

The sizes are today's: a message or batch of SQS and the entries of one PutEvents take 1 MiB (256 KiB until 2025 and
2026), one of SNS 256 KiB unless its topic says more. Sources: botocore's documentation of each operation.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from localcloud.limits.refusal import Parameters, limits
from localcloud.limits.schedule_expression import fault
from localcloud.refusals import NotCovered

_MESSAGE = 1024 * 1024  # of SQS
_PUBLISHED = 256 * 1024  # of SNS, by default
_EVENTS = 1024 * 1024
_ATTRIBUTES = 10
_TARGETS = 5
_TIME = 14  # bytes that an entry's time counts
# SendMessage: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _attributes_size(attributes: Mapping[str, Mapping[str, Any]]) -> int:
    """Names, types and values count as the message does."""
    return sum(
        len(f"{name}{one.get('DataType', '')}{one.get('StringValue', '')}".encode()) + len(one.get("BinaryValue", b""))
        for name, one in attributes.items()
    )


def _message(body: str, attributes: Mapping[str, Any]) -> int:
    return len(body.encode()) + _attributes_size(attributes)


def _sent(parameters: Parameters) -> list[Parameters]:
    return list(parameters["Entries"]) if "Entries" in parameters else [parameters]


def _empty_body(parameters: Parameters) -> str | None:
    empty = any(not one.get("MessageBody") for one in _sent(parameters))
    return "The request must contain the parameter MessageBody." if empty else None


def _content(parameters: Parameters) -> str | None:
    forbidden = any(_FORBIDDEN.search(one.get("MessageBody", "")) for one in _sent(parameters))
    allowed = "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    return f"Invalid characters found. Valid unicode characters are {allowed}" if forbidden else None


def _message_attributes(parameters: Parameters) -> str | None:
    for one in _sent(parameters):
        attributes = one.get("MessageAttributes", {})
        if len(attributes) > _ATTRIBUTES:
            return f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{_ATTRIBUTES}]."
        for name, attribute in attributes.items():
            if not attribute.get("StringValue") and not attribute.get("BinaryValue"):
                kind = attribute.get("DataType")
                return f"Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
    return None


def _message_size(parameters: Parameters) -> str | None:
    if _message(parameters["MessageBody"], parameters.get("MessageAttributes", {})) <= _MESSAGE:
        return None
    return f"One or more parameters are invalid. Reason: Message must be shorter than {_MESSAGE} bytes."


def _batch_size(parameters: Parameters) -> str | None:
    size = sum(_message(one.get("MessageBody", ""), one.get("MessageAttributes", {})) for one in _sent(parameters))
    words = f"Batch requests cannot be longer than {_MESSAGE} bytes. You have sent {size} bytes."
    return words if size > _MESSAGE else None


def _published(parameters: Parameters) -> list[Parameters]:
    return list(parameters.get("PublishBatchRequestEntries") or [parameters])


def _publication(parameters: Parameters) -> str | None:
    for one in _published(parameters):
        message, subject = one.get("Message") or "", one.get("Subject")
        if not message:
            return "Invalid parameter: Empty message"
        if subject is not None and re.search("[\\x00-\\x1f\\x7f]", subject):
            return "Invalid parameter: Subject"
        if one.get("MessageStructure") == "json" and (wrong := _structure(message)):
            return f"Invalid parameter: Message Structure - {wrong}"
    return None


def _structure(message: str) -> str | None:
    try:
        body = json.loads(message)
    except json.JSONDecodeError:
        return "JSON message body failed to parse"
    return None if isinstance(body, dict) and "default" in body else "No default entry in JSON message body"


def _no_target(parameters: Parameters) -> str | None:
    given = any(parameters.get(name) for name in ("TopicArn", "TargetArn", "PhoneNumber"))
    return None if given else "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"


def _publication_size(parameters: Parameters) -> str | None:
    """Beyond 256 KiB the topic would have to allow it; moto holds every topic to that, without the attributes."""
    size = _message(parameters["Message"], parameters.get("MessageAttributes", {}))
    return "Invalid parameter: Message too long" if size > _PUBLISHED else None


def _publications_size(parameters: Parameters) -> str | None:
    size = sum(_message(one.get("Message", ""), one.get("MessageAttributes", {})) for one in _published(parameters))
    words = "The length of all the batch messages put together is more than the limit."
    return words if size > _PUBLISHED else None


def _entries_size(parameters: Parameters) -> str | None:
    """As "Calculating PutEvents event entry size" counts."""
    size = sum(
        _TIME * ("Time" in entry)
        + sum(len(str(entry.get(name, "")).encode()) for name in ("Source", "DetailType", "Detail"))
        + sum(len(resource.encode()) for resource in entry.get("Resources", ()))
        for entry in parameters["Entries"]
    )
    return "Total size of the entries in the request is over the limit." if size >= _EVENTS else None


def _rule_schedule(parameters: Parameters) -> str | None:
    expression = parameters.get("ScheduleExpression")
    wrong = expression and fault(expression, one_time=False, strict_units=True)
    return "Parameter ScheduleExpression is not valid." if wrong else None


def _targets(parameters: Parameters) -> str | None:
    words = "The requested resource exceeds the maximum number allowed."
    return words if len(parameters["Targets"]) > _TARGETS else None


_SEND = ("SendMessage", "SendMessageBatch")
_SQS = "botocore sqs SendMessage"
_SNS = "botocore sns Publish"
RULES = (
    *limits(
        "body", "sqs", _SEND, _empty_body, what="a message without a body", limit="1 character",
        source=_SQS, code="MissingParameter",
    ),
    *limits(
        "characters", "sqs", _SEND, _content, what="characters that XML does not know", limit="the W3C's list",
        source=_SQS, code="InvalidMessageContents",
    ),
    *limits(
        "attributes", "sqs", _SEND, _message_attributes, what="too many attributes, or one without a value",
        limit="10", source="SQS developer guide: message quotas", code="InvalidParameterValue",
    ),
    *limits(
        "size", "sqs", ("SendMessage",), _message_size, what="a message too large with its attributes (moto counts"
        " the body alone)", limit="1 MiB", source=_SQS, code="InvalidParameterValue",
    ),
    *limits(
        "size", "sqs", ("SendMessageBatch",), _batch_size, what="messages too large together, with their attributes",
        limit="1 MiB", source="botocore sqs SendMessageBatch", code="AWS.SimpleQueueService.BatchRequestTooLong",
    ),
    *limits(
        "target", "sns", ("Publish",), _no_target, what="no topic, target or number", limit="one",
        source=_SNS, code="InvalidParameter",
    ),
    *limits(
        "message", "sns", ("Publish", "PublishBatch"), _publication,
        what="an empty message, a subject with line breaks, a JSON structure without `default`", limit="",
        source=_SNS, code="InvalidParameter",
    ),
    *limits(
        "size", "sns", ("Publish",), _publication_size, what="a message too large with its attributes",
        limit="256 KiB", source=_SNS, code="InvalidParameter",
    ),
    *limits(
        "size", "sns", ("PublishBatch",), _publications_size, what="messages too large together",
        limit="256 KiB", source="botocore sns PublishBatch", code="BatchRequestTooLong",
    ),
    *limits(
        "size", "events", ("PutEvents",), _entries_size, what="entries too large together", limit="1 MB",
        source="botocore events PutEvents",
    ),
    *limits(
        "schedule", "events", ("PutRule",), _rule_schedule, what="a wrong cron(…) or rate(…), or an at(…)",
        limit="6 fields; rate(1 minute), rate(2 minutes)", source="EventBridge user guide: schedule expressions",
    ),
    *limits(
        "targets", "events", ("PutTargets",), _targets, what="too many targets of a rule in one call", limit="5",
        source="EventBridge quotas: targets per rule", code="LimitExceededException",
    ),
)  # fmt: skip
NOT_COVERED = (
    NotCovered(
        "sqs:SendMessage", "attributes that take a message over its queue's own, lower maximum",
        "moto counts the body against it; the call does not tell the queue's attributes", _SQS,
    ),
    NotCovered(
        "sns:Publish", "a topic whose MaximumMessageSize is above 256 KiB takes larger messages",
        "refused here too early: moto knows no such attribute", _SNS,
    ),
    NotCovered(
        "events:PutEvents", "an entry whose source begins with aws.", "it fails alone, in the answer",
        "EventBridge API reference: NotAuthorizedForSourceException",
    ),
    NotCovered("events:PutTargets", "a sixth target in a later call", "moto keeps no such count", "EventBridge quotas"),
)  # fmt: skip
