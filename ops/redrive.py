"""Hands what the worker gave up to it again: the dead letters name records that their streams keep 24 hours.

A letter is deleted only when the worker has done all of its records. The worker counts each change once, so a redrive
that is stopped half way, or run twice, does no harm.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PAGE = 10  # SQS's most
_HIDDEN_SECONDS = 900
_WAIT_SECONDS = 1
# What Lambda takes as one event, with room for what surrounds the records.
_PAYLOAD = 5 * 1024 * 1024

DONE, WAITING, GONE, FAILED, UNKNOWN = "done", "waiting", "gone", "failed", "unknown"


@dataclass
class Letter:
    """One dead letter and what became of it.

    `state`: done (handed over, deleted), waiting (dry run), gone (its stream no longer has all of its records), failed
    (the worker gave it back), unknown (not Lambda's message). `found`: its records that the stream still has.
    """

    message_id: str
    table: str
    condition: str
    batch_size: int
    first: str
    last: str
    arrived: str
    state: str
    detail: str = ""
    found: int = 0
    info: dict[str, Any] = field(default_factory=dict, repr=False)

    def document(self) -> dict[str, Any]:
        """As JSON shows it."""
        shown = asdict(self)
        del shown["info"]
        return shown


@dataclass(frozen=True)
class Clients:
    """boto3's clients of the stack's account."""

    sqs: Any
    streams: Any
    functions: Any


def redrive(
    clients: Clients,
    queue_url: str,
    function: str,
    *,
    apply: bool,
    limit: int,
    each: Callable[[Letter], None],
    discard_gone: bool = False,
) -> list[Letter]:
    """Up to `limit` letters as the queue gives them. `function`: the worker's alias (ARN).

    `discard_gone`, with `apply`: delete letters whose records nobody can hand over any more.
    """
    letters: list[Letter] = []
    kept: list[dict[str, Any]] = []
    try:
        for message in _messages(clients.sqs, queue_url, limit):
            kept.append(message)
            letter = read(message)
            letters.append(letter)
            if letter.state == WAITING:
                _hand_over(clients, function, letter, apply=apply)
            if letter.state == DONE or (apply and discard_gone and letter.state == GONE):
                clients.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=kept.pop()["ReceiptHandle"])
            each(letter)
    finally:
        for message in kept:  # at once: the next run, and the alarm, see what is left
            clients.sqs.change_message_visibility(
                QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
    return letters


def read(message: dict[str, Any]) -> Letter:
    """Lambda's invocation record of a DynamoDB stream, as a letter that waits; another message is `unknown`."""
    try:
        body = json.loads(message["Body"])
        info = body["DDBStreamBatchInfo"]
        return Letter(
            message_id=message["MessageId"],
            table=info["streamArn"].split("/")[1],
            condition=body["requestContext"]["condition"],
            batch_size=int(info["batchSize"]),
            first=info["startSequenceNumber"],
            last=info["endSequenceNumber"],
            arrived=info["approximateArrivalOfFirstRecord"],
            state=WAITING,
            info=info,
        )
    except (ValueError, KeyError, TypeError, IndexError):
        return Letter(message["MessageId"], "", "", 0, "", "", "", UNKNOWN, "not a message of a stream's mapping")


def _messages(sqs: Any, queue_url: str, limit: int) -> Iterator[dict[str, Any]]:
    """Each message once, though the queue may show one twice."""
    seen: set[str] = set()
    empty = 0
    while len(seen) < limit and empty < 2:  # noqa: PLR2004 - one empty answer is no proof (SQS, short polling)
        answer = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=_PAGE,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=_WAIT_SECONDS,
        )
        fresh = [one for one in answer.get("Messages", []) if one["MessageId"] not in seen]
        empty = 0 if fresh else empty + 1
        for message in fresh[: limit - len(seen)]:
            seen.add(message["MessageId"])
            yield message


def _hand_over(clients: Clients, function: str, letter: Letter, *, apply: bool) -> None:
    records = list(_records(clients.streams, letter.info))
    letter.found = len(records)
    # A filter leaves records out between the first and the last: fewer than named is a loss, more is not.
    if letter.found < letter.batch_size:
        letter.state = GONE
        letter.detail = f"the stream has {letter.found} of {letter.batch_size} records: it keeps them 24 hours"
        return
    if not apply:
        return
    for event in _events(records):
        failure = _invoke(clients.functions, function, event)
        if failure:
            letter.state, letter.detail = FAILED, failure
            return
    letter.state = DONE


def _records(streams: Any, info: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The records of the shard from the first to the last number, as the mapping hands them over."""
    from botocore.exceptions import ClientError

    arn, last = info["streamArn"], int(info["endSequenceNumber"])
    try:
        iterator = streams.get_shard_iterator(
            StreamArn=arn,
            ShardId=info["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=info["startSequenceNumber"],
        )["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                if int(record["dynamodb"]["SequenceNumber"]) > last:
                    return
                yield _handed(record, arn)
                if int(record["dynamodb"]["SequenceNumber"]) == last:
                    return
            iterator = page.get("NextShardIterator") if page["Records"] else None
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"TrimmedDataAccessException", "ResourceNotFoundException"}:
            raise


def _handed(record: dict[str, Any], arn: str) -> dict[str, Any]:
    data = dict(record["dynamodb"])
    moment = data["ApproximateCreationDateTime"]
    if isinstance(moment, datetime):
        data["ApproximateCreationDateTime"] = moment.timestamp()
    return {**record, "eventSourceARN": arn, "dynamodb": data}


def _events(records: list[dict[str, Any]]) -> Iterator[bytes]:
    """The records as events that fit into a call."""
    batch: list[str] = []
    size = 0
    for record in records:
        text = json.dumps(record)
        if batch and size + len(text) > _PAYLOAD:
            yield _event(batch)
            batch, size = [], 0
        batch.append(text)
        size += len(text) + 1
    yield _event(batch)


def _event(batch: list[str]) -> bytes:
    return b'{"Records":[' + ",".join(batch).encode() + b"]}"


def _invoke(functions: Any, function: str, event: bytes) -> str:
    """Why the worker did not do all of it; empty when it did."""
    answer = functions.invoke(FunctionName=function, Payload=event)
    payload = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        return f"{(payload or {}).get('errorType', 'error')}: see the worker's log"
    failures = (payload or {}).get("batchItemFailures")
    if failures is None:
        raise Refused("the worker's answer is not one of a stream's consumer", "deploy the stack, then try again")
    return f"it failed again at record {failures[0]['itemIdentifier']}" if failures else ""
