"""Throttling and internal errors in each service's own words, as its SDK knows them.

Sources: each service's API reference ("Errors", "Common errors") and, for what clients retry, botocore's `_retry.json`
and the SDKs' reference guide, "Retry behavior".
"""

import json
from collections.abc import Mapping
from typing import Any

from localcloud.endpoint.call import Call
from localcloud.enforcement import answer
from localcloud.faults.fault import Fault
from localcloud.limits.refusal import Refusal

RULE = "fault"
type Answer = tuple[str, list[tuple[str, str]], bytes]

_THROTTLED: Mapping[str, tuple[str, int]] = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "dynamodbstreams": ("LimitExceededException", 400),
    "apigatewaymanagementapi": ("LimitExceededException", 429),
    "bedrock-runtime": ("ThrottlingException", 429),
    "lambda": ("TooManyRequestsException", 429),
    "s3": ("SlowDown", 503),
    "sns": ("Throttled", 429),
    "sqs": ("RequestThrottled", 403),
}
_FAILED: Mapping[str, tuple[str, int]] = {
    "dynamodb": ("InternalServerError", 500),
    "dynamodbstreams": ("InternalServerError", 500),
    "kms": ("KMSInternalException", 500),
    "lambda": ("ServiceException", 500),
    "s3": ("InternalError", 500),
    "secretsmanager": ("InternalServiceError", 500),
    "sns": ("InternalError", 500),
    "ssm": ("InternalServerError", 500),
}
_THROTTLED_BY_PROTOCOL = {
    "json": ("ThrottlingException", 400),
    "rest-json": ("ThrottlingException", 429),
    "query": ("Throttling", 400),
    "rest-xml": ("SlowDown", 503),
    "ec2": ("RequestLimitExceeded", 503),
}
_FAILED_BY_PROTOCOL = {
    "json": ("InternalFailure", 500),
    "rest-json": ("InternalServerException", 500),
    "query": ("InternalFailure", 500),
    "rest-xml": ("InternalError", 500),
    "ec2": ("InternalError", 500),
}
_TABLE_BUSY = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API."
)
_ITEM_BUSY = "Throughput exceeds the current capacity for one or more partitions of your table or index."
_TRANSACTION = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
_TRANSACTIONS = {"TransactWriteItems", "TransactGetItems"}


def throttled(call: Call) -> Refusal:
    """The service's refusal of one call too many."""
    code, status = _THROTTLED.get(call.service) or _THROTTLED_BY_PROTOCOL[answer.protocol(call.service)]
    return Refusal(status, code, _TABLE_BUSY if call.service == "dynamodb" else "Rate exceeded", RULE)


def failed(call: Call) -> Refusal:
    """The service's internal error."""
    code, status = _FAILED.get(call.service) or _FAILED_BY_PROTOCOL[answer.protocol(call.service)]
    return Refusal(status, code, "The request processing has failed because of an unknown error.", RULE)


def refused(fault: Fault, call: Call, content_type: str, request_id: str) -> Answer:
    """Status line, headers and body with which `throttle` and `fail` end a call, in the call's protocol.

    A throttled transaction is cancelled, with a reason for each of its items: `ThrottlingError` for those of the
    resource that is throttled (DynamoDB API reference, TransactWriteItems).
    """
    refusal = throttled(call) if fault.kind == "throttle" else failed(call)
    status, headers, body = answer.render(call, refusal, content_type, request_id)
    if fault.kind == "throttle" and call.service == "dynamodb" and call.operation in _TRANSACTIONS:
        body = json.dumps(_cancelled(fault, call.parameters.get("TransactItems") or [])).encode()
        kept = [(name, value) for name, value in headers if name.lower() not in ("content-length", "x-amzn-errortype")]
        headers = [*kept, ("x-amzn-ErrorType", _TRANSACTION), ("Content-Length", str(len(body)))]
    return status, headers, body


def _cancelled(fault: Fault, entries: list[Mapping[str, Any]]) -> dict[str, Any]:
    tables = [str(next(iter(entry.values()))["TableName"]) for entry in entries]
    busy = [fault.resource == "*" or fault.names(table) for table in tables]
    if not any(busy):  # the resource was named by its ARN
        busy = [True] * len(tables)
    reasons = [{"Code": "ThrottlingError", "Message": _ITEM_BUSY} if one else {"Code": "None"} for one in busy]
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return {"__type": _TRANSACTION, "Message": message, "CancellationReasons": reasons}
