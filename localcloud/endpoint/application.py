"""The WSGI application of the AWS endpoint.

`/_localcloud/*` is the cloud's own. Every AWS call is read, meets the fault that was set for it (see
`localcloud.faults`), is decided on and held against the service's limits; then Lambda's Invoke goes to the function
runtime, Bedrock's to its stand-in, and the rest to moto, one call at a time (see `StateLock`).
"""

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from xml.sax.saxutils import escape

from moto.core.common_models import BaseModel
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from localcloud import limits, past
from localcloud.backup.service import Answer, Backup
from localcloud.bedrock import runtime as bedrock
from localcloud.bedrock import settings
from localcloud.endpoint import reading, tokens
from localcloud.endpoint.call import Call, MalformedCall, UnknownCall, read_call
from localcloud.endpoint.server import THREADS
from localcloud.enforcement import answer, preconditions
from localcloud.enforcement.acting import Acting
from localcloud.faults.control import PAGE, control
from localcloud.faults.injection import inject
from localcloud.faults.subject import subject
from localcloud.functions import downloads
from localcloud.functions.invocation import InvokeRefused, InvokeResult
from localcloud.functions.runtime import FunctionRuntime
from localcloud.limits import Refusal
from localcloud.persistence.lock import StateLock

_LAMBDA = re.compile(r"^/20\d\d-\d\d-\d\d/functions(/|$)")
_READS = ("Get", "List", "Describe", "BatchGet", "Query", "Scan", "Lookup", "Filter", "Head", "Search")
# What a decision may depend on is written by operations with these words in their names.
_DECIDING = re.compile(r"Policy|Permission|Attributes|Queue$|Topic$|Role|Key|Alias|Function|Grant|User|Group|Assume")
# Long polls: they wait for others' writes, so they cannot hold the lock.
_WAITS = ("ReceiveMessage",)
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
        acting: Acting,
        backup: Backup,
        models: bedrock.Runtime,
    ) -> None:
        _track_nothing()
        reading.install()
        tokens.install()
        self._moto = _Dispatcher(create_backend_app)
        self._runtime = runtime
        self._lock = lock
        self._changed = changed
        self._routes = routes
        self._acting = acting
        self._backup = backup
        self._faults = backup.faults
        self._models = models
        self._invocations = threading.BoundedSemaphore(_INVOCATIONS)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path: str = environ["PATH_INFO"]
        if path.startswith("/_localcloud/"):
            return self._own(environ, start_response)
        # moto needs the path as sent: an ARN in it is percent-encoded (waitress calls it REQUEST_URI)
        environ["RAW_URI"] = environ.get("REQUEST_URI", path)
        if reading.motos_own(path, environ["REQUEST_METHOD"], environ.get("HTTP_HOST", "")):
            return _unknown(UnknownCall(f"no AWS operation at {path}"), environ, start_response)
        if reading.preflight(environ):  # a browser asks S3 before it uploads: no call yet
            return self._moto_answer(environ, start_response)
        try:
            call = read_call(environ)
        except UnknownCall as error:
            return _unknown(error, environ, start_response)
        return self._served(call, environ, start_response)

    def _served(self, call: Call, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """A fault holds no lock while it waits: other calls go on."""
        fault = self._faults.choose(subject(call, self._acting.gate, self._lock)) if self._faults else None
        if fault is None:
            return self._decided(call, environ, start_response)
        return inject(fault, call, environ, start_response, lambda start: self._decided(call, environ, start))

    def _decided(self, call: Call, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock.hold():
            refusal = self._refusal(call)
            own = refusal or self._backup.answer(call, environ.get("CONTENT_TYPE", ""))
            if isinstance(own, Refusal):
                refusal = own
            elif call.operation not in (*_WAITS, "Invoke") and call.service != bedrock.SERVICE:
                return self._aws(call, own, environ, start_response)
        if refusal is not None:
            content_type = environ.get("CONTENT_TYPE", "")
            status, headers, body = answer.render(call, refusal, content_type, str(uuid.uuid4()))
            start_response(status, headers)
            return [body]
        if call.service == bedrock.SERVICE:  # a model takes its time: nothing else waits for it
            return self._models.answer(call, environ, start_response)
        if call.operation == "Invoke":
            return self._invoke(call, environ, start_response)
        waited: Iterable[bytes] = self._moto(environ, start_response)
        return waited

    def _refusal(self, call: Call) -> Refusal | None:
        """AWS's order: who it is and what he may, then what is asked, then what the service itself would need."""
        return self._acting.gate.refuse(call) or limits.refuse(call) or preconditions.refuse(call, self._acting)

    def _aws(
        self, call: Call, own: Answer | None, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if own is None:
            body = self._moto_answer(environ, start_response)
        else:
            start_response(own[0], own[1])
            body = [own[2]]
        if not _reads_only(environ["REQUEST_METHOD"], environ.get("HTTP_X_AMZ_TARGET", "")):
            self._changed()
            if _DECIDING.search(call.operation):
                self._acting.gate.written(call.service)
            if _LAMBDA.match(environ["PATH_INFO"]):
                self._runtime.forget()
        return body

    def _moto_answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        answered = self._moto(environ, start_response)
        try:
            return list(answered)
        finally:
            if hasattr(answered, "close"):
                answered.close()

    def _invoke(self, call: Call, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        payload = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        function, qualifier = str(call.parameters.get("FunctionName")), call.parameters.get("Qualifier")
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
        page, _, id_ = name.partition("/")
        if page == PAGE:
            sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            answer = control(self._faults, environ["REQUEST_METHOD"], id_, sent, self._backup.corrupt)
            return _json(*answer, start_response)
        if name == settings.PAGE:
            sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            return _json(*self._models.control.answer(environ["REQUEST_METHOD"], sent), start_response)
        if page == downloads.PAGE and id_:
            return downloads.zip_of(id_, start_response)
        if name == past.PAGE and environ["REQUEST_METHOD"] == "POST":
            sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            with self._lock.hold():
                told = past.tell(self._acting.gate.account.id, sent)
            self._changed()
            return _json(*told, start_response)
        route = self._routes.get((environ["REQUEST_METHOD"], name))
        if route is None:
            pages = [*self._routes, ("GET", PAGE), ("POST", past.PAGE)]
            known = sorted(f"{method} /_localcloud/{path}" for method, path in pages)
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


def _unknown(error: UnknownCall, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """An answer that botocore can read without knowing the operation: JSON for a target, else XML."""
    malformed = isinstance(error, MalformedCall)
    code = "SerializationException" if malformed else "UnknownOperationException"
    if not malformed and not error.service:
        code = "MissingAuthenticationTokenException"
    if environ.get("HTTP_X_AMZ_TARGET"):
        body = {"__type": code, "message": str(error)}
        return _json(400, body, start_response, [("x-amzn-ErrorType", code)])
    text = f"<ErrorResponse><Error><Code>{code}</Code><Message>{escape(str(error))}</Message></Error></ErrorResponse>"
    content = text.encode()
    headers = [("Content-Type", "text/xml"), ("Content-Length", str(len(content))), ("x-amzn-ErrorType", code)]
    start_response(_status(400 if malformed else 403), headers)
    return [content]


def _status(code: int) -> str:
    return f"{code} {HTTPStatus(code).phrase}"


def _json(
    status: int, body: Any, start_response: StartResponse, headers: list[tuple[str, str]] | None = None
) -> list[bytes]:
    content = json.dumps(body, default=str).encode()
    sized = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    start_response(_status(status), [*sized, *(headers or [])])
    return [content]
