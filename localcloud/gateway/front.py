"""The HTTP server before the gateway: what API Gateway's own front refuses before any stage is known.

An answer of this layer has API Gateway's shape (`{"message": …}`) and never repeats what was sent.
"""

import asyncio
import json
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

# "Total combined size of request line and header values" (quotas of REST APIs), in bytes.
MAX_HEAD = 10_240
_VERSIONS = ((1, 0), (1, 1))


class FrontServer(web.Server):
    """An aiohttp server that speaks HTTP/1.0 and 1.1, hands bodies on as they came and explains refusals in JSON."""

    def __init__(self, handler: Any) -> None:
        # no decompression: a proxy integration gets the bytes that were sent, whatever Content-Encoding says of them
        self._settings: dict[str, Any] = {
            "access_log": None,
            "keepalive_timeout": 75,
            "auto_decompress": False,
            "max_line_size": MAX_HEAD,
            "max_field_size": MAX_HEAD,
        }
        super().__init__(handler)

    def __call__(self) -> web.RequestHandler:
        """A protocol for a new connection."""
        return _Connection(self, loop=asyncio.get_running_loop(), **self._settings)


class _Connection(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A request that is no HTTP, or a defect of the gateway; the connection ends."""
        super().handle_error(request, status, exc, message)  # logs it; raises when an answer is under way
        too_long = isinstance(exc, LineTooLong)
        return refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if too_long else HTTPStatus(status))


def refusal(request: web.BaseRequest) -> web.Response | None:
    """The front's own answer to a request that it does not pass on; None for one that it does."""
    version = (request.version.major, request.version.minor)
    if version not in _VERSIONS:
        return refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    head = len(request.method) + len(request.raw_path) + sum(len(value) for _, value in request.raw_headers)
    if head > MAX_HEAD:
        return refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    return None


def refused(status: HTTPStatus) -> web.Response:
    """The phrase of the status and nothing else."""
    answer = web.Response(status=status, text=json.dumps({"message": status.phrase}), content_type="application/json")
    answer.force_close()
    return answer
