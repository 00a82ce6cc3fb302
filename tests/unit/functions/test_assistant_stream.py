"""Real frames over a real socket through botocore: silence, a stall, a lost connection, refusals."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from moto.core.eventstream import EventStreamEncoder

from omnix import aws, deadline
from omnix.assistant import calling, reading
from omnix.assistant.breaker import Breaker
from omnix.assistant.calling import Answer, Caller
from omnix.assistant.request import Asked, user
from omnix.costs.model import Feature, Model, Outcome, Prices, Reservation, Settled, Usage
from omnix.errors import UnavailableError
from tests.unit.functions import shop
from tests.unit.functions.bedrock import PRICES, calls, said


class Server(ThreadingHTTPServer):
    """Answers with `answers` in their order: frames, silences in seconds, None for a connection that is cut."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Any] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        answer = self.server.answers.pop(0) if self.server.answers else said("ok")
        if isinstance(answer, tuple):
            status, code = answer
            content = json.dumps({"message": "no"}).encode()
            self.send_response(status)
            self.send_header("x-amzn-ErrorType", code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            return
        started = False
        for one in answer:
            if isinstance(one, float):
                time.sleep(one)
                continue
            if not started:
                self.send_response(200)
                self.send_header("Content-Type", "application/vnd.amazon.eventstream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                started = True
            if one is None:
                self.close_connection = True
                return
            frame = encoded(one)
            self.wfile.write(f"{len(frame):x}\r\n".encode() + frame + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")


def encoded(one: Any) -> bytes:
    ((name, payload),) = one.items()
    kind = "exception" if name.endswith("Exception") else "event"
    headers = {f":{kind}-type": name, ":content-type": "application/json", ":message-type": kind}
    found: bytes = EventStreamEncoder().encode_message(headers, json.dumps(payload).encode())
    return found


class Guard:
    """Says what the caller made of each reservation."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, str]] = []
        self.attempts: list[int] = []

    def reserve(self, **asked: Any) -> Reservation:
        known = {"tenant_id", "user_id", "feature", "input_tokens", "max_output", "request_id"}
        own = {name: value for name, value in asked.items() if name in known}
        model = asked["model"]
        return Reservation("r1", **own, model_id=model.model_id, prices=model.prices, amount=9, day="", reserved_at="")

    def settle(self, _: Reservation, usage: Usage, *, stop_reason: str, **__: Any) -> Settled:
        return self._end(Outcome.SETTLED, stop_reason, usage)

    def release(self, _: Reservation, reason: str) -> Settled:
        return self._end(Outcome.RELEASED, reason)

    def lapse(self, _: Reservation, reason: str, attempts: int = 0) -> Settled:
        self.attempts.append(attempts)
        return self._end(Outcome.LAPSED, reason)

    def _end(self, outcome: Outcome, reason: str, usage: Usage | None = None) -> Settled:
        self.ended.append((outcome.value, reason))
        return Settled("r1", outcome, usage or Usage(), {}, 0)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    served = Server()
    threading.Thread(target=served.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", f"http://127.0.0.1:{served.server_port}")
    monkeypatch.setattr(calling, "SILENCES", (0.6,))
    monkeypatch.setattr(reading, "STALL_SECONDS", 0.3)
    for cached in (aws.models, aws._client):
        cached.cache_clear()
    yield served
    served.shutdown()
    served.server_close()
    for cached in (aws.models, aws._client):
        cached.cache_clear()


def converse(guard: Guard, seconds: float = 20.0, breaker: Breaker | None = None) -> Answer:
    """One call with two models and so many seconds for them."""
    ends = time.monotonic() + seconds + calling.MARGIN_SECONDS
    deadline.begin(SimpleNamespace(get_remaining_time_in_millis=lambda: (ends - time.monotonic()) * 1000))
    prices = Prices(**PRICES)
    models = [Model(name, f"profile/{name}", name, prices, 4096, 200_000, True, True) for name in ("first", "second")]
    made: Any = guard
    caller = Caller(made, aws.models, models, shop.WHO, Feature.CHAT, 1024, "request-1", "chat@1", breaker or Breaker())
    return caller.ask(Asked("You help.", "", [user({"text": "hello"})]))


def test_an_answer_is_read_word_by_word_and_its_first_word_is_timed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "STALL_SECONDS", 9.0)
    monkeypatch.setattr(calling, "SILENCES", (9.0,))
    events = said("Good morning to you.")
    server.answers = [[events[0], 0.2, *events[1:3], 0.2, *events[3:]]]
    guard = Guard()
    heard = converse(guard).said
    assert (heard.text, heard.stop_reason, guard.ended) == (
        "Good morning to you.",
        "end_turn",
        [("settled", "end_turn")],
    )
    assert heard.first_token_ms is not None
    assert 200 <= heard.first_token_ms <= heard.model_ms - 190


def test_a_tools_arguments_come_in_pieces(server: Server) -> None:
    server.answers = [calls(("find_products", {"query": "tea", "limit": 3}), text="I look.")]
    heard = converse(Guard()).said
    assert [(use.name, use.arguments) for use in heard.tool_uses] == [("find_products", {"query": "tea", "limit": 3})]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ([1.5, *said("late")], ("lapsed", "ReadTimeoutError")),
        ([*said("One two three")[:3], 1.5], ("lapsed", "ReadTimeoutError")),
        ([*said("One two three")[:3], None], ("lapsed", "ProtocolError")),
        ([*said("One")[:2], {"throttlingException": {"message": "no"}}], ("lapsed", "ThrottlingException")),
        ((408, "ModelTimeoutException"), ("lapsed", "ModelTimeoutException")),
        ((424, "ModelErrorException"), ("lapsed", "ModelErrorException")),
        ((403, "AccessDeniedException"), ("released", "AccessDeniedException")),
    ],
)
def test_what_goes_wrong_on_the_way_ends_the_reservation_and_the_next_model_answers(
    server: Server, answer: Any, outcome: tuple[str, str]
) -> None:
    server.answers = [answer]
    guard = Guard()
    assert converse(guard).model.model_id == "second"
    assert guard.ended == [outcome, ("settled", "end_turn")]
    assert [path.split("/")[2] for path, _ in server.asked] == ["profile%2Ffirst", "profile%2Fsecond"]


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        ([1.5, *said("late")], 1),
        ([*said("One two three")[:3], 1.5], 1),
        ((408, "ModelTimeoutException"), 1),
        ([*said("One two three")[:3], None], 2),
        ((424, "ModelErrorException"), 2),
        ((403, "AccessDeniedException"), 2),
    ],
)
def test_a_model_that_was_silent_is_left_alone_by_the_next_call(server: Server, answer: Any, asked: int) -> None:
    server.answers = [answer]
    breaker = Breaker()
    for _ in range(2):
        converse(Guard(), breaker=breaker)
    assert [path.split("/")[2] for path, _ in server.asked].count("profile%2Ffirst") == asked


def test_a_model_that_our_own_time_cut_off_is_not_left_alone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "STALL_SECONDS", 9.0)
    server.answers = [[*calls(("find_products", {}), text="")[:2], 3.0]]
    breaker = Breaker()
    with pytest.raises(UnavailableError):
        converse(Guard(), seconds=1.0, breaker=breaker)
    assert breaker.rests("first", time.monotonic()) == 0


@pytest.mark.parametrize(("status", "code"), [(429, "ThrottlingException"), (503, "ServiceUnavailableException")])
def test_botocore_itself_never_tries_again(server: Server, status: int, code: str) -> None:
    server.answers = [(status, code)]
    guard = Guard()
    assert converse(guard).model.model_id == "first"
    assert (len(server.asked), guard.ended) == (2, [("settled", "end_turn")])


def test_the_record_and_the_ledger_know_which_attempt_it_was_that_may_have_been_paid(server: Server) -> None:
    server.answers = [(429, "ThrottlingException"), (408, "ModelTimeoutException")]
    guard = Guard()
    assert converse(guard).model.model_id == "second"
    assert (guard.ended, guard.attempts) == ([("lapsed", "ModelTimeoutException"), ("settled", "end_turn")], [2])
    assert [body["requestMetadata"]["attempt"] for _, body in server.asked] == ["1", "2", "1"]


def test_an_exception_before_the_answer_leaves_the_reservation_for_another_attempt(server: Server) -> None:
    server.answers = [[{"throttlingException": {"message": "no"}}]]
    guard = Guard()
    assert converse(guard).model.model_id == "first"
    assert guard.ended == [("settled", "end_turn")]


def test_a_model_that_talks_on_and_on_is_left_when_its_time_is_over(server: Server) -> None:
    events = said("word " * 400)
    server.answers = [[one for event in events for one in (event, 0.05)]]
    guard = Guard()
    began = time.monotonic()
    heard = converse(guard, seconds=1.0).said
    assert time.monotonic() - began < 5
    assert heard.text.startswith("word word")
    assert (heard.stop_reason, guard.ended) == ("cut_off", [("lapsed", "cut_off")])


def test_a_model_that_falls_silent_when_its_time_is_over_is_left_too(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "STALL_SECONDS", 9.0)
    server.answers = [[*said("One two three")[:3], 3.0]]
    guard = Guard()
    began = time.monotonic()
    heard = converse(guard, seconds=1.0).said
    assert time.monotonic() - began < 2.8
    assert (heard.text, heard.stop_reason) == ("One two th", "cut_off")
