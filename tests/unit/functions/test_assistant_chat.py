"""A conversation: what is remembered, by whom, and what tools do in it."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from omnix import clock
from omnix.assistant import conversation, working
from omnix.assistant.conversation import bounded
from omnix.assistant.model import Turn
from tests.unit.functions import shop
from tests.unit.functions.bedrock import (
    COST,
    HAIKU,
    MODELS,
    NOVA,
    PLENTY,
    Models,
    ask,
    calls,
    refused,
    said,
)
from tests.unit.functions.conftest import Answer

NOBODY = "0" * 32


def say(message: str, **changes: Any) -> Answer:
    who = {name: changes.pop(name) for name in ("tenant_id", "user_id", "role", "scopes", "auth") if name in changes}
    return ask({"message": message} | changes, **who)


def confirm(conversation_id: str, action_id: str, accept: bool = True, **who: Any) -> Answer:
    word = {"action_id": action_id, "accept": accept}
    return ask({"conversation_id": conversation_id, "confirm": word}, **who)


def adjust(product_id: str, quantity: int = 5) -> tuple[str, dict[str, Any]]:
    return "adjust_stock", {"product_id": product_id, "quantity": quantity, "reason": "found"}


def results(request: dict[str, Any]) -> list[dict[str, Any]]:
    """What tools answered, as the model reads it in its last message."""
    content = request["messages"][-1]["content"]
    return [block["toolResult"]["content"][0]["json"] for block in content if "toolResult" in block]


def raised(error: Exception) -> None:
    raise error


def test_a_conversation_goes_on_where_it_was(models: Models) -> None:
    models.script = [said("I am well."), said("Tea.")]
    first = say("How are you?")
    second = say("What sells?", conversation_id=first.json["conversation_id"])
    assert second.json["conversation_id"] == first.json["conversation_id"]
    told = [(message["role"], message["content"][0]["text"]) for message in models.requests[1]["messages"]]
    assert told == [("user", "How are you?"), ("assistant", "I am well."), ("user", "What sells?")]


def test_a_conversation_is_read_and_forgotten(models: Models) -> None:
    models.script = [said("I am well.")]
    path = f"/assistant/conversations/{say('How are you?').json['conversation_id']}"
    (turn,) = ask(None, path, "GET").json["turns"]
    assert (turn["message"], turn["answer"]) == ("How are you?", "I am well.")
    assert ask(None, path, "DELETE").status == 204
    assert ask(None, path, "GET").status == ask(None, path, "DELETE").status == 404


@pytest.mark.parametrize("other", [{"tenant_id": "t2"}, {"user_id": "u2"}, {"tenant_id": "t2", "user_id": "u2"}])
def test_a_conversation_of_another_tenant_or_user_is_not_there_and_costs_nothing(
    models: Models, other: dict[str, Any]
) -> None:
    known = say("mine").json["conversation_id"]
    before = len(models.requests)
    answer = say("yours?", conversation_id=known, **other)
    assert (answer.status, answer.code) == (404, "not_found")
    for method in ("GET", "DELETE"):
        assert ask(None, f"/assistant/conversations/{known}", method, **other).status == 404
    assert len(models.requests) == before
    assert models.money().spent == COST
    assert say("mine still", conversation_id=known).status == 200


@pytest.mark.parametrize("known", ["x" * 2000, NOBODY[1:], "G" * 32, f"{NOBODY}%0A"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.usefixtures("models")
def test_what_is_no_conversations_id_is_refused_by_name(method: str, known: str) -> None:
    answer = ask(None, f"/assistant/conversations/{known}", method)
    assert (answer.status, answer.code) == (422, "validation_failed")


def test_a_conversation_is_over_a_week_after_its_last_turn(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    known = say("hello").json["conversation_id"]
    later = clock.epoch_seconds() + conversation.KEPT_SECONDS
    monkeypatch.setattr(clock, "epoch_seconds", lambda: later)
    assert say("still there?", conversation_id=known).status == 404
    assert len(models.requests) == 1


def test_memory_keeps_the_last_turns_that_fit() -> None:
    turns = [Turn(at="", message=str(number), answer="a") for number in range(30)]
    assert [turn.message for turn in bounded(turns)] == [str(number) for number in range(10, 30)]
    long = [Turn(at="", message=str(number), answer="ä" * 6000) for number in range(5)]
    assert [turn.message for turn in bounded(long)] == ["3", "4"]
    assert len(bounded([Turn(at="", message="", answer="a" * 10**6)])) == 1


def test_two_turns_at_once_are_both_remembered(models: Models) -> None:
    known = say("one").json["conversation_id"]
    models.script = [lambda _: (say("two", conversation_id=known), said("late"))[1]]
    models.script += [said("early")]
    say("three", conversation_id=known)
    turns = ask(None, f"/assistant/conversations/{known}", "GET").json["turns"]
    assert [turn["answer"] for turn in turns] == ["ok", "early", "late"]


def test_a_conversation_that_was_forgotten_meanwhile_stays_so(models: Models) -> None:
    known = say("one").json["conversation_id"]
    path = f"/assistant/conversations/{known}"
    models.script = [lambda _: (ask(None, path, "DELETE"), said("late"))[1]]
    assert say("two", conversation_id=known).json["answer"] == "late"
    assert ask(None, path, "GET").status == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": ""},
        {"message": " \n\t "},
        {"message": "x" * 8001},
        {"message": 5},
        {"message": "hi", "conversation_id": "../t2"},
        {"message": "hi", "tenant_id": "t2"},
        {"message": "hi", "model": "x" * 300},
        {"message": "hi", "conversation_id": NOBODY, "confirm": {"action_id": NOBODY, "accept": True}},
        {"confirm": {"action_id": NOBODY, "accept": True}},
        {"conversation_id": NOBODY, "confirm": {"action_id": NOBODY, "accept": "yes"}},
    ],
)
def test_a_request_of_another_shape_is_refused_and_free(models: Models, body: dict[str, Any]) -> None:
    assert ask(body).status == 422
    assert (models.requests, models.money().spent) == ([], 0)


def test_an_enormous_body_is_refused_and_free(models: Models) -> None:
    assert ask({"message": "x" * 1_100_000}).status == 413
    assert (models.requests, models.money().spent) == ([], 0)


def test_an_unknown_model_is_refused_with_those_that_are_known(models: Models) -> None:
    answer = say("hi", model="anthropic.claude-9")
    assert (answer.status, answer.code) == (422, "model_not_allowed")
    assert answer.json["error"]["details"] == [{"model": "anthropic.claude-9", "allowed": [HAIKU, NOVA]}]
    assert (models.requests, models.money().spent) == ([], 0)


@pytest.mark.parametrize("wanted", [{}, {"model": HAIKU}])
def test_a_model_without_a_price_is_not_called(models: Models, wanted: dict[str, str]) -> None:
    prices = {"input": 1000, "output": 5000}
    models.set(models=MODELS | {HAIKU: MODELS[HAIKU] | {"prices": prices}})
    answer = say("hi", **wanted)
    assert (answer.status, answer.code) == (503, "price_missing")
    assert answer.json["error"]["details"][0]["missing"] == ["cache_read", "cache_write", "cache_write_1h"]
    assert (models.requests, models.money().spent) == ([], 0)


def test_a_fall_back_without_a_price_is_no_fall_back(models: Models) -> None:
    models.set(models={HAIKU: MODELS[HAIKU], NOVA: MODELS[NOVA] | {"prices": {}}})
    models.script = [refused("AccessDeniedException", status=403)]
    assert say("hi").status == 503
    assert models.called == [HAIKU]


@pytest.mark.parametrize(("period", "status"), [("daily", 429), ("monthly", 402)])
def test_without_room_in_a_limit_no_model_is_called_and_the_refusal_says_why(
    models: Models, period: str, status: int
) -> None:
    models.set(limits={"environment": PLENTY, "tenant": PLENTY | {period: 40_000_000}})
    models.script = [said("ok", usage={"inputTokens": 20_000, "outputTokens": 0, "totalTokens": 20_000})]
    assert say("hi").status == 200
    answer = say("hi")
    assert (answer.status, answer.code) == (status, "limit_reached")
    (detail,) = answer.json["error"]["details"]
    assert (detail["scope"], detail["limit_usd"]) == ("tenant", "0.040000")
    assert detail["resets_at"].endswith("T00:00:00Z")
    assert ("Retry-After" in answer.headers) == (status == 429)
    assert (len(models.requests), models.money().spent) == (1, 20_000_000)


def test_a_device_has_no_questions(models: Models) -> None:
    assert say("hi", role="device").status == 403
    assert models.requests == []


def test_a_tools_answer_goes_back_to_the_model(models: Models) -> None:
    product = shop.product("TEA")
    models.script = [calls(("get_product", {"product_id": product}), text="I look."), said("It is tea.")]
    answer = say("What is that?")
    (result,) = results(models.requests[1])
    assert result["data"]["sku"] == "TEA"
    asked, used = models.requests[1]["messages"][-2:]
    assert [next(iter(block)) for block in asked["content"]] == ["text", "toolUse"]
    assert used["content"][0]["toolResult"]["toolUseId"] == asked["content"][1]["toolUse"]["toolUseId"]
    assert (answer.json["answer"], answer.json["cost"]["nano_usd"]) == ("It is tea.", 2 * COST)
    assert answer.json["tools"] == [
        {"name": "get_product", "status": "done", "arguments": {"product_id": product}, "reason": None}
    ]


def test_every_call_of_a_turn_has_a_reservation_of_its_own(models: Models) -> None:
    models.script = [calls(("find_products", {})), calls(("find_orders", {})), said("done")]
    say("look around")
    assert len({sent["requestMetadata"]["reservation"] for sent in models.requests}) == 3
    assert models.money().outcomes == ["settled"] * 3


@pytest.mark.parametrize(
    ("use", "code"),
    [
        (("no_such_tool", {}), "not_found"),
        (("get_product", {"product_id": NOBODY}), "not_found"),
        (("get_product", {"product_id": "TEA"}), "validation_failed"),
        (("get_product", "{not json"), "validation_failed"),
        (("get_product", "[]"), "validation_failed"),
        (("find_products", {"query": "x" * 9000}), "validation_failed"),
    ],
)
def test_what_is_wrong_with_a_tools_call_the_model_is_told(models: Models, use: tuple[str, Any], code: str) -> None:
    models.script = [calls(use), said("I could not.")]
    answer = say("try it")
    assert results(models.requests[1])[0]["error"]["code"] == code
    assert [(call["status"], call["reason"]) for call in answer.json["tools"]] == [("failed", code)]


def test_a_model_that_never_stops_calling_tools_is_stopped(models: Models) -> None:
    models.script = [calls(("find_products", {}))] * 20
    answer = say("go on")
    assert (answer.json["stop_reason"], len(models.requests)) == ("tool_limit", working.MOST_CALLS)
    assert answer.json["cost"]["nano_usd"] == working.MOST_CALLS * COST


def test_only_so_many_tools_are_run_at_once(models: Models) -> None:
    models.script = [calls(*[("find_products", {})] * 12), said("ok")]
    answer = say("all of it")
    assert [call["status"] for call in answer.json["tools"]] == ["done"] * working.MOST_USES + ["failed"] * 4
    assert len(results(models.requests[1])) == 12


def test_a_turn_reads_only_so_much(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "MOST_RESULT_BYTES", 100)
    models.script = [calls(("find_products", {}), ("find_orders", {})), said("ok")]
    assert [call["status"] for call in say("all of it").json["tools"]] == ["done", "failed"]


def test_tools_of_a_call_that_was_cut_short_are_not_run(models: Models) -> None:
    models.script = [calls(("find_products", {}), text="I look", stop="max_tokens")]
    answer = say("look")
    assert (answer.json["tools"], answer.json["stop_reason"]) == ([], "max_tokens")


@pytest.mark.parametrize(
    ("ends", "stop"),
    [
        ([refused("ThrottlingException", status=429)] * 6, "unavailable"),
        ([refused("ValidationException", "Input is too long for requested model.")], "validation_failed"),
        ([refused("ValidationException")] * 2, "internal_error"),
    ],
)
def test_a_turn_that_fails_after_it_was_paid_for_gives_what_there_is(
    models: Models, ends: list[Exception], stop: str
) -> None:
    product = shop.product("TEA")
    shop.stock(product, 9)
    models.script = [calls(adjust(product), text="Five more."), *ends]
    answer = say("Five more came in.")
    assert (answer.status, answer.json["stop_reason"], answer.json["model"]) == (200, stop, HAIKU)
    assert answer.json["answer"].startswith("Five more.\n\nThis answer is not whole: ")
    assert answer.json["cost"]["nano_usd"] == COST == models.money().spent
    known = answer.json["conversation_id"]
    (turn,) = ask(None, f"/assistant/conversations/{known}", "GET").json["turns"]
    assert turn["answer"] == answer.json["answer"]
    assert confirm(known, answer.json["pending"]["action_id"]).json["result"]["on_hand"] == 14
    (watch,) = ask(None, "/assistant/usage", "GET").json["watch"]
    assert (watch["unread_share"], watch["wasted"]["nano_usd"]) == (1.0, COST)


def test_a_turn_that_meets_a_limit_on_its_way_gives_what_there_is(models: Models) -> None:
    models.set(limits={"environment": PLENTY, "tenant": PLENTY | {"daily": 40_000_000}})
    dear = {"inputTokens": 20_000, "outputTokens": 0, "totalTokens": 20_000}
    models.script = [[*calls(("find_products", {}))[:-1], {"metadata": {"usage": dear}}]]
    answer = say("What is there?")
    assert (answer.status, answer.json["stop_reason"]) == (200, "limit_reached")
    assert answer.json["answer"] == "This answer is not whole: a limit of what AI may cost is reached."
    assert [call["status"] for call in answer.json["tools"]] == ["done"]
    assert (len(models.requests), answer.json["cost"]["nano_usd"]) == (1, 20_000_000)
    (watch,) = ask(None, "/assistant/usage", "GET").json["watch"]
    assert watch["wasted"]["nano_usd"] == 20_000_000


def test_a_change_that_cannot_be_written_down_is_for_the_model_to_tell(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = EndpointConnectionError(endpoint_url="https://dynamodb")
    monkeypatch.setattr("omnix.assistant.actions.Actions.propose", lambda *_: raised(lost))
    models.script = [calls(adjust(shop.product("TEA"))), said("It could not be prepared.")]
    answer = say("Five more came in.")
    assert (answer.json["answer"], answer.json["pending"]) == ("It could not be prepared.", None)
    assert [(call["status"], call["reason"]) for call in answer.json["tools"]] == [("failed", "unavailable")]
