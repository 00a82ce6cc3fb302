"""Every error that a caller can meet, in one shape: `{"error": {"code", "message", "details", "request_id"}}`."""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's name

from omnix.deadline import OutOfTimeError

RETRY_AFTER_SECONDS = 1

_THROTTLES = frozenset(
    {
        "InternalServerError",
        "InternalServiceError",
        "InternalFailure",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        # a plain write that meets a transaction on its item; botocore does not try it again
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


class ApiError(Exception):
    """An error that the caller is told about, with its HTTP status."""

    status = 500
    code = "internal_error"

    def __init__(
        self,
        message: str,
        details: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = list(details)
        self.headers = dict(headers or {})

    def said(self) -> dict[str, Any]:
        """What every caller is told, a person, a model or an agent: `{"code", "message", "details"}`."""
        return {"code": self.code, "message": self.message, "details": [dict(detail) for detail in self.details]}

    def body(self, request_id: str) -> dict[str, Any]:
        """The one error shape."""
        return {"error": {**self.said(), "request_id": request_id}}


class InternalError(ApiError):
    """A defect of ours; the message says nothing of it, the log does."""

    def __init__(self) -> None:
        super().__init__("An internal error occurred. Quote the request id when you report it.")


class InvalidJsonError(ApiError):
    """The body is not JSON."""

    status, code = 400, "invalid_json"


class InvalidRequestError(ApiError):
    """The request is not one that this route understands (a cursor that was changed, a body that is no object)."""

    status, code = 400, "invalid_request"


class UnauthorizedError(ApiError):
    """Who calls is not known. Says nothing about which part was wrong."""

    status, code = 401, "unauthorized"

    def __init__(self, message: str = "Sign in and send a valid bearer token.") -> None:
        super().__init__(message, headers={"WWW-Authenticate": "Bearer"})


class LimitReachedError(ApiError):
    """The AI features' money of this month is used up; `details` says whose, and when it resets.

    A day's limit answers with 429 and `Retry-After` under the same code.
    """

    status, code = 402, "limit_reached"


class ForbiddenError(ApiError):
    """Who calls is known and may not do this."""

    status, code = 403, "forbidden"


class NotFoundError(ApiError):
    """No such thing in the caller's tenant."""

    status, code = 404, "not_found"


class MethodNotAllowedError(ApiError):
    """The path is known, the method is not."""

    status, code = 405, "method_not_allowed"


class NotAcceptableError(ApiError):
    """The caller does not accept JSON, and there is nothing else to give."""

    status, code = 406, "not_acceptable"


class ConflictError(ApiError):
    """The change collides with what is stored."""

    status, code = 409, "conflict"


class PreconditionFailedError(ApiError):
    """`If-Match` names another version than the one that is stored."""

    status, code = 412, "precondition_failed"


class PayloadTooLargeError(ApiError):
    """More than 1 MB of body."""

    status, code = 413, "payload_too_large"


class UnsupportedMediaTypeError(ApiError):
    """A body that is not declared as JSON."""

    status, code = 415, "unsupported_media_type"


class ValidationFailedError(ApiError):
    """JSON of the wrong shape; `details` names each place, never the value."""

    status, code = 422, "validation_failed"


class TooManyRequestsError(ApiError):
    """Too many requests or failed attempts; `Retry-After` says in how many seconds the next one counts again."""

    status, code = 429, "too_many_requests"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after)})


class UnavailableError(ApiError):
    """A dependency is slow, throttled or away; the same request may succeed in a moment."""

    status, code = 503, "unavailable"

    def __init__(self, message: str = "A service that this request needs is busy. Try again.") -> None:
        super().__init__(message, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


# What a table or a service may answer with where another try, or a later sweep, makes it good.
TROUBLE = (ClientError, BotoCoreError, UnavailableError)

ALL: tuple[type[ApiError], ...] = (
    InvalidJsonError,
    InvalidRequestError,
    UnauthorizedError,
    LimitReachedError,
    ForbiddenError,
    NotFoundError,
    MethodNotAllowedError,
    NotAcceptableError,
    ConflictError,
    PreconditionFailedError,
    PayloadTooLargeError,
    UnsupportedMediaTypeError,
    ValidationFailedError,
    TooManyRequestsError,
    InternalError,
    UnavailableError,
)


def from_aws(error: Exception) -> ApiError:
    """What the caller is told when an AWS call failed: 503 where trying again helps, 500 where it is our defect."""
    if isinstance(error, (ConnectionError, HTTPClientError, OutOfTimeError)):
        return UnavailableError()
    if isinstance(error, ClientError) and passing(error.response):
        return UnavailableError()
    return InternalError()


def passing(response: Mapping[str, Any]) -> bool:
    """Whether what a service answered is its own trouble, throttling or failure, and may be over in a moment."""
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return response.get("Error", {}).get("Code") in _THROTTLES or status >= 500  # noqa: PLR2004 - RFC 9110
