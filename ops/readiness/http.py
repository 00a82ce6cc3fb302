"""The suite's HTTP client: one connection pool, sane time limits, every exchange recorded and redacted."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from ops.readiness.redaction import redacted_body, redacted_headers, redacted_text
from ops.readiness.verdict import RequestRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ops.readiness.contract import Contract

# API Gateway answers within 29 s or not at all; the rest is the way there and back.
_TIMEOUT = httpx.Timeout(35.0, connect=10.0)
# Only a connection that could not be made is tried again: no request is ever sent twice.
_CONNECT_RETRIES = 2
_THROTTLED = 429
# Seconds to wait when throttled; a `Retry-After` goes first. WAF's own windows are a minute long.
_PAUSES = (1.0, 2.0, 4.0, 8.0)
_LONGEST_PAUSE = 60.0
_SERVER_ERROR = 500


@dataclass
class Api:
    """The environment's REST API, recording every request under its route of the contract."""

    base_url: str
    contract: Contract
    transport: httpx.BaseTransport | None = None
    records: list[RequestRecord] = field(default_factory=list)
    sleep: Callable[[float], None] = time.sleep
    throttled: int = 0
    last: httpx.Response | None = None
    last_request: httpx.Request | None = None

    def __post_init__(self) -> None:
        self._client = httpx.Client(
            base_url=self.base_url,
            timeout=_TIMEOUT,
            transport=self.transport or httpx.HTTPTransport(retries=_CONNECT_RETRIES),
            headers={"User-Agent": "omnix-readiness", "Accept": "application/json"},
            follow_redirects=False,
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        raw: bytes | None = None,
        query: Mapping[str, str] | None = None,
        measured: bool = False,
        expected: int | None = None,
    ) -> httpx.Response:
        """One request. `raw` is sent as it is (for malformed JSON); `expected` makes another status an error."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if raw is not None or body is not None:
            sent.setdefault("Content-Type", "application/json")
        content = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        request = self._client.build_request(method, path, headers=sent, content=content, params=query)
        return self._sent(request, self.contract.route_of(method, path), measured, expected)

    def _sent(self, request: httpx.Request, route: str, measured: bool, expected: int | None) -> httpx.Response:
        self.last, self.last_request = None, request
        started = time.perf_counter()
        try:
            response = self._client.send(request)
            for pause in _PAUSES:
                if response.status_code != _THROTTLED:
                    break
                # Our own haste, not the service's health: the request was not carried out, so ask again later.
                self.throttled += 1
                self.sleep(_asked_pause(response) or pause)
                started = time.perf_counter()
                response = self._client.send(request)
        except httpx.HTTPError:
            self.records.append(RequestRecord(route, _since(started), error=True, measured=measured))
            raise
        self.last = response
        status = response.status_code
        wrong = status >= _SERVER_ERROR or status == _THROTTLED or status != (expected or status)
        self.records.append(RequestRecord(route, _since(started), error=wrong, measured=measured))
        return response

    def forget(self) -> None:
        """Drop the last exchange, so that the next check's failure never shows another one's."""
        self.last = self.last_request = None

    def request_excerpt(self) -> str:
        """The last request, redacted; empty when there was none."""
        request = self.last_request
        if request is None:
            return ""
        shown = {k: v for k, v in request.headers.items() if k not in _DULL}
        body = redacted_body(request.content.decode(errors="replace")) if request.content else ""
        return _excerpt(f"{request.method} {redacted_text(str(request.url))}", redacted_headers(shown), body)

    def response_excerpt(self) -> str:
        """The last answer, redacted; empty when none came."""
        response = self.last
        if response is None:
            return ""
        head = f"{response.status_code} {response.reason_phrase}".strip()
        return _excerpt(head, redacted_headers(response.headers), redacted_body(response.text))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


_DULL = frozenset({"host", "user-agent", "accept", "accept-encoding", "connection", "content-length"})


def _excerpt(head: str, headers: Mapping[str, str], body: str) -> str:
    lines = [head, *(f"{name}: {value}" for name, value in headers.items())]
    return "\n".join([*lines, "", body] if body else lines)


def _asked_pause(response: httpx.Response) -> float | None:
    """`Retry-After` in seconds, at most a minute; None when absent or a date."""
    value = response.headers.get("retry-after", "")
    return min(float(value), _LONGEST_PAUSE) if value.isdigit() else None


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
