"""From a REST proxy event to the SDK and back: its own ASGI application, asked once, without a web server.

The SDK checks headers, versions and messages (`StreamableHTTPSessionManager`, stateless, JSON answers). An event loop
of its own for each message: between two invocations Lambda freezes a process, and nothing may be left waiting in one.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from omnix.mcp.model import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from mcp.server.lowlevel import Server

# The SDK logs exceptions with their texts, and texts of errors repeat the records that they are about. What becomes of
# a message, `omnix.mcp.routes` logs.
logging.getLogger("mcp").setLevel(logging.CRITICAL)


@dataclass
class Exchanged:
    """The SDK's HTTP answer: 202 has no body, every other one of interest has JSON."""

    status: int = 500
    body: bytearray = field(default_factory=bytearray)


def exchange(server: Server[Any], message: bytes, headers: Iterable[tuple[str, str]]) -> Exchanged:
    """Give one message to the server. `headers` in their order, repeated ones repeated."""
    return anyio.run(_exchange, server, message, [(name.lower(), value) for name, value in headers])


async def _exchange(server: Server[Any], message: bytes, headers: list[tuple[str, str]]) -> Exchanged:
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/mcp",
        "raw_path": b"/mcp",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in headers],
    }
    unread = [{"type": "http.request", "body": message, "more_body": False}]
    answer = Exchanged()

    async def receive() -> MutableMapping[str, Any]:
        if unread:
            return unread.pop()
        await anyio.sleep_forever()  # nobody hangs up on a function
        raise AssertionError

    async def send(part: MutableMapping[str, Any]) -> None:
        if part["type"] == "http.response.start":
            answer.status = part["status"]
        else:
            answer.body += part.get("body", b"")

    manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True, max_request_body_size=MOST_BYTES)
    async with manager.run():
        await manager.handle_request(scope, receive, send)
    return answer
