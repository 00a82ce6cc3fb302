"""Prompt caching with the real prompt and the real tools, counted and judged by the local cloud's rules for Bedrock."""

from collections.abc import Callable
from typing import Any

import pytest

from localcloud.bedrock import tokens, validation
from localcloud.bedrock.models import MODELS as KNOWN
from localcloud.bedrock.prompt_cache import PromptCache, total
from omnix.assistant import working
from omnix.assistant.prompt import prompt
from omnix.assistant.request import Asked, request, user
from omnix.costs.prices import Catalogue
from omnix.tools import registry
from tests.unit.functions import shop
from tests.unit.functions.bedrock import HAIKU, MODELS, NOVA, Event, Models, ask, calls, said

BEHIND = {
    HAIKU: KNOWN["anthropic.claude-haiku-4-5-20251001-v1:0"],
    NOVA: KNOWN["amazon.nova-lite-v1:0"],
}
POINT = {"cachePoint": {"type": "default"}}
PRODUCTS: tuple[str, dict[str, Any]] = ("find_products", {})

type Step = Callable[[dict[str, Any]], list[Any]]


@pytest.fixture
def behind(models: Models) -> Callable[..., None]:
    """Scripts answers whose usage is what a model's cache makes of each request; refuses what Bedrock refuses."""
    cache = PromptCache()

    def step(model: str, events: list[Any]) -> Step:
        def answer(sent: dict[str, Any]) -> list[Any]:
            validation.check(BEHIND[model], sent)
            counted = cache.count(BEHIND[model], "eu-central-1", sent)
            usage = {"inputTokens": counted.plain, "outputTokens": 20, "totalTokens": total(sent) + 20}
            usage |= {"cacheReadInputTokens": counted.read, "cacheWriteInputTokens": counted.write}
            metadata: Event = {"metadata": {"usage": usage, "metrics": {"latencyMs": 3}}}
            return [*(one for one in events if "metadata" not in one), metadata]

        return answer

    def script(*answers: list[Any], model: str = HAIKU) -> None:
        models.script = [step(model, events) for events in answers]

    return script


def points(sent: dict[str, Any]) -> list[int]:
    """The messages that end with a cache point."""
    return [at for at, message in enumerate(sent["messages"]) if POINT in message["content"]]


def test_the_chats_tools_and_prompt_are_long_enough_for_haiku_to_keep() -> None:
    asked = Asked(prompt("chat").text, "", [user({"text": "hi"})], registry.TOOLS)
    made = request(asked, Catalogue(MODELS).model(HAIKU), 1024)
    prefix = total({"system": made["system"], "toolConfig": made["toolConfig"]}) - tokens.REQUEST
    assert prefix >= BEHIND[HAIKU].cache_least + 100


def test_from_its_second_round_a_turn_reads_what_the_round_before_wrote(
    models: Models, behind: Callable[..., None]
) -> None:
    shop.product("TEA")
    behind(calls(PRODUCTS), calls(PRODUCTS), said("Tea."))
    answer = ask({"message": "What is there?"})
    first, second, third = (call["usage"] for call in by_round(models))
    assert (first["cache_read"], first["cache_write"] > 4096) == (0, True)
    assert second["cache_read"] == first["cache_write"]
    assert third["cache_read"] == second["cache_read"] + second["cache_write"]
    assert answer.json["usage"]["cache_read"] == second["cache_read"] + third["cache_read"]
    plain = sum(total(sent) for sent in models.requests) * MODELS[HAIKU]["prices"]["input"]
    spent = models.money().spent - 3 * 20 * MODELS[HAIKU]["prices"]["output"]
    assert spent < 0.6 * plain, "three rounds on a cache are cheaper than without one"


def test_a_later_turn_and_another_user_read_it_too(models: Models, behind: Callable[..., None]) -> None:
    behind(said("Tea."), said("Coffee."), said("Water."))
    known = ask({"message": "What sells? " + "x " * 400}).json["conversation_id"]
    ask({"message": "And what else?", "conversation_id": known})
    ask({"message": "And what else?"}, user_id="u2")
    first, second, others = (call["usage"] for call in by_round(models))
    assert second["cache_read"] == first["cache_write"], "the question of the turn before is part of it"
    assert 4096 < others["cache_read"] < second["cache_read"]


def test_the_last_round_that_a_turn_can_have_writes_nothing_that_nobody_reads(
    models: Models, behind: Callable[..., None]
) -> None:
    behind(*[calls(PRODUCTS)] * working.MOST_CALLS)
    ask({"message": "Go on."})
    places = [points(sent) for sent in models.requests]
    assert places == [[0], [0, 2], [2, 4], [4, 6], [6, 8], [6, 8]]
    last = by_round(models)[-1]["usage"]
    assert (last["cache_read"] > 4096, last["cache_write"]) == (True, 0)


def test_nova_gets_no_point_behind_a_tools_result(models: Models, behind: Callable[..., None]) -> None:
    behind(calls(PRODUCTS), calls(PRODUCTS), said("Tea."), model=NOVA)
    assert ask({"message": "What is there?", "model": NOVA}).json["answer"] == "Tea."
    assert [points(sent) for sent in models.requests] == [[0], [0], [0]]
    assert all(call["usage"]["cache_read"] > 1000 for call in by_round(models)[1:])


def test_a_model_without_a_cache_and_insights_get_no_point(models: Models) -> None:
    ask({"topic": "stock"}, "/assistant/insights")
    models.set(models={HAIKU: MODELS[HAIKU] | {"caching": False}})
    ask({"message": "hi"})
    assert "cachePoint" not in repr(models.requests)


def by_round(models: Models) -> list[dict[str, Any]]:
    """The ended calls in the order in which they were made."""
    by_id = {call["reservation_id"]: call for call in models.money().calls}
    return [by_id[sent["requestMetadata"]["reservation"]] for sent in models.requests]
