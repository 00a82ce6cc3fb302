"""A DynamoDB Local of one's own: in memory, on a free port, gone with the process that started it."""

import contextlib
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.dynamodb_local.distribution import UnavailableError, provide

REQUIRED = "REQUIRE_DYNAMODB_LOCAL"
START_SECONDS = 60


def required() -> bool:
    """Whether an absent DynamoDB Local is a failure (CI with Java) and not a reason to skip."""
    return os.environ.get(REQUIRED, "") not in {"", "0"}


@contextlib.contextmanager
def running(heap: str = "512m") -> Iterator[str]:
    """Give the endpoint URL of a fresh server; raises UnavailableError where none can be had.

    `heap`: Java's, as `-Xmx` takes it. A million items need more than tests do.
    """
    folder = provide()
    with tempfile.TemporaryDirectory() as scratch, (Path(scratch) / "log").open("w+") as log:
        port = _free_port()
        process = subprocess.Popen(_command(folder, port, heap), cwd=scratch, stdout=log, stderr=subprocess.STDOUT)
        try:
            _await(process, port, log.name)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def _command(folder: Path, port: int, heap: str) -> list[str]:
    return [
        "java",
        f"-Xmx{heap}",
        f"-Djava.library.path={folder}",
        "--class-path",
        f"{folder}/*",
        "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
        "-inMemory",
        "-sharedDb",
        "-disableTelemetry",
        "-port",
        str(port),
    ]


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(process: subprocess.Popen[bytes], port: int, log: str) -> None:
    """Wait for the first answer: any HTTP status, since the request is unsigned."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=1)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    said = Path(log).read_text(encoding="utf-8")[-500:]
    raise UnavailableError(f"DynamoDB Local did not start within {START_SECONDS} s: {said}")
