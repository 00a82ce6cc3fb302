"""What a method does with a request: a Lambda proxy or a MOCK."""

import asyncio
import base64
import binascii
import json
import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from localcloud.functions.invocation import InvokeRefused
from localcloud.functions.runtime import FunctionRuntime
from localcloud.gateway.api import Method
from localcloud.gateway.context import Exchange, Pairs, UnsupportedTemplateError, render
from localcloud.gateway.errors import GatewayError, Response, response_headers
from localcloud.gateway.events import is_binary, proxy_event
from localcloud.gateway.permission import Permissions

# Headers of a function's answer that API Gateway renames ("Important notes", developer guide).
_REMAPPED = {
    "authorization",
    "connection",
    "content-length",
    "content-md5",
    "date",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "trailer",
    "upgrade",
    "user-agent",
    "warn",
    "www-authenticate",
}
_DROPPED = {"transfer-encoding"}
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SHAPE = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}


class Integrations:
    """Runs integrations; every failure is a `GatewayError`."""

    def __init__(self, runtime: FunctionRuntime, permissions: Permissions) -> None:
        self._runtime = runtime
        self._permissions = permissions

    async def run(self, method: Method, exchange: Exchange) -> Response:
        """The method's answer."""
        kind = str(method.integration.get("type", "")).lower()
        if kind == "mock":
            return mock(method, exchange)
        if kind == "aws_proxy" and method.function_arn:
            return await self._proxy(method, method.function_arn, exchange)
        raise GatewayError("API_CONFIGURATION_ERROR", detail=f"integration type {kind!r} is not executed here")

    async def _proxy(self, method: Method, function_arn: str, exchange: Exchange) -> Response:
        resource = re.sub(r"\{[^}]*\}", "*", method.resource).removeprefix("/")
        source = f"{exchange.api_arn()}/{exchange.stage_name}/{exchange.verb}/{resource}"
        self._permissions.require(function_arn, source, "API_CONFIGURATION_ERROR")
        payload = json.dumps(proxy_event(exchange), ensure_ascii=False).encode()
        started = time.monotonic()
        # the gateway gives up after its time; the function runs on, as on AWS
        call = asyncio.ensure_future(self._runtime.call(function_arn, None, payload))
        done, _ = await asyncio.wait({call}, timeout=method.timeout)
        latency = str(int((time.monotonic() - started) * 1000))
        exchange.variables |= {"integration.latency": latency, "integrationLatency": latency}
        if not done:
            call.add_done_callback(_forget)
            raise GatewayError("INTEGRATION_TIMEOUT")
        try:
            result = call.result()
        except InvokeRefused as refusal:
            if refusal.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                # between Lambda's 6 MB and the gateway's 10: "Request Too Long" on AWS, a 413 as well
                raise GatewayError("REQUEST_TOO_LARGE", message="Request Too Long") from refusal
            raise GatewayError("INTEGRATION_FAILURE", detail=refusal.message) from refusal
        exchange.variables |= {
            "integration.requestId": result.request_id,
            "integration.status": str(result.status),
            "integration.integrationStatus": "200",
        }
        if result.function_error:
            exchange.variables["integration.error"] = result.payload.decode("utf-8", "replace")
            raise GatewayError("DEFAULT_5XX", detail="the function failed")
        return proxy_response(result.payload, exchange)


def _forget(call: asyncio.Future[Any]) -> None:
    """Nobody waits for it any more; its error, if any, is in the function's log."""
    if not call.cancelled():
        call.exception()


def proxy_response(payload: bytes, exchange: Exchange) -> Response:
    """A function's answer as an HTTP response. Raises DEFAULT_5XX (502) for a malformed one."""
    try:
        answer = json.loads(payload)
    except ValueError as error:
        raise GatewayError("DEFAULT_5XX", detail="the function's answer is not JSON") from error
    if not isinstance(answer, dict) or set(answer) - _SHAPE:
        raise GatewayError("DEFAULT_5XX", detail="malformed proxy response: not an object, or unknown members")
    status, body = answer.get("statusCode", 200), answer.get("body")
    if isinstance(status, bool) or not re.fullmatch(r"[1-5]\d\d", str(status)) or not isinstance(body, str | None):
        raise GatewayError("DEFAULT_5XX", detail=f"malformed proxy response: status {status!r}")
    headers = _headers(answer)
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    content = (body or "").encode()
    if answer.get("isBase64Encoded") and is_binary(exchange.header("Accept"), exchange.api.binary_types):
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error as error:
            raise GatewayError("DEFAULT_5XX", detail="isBase64Encoded, but the body is not base64") from error
    return Response(int(status), headers, content)


def _headers(answer: Mapping[str, Any]) -> Pairs:
    """`multiValueHeaders` and, for names that are not in it, `headers`; renamed where AWS renames."""
    many, single = answer.get("multiValueHeaders") or {}, answer.get("headers") or {}
    if not isinstance(many, dict) or not isinstance(single, dict):
        raise GatewayError("DEFAULT_5XX", detail="malformed proxy response: headers are not objects")
    pairs = [(name, value) for name, values in many.items() for value in values]
    named = {name.lower() for name in many}
    pairs += [(name, value) for name, value in single.items() if name.lower() not in named and value is not None]
    return [
        (f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name, _header_text(value))
        for name, value in pairs
        if name.lower() not in _DROPPED
    ]


def _header_text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise GatewayError("DEFAULT_5XX", detail="malformed proxy response: a header is not a scalar")
    text = value if isinstance(value, str) else json.dumps(value)
    if _CONTROL.search(text):
        raise GatewayError("DEFAULT_5XX", detail="malformed proxy response: a header with a control character")
    return text


def mock(method: Method, exchange: Exchange) -> Response:
    """A MOCK integration: the request template gives a status code, that selects the response."""
    integration = method.integration
    media_type = (exchange.header("Content-Type") or "application/json").partition(";")[0].strip().lower()
    templates = integration.get("requestTemplates") or {}
    behaviour = str(integration.get("passthroughBehavior", "when_no_match")).lower()
    if media_type not in templates and (behaviour == "never" or (behaviour == "when_no_templates" and templates)):
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE")
    try:
        request = json.loads(render(templates.get(media_type, exchange.body.decode("utf-8", "replace")), exchange))
        status = str(request["statusCode"])
        chosen = _select(integration.get("responses") or {}, status)
        body = (chosen.get("responseTemplates") or {}).get("application/json", "")
        content = render(body, exchange).encode()
    except (UnsupportedTemplateError, ValueError, KeyError, TypeError) as error:
        raise GatewayError("API_CONFIGURATION_ERROR", detail=f"mock integration: {error}") from error
    headers: Pairs = [("Content-Type", "application/json")]
    headers += response_headers("method.response.header.", chosen.get("responseParameters") or {}, exchange)
    return Response(int(chosen["statusCode"]), headers, content)


def _select(responses: Mapping[str, Any], status: str) -> Mapping[str, Any]:
    """The response whose key, a regular expression, fits the status; else `default`."""
    for pattern, response in responses.items():
        if pattern != "default" and re.fullmatch(pattern, status):
            fitting: Mapping[str, Any] = response
            return fitting
    default: Mapping[str, Any] = responses["default"]
    return default
