"""Tokens, the prompt cache, quotas: what a request costs, by rules that can be done by hand."""

from typing import Any

import pytest

from localcloud.bedrock import tokens
from localcloud.bedrock.models import MODELS
from localcloud.bedrock.prompt_cache import Counted, PromptCache, total
from localcloud.bedrock.quotas import Quotas
from localcloud.bedrock.refused import Refused
from localcloud.bedrock.settings import Control, Settings
from tests.unit.localcloud.bedrock.requests import HAIKU, HAIKU_45, NOVA, POINT, asked, tools, user

HOUR: dict[str, Any] = {"cachePoint": {"type": "default", "ttl": "1h"}}
LONG = {"text": "x" * 4 * 5000}  # 5000 tokens


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def count(cache: PromptCache, request: dict[str, Any], model: str = HAIKU_45) -> Counted:
    return cache.count(MODELS[model], "eu-central-1", request)


def test_a_request_is_as_many_tokens_as_the_rule_says() -> None:
    assert tokens.of_text("") == 0
    assert tokens.of_text("abcde") == 2
    assert tokens.of_text("ä" * 4) == 2
    assert total(asked(user("abcd"), system=[{"text": "abcdefgh"}])) == 8 + 2 + 4 + 1
    with_tool = total(asked(user("abcd"), **tools("t")))
    assert with_tool == 8 + 4 + 1 + 346 + 12 + tokens.of_json(tools("t")["toolConfig"]["tools"][0])


def test_a_text_is_cut_to_tokens_and_never_in_a_character() -> None:
    assert tokens.cut("ääää", 1) == "ää"
    assert tokens.cut("aäää", 1) == "aä"


def test_the_second_request_reads_what_the_first_wrote(clock: Clock) -> None:
    cache = PromptCache(clock)
    first = asked(user("one"), system=[LONG, POINT])
    assert count(cache, first) == Counted(total(first) - 5000, 0, (("5m", 5000),))
    second = asked(user("another question"), system=[LONG, POINT])
    assert count(cache, second) == Counted(total(second) - 5000, 5000)
    changed = asked(user("one"), system=[{"text": "y" + LONG["text"]}, POINT])
    assert count(cache, changed).read == 0


def test_a_conversation_reads_its_last_point_and_writes_to_its_next(clock: Clock) -> None:
    cache = PromptCache(clock)
    head = user(LONG, POINT)
    count(cache, asked(head))
    grown = asked({**head, "content": [LONG]}, {"role": "assistant", "content": [LONG]}, user("next", POINT))
    found = count(cache, grown)
    assert found.read == 5004
    assert found.write == 4 + 5000 + 4 + 1
    assert found.plain + found.read + found.write == total(grown)


def test_reading_keeps_it_alive_and_without_it_five_minutes_pass(clock: Clock) -> None:
    cache = PromptCache(clock)
    request = asked(user("one"), system=[LONG, POINT])
    count(cache, request)
    for _ in range(3):
        clock.now += 299
        assert count(cache, request).read == 5000
    clock.now += 301
    assert count(cache, request).written == (("5m", 5000),)


def test_an_hour_lasts_an_hour_and_is_told_apart(clock: Clock) -> None:
    cache = PromptCache(clock)
    request = asked(user(LONG, POINT), system=[LONG, HOUR])
    assert count(cache, request).written == (("1h", 5000), ("5m", 5004))
    clock.now += 3000
    assert count(cache, request) == Counted(8, 5000, (("5m", 5004),))


def test_what_is_too_short_or_on_a_model_without_it_is_not_cached(clock: Clock) -> None:
    cache = PromptCache(clock)
    short = asked(user("one"), system=[{"text": "x" * 4 * 2000}, POINT])
    assert count(cache, short) == count(cache, short) == Counted(total(short))
    assert count(cache, short, NOVA).write == 2000
    assert count(cache, short, HAIKU) == Counted(total(short))


def test_a_cache_belongs_to_a_model_and_a_region(clock: Clock) -> None:
    cache, request = PromptCache(clock), asked(user("one"), system=[LONG, POINT])
    model = MODELS[HAIKU_45]
    cache.count(model, "eu-central-1", request)
    assert cache.count(model, "eu-west-1", request).read == 0


def test_tokens_a_minute_are_taken_at_the_start_and_given_back_at_the_end(clock: Clock) -> None:
    quotas, settings = Quotas(clock), Settings(tokens_per_minute=1000)
    taken = quotas.take(("m", "r"), 900, settings)
    with pytest.raises(Refused) as refused:
        quotas.take(("m", "r"), 200, settings)
    assert (refused.value.code, refused.value.status) == ("ThrottlingException", 429)
    quotas.take(("other", "r"), 1000, settings)
    quotas.settle(taken, 100)
    quotas.take(("m", "r"), 200, settings)
    clock.now += 61
    quotas.take(("m", "r"), 1000, settings)


def test_requests_a_minute_are_counted_once_they_are_limited(clock: Clock) -> None:
    quotas, settings = Quotas(clock), Settings(requests_per_minute=2)
    for _ in range(2):
        quotas.take(("m", "r"), 1, settings)
    with pytest.raises(Refused, match="Too many requests"):
        quotas.take(("m", "r"), 1, settings)


@pytest.mark.parametrize(
    "given", [b"[]", b"{", b'{"latency": 1}', b'{"token_ms": -1}', b'{"tokens_per_minute": 1.5}', b'{"token_ms": null}']
)
def test_a_setting_that_is_none_is_refused_and_changes_nothing(given: bytes) -> None:
    control = Control()
    assert control.answer("POST", given)[0] == 400
    assert control.now == Settings()


def test_settings_are_changed_one_by_one() -> None:
    control = Control()
    control.answer("POST", b'{"token_ms": 2}')
    status, found = control.answer("POST", b'{"tokens_per_minute": 5}')
    assert (status, found["token_ms"], found["tokens_per_minute"]) == (200, 2, 5)
    assert control.answer("POST", b'{"tokens_per_minute": null}')[1]["tokens_per_minute"] is None
