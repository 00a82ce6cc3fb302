"""What log lines may say: ids, kinds and places, never what a caller sent or what is stored."""

from __future__ import annotations

import logging
import re
import traceback
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004 - its name

from omnix.deadline import OutOfTimeError
from omnix.parameters import LOG_LEVEL, ParameterMissingError

if TYPE_CHECKING:
    from omnix.parameters import Parameters

LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})
CORRELATION_HEADER = "X-Correlation-Id"

# W3C Trace Context, 3.2.2; a trace id of zeros is none.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?P<trace>(?!0{32})[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
# 128 bits, bare or as a UUID: no name, address or key has this form.
_CORRELATION = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Messages of AWS that name actions and resources; most others repeat what was sent (ValidationException).
_TOLD = frozenset({"AccessDeniedException", "ResourceNotFoundException"})
_FRAMES = 8

_cold = True


def cold_start() -> bool:
    """True once a process: for its first invocation."""
    global _cold
    was, _cold = _cold, False
    return was


def level(parameters: Parameters) -> str:
    """The level that Parameter Store asks for; INFO where it asks for none that there is, or is away."""
    try:
        found = parameters.get(LOG_LEVEL).upper()
    except (ClientError, BotoCoreError, ParameterMissingError):
        return "INFO"
    return found if found in LEVELS else "INFO"


def correlation(traceparent: str | None, given: str | None, request_id: str) -> str:
    """What binds the log lines of one piece of work: the caller's trace (`traceparent`) or `X-Correlation-Id` (32 hex
    digits or a UUID), else the request's own id. Anything else that a caller sends there is not repeated anywhere.
    """
    trace = _TRACEPARENT.fullmatch((traceparent or "").strip())
    if trace:
        return trace["trace"]
    wanted = (given or "").strip().lower()
    return wanted if _CORRELATION.fullmatch(wanted) else request_id


def failure(error: BaseException) -> dict[str, Any]:
    """An exception for a log line: its kind and where it was raised, innermost last, in no more than eight places.

    Not its message nor its traceback's text: pydantic and botocore put the value that they refuse into theirs.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    at = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    found: dict[str, Any] = {"error": type(error).__name__, "at": at}
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        found |= {"aws_code": code, "aws_operation": error.operation_name}
        found |= {"said": str(error)} if code in _TOLD else {}
    elif isinstance(error, (ConnectionError, HTTPClientError, OutOfTimeError)):
        found["said"] = str(error)
    return found


def line(message: str, **fields: Any) -> str:
    """One JSON line for the functions that log without Powertools, whose import they are spared."""
    import json

    return json.dumps({"message": message, **fields}, default=str)


def configure(parameters: Parameters) -> None:
    """Give the library's loggers the level of Parameter Store."""
    logging.getLogger("omnix").setLevel(level(parameters))
