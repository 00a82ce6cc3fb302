"""Expectations of single answers, with failures that say what came instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.readiness.checks import Failed, require

if TYPE_CHECKING:
    import httpx


def answered(response: httpx.Response, *statuses: int) -> httpx.Response:
    """The response itself if it has one of `statuses`."""
    wanted = " or ".join(str(status) for status in statuses)
    require(response.status_code in statuses, f"{response.status_code} where {wanted} was expected")
    return response


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The answer's body, a JSON object."""
    kind = response.headers.get("content-type", "")
    require(kind.startswith("application/json"), f"content type {kind or 'missing'} where JSON was expected")
    document = response.json()
    if not isinstance(document, dict):
        raise Failed("a JSON object was expected")
    return document


def json_error(response: httpx.Response, status: int, *codes: str) -> dict[str, Any]:
    """The `error` object of the documented shape, with `status` and, where given, one of `codes`."""
    answered(response, status)
    error = json_object(response).get("error")
    if not isinstance(error, dict):
        raise Failed("the body is not the documented error: it has no object `error`")
    missing = [name for name in ("code", "message", "request_id") if not isinstance(error.get(name), str)]
    require(not missing, f"the error lacks {', '.join(missing)}")
    require(isinstance(error.get("details", []), list), "the error's `details` is not a list")
    if codes:
        require(error["code"] in codes, f"error code {error['code']} where {' or '.join(codes)} was expected")
    return error
