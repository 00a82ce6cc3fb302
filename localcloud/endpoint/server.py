"""The HTTP server of the AWS endpoint: waitress, HTTP/1.1 keep-alive, TCP_NODELAY, loopback only."""

import socket
import threading
from typing import Any
from wsgiref.types import WSGIApplication

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


class EndpointServer:
    """Serves a WSGI application from threads of its own until `close`."""

    def __init__(self, application: WSGIApplication, sock: socket.socket) -> None:
        self._server: Any = create_server(application, sockets=[sock], **_OPTIONS)
        self._thread = threading.Thread(target=self._server.run, name="aws-endpoint", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop accepting and answer what is under way."""
        self._server.close()
        self._server.task_dispatcher.shutdown(timeout=5)
