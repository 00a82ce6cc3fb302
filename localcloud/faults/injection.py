"""What a fault does to a call on its way through the endpoint."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from waitress.channel import ClientDisconnected

from localcloud.endpoint.call import Call
from localcloud.faults.active import Active
from localcloud.faults.answers import refused
from localcloud.faults.fault import MOST_SECONDS

_LOOK_SECONDS = 0.05

type Execute = Callable[[StartResponse], Iterable[bytes]]


def inject(
    active: Active, call: Call, environ: WSGIEnvironment, start_response: StartResponse, execute: Execute
) -> Iterable[bytes]:
    """Answer a call as its fault wants; `execute` does the call as ever.

    Raises ClientDisconnected, at which waitress closes the connection without a byte.
    """
    match active.fault.kind:
        case "slow":
            # A caller that gave up meanwhile does not undo it: on AWS, too, a late request is done.
            active.over.wait(active.fault.seconds)
            return execute(start_response)
        case "throttle" | "fail":
            content_type = environ.get("CONTENT_TYPE", "")
            status, headers, body = refused(active.fault, call, content_type, str(uuid.uuid4()))
            start_response(status, headers)
            return [body]
        case "drop_answer":
            for _ in execute(_unheard):
                pass
            raise ClientDisconnected
        case "cut_answer":
            return _half(execute(start_response))
        case "hang":
            _wait_for_the_caller(active, environ)
            raise ClientDisconnected


def _half(answer: Iterable[bytes]) -> Iterator[bytes]:
    """The first half of an answer; the exception makes waitress close the connection."""
    whole = b"".join(answer)
    yield whole[: len(whole) // 2]
    raise ClientDisconnected


def _unheard(*_: Any) -> Callable[[bytes], object]:
    """A `start_response` whose answer goes nowhere."""
    return lambda _: None


def _wait_for_the_caller(active: Active, environ: WSGIEnvironment) -> None:
    gone: Callable[[], bool] = environ.get("waitress.client_disconnected", lambda: False)
    ends = time.monotonic() + (active.fault.seconds or MOST_SECONDS)
    while time.monotonic() < ends and not gone():
        if active.over.wait(_LOOK_SECONDS):
            return
