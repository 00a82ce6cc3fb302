"""Where a stream's records go that were given up: Lambda's message to a queue or topic, sent as the function's role.

The message names the records by shard and sequence numbers; the records themselves stay in the stream.
Source: Lambda developer guide, "Retaining discarded batch records for a DynamoDB event source".
"""

import datetime
import json
import logging
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.core.exceptions import ServiceException
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from localcloud.enforcement.need import Need
from localcloud.enforcement.services.messaging import queue_key, topic_key

if TYPE_CHECKING:
    from localcloud.functions.invocation import InvokeResult
    from localcloud.functions.streams import Settings, Streams

_LOG = logging.getLogger(__name__)


class Failure(NamedTuple):
    """What was given up, why, after how many calls."""

    condition: str
    records: list[dict[str, Any]]
    attempts: int
    shard_id: str
    stream_arn: str
    function_arn: str


def message(failure: Failure, result: "InvokeResult | None") -> dict[str, Any]:
    """Lambda's invocation record for a DynamoDB stream."""
    first, last = (failure.records[index]["dynamodb"] for index in (0, -1))
    answered: dict[str, Any] = {}
    if result is not None:
        answered = {"statusCode": result.status, "executedVersion": result.executed_version}
        answered["functionError"] = result.function_error
    return {
        "requestContext": {
            "requestId": result.request_id if result else str(uuid.uuid4()),
            "functionArn": failure.function_arn,
            "condition": failure.condition,
            "approximateInvokeCount": failure.attempts,
        },
        **({"responseContext": answered} if answered else {}),
        "version": "1.0",
        "timestamp": _iso(datetime.datetime.now(datetime.UTC).timestamp(), "milliseconds"),
        "DDBStreamBatchInfo": {
            "shardId": failure.shard_id,
            "startSequenceNumber": first["SequenceNumber"],
            "endSequenceNumber": last["SequenceNumber"],
            "approximateArrivalOfFirstRecord": _iso(first["ApproximateCreationDateTime"], "seconds"),
            "approximateArrivalOfLastRecord": _iso(last["ApproximateCreationDateTime"], "seconds"),
            "batchSize": len(failure.records),
            "streamArn": failure.stream_arn,
        },
    }


def send(streams: "Streams", settings: "Settings", failure: Failure, result: "InvokeResult | None") -> None:
    """Send, or lose: where the role may not send, Lambda only counts `DestinationDeliveryFailures`."""
    arn = settings.destination
    service, region, account_id, name = arn.split(":")[2:6]
    account = streams.acting.gate.account
    with streams.lock.hold():
        if service == "sqs":
            needs = [Need("sqs:SendMessage", arn), *queue_key(account, name, region, "GenerateDataKey Decrypt")]
        else:
            needs = [Need("sns:Publish", arn), *topic_key(account, arn, region)]
    decision = streams.acting.as_role(settings.role, settings.function_name, needs)
    if not decision.allowed:
        _LOG.warning("%d records are lost: not sent to %s: %s", len(failure.records), arn, decision.message)
        return
    text = json.dumps(message(failure, result))
    try:
        with streams.lock.hold():
            if service == "sqs":
                sqs_backends[account_id][region].send_message(name, text)
            else:
                sns_backends[account_id][region].publish(text, arn=arn)
    except ServiceException as error:
        _LOG.warning("%d records are lost: not sent to %s: %s", len(failure.records), arn, error)


def _iso(seconds: float, precision: str) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")
