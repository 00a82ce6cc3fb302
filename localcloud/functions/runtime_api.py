"""One execution environment's Runtime API (2018-06-01): a loopback port that only its process knows.

AWS's client dies of SIGSEGV on a `next` answer without Content-Type or Lambda-Runtime-Trace-Id.
"""

import asyncio
from typing import Any, NamedTuple

from aiohttp import web

from localcloud.functions.invocation import MAX_RESPONSE, Invocation

_BASE = "/2018-06-01/runtime/"


class Answer(NamedTuple):
    """What the function's process sent back."""

    payload: bytes
    failed: bool


class RuntimeApi:
    """`ready` is set at the first `next`; `init_error` holds what `init/error` brought."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.init_error: bytes | None = None
        self.address = ""
        self._invocations: asyncio.Queue[tuple[Invocation, int]] = asyncio.Queue()
        self._current: tuple[str, asyncio.Future[Answer]] | None = None
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen on a free port; `address` is `host:port` from then on."""
        loop = asyncio.get_running_loop()
        # an idle environment keeps its connection for as long as nobody calls
        self._server = await loop.create_server(
            web.Server(self._handle, keepalive_timeout=24 * 3600, access_log=None), "127.0.0.1", 0
        )
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Stop listening and drop the connection."""
        if self._server is not None:
            self._server.close()
            self._server.close_clients()

    def send(self, invocation: Invocation, deadline_ms: int) -> asyncio.Future[Answer]:
        """Give the process its next event; the future holds its answer."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._current = (invocation.request_id, answer)
        self._invocations.put_nowait((invocation, deadline_ms))
        return answer

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path.removeprefix(_BASE)
        if path == "invocation/next":
            self.ready.set()
            return _event(*await self._invocations.get())
        body = await request.content.read()
        if path == "init/error":
            self.init_error = body
            self.ready.set()
            return web.json_response({"status": "OK"}, status=202)
        _, request_id, kind = path.rsplit("/", 2) if path.count("/") == 2 else ("", "", "")  # noqa: PLR2004
        return self._answered(request_id, kind, body)

    def _answered(self, request_id: str, kind: str, body: bytes) -> web.Response:
        if self._current is None or self._current[0] != request_id or kind not in ("response", "error"):
            return _refuse(400, "InvalidRequestID")
        answer = self._current[1]
        self._current = None
        if len(body) > MAX_RESPONSE:
            message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
            too_large = f'{{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"{message}"}}'
            _resolve(answer, Answer(too_large.encode(), failed=True))
            return _refuse(413, "RequestEntityTooLarge")
        _resolve(answer, Answer(body, failed=kind == "error"))
        return web.json_response({"status": "OK"}, status=202)


def _resolve(answer: asyncio.Future[Answer], value: Answer) -> None:
    if not answer.done():
        answer.set_result(value)


def _refuse(status: int, kind: str) -> web.Response:
    body: dict[str, Any] = {"errorType": kind, "errorMessage": kind}
    return web.json_response(body, status=status)


def _event(invocation: Invocation, deadline_ms: int) -> web.Response:
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        "Lambda-Runtime-Trace-Id": invocation.trace_id,
    }
    if invocation.client_context:
        headers["Lambda-Runtime-Client-Context"] = invocation.client_context
    return web.Response(body=invocation.payload, headers=headers)
