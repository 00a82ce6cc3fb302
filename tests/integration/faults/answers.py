"""What an answer under a fault may be."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from tests.integration.faults.requests import Operation, request
from tests.integration.faults.shop import Shop

FUNCTION_SECONDS = 15.0
# As many as there are processes of one function here: a request that waits for a free one is late by no fault.
CLIENTS = 6


@dataclass(frozen=True)
class Answer:
    """One operation's answer; `response` is None where none came."""

    operation: Operation
    response: httpx.Response | None
    seconds: float

    @property
    def status(self) -> int:
        return self.response.status_code if self.response is not None else 0

    def faults(self) -> list[str]:
        """What is wrong with it, each as a sentence; empty for an answer that a caller can work with."""
        title = f"{self.operation.title} ({self.seconds:.1f} s)"
        if self.response is None:
            return [f"{title}: no answer"]
        wrong = []
        if self.status in (500, 502, 504):
            wrong.append(f"{title}: {self.status} {self.response.text[:200]}")
        elif self.status not in self.operation.statuses:
            wrong.append(f"{title}: {self.status} is not documented: {self.response.text[:200]}")
        if self.seconds >= FUNCTION_SECONDS:
            wrong.append(f"{title}: longer than the function may run")
        if self.status == httpx.codes.SERVICE_UNAVAILABLE:
            wrong += [f"{title}: {what}" for what in _unavailable(self.response)]
        return wrong


def _unavailable(response: httpx.Response) -> Iterable[str]:
    if not response.headers.get("retry-after", "").isdecimal():
        yield "503 without Retry-After in seconds"
    try:
        error = response.json()["error"]
        same = set(error) == {"code", "message", "details", "request_id"} and error["code"] == "unavailable"
    except (ValueError, KeyError, TypeError):
        same = False
    if not same:
        yield f"503 in another shape: {response.text[:200]}"


def answers(shop: Shop, asked: Iterable[Operation]) -> list[Answer]:
    """One request for each, several at a time."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(lambda operation: answer(shop, operation), asked))


def answer(shop: Shop, operation: Operation) -> Answer:
    """One request and how long it took."""
    sent = request(operation, shop.known, shop.token)
    started = time.monotonic()
    try:
        response = shop.http.request(
            sent.method, sent.path, headers=dict(sent.headers), content=sent.content, json=sent.json
        )
    except httpx.TransportError:
        return Answer(operation, None, time.monotonic() - started)
    return Answer(operation, response, time.monotonic() - started)


def wrong(given: Iterable[Answer]) -> list[str]:
    """Everything that is wrong with any of them."""
    return [what for one in given for what in one.faults()]
