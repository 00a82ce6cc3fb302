"""The answers that API Gateway makes itself: response types, their defaults, and an API's own versions.

Types, statuses and messages: developer guide, "Gateway response types for API Gateway".
"""

import json
from dataclasses import dataclass

from localcloud.gateway.context import Exchange, Pairs, render


@dataclass(frozen=True)
class Kind:
    """A response type: its own status, its exception name in `x-amzn-ErrorType`, its default message."""

    status: int
    exception: str
    message: str | None


KINDS: dict[str, Kind] = {
    "ACCESS_DENIED": Kind(403, "AccessDeniedException", "User is not authorized to access this resource"),
    "API_CONFIGURATION_ERROR": Kind(500, "InternalServerErrorException", "Internal server error"),
    "AUTHORIZER_CONFIGURATION_ERROR": Kind(500, "AuthorizerConfigurationException", None),
    "AUTHORIZER_FAILURE": Kind(500, "AuthorizerConfigurationException", None),
    "BAD_REQUEST_BODY": Kind(400, "BadRequestException", "Invalid request body"),
    "DEFAULT_4XX": Kind(400, "BadRequestException", "Bad Request"),
    "DEFAULT_5XX": Kind(502, "InternalServerErrorException", "Internal server error"),
    "INTEGRATION_FAILURE": Kind(504, "InternalServerErrorException", "Internal server error"),
    "INTEGRATION_TIMEOUT": Kind(504, "InternalServerErrorException", "Endpoint request timed out"),
    "INVALID_API_KEY": Kind(403, "ForbiddenException", "Forbidden"),
    "INVALID_SIGNATURE": Kind(
        403, "IncompleteSignatureException", "Invalid key=value pair (missing equal-sign) in Authorization header"
    ),
    "MISSING_AUTHENTICATION_TOKEN": Kind(403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
    "QUOTA_EXCEEDED": Kind(429, "LimitExceededException", "Limit Exceeded"),
    "REQUEST_TOO_LARGE": Kind(413, "RequestTooLargeException", "HTTP content length exceeded 10485760 bytes."),
    "THROTTLED": Kind(429, "TooManyRequestsException", "Too Many Requests"),
    "UNAUTHORIZED": Kind(401, "UnauthorizedException", "Unauthorized"),
    "UNSUPPORTED_MEDIA_TYPE": Kind(415, "UnsupportedMediaTypeException", "Unsupported Media Type"),
}


class GatewayError(Exception):
    """The gateway ends the request itself. `detail` is for its log, not for the caller."""

    def __init__(self, kind: str, *, message: str | None = None, detail: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.message = message if message is not None else KINDS[kind].message
        self.detail = detail


@dataclass(frozen=True)
class Response:
    """What goes back to the client."""

    status: int
    headers: Pairs
    body: bytes


def answer(error: GatewayError, exchange: Exchange) -> Response:
    """The API's own response for this type, for its class (DEFAULT_4XX, DEFAULT_5XX), or AWS's default."""
    kind = KINDS[error.kind]
    exchange.variables |= {
        "error.message": error.message or "",
        "error.messageString": json.dumps(error.message),
        "error.responseType": error.kind,
    }
    family = "DEFAULT_4XX" if kind.status < 500 else "DEFAULT_5XX"  # noqa: PLR2004
    custom = exchange.api.responses.get(error.kind) or exchange.api.responses.get(family) or {}
    templates = custom.get("responseTemplates") or {"application/json": '{"message":$context.error.messageString}'}
    media_type = "application/json" if "application/json" in templates else next(iter(templates))
    own = response_headers("gatewayresponse.header.", custom.get("responseParameters") or {}, exchange)
    named = {name.lower() for name, _ in own}
    default = [("Content-Type", media_type), ("x-amzn-ErrorType", kind.exception)]
    headers = [*own, *(pair for pair in default if pair[0].lower() not in named)]
    body = render(templates[media_type], exchange).encode()
    return Response(int(custom.get("statusCode") or kind.status), headers, body)


def response_headers(prefix: str, parameters: dict[str, str], exchange: Exchange) -> Pairs:
    """Header mappings: a constant in single quotes, a `context.…` or a `method.request.…` expression."""
    headers: Pairs = []
    for target, source in parameters.items():
        if not target.startswith(prefix):
            continue
        if source.startswith("'") and source.endswith("'"):
            value: str | None = source[1:-1]
        elif source.startswith("context."):
            value = exchange.variables.get(source.removeprefix("context."))
        else:
            value = request_value(source, exchange)
        if value is not None:
            headers.append((target.removeprefix(prefix), value))
    return headers


def request_value(source: str, exchange: Exchange) -> str | None:
    """`method.request.{header,querystring,path}.name` (or `context.…`, `stageVariables.…`); None if absent."""
    parts = source.removeprefix("method.request.").split(".", 1)
    place, name = parts[0], parts[-1]
    if place == "header":
        return exchange.header(name)
    if place in ("querystring", "multivaluequerystring"):
        return dict(exchange.query).get(name)
    if place == "path":
        return exchange.path_parameters.get(name)
    if place == "context":
        return exchange.variables.get(name)
    if place == "stageVariables":
        return (exchange.stage.get("variables") or {}).get(name)
    return None
