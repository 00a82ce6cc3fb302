"""The gateway: serves every deployed REST stage at `/{rest_api_id}/{stage}`."""

import asyncio
import logging
import socket
import time
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from localcloud.cloud import Cloud
from localcloud.enforcement.acting import Acting
from localcloud.functions.logs import LogWriter
from localcloud.functions.runtime import FunctionRuntime
from localcloud.gateway import access_log
from localcloud.gateway.api import Api, Method, read
from localcloud.gateway.authorizer import Authorizers
from localcloud.gateway.context import Exchange
from localcloud.gateway.errors import GatewayError, Response, answer
from localcloud.gateway.front import FrontServer, refusal
from localcloud.gateway.integration import Integrations
from localcloud.gateway.permission import Permissions
from localcloud.gateway.throttle import Throttles
from localcloud.registry import Registry

_LOG = logging.getLogger(__name__)
# API Gateway's payload limit, in bytes.
MAX_BODY = 10 * 1024 * 1024
_FORBIDDEN = Response(403, [("x-amzn-ErrorType", "ForbiddenException")], b'{"message":"Forbidden"}')


class Stages:
    """The deployed stages, read anew when the registry changed."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[str, tuple[dict[str, Any], Api]] = {}
        self._revision: tuple[int, int] = (-1, -1)

    def find(self, api_id: str, stage: str) -> tuple[dict[str, Any], Api] | None:
        """A stage's document and its deployment; None when there is no such stage."""
        revision = (
            self._registry.revision("apigateway:stage"),
            self._registry.revision("apigateway:deployment"),
        )
        if revision != self._revision:
            self._known, self._revision = {}, revision
        key = f"{api_id}/{stage}"
        if key not in self._known:
            document = self._registry.get("apigateway:stage", key)
            deployment = document and self._registry.get(
                "apigateway:deployment", f"{api_id}/{document['deployment_id']}"
            )
            if not document or not deployment:
                return None
            self._known[key] = (document, read(deployment))
        return self._known[key]


class Gateway:
    """Takes each request through throttle, authorizer, API key and integration, in API Gateway's order."""

    def __init__(self, cloud: Cloud, runtime: FunctionRuntime, logs: LogWriter, acting: Acting) -> None:
        self._cloud = cloud
        self._logs = logs
        self._stages = Stages(cloud.registry)
        self._permissions = Permissions(acting, cloud.registry, cloud.account_id, cloud.region)
        self._authorizers = Authorizers(runtime, self._permissions)
        self._integrations = Integrations(runtime, self._permissions)
        self._throttles = Throttles(cloud.registry)

    async def open(self, sock: socket.socket) -> None:
        """Serve on a listening socket."""
        self._http = FrontServer(self._handle)
        self._server = await asyncio.get_running_loop().create_server(self._http, sock=sock, backlog=1024)

    async def close(self) -> None:
        """Stop listening; requests under way get a few seconds."""
        self._server.close()
        self._http.pre_shutdown()
        await self._http.shutdown(5)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if (refused := refusal(request)) is not None:
            return refused
        raw_path, query = _target(request.raw_path)
        api_id, _, below = raw_path.removeprefix("/").partition("/")
        stage_name, slash, rest = below.partition("/")
        found = self._stages.find(api_id, stage_name)
        if found is None:
            return _reply(_FORBIDDEN)
        stage, api = found
        headers = [(name.decode(), value.decode("utf-8", "replace")) for name, value in request.raw_headers]
        peer = request.transport.get_extra_info("peername") if request.transport else None
        exchange = Exchange(
            verb=request.method,
            path=f"/{rest}" if slash else "/",
            query_string=query,
            headers=headers,
            body=b"",
            source_ip=peer[0] if peer else "",
            protocol=f"HTTP/{request.version.major}.{request.version.minor}",
            host=next((value for name, value in headers if name.lower() == "host"), ""),
            api=api,
            stage=stage,
            account_id=self._cloud.account_id,
            region=self._cloud.region,
        )
        response = await self._respond(request, exchange)
        latency = int((time.time() - exchange.started) * 1000)
        measured = access_log.Measured(response.status, len(response.body), latency)
        access_log.write(exchange, self._logs, self._permissions, measured)
        return _reply(response, exchange)

    async def _respond(self, request: web.BaseRequest, exchange: Exchange) -> Response:
        try:
            method = _route(exchange)
            exchange.body = await _body(request)
            return await self._process(method, exchange)
        except GatewayError as error:
            if error.detail:
                _LOG.warning("%s %s: %s: %s", exchange.verb, exchange.path, error.kind, error.detail)
            return answer(error, exchange)

    async def _process(self, method: Method, exchange: Exchange) -> Response:
        self._throttles.check_method(exchange)
        usage_key: str | None = None
        if method.authorizer is not None:
            usage_key = await self._authorizers.authorize(method.authorizer, exchange)
        if method.key_required:
            by_authorizer = exchange.api.key_source.upper() == "AUTHORIZER"
            self._throttles.check_key(usage_key if by_authorizer else exchange.header("X-Api-Key"), exchange)
        return await self._integrations.run(method, exchange)


def _target(raw: str) -> tuple[str, str]:
    """Path and query of a request target, which may be in absolute form (RFC 9112, 3.2.2)."""
    if not raw.startswith("/") and "://" in raw:
        raw = "/" + raw.partition("://")[2].partition("/")[2]
    path, _, query = raw.partition("?")
    return path, query


def _route(exchange: Exchange) -> Method:
    match = exchange.api.find(exchange.verb, exchange.path)
    if match is None:
        # a signed-in caller's header is read as a broken signature where no method wants it
        signed = exchange.header("Authorization") is not None
        raise GatewayError("INVALID_SIGNATURE" if signed else "MISSING_AUTHENTICATION_TOKEN")
    exchange.found(*match)
    return match[0]


async def _body(request: web.BaseRequest) -> bytes:
    """The request's body; REQUEST_TOO_LARGE as soon as it is known to be."""
    if (request.content_length or 0) > MAX_BODY:
        raise GatewayError("REQUEST_TOO_LARGE")
    if not request.body_exists:
        return b""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    parts: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > MAX_BODY:
            raise GatewayError("REQUEST_TOO_LARGE")
        parts.append(chunk)
    return b"".join(parts)


def _reply(response: Response, exchange: Exchange | None = None) -> web.Response:
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in response.headers:
        headers.add(name, value)
    if exchange is not None:
        headers["x-amzn-RequestId"] = exchange.request_id
        headers["x-amz-apigw-id"] = exchange.extended_id
    headers.setdefault("Content-Type", "application/json")
    return web.Response(status=response.status, headers=headers, body=response.body)
