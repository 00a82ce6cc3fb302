"""The HTTP server of the AWS endpoint: waitress, HTTP/1.1 keep-alive, TCP_NODELAY, loopback only."""

import socket
import threading
from typing import Any
from wsgiref.types import WSGIApplication

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server

LOOPBACK = "127.0.0.1"
# A synchronous Lambda invocation holds a thread while its function calls back: see application.py.
THREADS = 64
# SDKs keep connections open between calls; S3 uploads may be as large as the disk is.
_OPTIONS: dict[str, Any] = {
    "threads": THREADS,
    "connection_limit": 2000,
    "backlog": 1024,
    "channel_timeout": 24 * 3600,
    "max_request_body_size": 5 * 2**30,
    "asyncore_use_poll": True,
    # above 0, waitress sees a caller hang up while it is served: a hanging fault ends then
    "channel_request_lookahead": 1,
    "ident": "localcloud",
    "clear_untrusted_proxy_headers": False,
}


def listen(port: int) -> socket.socket:
    """A listening loopback socket on `port`, or on a free one when that is 0 or taken."""
    wanted = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    wanted.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        wanted.bind((LOOPBACK, port))
        wanted.listen(1024)
    except OSError:
        wanted.close()
        if port == 0:
            raise
        return listen(0)
    return wanted


class _Parser(HTTPRequestParser):  # type: ignore[misc] # without stubs
    """boto3 asks for `100-continue` before an empty object too: waitress says it, and waits for a body for ever."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if not self.chunked and not self.content_length:
            self.expect_continue = False


class _Channel(HTTPChannel):  # type: ignore[misc]
    parser_class = _Parser


class EndpointServer:
    """Serves a WSGI application from threads of its own until `close`."""

    def __init__(self, application: WSGIApplication, sock: socket.socket) -> None:
        self._server: Any = create_server(application, sockets=[sock], **_OPTIONS)
        self._server.channel_class = _Channel
        self._thread = threading.Thread(target=self._server.run, name="aws-endpoint", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop accepting and answer what is under way."""
        self._server.close()
        self._server.task_dispatcher.shutdown(timeout=5)
