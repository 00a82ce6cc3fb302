"""HTTP for API Gateway's REST proxy events: Powertools routes and validates, this module keeps the promises.

Every answer has a request id, a correlation id, `Vary: Origin` and the error shape; CORS headers go to exact origins
only, read at run time; bad input is never a 500; nothing personal is logged. An answer is kept by nobody unless its
operation says so (`omnix.operation`), and a GET whose tag the caller has is 304.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import time
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError, ResponseValidationError
from botocore.exceptions import BotoCoreError, ClientError

from omnix import caching, clock, cors, errors, etag, logs, metrics, request_body, tables
from omnix.authorisation import granted
from omnix.operation import CACHE_EXTENSION
from omnix.parameters import CORS_ORIGINS, ParameterMissingError
from omnix.scopes import needed
from omnix.table_names import TableNamesError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler.api_gateway import Router

    from omnix.parameters import Parameters

# A body of 1 MB can hold a hundred thousand faults; an answer with all of them would be more than Lambda's 6 MB.
_DETAILS_SHOWN = 20
_LOCATION_LENGTH = 200

_READS = frozenset({"GET", "HEAD"})

# At DEBUG Powertools writes a handler's arguments, bodies with passwords among them (see also `omnix.aws`).
logging.getLogger("aws_lambda_powertools").setLevel(logging.INFO)

logger = Logger(service=os.environ.get("OMNIX_FUNCTION", "omnix"))


def application(*routers: Router) -> APIGatewayRestResolver:
    """A resolver with the routers' routes, request and response validation, and the one error mapping."""
    app = APIGatewayRestResolver(
        debug=False,  # POWERTOOLS_DEV must not be able to print bodies or answer with stack traces
        enable_validation=True,
        # Without this Powertools answers 422, the caller's fault, for a response of ours that is wrong.
        response_validation_error_http_code=500,
        json_body_deserializer=request_body.parse,  # type: ignore[arg-type]
    )
    for router in routers:
        app.include_router(router)

    def answer(error: Exception) -> Response[dict[str, Any]]:
        found = _api_error(error, app)
        return Response(
            status_code=found.status,
            content_type="application/json",
            body=found.body(_request_id(app.current_event, app.lambda_context)),
            headers=found.headers,
        )

    app.exception_handler(Exception)(answer)
    # Powertools looks this one up by its exact class for unknown routes.
    app.exception_handler(NotFoundError)(answer)
    return app


def serve(app: APIGatewayRestResolver, parameters: Parameters, event: Mapping[str, Any], context: object) -> Any:
    """The proxy response for a REST proxy event; never raises for anything that a caller can send."""
    started = clock.monotonic()
    request_id = _request_id(event, context)
    given = request_body.header(event, logs.CORRELATION_HEADER.lower())
    correlation_id = logs.correlation(request_body.header(event, "traceparent"), given, request_id)
    logger.append_keys(request_id=request_id, correlation_id=correlation_id, tenant_id=_tenant_id(event))
    origins = _configure(parameters)
    preflight = event.get("httpMethod") == "OPTIONS"
    answer = _plain(204, "") if preflight else _resolve(app, event, context, request_id, parameters)
    headers = {
        "Cache-Control": caching.NOTHING,
        "Vary": "Origin",
        "X-Content-Type-Options": "nosniff",
        "X-Request-Id": request_id,
        logs.CORRELATION_HEADER: correlation_id,
        **cors.headers(request_body.header(event, "origin"), origins, preflight=preflight),
        **_caching(app, event, answer),
    }
    answer["multiValueHeaders"] = {name: [value] for name, value in headers.items()} | answer["multiValueHeaders"]
    answer["body"] = answer["body"] or ""
    if event.get("httpMethod") == "GET":
        answer = etag.conditional(answer, request_body.header(event, "if-none-match"))
    _record(event, answer["statusCode"], round((clock.monotonic() - started) * 1000, 1))
    return answer


def _caching(app: APIGatewayRestResolver, event: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, str]:
    """`Cache-Control` and tag of an operation's answer that may be kept."""
    policy = _policies(app).get((event.get("httpMethod"), event.get("resource")))
    if policy is None or answer["statusCode"] != 200:  # noqa: PLR2004 - RFC 9110
        return {}
    vary = {} if policy == caching.SHARED else {"Vary": caching.BY_CALLER}
    return {"Cache-Control": policy, "ETag": etag.of_text(answer["body"]), **vary}


@functools.cache
def _policies(app: APIGatewayRestResolver) -> dict[tuple[Any, Any], str]:
    """`Cache-Control` by method and path, as the operations say; no such path has a variable."""
    routes = [*app._static_routes, *app._dynamic_routes]
    found = ((route, (route.openapi_extensions or {}).get(CACHE_EXTENSION)) for route in routes)
    return {(route.method, route.path): policy for route, policy in found if policy}


def _record(event: Mapping[str, Any], status: int, ms: float) -> None:
    """The request's log line and metrics: its route is the contract's template, so that no id is in it."""
    method, route, cold = event.get("httpMethod"), event.get("resource"), logs.cold_start()
    logger.info("request", extra={"method": method, "route": route, "status": status, "ms": ms, "cold_start": cold})
    server_error = status >= 500  # noqa: PLR2004 - RFC 9110
    values = {
        "Requests": 1,
        "ClientErrors": int(status >= 400 and not server_error),  # noqa: PLR2004 - RFC 9110
        metrics.SERVER_ERRORS: int(server_error),
        metrics.LATENCY: ms,
        "ColdStart": int(cold),
    }
    metrics.flush(values, f"{method} {route}")


def _resolve(
    app: APIGatewayRestResolver,
    event: Mapping[str, Any],
    context: Any,
    request_id: str,
    parameters: Parameters,
) -> dict[str, Any]:
    try:
        if event.get("httpMethod") not in _READS:
            _require_still_tables(parameters)
        _require_scopes(event)
        return app.resolve(request_body.checked(event), context)
    except errors.ApiError as error:
        return _plain(error.status, json.dumps(error.body(request_id)), error.headers)


def _require_still_tables(parameters: Parameters) -> None:
    """Raises UnavailableError in the seconds before tables move, when nothing is to be written (`table_names`)."""
    try:
        paused = tables.current(parameters).paused(time.time())
    except (ClientError, BotoCoreError, ParameterMissingError, TableNamesError):
        return  # who needs a table says it
    if paused:
        raise errors.UnavailableError


def _require_scopes(event: Mapping[str, Any]) -> None:
    """Raises ForbiddenError where the caller's key was made for something else (`omnix.scopes`)."""
    made_for = granted(event)
    if made_for is None:
        return
    wanted = needed(str(event.get("httpMethod")), str(event.get("resource") or ""))
    if wanted is None or not wanted <= made_for:
        raise errors.ForbiddenError("This API key was not made for that.", [{"required_scopes": sorted(wanted or ())}])


def _plain(status: int, body: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    found = {"Content-Type": "application/json", **(headers or {})} if body else {}
    multi = {name: [value] for name, value in found.items()}
    return {"statusCode": status, "multiValueHeaders": multi, "body": body, "isBase64Encoded": False}


def _configure(parameters: Parameters) -> tuple[str, ...]:
    """Apply the log level, give the origins. Without Parameter Store the answer lacks CORS headers, nothing else."""
    logger.setLevel(logs.level(parameters))
    try:
        return parameters.get_list(CORS_ORIGINS)
    except (ClientError, BotoCoreError, ParameterMissingError) as error:
        logger.error("parameters could not be read", extra=logs.failure(error))  # noqa: TRY400 - no exception's text
        return ()


def _tenant_id(event: Mapping[str, Any]) -> str | None:
    """Whose request it is, from the authorizer's context; None before a sign-in."""
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    return authorizer.get("tenant_id")


def _request_id(event: Mapping[str, Any], context: object) -> str:
    """API Gateway's request id, which its access log has too; Lambda's own for a direct call."""
    return str((event.get("requestContext") or {}).get("requestId") or getattr(context, "aws_request_id", "unknown"))


def _api_error(error: Exception, app: APIGatewayRestResolver) -> errors.ApiError:
    """The one place where an exception becomes an error of the contract."""
    if isinstance(error, RequestValidationError):
        return errors.ValidationFailedError("The request does not have the documented shape.", _details(error))
    if isinstance(error, NotFoundError):
        return _no_route(app)
    if isinstance(error, ResponseValidationError):
        places = [{"loc": fault["loc"], "type": fault["type"]} for fault in error.errors()]
        logger.error("a response does not have its documented shape", extra={"places": places})
        return errors.InternalError()
    return as_api_error(error)


def as_api_error(error: Exception) -> errors.ApiError:
    """What a caller is told of a service's failure: ours as it stands, any other logged without its text."""
    if isinstance(error, errors.ApiError):
        return error
    if isinstance(error, (ClientError, BotoCoreError)):
        logger.error("an AWS call failed", extra=logs.failure(error))
        return errors.from_aws(error)
    logger.error("unexpected error", extra=logs.failure(error))
    return errors.InternalError()


def _details(error: RequestValidationError) -> list[dict[str, Any]]:
    """Where and why, never what: an input may be a password. The first faults only, for the caller sends the names."""
    return [
        {
            "location": ".".join(str(part) for part in fault["loc"])[:_LOCATION_LENGTH],
            "reason": fault["type"],
            "message": str(fault.get("msg", "")).removeprefix("Value error, "),
        }
        for fault in error.errors()[:_DETAILS_SHOWN]
    ]


def _no_route(app: APIGatewayRestResolver) -> errors.ApiError:
    path = app.current_event.path
    routes = [*app._static_routes, *app._dynamic_routes]
    methods = sorted({route.method for route in routes if route.rule.match(path)} | {"OPTIONS"})
    if len(methods) == 1:
        return errors.NotFoundError("There is no such path.")
    allow = ", ".join(methods)
    return errors.MethodNotAllowedError(f"This path takes {allow}.", headers={"Allow": allow})
