"""What a failed model call means: whether the model was paid, and whether to try again. Pure.

AWS bills answers: a call that was refused or failed before one is free. Where an answer had begun, or where it is not
known whether the request arrived, nobody can tell: such a call is counted in full until the invocation log is read.
Source: Bedrock API reference, ConverseStream, errors; botocore's exceptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import urllib3.exceptions
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    EventStreamError,
    ParamValidationError,
    ProxyConnectionError,
    ReadTimeoutError,
)
from botocore.exceptions import NoCredentialsError as _NoCredentials

from omnix.deadline import OutOfTimeError


class Paid(Enum):
    """Whether the model was paid."""

    NO = "no"
    UNKNOWN = "unknown"


class Then(Enum):
    """What comes next."""

    AGAIN = "again"  # the same model, after a pause
    NEXT = "next"  # the next model
    END = "end"  # no model could do it


@dataclass(frozen=True)
class Failure:
    """`reason` is for logs and for the caller's details: a code, never a text of the service's.

    `silent`: the model said nothing for so long that the call was given up, here or by the service.
    """

    reason: str
    paid: Paid
    then: Then
    too_long: bool = False
    silent: bool = False


_AGAIN = frozenset(
    {"ThrottlingException", "ServiceUnavailableException", "InternalServerException", "ModelNotReadyException"}
)
# Work was done on them: whether it is billed, the service does not say.
_TIMED_OUT = "ModelTimeoutException"
_WORKED = frozenset({_TIMED_OUT, "ModelErrorException", "ModelStreamErrorException"})
_DENIED = frozenset({"AccessDeniedException", "ResourceNotFoundException", "ServiceQuotaExceededException"})
_TOO_LONG = ("too long", "context window", "maximum tokens", "too many tokens in")
# botocore's before the answer's first byte, urllib3's amid its frames
_SILENT = (ReadTimeoutError, urllib3.exceptions.ReadTimeoutError, TimeoutError)
# An SSLError is none of them: botocore has one also for a connection that broke amid the answer's head.
_NOT_SENT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)


def judge(error: BaseException, *, began: bool) -> Failure:
    """`began`: whether any of an answer has been read."""
    if isinstance(error, ClientError):
        return _refused(error, began=began)
    if isinstance(error, (OutOfTimeError, ParamValidationError, _NoCredentials)):
        return Failure(type(error).__name__, Paid.NO, Then.END)
    if isinstance(error, _NOT_SENT):
        return Failure(type(error).__name__, Paid.NO, Then.AGAIN)
    return Failure(type(error).__name__, Paid.UNKNOWN, Then.NEXT, silent=isinstance(error, _SILENT))


def _refused(error: ClientError, *, began: bool) -> Failure:
    """An exception inside a stream has its code in lower camel case."""
    code = str(error.response.get("Error", {}).get("Code", "Unknown"))
    code = code[:1].upper() + code[1:]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    in_stream = isinstance(error, EventStreamError)
    if code in _WORKED or began:
        return Failure(code, Paid.UNKNOWN, Then.NEXT, silent=code == _TIMED_OUT)
    if code in _AGAIN or (status >= 500 and not in_stream):  # noqa: PLR2004 - RFC 9110
        return Failure(code, Paid.NO, Then.AGAIN)
    if code in _DENIED:
        return Failure(code, Paid.NO, Then.NEXT)
    message = str(error.response.get("Error", {}).get("Message", "")).lower()
    long = code == "ValidationException" and any(part in message for part in _TOO_LONG)
    return Failure(code, Paid.NO, Then.NEXT if not long else Then.END, too_long=long)
