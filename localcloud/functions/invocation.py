"""What goes into a function's invocation and what comes out of it."""

from dataclasses import dataclass, field

# Lambda quotas: request and response of a synchronous call, request of an asynchronous one, in bytes.
MAX_PAYLOAD = 6 * 1024 * 1024
MAX_RESPONSE = 6_291_556
MAX_EVENT_PAYLOAD = 1024 * 1024


@dataclass(frozen=True)
class InvokeResult:
    """An invocation's answer.

    `status` is Invoke's HTTP status (200, 202 for Event, 204 for DryRun); `function_error` is None or
    `Unhandled`, and then `payload` is the error as JSON; `log_tail` is the base64 of its last 4 KB of log.
    """

    status: int
    payload: bytes
    function_error: str | None
    log_tail: str
    executed_version: str
    request_id: str


class InvokeRefused(Exception):  # noqa: N818 - the function never ran: nothing failed in it
    """Lambda's own refusal of a call: HTTP status, exception name as in the API, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Invocation:
    """One event on its way to an execution environment."""

    request_id: str
    payload: bytes
    function_arn: str
    trace_id: str
    client_context: str | None = None
    extra_headers: dict[str, str] = field(default_factory=dict)
