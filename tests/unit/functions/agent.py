"""The official MCP client against the function's handler: an HTTP transport that makes proxy events of its requests."""

import functools
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import anyio.to_thread
import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.unit.functions.conftest import Answer, event, read

URL = "https://agents.example/mcp"


class Gateway(httpx2.AsyncBaseTransport):
    """What API Gateway does between a client and the function; `seen` are the requests that came."""

    def __init__(self, authorizer: dict[str, str]) -> None:
        self.authorizer = authorizer
        self.seen: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        if request.method != "POST":  # the gateway's own answer (`components.api.body`)
            return httpx2.Response(405, headers={"Allow": "OPTIONS, POST"})
        body = (await request.aread()).decode()
        # A function has no event loop when it is called; here it gets a thread for that.
        answer = await anyio.to_thread.run_sync(functools.partial(send, body, self.authorizer, dict(request.headers)))
        return httpx2.Response(answer.status, headers=answer.headers, content=answer.text.encode())


def send(body: str, authorizer: dict[str, str], headers: dict[str, str] | None = None, **changes: Any) -> Answer:
    """One POST to the function, as the gateway hands it on."""
    from assistant.handler import handler

    found = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"} | (headers or {})
    asked = event("POST", "/mcp", body=body, headers=found, authorizer=authorizer, **changes)
    return read(handler(asked, SimpleNamespace(aws_request_id="lambda-1")))


def talk[T](authorizer: dict[str, str], say: Callable[[Client], Awaitable[T]], mode: str = "auto") -> T:
    """What `say` makes of a connected client of this caller."""

    async def connected() -> T:
        async with (
            httpx2.AsyncClient(transport=Gateway(authorizer)) as http,
            Client(streamable_http_client(URL, http_client=http), mode=mode) as client,
        ):
            found: T = await say(client)
            return found

    return anyio.run(connected)
