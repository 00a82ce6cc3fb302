"""Every way in which a model's call ends, and what it costs the tenant."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError, SSLError
from urllib3.exceptions import ProtocolError

from tests.unit.functions.bedrock import (
    COST,
    HAIKU,
    MODELS,
    NOVA,
    PLENTY,
    PRICES,
    Models,
    ask,
    calls,
    in_stream,
    model,
    refused,
    said,
)

HELLO = {"message": "hello"}


def test_an_answer_is_settled_with_what_it_used(models: Models) -> None:
    models.script = [said("Good morning.")]
    answer = ask(HELLO)
    assert (answer.status, answer.json["answer"], answer.json["stop_reason"]) == (200, "Good morning.", "end_turn")
    assert answer.json["model"] == HAIKU
    assert answer.json["usage"] == {"input": 100, "output": 20, "cache_read": 0, "cache_write": 0, "cache_write_1h": 0}
    assert answer.json["cost"] == {"nano_usd": COST, "usd": "0.000200"}
    assert answer.json["stand_in"] is True
    assert models.money().outcomes == ["settled"]
    assert models.money().spent == COST


def test_cached_tokens_are_paid_for_at_their_own_prices(models: Models) -> None:
    usage = {"inputTokens": 10, "outputTokens": 2, "totalTokens": 5012, "cacheReadInputTokens": 3000}
    usage |= {"cacheWriteInputTokens": 2000}
    models.script = [said("ok", usage=usage)]
    ask(HELLO)
    assert models.money().spent == 10 * 1000 + 2 * 5000 + 3000 * 100 + 2000 * 1250


@pytest.mark.parametrize("stop", ["stop_sequence", "max_tokens", "model_context_window_exceeded"])
def test_a_stop_reason_that_ends_the_answer_is_told(models: Models, stop: str) -> None:
    models.script = [said("Half an", stop)]
    answer = ask(HELLO)
    assert (answer.json["answer"], answer.json["stop_reason"]) == ("Half an", stop)
    assert models.money().outcomes == ["settled"]


@pytest.mark.parametrize("stop", ["guardrail_intervened", "content_filtered"])
def test_what_a_guardrail_blocks_is_not_sent_to_a_model_again(models: Models, stop: str) -> None:
    models.script = [said("I cannot talk about that.", stop)]
    answer = ask({"message": "something vile"})
    assert (answer.json["answer"], answer.json["stop_reason"]) == ("I cannot talk about that.", stop)
    ask({"message": "and now?", "conversation_id": answer.json["conversation_id"]})
    assert "vile" not in repr(models.requests[-1])
    assert models.money().outcomes == ["settled", "settled"]


@pytest.mark.parametrize("stop", ["malformed_model_output", "malformed_tool_use"])
def test_an_answer_that_nobody_can_read_is_paid_for_and_the_next_model_is_asked(models: Models, stop: str) -> None:
    models.script = [said("{{", stop), said("Good.")]
    answer = ask(HELLO)
    assert (answer.json["answer"], answer.json["model"]) == ("Good.", NOVA)
    assert answer.json["cost"]["nano_usd"] == 2 * COST == models.money().spent
    assert sorted(call["discarded"] for call in models.money().calls) == [False, True]


def test_an_answer_without_any_text_says_so(models: Models) -> None:
    models.script = [said(""), calls(text="", stop="max_tokens")]
    assert ask(HELLO).json["answer"] == "The model gave no answer."
    assert ask(HELLO).json["answer"] == "The answer did not fit."


@pytest.mark.parametrize(
    "error",
    [
        refused("ThrottlingException", status=429),
        refused("ServiceUnavailableException", status=503),
        refused("InternalServerException", status=500),
        refused("ModelNotReadyException", status=429),
        refused("SomethingNew", status=502),
        ConnectTimeoutError(endpoint_url="https://bedrock"),
        EndpointConnectionError(endpoint_url="https://bedrock"),
        [in_stream("throttlingException")],
    ],
)
def test_a_busy_model_is_tried_again_on_the_same_reservation(models: Models, error: Any) -> None:
    models.script = [error, error, said("Here.")]
    answer = ask(HELLO)
    assert (answer.json["answer"], models.called) == ("Here.", [HAIKU] * 3)
    assert len({sent["requestMetadata"]["reservation"] for sent in models.requests}) == 1
    assert models.money().outcomes == ["settled"]


def test_a_model_that_stays_busy_is_released_and_the_next_one_is_asked(models: Models) -> None:
    models.script = [refused("ThrottlingException", status=429)] * 3
    answer = ask(HELLO)
    assert (answer.json["model"], models.called) == (NOVA, [HAIKU, HAIKU, HAIKU, NOVA])
    assert sorted(models.money().outcomes) == ["released", "settled"]
    assert models.money().spent == COST


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_a_model_that_is_denied_is_asked_once_and_costs_nothing(models: Models, code: str) -> None:
    models.script = [refused(code, status=403)]
    assert ask(HELLO).json["model"] == NOVA
    assert models.called == [HAIKU, NOVA]
    assert models.money().spent == COST


@pytest.mark.parametrize(
    "error",
    [
        refused("ModelTimeoutException", status=408),
        refused("ModelErrorException", status=424),
        ReadTimeoutError(endpoint_url="https://bedrock"),
        SSLError(endpoint_url="https://bedrock", error=OSError("record layer failure")),
        ProtocolError("connection lost"),
        ConnectionResetError(),
        [in_stream("modelStreamErrorException")],
        [*said("half an an")[:2], in_stream("throttlingException")],
        [*said("half an an")[:2], in_stream("internalServerException")],
        [*said("half an an")[:2], ProtocolError("connection lost")],
        said("half")[:2],
    ],
)
def test_a_call_of_which_nobody_knows_whether_it_was_paid_counts_in_full(models: Models, error: Any) -> None:
    models.script = [error]
    answer = ask(HELLO)
    assert (answer.json["answer"], answer.json["model"], models.called) == ("ok", NOVA, [HAIKU, NOVA])
    money = models.money()
    lapsed = next(call for call in money.calls if call["outcome"] == "lapsed")
    assert lapsed["cost"] == lapsed["amount"] > COST
    assert money.spent == lapsed["amount"] + COST == answer.json["cost"]["nano_usd"]


def test_an_answer_whose_usage_is_never_told_is_given_and_counts_in_full(models: Models) -> None:
    models.script = [said("Whole.", usage=None)]
    answer = ask(HELLO)
    assert answer.json["answer"] == "Whole."
    assert models.money().outcomes == ["lapsed"]
    assert answer.json["cost"]["nano_usd"] == models.money().spent > COST


def test_when_no_model_answers_the_caller_is_told_why_and_pays_nothing(models: Models) -> None:
    models.script = [refused("AccessDeniedException", status=403), *[refused("ThrottlingException", status=429)] * 3]
    answer = ask(HELLO)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.json["error"]["details"] == [{"reason": "AccessDeniedException"}, {"reason": "ThrottlingException"}]
    assert "Retry-After" in answer.headers
    assert models.money().spent == 0


def test_a_conversation_beyond_the_models_context_is_the_callers_error_and_free(models: Models) -> None:
    models.script = [refused("ValidationException", "Input is too long for requested model.")]
    answer = ask(HELLO)
    assert (answer.status, answer.json["error"]["details"][0]["reason"]) == (422, "too_long")
    assert models.money().spent == 0


def test_a_request_that_no_model_takes_is_our_defect_and_free(models: Models) -> None:
    models.script = [refused("ValidationException"), refused("ValidationException")]
    assert ask(HELLO).status == 500
    assert models.money().spent == 0


def test_a_defect_of_ours_while_reading_counts_the_call_in_full(models: Models) -> None:
    models.script = [[{"messageStop": {}}]]
    assert ask(HELLO).status == 500
    assert models.money().outcomes == ["lapsed"]


def test_without_time_for_a_model_nothing_is_called(models: Models) -> None:
    answer = ask(HELLO, left=8.0)
    assert (answer.status, models.requests) == (503, [])
    assert models.money().spent == 0


def test_a_models_silence_is_borne_only_as_long_as_there_is_time(models: Models) -> None:
    ask(HELLO)
    ask(HELLO, left=14.0)
    ask(HELLO, left=9.5)
    assert models.silences == [12.0, 8.0, 4.0]


SILENT = refused("ModelTimeoutException", status=408)


def test_a_model_that_was_silent_is_not_paid_again_for_a_minute(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, passed = time.monotonic(), 0.0
    monkeypatch.setattr("omnix.clock.monotonic", lambda: began + passed)
    models.script = [SILENT]
    ask(HELLO)
    assert ask(HELLO).json["model"] == NOVA
    assert models.called == [HAIKU, NOVA, NOVA]
    passed = 60.0
    assert ask(HELLO).json["model"] == HAIKU
    assert models.money().outcomes.count("lapsed") == 1


def test_where_no_other_model_may_be_asked_it_is_said_at_once_when_one_will(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, passed = time.monotonic(), 0.0
    monkeypatch.setattr("omnix.clock.monotonic", lambda: began + passed)
    models.script = [SILENT]
    first = ask(HELLO | {"model": HAIKU})
    passed = 20.0
    second = ask(HELLO | {"model": HAIKU})
    assert (first.status, first.headers["Retry-After"]) == (503, "60")
    assert (second.status, second.headers["Retry-After"]) == (503, "40")
    assert second.json["error"]["details"] == [{"reason": "Silent"}]
    assert (len(models.requests), models.money().outcomes) == (1, ["lapsed"])
    models.script = [refused("AccessDeniedException", status=403)]
    third = ask(HELLO)
    assert third.json["error"]["details"] == [{"reason": "Silent"}, {"reason": "AccessDeniedException"}]
    assert third.headers["Retry-After"] == "1", "the other one may be asked again"


@pytest.mark.parametrize("begun", [True, False])
def test_a_model_that_takes_too_long_is_left_in_time_and_counts_in_full(
    models: Models, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    began, passed = time.monotonic(), 0.0
    monkeypatch.setattr("omnix.clock.monotonic", lambda: began + passed)

    def slow(_: dict[str, Any]) -> Iterator[Any]:
        nonlocal passed
        events = said("One two three four")
        yield from events[: 3 if begun else 1]
        passed = 23.6
        yield from events[3:] if begun else [{"contentBlockStop": {"contentBlockIndex": 0}}]

    models.script = [slow]
    answer = ask(HELLO)
    assert models.money().outcomes == ["lapsed"]
    assert len(models.requests) == 1
    if begun:
        assert (answer.status, answer.json["stop_reason"]) == (200, "cut_off")
        assert answer.json["answer"] == "One two three f"
        assert answer.json["cost"]["nano_usd"] == models.money().spent
    else:
        assert answer.status == 503


def test_a_fall_back_that_is_beyond_a_limit_is_passed_over_for_one_that_is_not(models: Models) -> None:
    dear = {name: price * 10_000 for name, price in PRICES.items()}
    third = model(call=f"arn:aws:bedrock:eu-central-1:111122223333:application-inference-profile/{'x' * 12}")
    models.set(models={HAIKU: MODELS[HAIKU], "dear": MODELS[NOVA] | {"prices": dear}, "third": third})
    models.script = [refused("AccessDeniedException", status=403)]
    assert ask(HELLO).json["model"] == "third"
    assert models.money().spent == COST


def test_a_model_without_tools_is_no_fall_back_of_a_chat(models: Models) -> None:
    models.set(models={HAIKU: MODELS[HAIKU], NOVA: MODELS[NOVA] | {"tools": False}})
    models.script = [refused("AccessDeniedException", status=403)]
    assert ask(HELLO).status == 503
    assert models.called == [HAIKU]


def test_a_named_model_that_calls_no_tools_is_the_callers_error(models: Models) -> None:
    models.set(models={HAIKU: MODELS[HAIKU], NOVA: MODELS[NOVA] | {"tools": False}})
    answer = ask(HELLO | {"model": NOVA})
    assert (answer.status, answer.code) == (422, "model_not_allowed")
    assert answer.json["error"]["details"] == [{"model": NOVA, "allowed": [HAIKU]}]
    assert ask({"topic": "stock", "model": NOVA}, "/assistant/insights").json["model"] == NOVA


def test_where_no_model_calls_tools_a_chat_says_so(models: Models) -> None:
    models.set(models={HAIKU: MODELS[HAIKU] | {"tools": False}})
    answer = ask(HELLO)
    assert (answer.status, answer.json["error"]["details"]) == (503, [{"reason": "NoModel"}])


@pytest.mark.parametrize(
    ("text", "read"), [("a\ud83d", "a\ufffd"), ("\ud83d\ude00", "\U0001f600"), ("\udc00", "\ufffd")]
)
def test_a_character_that_came_apart_is_one_again_and_half_of_one_no_error(
    models: Models, text: str, read: str
) -> None:
    first, rest = (
        {"contentBlockDelta": {"delta": {"text": one}, "contentBlockIndex": 0}} for one in (text[:1], text[1:])
    )
    models.script = [[*said("")[:1], first, rest, *said("")[-2:]]]
    answer = ask(HELLO)
    assert (answer.status, answer.json["answer"]) == (200, read)
    known = f"/assistant/conversations/{answer.json['conversation_id']}"
    assert ask(None, known, "GET").json["turns"][0]["answer"] == read


def test_a_tools_arguments_that_are_no_text_are_none(models: Models) -> None:
    models.script = [calls(("find_\ud83d", {}), ("find_products", '{"prefix": "\\ud83d"}')), said("No.")]
    answer = ask(HELLO)
    assert [call["reason"] for call in answer.json["tools"]] == ["not_found", "validation_failed"]
    json.dumps(models.requests[1], ensure_ascii=False).encode()


def test_a_named_model_is_asked_and_no_other(models: Models) -> None:
    models.script = [refused("AccessDeniedException", status=403)]
    assert ask(HELLO | {"model": NOVA}).status == 503
    assert models.called == [NOVA]


def test_the_prompt_is_cached_with_the_tools_where_the_model_can(models: Models) -> None:
    models.set(models={HAIKU: MODELS[HAIKU], NOVA: MODELS[NOVA] | {"caching": False}})
    models.script = [refused("AccessDeniedException", status=403)]
    ask(HELLO)
    cached, plain = (sent["system"] for sent in models.requests)
    assert [next(iter(block)) for block in cached] == ["text", "cachePoint", "text"]
    assert cached[1] == {"cachePoint": {"type": "default"}}, "five minutes: the guard's worst case knows no hour"
    assert [next(iter(block)) for block in plain] == ["text", "text"]
    assert "Today is" not in cached[0]["text"]


def test_a_request_says_in_the_invocation_log_whose_it_is(models: Models) -> None:
    ask(HELLO)
    metadata = models.requests[0]["requestMetadata"]
    assert metadata["reservation"] == models.money().calls[0]["reservation_id"]
    assert {name: metadata[name] for name in ("tenant", "feature", "environment")} == {
        "tenant": "t1",
        "feature": "chat",
        "environment": "dev",
    }


def test_a_guardrail_judges_before_anything_is_handed_out(models: Models) -> None:
    ask(HELLO)
    models.set(guardrail={"id": "abc123", "version": "4"})
    ask(HELLO)
    without, with_one = models.requests
    assert "guardrailConfig" not in without
    assert with_one["guardrailConfig"] == {
        "guardrailIdentifier": "abc123",
        "guardrailVersion": "4",
        "streamProcessingMode": "sync",
    }


def test_a_guardrail_that_cannot_be_read_lets_nothing_through(models: Models) -> None:
    models.set(guardrail="{")
    assert ask(HELLO).status == 500
    assert models.requests == []


def test_the_answer_is_as_long_as_the_feature_and_the_model_allow(models: Models) -> None:
    limits = {"environment": PLENTY, "max_output": {"chat": 900}}
    models.set(limits=limits)
    ask(HELLO)
    models.set(models={HAIKU: MODELS[HAIKU] | {"max_output": 300}})
    ask(HELLO)
    assert [sent["inferenceConfig"]["maxTokens"] for sent in models.requests] == [900, 300]


def test_exact_counting_finds_room_where_the_bound_has_none(models: Models) -> None:
    room = 500 * PRICES["cache_write_1h"] + 1024 * PRICES["output"]
    counting = {name: entry | {"counting": True} for name, entry in MODELS.items()}
    models.set(models=counting, limits={"environment": PLENTY, "tenant": {"daily": room}})
    assert ask(HELLO).status == 429
    models.count = 400
    assert ask(HELLO).status == 200
