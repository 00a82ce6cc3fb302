"""An AWS service on a real socket that answers as it is told: late, with an error, or never."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One answer; `lost`: the request was taken and the connection closed without a word."""

    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    lost: bool = False


THROTTLED = Reply(400, {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow down"})


@dataclass
class Service:
    """`replies` in their order, the last one again and again; `requests` are the bodies that came."""

    url: str
    replies: list[Reply]
    requests: list[dict[str, Any]] = field(default_factory=list)


@contextlib.contextmanager
def service(*replies: Reply) -> Iterator[Service]:
    """A service on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            made.requests.append(json.loads(text))
            reply = made.replies[min(len(made.requests), len(made.replies)) - 1]
            time.sleep(reply.seconds)
            if reply.lost:
                self.close_connection = True
                return
            body = json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests have their own output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Service(f"http://127.0.0.1:{server.server_address[1]}", list(replies) or [Reply()])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
