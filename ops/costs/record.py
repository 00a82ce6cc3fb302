"""Bedrock's own record of calls: the log group of model invocation logging.

Source: Bedrock user guide, "Monitor model invocation using CloudWatch Logs and Amazon S3" (ModelInvocationLog 1.0).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from omnix.costs.model import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ops.costs.books import Books

_SCHEMA = "ModelInvocationLog"
# FilterLogEvents reads pages of up to 1 MB; what it is asked for here is every event of the time.
_PAGE = 10_000


@dataclass(frozen=True)
class Recorded:
    """One call as Bedrock saw it. `reservation`, `environment` and `attempt` are from `requestMetadata`, empty without.

    `model` is what was called (id or ARN), `at` `2026-11-22T12:00:00Z`, `identity` the caller's ARN. A call that was
    refused has no tokens and an `error`.
    """

    request_id: str
    at: str
    model: str
    identity: str
    reservation: str
    tenant: str
    environment: str
    attempt: str
    usage: Usage
    error: str

    def document(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {**asdict(self), "usage": self.usage.tokens()}


def recorded(logs: Any, group: str, since: float, until: float, seen: Callable[[int], None]) -> Iterator[Recorded]:
    """Every call between two moments (epoch seconds). `seen` is told how many events were read so far."""
    count = 0
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        startTime=int(since * 1000),
        endTime=int(until * 1000),
        PaginationConfig={"PageSize": _PAGE},
    )
    for page in pages:
        count += len(page["events"])
        seen(count)
        for event in page["events"]:
            found = read(event["message"])
            if found is not None:
                yield found


def read(message: str) -> Recorded | None:
    """One event; None for what is no call's (Bedrock tries the group with a message of its own)."""
    try:
        event = json.loads(message)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("schemaType") != _SCHEMA:
        return None
    said, sent, made = (event.get(name) or {} for name in ("requestMetadata", "input", "output"))
    usage = Usage(
        input=sent.get("inputTokenCount") or 0,
        output=made.get("outputTokenCount") or 0,
        cache_read=sent.get("cacheReadInputTokenCount") or 0,
        cache_write=sent.get("cacheWriteInputTokenCount") or 0,
    )
    return Recorded(
        request_id=str(event.get("requestId", "")),
        at=str(event.get("timestamp", "")),
        model=str(event.get("modelId", "")),
        identity=str((event.get("identity") or {}).get("arn", "")),
        reservation=str(said.get("reservation", "")),
        tenant=str(said.get("tenant", "")),
        environment=str(said.get("environment", "")),
        attempt=str(said.get("attempt", "")),
        usage=usage,
        error=str(event.get("errorCode") or ""),
    )


def is_of(books: Books, one: Recorded) -> bool:
    """Whether it is a call of this environment: it says so, or its profile or its function's role was used."""
    if one.environment:
        return one.environment == books.environment
    return one.model in books.profile_arns or f":assumed-role/{books.function_role}/" in one.identity
