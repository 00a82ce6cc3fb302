"""The function `assistant` beside its chats: the sweep, readiness, usage."""

from types import SimpleNamespace
from typing import Any

import pytest

from omnix import clock
from tests.unit.functions.bedrock import COST, HAIKU, MODELS, Models, ask, said
from tests.unit.functions.conftest import Cloud

CONTEXT = SimpleNamespace(aws_request_id="lambda-1", get_remaining_time_in_millis=lambda: 28_000)


class Killed(BaseException):
    """The process is gone: nothing catches it."""


def direct(event: dict[str, Any]) -> Any:
    from assistant.handler import handler

    return handler(event, CONTEXT)


def test_the_sweep_ends_what_a_dead_function_left_in_full(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("omnix.costs.guard.Guard.settle", killed)
        patch.setattr("omnix.costs.guard.Guard.lapse", killed)
        with pytest.raises(Killed):
            ask({"message": "hi"})
    assert direct({"source": "omnix.assistant.sweep"}) == {"ended": 0}
    (held,) = models.money().held
    later = clock.epoch_seconds() + 40
    monkeypatch.setattr(clock, "epoch_seconds", lambda: later)
    assert direct({"source": "omnix.assistant.sweep"}) == {"ended": 1}
    assert models.money().outcomes == ["lapsed"]
    assert models.money().spent == held["amount"]
    assert direct({"source": "omnix.assistant.sweep"}) == {"ended": 0}


def test_a_function_that_can_call_its_model_is_ready_and_calls_none(models: Models) -> None:
    answer = direct({"source": "omnix.readiness"})
    assert (answer["ok"], answer["function"]) == (True, "assistant")
    assert {check["name"] for check in answer["checks"]} >= {"model", "limits", "guardrail", "table:sessions"}
    assert models.requests == []


@pytest.mark.parametrize(
    ("broken", "value"),
    [
        ("model", {"model_id": "no.such-model"}),
        ("model", {"models": {HAIKU: MODELS[HAIKU] | {"prices": {}}}}),
        ("limits", {"limits": "none"}),
        ("guardrail", {"guardrail": "{"}),
    ],
)
def test_a_function_that_cannot_call_its_model_is_not_ready(models: Models, broken: str, value: dict[str, Any]) -> None:
    models.set(**value)
    answer = direct({"source": "omnix.readiness"})
    assert not answer["ok"]
    assert [check["name"] for check in answer["checks"] if not check["ok"]] == [broken]


def test_usage_is_the_sum_of_what_answers_said(models: Models) -> None:
    models.script = [said("one"), said("two", "max_tokens"), said("- Three. [f1]")]
    told = [
        ask({"message": "hi"}).json,
        ask({"message": "hi"}).json,
        ask({"topic": "stock"}, "/assistant/insights").json,
    ]
    ask({"message": "hi"}, tenant_id="t2")
    report = ask(None, "/assistant/usage", "GET").json
    assert report["total"]["calls"] == 3
    assert report["total"]["cost"]["nano_usd"] == sum(one["cost"]["nano_usd"] for one in told) == 3 * COST
    assert {one["key"]: one["calls"] for one in report["features"]} == {"chat": 2, "insights": 1}
    assert {one["key"]: one["calls"] for one in report["models"]} == {HAIKU: 3}
    today = clock.iso_now()[:10]
    narrow = ask(None, "/assistant/usage", "GET", query={"from": today, "to": today}).json
    assert (narrow["since"], narrow["until"], narrow["total"]) == (today, today, report["total"])


@pytest.mark.parametrize("query", [{"from": "2026-13-01"}, {"from": "yesterday"}, {"from": "2020-01-01"}])
def test_a_period_that_is_none_is_refused(models: Models, query: dict[str, str]) -> None:  # noqa: ARG001 - parameters
    assert ask(None, "/assistant/usage", "GET", query=query).status == 422


def test_what_a_shop_spends_is_for_owners_and_managers(models: Models) -> None:  # noqa: ARG001 - parameters
    assert ask(None, "/assistant/usage", "GET", role="manager").status == 200
    assert ask(None, "/assistant/usage", "GET", role="staff").status == 403


def test_without_its_parameters_the_function_calls_no_model(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    from omnix import aws
    from omnix.costs.parameters import parameters

    models = Models(cloud)
    monkeypatch.setattr(aws, "models", models.client)
    names = ["models", "limits", "guardrail", "model-id"]
    for name in names:
        value = cloud.client("ssm").get_parameter(Name=f"/omnix-ai/dev/bedrock/{name}")["Parameter"]["Value"]
        cloud.client("ssm").delete_parameter(Name=f"/omnix-ai/dev/bedrock/{name}")
        parameters.cache_clear()
        assert ask({"message": "hi"}).status == 500
        models.set(**{name.replace("-", "_"): value})
    assert models.requests == []
    assert ask({"message": "hi"}).status == 200
