"""The errors that API Gateway makes itself, in the platform's JSON shape and with CORS headers.

They never reach a function, so the gateway's body carries them. A gateway response substitutes `$context`
variables and knows no other template language; its headers are static, so it can name one origin only.
Messages are constants: `$context.error.message` may hold the caller's text and is not safe inside JSON.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class GatewayError:
    """One response type of API Gateway. `status` is None where AWS's own status stays."""

    type: str
    status: int | None
    code: str
    message: str


_NO_ROUTE = (404, "not_found", "There is nothing at this address.")
_FORBIDDEN = (403, "forbidden", "You may not do this.")
_INTERNAL = (500, "internal_error", "Something went wrong on our side.")
_UNAVAILABLE = (503, "unavailable", "The service is unavailable; try again soon.")

# All types of "Gateway response types for API Gateway" (developer guide). No method uses IAM, so a signature
# is looked at only where no method matches: those two are unknown addresses as well.
GATEWAY_ERRORS: tuple[GatewayError, ...] = (
    GatewayError("ACCESS_DENIED", *_FORBIDDEN),
    GatewayError("API_CONFIGURATION_ERROR", *_INTERNAL),
    # An authorizer that raises, times out or is throttled is one or the other of these, as AWS sees fit; ours raises
    # when a service that it needs is away.
    GatewayError("AUTHORIZER_CONFIGURATION_ERROR", *_UNAVAILABLE),
    GatewayError("AUTHORIZER_FAILURE", *_UNAVAILABLE),
    GatewayError("BAD_REQUEST_BODY", 400, "invalid_request", "The request body is not valid."),
    GatewayError("BAD_REQUEST_PARAMETERS", 400, "invalid_request", "A request parameter is not valid."),
    GatewayError("DEFAULT_4XX", None, "invalid_request", "The request was refused."),
    # Ours answers every request that it lives to answer, so this is one that died, ran out of time or was throttled by
    # Lambda (AWS's own 502 and 500). The type's status is that of all 5XX without one of their own, of which none is.
    GatewayError("DEFAULT_5XX", *_UNAVAILABLE),
    GatewayError("EXPIRED_TOKEN", *_NO_ROUTE),
    GatewayError("INTEGRATION_FAILURE", *_UNAVAILABLE),
    GatewayError("INTEGRATION_TIMEOUT", 504, "timeout", "The request took too long."),
    GatewayError("INVALID_API_KEY", *_FORBIDDEN),
    GatewayError("INVALID_SIGNATURE", *_NO_ROUTE),
    GatewayError("MISSING_AUTHENTICATION_TOKEN", *_NO_ROUTE),
    GatewayError("QUOTA_EXCEEDED", 429, "too_many_requests", "The quota of this period is used up."),
    GatewayError("REQUEST_TOO_LARGE", 413, "payload_too_large", "The request body is too large."),
    GatewayError("RESOURCE_NOT_FOUND", *_NO_ROUTE),
    GatewayError("THROTTLED", 429, "too_many_requests", "Too many requests; slow down."),
    GatewayError("UNAUTHORIZED", 401, "unauthorized", "Sign in, or send a valid API key."),
    GatewayError("UNSUPPORTED_MEDIA_TYPE", 415, "unsupported_media_type", "Send JSON: application/json."),
    GatewayError("WAF_FILTERED", *_FORBIDDEN),
)

_SOON = {"Retry-After": "1"}
# RFC 9110: a 401 names a scheme (11.6.1), a 503 may say when to come back (15.6.4); so may a 429 (RFC 6585 §4).
_OWN_HEADERS: Mapping[str, Mapping[str, str]] = {
    "AUTHORIZER_CONFIGURATION_ERROR": _SOON,
    "AUTHORIZER_FAILURE": _SOON,
    "DEFAULT_5XX": _SOON,
    "INTEGRATION_FAILURE": _SOON,
    "THROTTLED": _SOON,
    "UNAUTHORIZED": {"WWW-Authenticate": "Bearer"},
}


def error_template(code: str, message: str) -> str:
    """The JSON error as a response template. `$context.requestId` is the gateway's to fill in."""
    error = {"code": code, "message": message, "details": [], "request_id": "$context.requestId"}
    return json.dumps({"error": error}, separators=(",", ":"))


def cors_headers(origin: str | None) -> dict[str, str]:
    """CORS headers of an answer that the gateway makes for the browser at `origin`; none without one."""
    if origin is None:
        return {}
    return {
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Allow,Retry-After",
        "Vary": "Origin",
    }


def header_parameters(prefix: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Static `headers` as response parameters: AWS wants each constant in single quotes.

    `prefix` is `gatewayresponse.header` or `method.response.header`. Raises `ValueError` for a value with
    a quote of its own, which AWS has no escape for.
    """
    for name, value in headers.items():
        if "'" in value:
            raise ValueError(f"header {name}: {value!r} holds a single quote")
    return {f"{prefix}.{name}": f"'{headers[name]}'" for name in sorted(headers)}


def gateway_responses(origin: str | None) -> dict[str, Any]:
    """The value of `x-amazon-apigateway-gateway-responses`."""
    return {error.type: _gateway_response(error, origin) for error in GATEWAY_ERRORS}


def _gateway_response(error: GatewayError, origin: str | None) -> dict[str, Any]:
    headers = {**cors_headers(origin), **_OWN_HEADERS.get(error.type, {})}
    response: dict[str, Any] = {
        "responseParameters": header_parameters("gatewayresponse.header", headers),
        "responseTemplates": {"application/json": error_template(error.code, error.message)},
    }
    if error.status is not None:
        response["statusCode"] = str(error.status)
    return response
