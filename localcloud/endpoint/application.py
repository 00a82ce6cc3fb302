"""The WSGI application of the AWS endpoint.

`/_localcloud/*` is the cloud's own; Lambda's Invoke goes to the function runtime; the rest is moto, one call
at a time (see `StateLock`). Whatever must see every AWS call first (enforcement, faults) belongs in `_aws`.
"""

import json
import re
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.core.common_models import BaseModel
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from localcloud.endpoint.server import THREADS
from localcloud.functions.invocation import InvokeRefused, InvokeResult
from localcloud.functions.runtime import FunctionRuntime
from localcloud.persistence.lock import StateLock

_INVOKE = re.compile(r"^/2015-03-31/functions/(?P<function>[^/]+)/invocations/?$")
_LAMBDA = re.compile(r"^/20\d\d-\d\d-\d\d/functions(/|$)")
_READS = ("Get", "List", "Describe", "BatchGet", "Query", "Scan", "Lookup", "Filter", "Head", "Search")
# Long polls: they wait for others' writes, so they cannot hold the lock.
_WAITS = ("AmazonSQS.ReceiveMessage",)
# The rest of the threads serves the calls that the invoked functions make.
_INVOCATIONS = THREADS // 2

Route = Callable[[], Any]


class _Dispatcher(DomainDispatcherApplication):
    """moto tries 200 patterns for every request's host; the same few come again and again."""

    def __init__(self, create_app: Callable[..., Any]) -> None:
        super().__init__(create_app)
        self._known: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        if host not in self._known:
            self._known[host] = super().get_backend_for_host(host)
        return self._known[host]


class Application:
    """`routes`: what `/_localcloud/…` answers, by (method, name), as JSON; `changed` is told of every write."""

    def __init__(
        self,
        runtime: FunctionRuntime,
        lock: StateLock,
        changed: Callable[[], None],
        routes: dict[tuple[str, str], Route],
    ) -> None:
        _track_nothing()
        self._moto = _Dispatcher(create_backend_app)
        self._runtime = runtime
        self._lock = lock
        self._changed = changed
        self._routes = routes
        self._invocations = threading.BoundedSemaphore(_INVOCATIONS)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path: str = environ["PATH_INFO"]
        if path.startswith("/_localcloud/"):
            return self._own(environ, start_response)
        # moto needs the path as sent: an ARN in it is percent-encoded (waitress calls it REQUEST_URI)
        environ["RAW_URI"] = environ.get("REQUEST_URI", path)
        if environ["REQUEST_METHOD"] == "POST" and (match := _INVOKE.match(environ["RAW_URI"].split("?")[0])):
            return self._invoke(unquote(match["function"]), environ, start_response)
        return self._aws(environ, start_response)

    def _aws(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        target: str = environ.get("HTTP_X_AMZ_TARGET", "")
        if target in _WAITS:
            waited: Iterable[bytes] = self._moto(environ, start_response)
            return waited
        with self._lock.hold():
            answer = self._moto(environ, start_response)
            try:
                body = list(answer)
            finally:
                if hasattr(answer, "close"):
                    answer.close()
            if not _reads_only(environ["REQUEST_METHOD"], target):
                self._changed()
                if _LAMBDA.match(environ["PATH_INFO"]):
                    self._runtime.forget()
        return body

    def _invoke(self, function: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        payload = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        qualifier = parse_qs(environ.get("QUERY_STRING", "")).get("Qualifier", [None])[0]
        kind = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
        if not self._invocations.acquire(blocking=False):
            refusal = InvokeRefused(429, "TooManyRequestsException", "Rate Exceeded.")
            return _refused(refusal, start_response)
        try:
            result = self._runtime.invoke(function, qualifier, payload, invocation_type=kind)
        except InvokeRefused as refusal:
            return _refused(refusal, start_response)
        finally:
            self._invocations.release()
        headers = _invoke_headers(result, tail=environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail")
        start_response(_status(result.status), [*headers, ("Content-Length", str(len(result.payload)))])
        return [result.payload]

    def _own(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        name = environ["PATH_INFO"].removeprefix("/_localcloud/").strip("/")
        route = self._routes.get((environ["REQUEST_METHOD"], name))
        if route is None:
            known = sorted(f"{method} /_localcloud/{path}" for method, path in self._routes)
            return _json(404, {"message": "no such page", "pages": known}, start_response)
        return _json(200, route(), start_response)


def _track_nothing() -> None:
    """Moto remembers every item, log event and key ever made, for its tests' resets: a leak in a daemon."""
    models: Any = BaseModel
    models.__new__ = lambda cls, *_, **__: object.__new__(cls)


def _reads_only(method: str, target: str) -> bool:
    if target:
        return target.rpartition(".")[2].startswith(_READS)
    return method in ("GET", "HEAD", "OPTIONS")


def _invoke_headers(result: InvokeResult, *, tail: bool) -> list[tuple[str, str]]:
    headers = [("Content-Type", "application/json"), ("x-amzn-RequestId", result.request_id)]
    if result.executed_version:
        headers.append(("X-Amz-Executed-Version", result.executed_version))
    if result.function_error:
        headers.append(("X-Amz-Function-Error", result.function_error))
    if tail and result.log_tail:
        headers.append(("X-Amz-Log-Result", result.log_tail))
    return headers


def _refused(refusal: InvokeRefused, start_response: StartResponse) -> list[bytes]:
    headers = [("x-amzn-ErrorType", refusal.code)]
    body = {"Type": "User", "Message": refusal.message, "message": refusal.message}
    return _json(refusal.status, body, start_response, headers)


def _status(code: int) -> str:
    return f"{code} {HTTPStatus(code).phrase}"


def _json(
    status: int, body: Any, start_response: StartResponse, headers: list[tuple[str, str]] | None = None
) -> list[bytes]:
    content = json.dumps(body, default=str).encode()
    sized = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    start_response(_status(status), [*sized, *(headers or [])])
    return [content]
