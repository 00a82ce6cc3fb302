"""Bedrock's runtime as a test scripts it: every request is checked against botocore's model of the service."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore.exceptions import ClientError, EventStreamError
from botocore.validate import ParamValidator

from omnix.assistant.breaker import breaker
from omnix.costs import counters
from omnix.costs.parameters import parameters
from tests.unit.functions.conftest import Answer, Cloud, caller, event, read

HAIKU, NOVA, SONNET = "eu.anthropic.claude-haiku", "eu.amazon.nova-lite", "eu.anthropic.claude-sonnet"
PRICES = {"input": 1000, "output": 5000, "cache_read": 100, "cache_write": 1250, "cache_write_1h": 2000}
USAGE = {"inputTokens": 100, "outputTokens": 20, "totalTokens": 120}
COST = 100 * 1000 + 20 * 5000

_SERVICE = botocore.session.Session().get_service_model("bedrock-runtime")
_INPUT: Any = _SERVICE.operation_model("ConverseStream").input_shape

type Event = dict[str, Any]
type Step = Exception | list[Event | Exception] | Callable[[dict[str, Any]], Any]


def model(**changes: Any) -> dict[str, Any]:
    known = {"prices": PRICES, "max_output": 4096, "context": 200_000, "caching": True, "tools": True}
    return known | changes


MODELS = {
    HAIKU: model(call=f"arn:aws:bedrock:eu-central-1:111122223333:application-inference-profile/{'h' * 12}"),
    NOVA: model(call=f"arn:aws:bedrock:eu-central-1:111122223333:application-inference-profile/{'n' * 12}"),
}
PLENTY = {"daily": 10**10, "monthly": 10**11}


class Models:
    """Answers in the order of `script`, and with `answer` when it has run out; `requests` are those that came."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.script: list[Step] = []
        self.requests: list[dict[str, Any]] = []
        self.silences: list[float] = []
        self.count: int | None = None
        breaker.cache_clear()
        self.set(models=MODELS, limits={"environment": PLENTY, "tenant": PLENTY}, model_id=HAIKU, guardrail="none")

    def set(self, **values: Any) -> None:
        for name, value in values.items():
            text = value if isinstance(value, str) else json.dumps(value)
            self.cloud.set_parameter(f"bedrock/{name.replace('_', '-')}", text)
        parameters.cache_clear()

    def client(self, silence: float) -> Any:
        self.silences.append(silence)
        return self

    def converse_stream(self, **sent: Any) -> dict[str, Any]:
        report = ParamValidator().validate(sent, _INPUT)
        assert not report.has_errors(), report.generate_report()
        self.requests.append(sent)
        step = self.script.pop(0) if self.script else said("ok")
        if callable(step) and not isinstance(step, Exception):
            step = step(sent)
        if isinstance(step, Exception):
            raise step
        return {"stream": Stream(step), "ResponseMetadata": {"HTTPHeaders": {"x-localcloud-stand-in": "bedrock"}}}

    def count_tokens(self, **_: Any) -> dict[str, int]:
        if self.count is None:
            raise refused("ValidationException")
        return {"inputTokens": self.count}

    @property
    def called(self) -> list[str]:
        """The models that were called, in their order."""
        by_call = {entry["call"]: name for name, entry in MODELS.items()}
        return [by_call[sent["modelId"]] for sent in self.requests]

    def money(self) -> "Money":
        return Money(self.cloud.items("analytics"))


class Stream:
    """Events as botocore hands them out; an exception among them is raised in its place."""

    def __init__(self, events: Iterable[Event | Exception]) -> None:
        self.events, self.closed = events, False

    def __iter__(self) -> Iterator[Event]:
        for one in self.events:
            if isinstance(one, Exception):
                raise one
            yield one

    def close(self) -> None:
        self.closed = True


class Money:
    """What the guard's table says."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        calls = [item for item in items if item.get("entity") == "ai_call"]
        self.calls = sorted(calls, key=lambda item: item["reservation_id"])
        self.held = [item for item in items if item.get("entity") == "ai_hold"]
        self.marks = [name for item in items if item.get("entity") == "ai_limits" for name in counters.marks(item)]

    @property
    def spent(self) -> int:
        assert not self.held, "a call is still under way"
        assert not self.marks, "money is still kept for a call that is over"
        return sum(call["cost"] for call in self.calls)

    @property
    def outcomes(self) -> list[str]:
        return [call["outcome"] for call in self.calls]


def said(text: str, stop: str = "end_turn", usage: Mapping[str, Any] | None = USAGE) -> list[Event | Exception]:
    """A whole answer of one text. `usage` None: the service never says it."""
    return [*_begin(), *_text(0, text), *_end(stop, usage)]


def calls(*uses: tuple[str, Any], text: str = "", stop: str = "tool_use") -> list[Event | Exception]:
    """An answer that calls tools, each by its name and arguments (a str is what the model wrote as they are)."""
    found = [*_begin(), *(_text(0, text) if text else ())]
    for at, (name, arguments) in enumerate(uses, 1):
        written = arguments if isinstance(arguments, str) else json.dumps(arguments)
        start = {"start": {"toolUse": {"toolUseId": f"tooluse_{at}", "name": name}}, "contentBlockIndex": at}
        found.append({"contentBlockStart": start})
        for piece in (written[:7], written[7:]):
            delta = {"delta": {"toolUse": {"input": piece}}, "contentBlockIndex": at}
            found.append({"contentBlockDelta": delta})
        found.append({"contentBlockStop": {"contentBlockIndex": at}})
    return [*found, *_end(stop, USAGE)]


def refused(code: str, message: str = "no", status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "ConverseStream")


def in_stream(code: str) -> EventStreamError:
    return EventStreamError({"Error": {"Code": code, "Message": "no"}}, "ConverseStream")


def ask(body: Any, path: str = "/assistant/chat", method: str = "POST", left: float = 28.0, **who: Any) -> Answer:
    """One request to the function, as the gateway hands it on, with so many seconds of it left."""
    from assistant.handler import handler

    changes = {"body": body} if method == "POST" else {}
    query = who.pop("query", None)
    asked = event(method, path, authorizer=caller() | who, query=query, **changes)
    context = SimpleNamespace(aws_request_id="lambda-1", get_remaining_time_in_millis=lambda: left * 1000)
    return read(handler(asked, context))


def _begin() -> list[Event | Exception]:
    return [{"messageStart": {"role": "assistant"}}]


def _text(at: int, text: str) -> list[Event | Exception]:
    deltas = [text[start : start + 5] for start in range(0, len(text), 5)]
    return [
        *({"contentBlockDelta": {"delta": {"text": piece}, "contentBlockIndex": at}} for piece in deltas),
        {"contentBlockStop": {"contentBlockIndex": at}},
    ]


def _end(stop: str, usage: Mapping[str, Any] | None) -> list[Event | Exception]:
    told: list[Event | Exception] = [{"messageStop": {"stopReason": stop}}]
    return [*told, *([{"metadata": {"usage": dict(usage), "metrics": {"latencyMs": 3}}}] if usage else [])]
