"""What a config may not say about models, and what it is told."""

from typing import Any

import pytest

from components.config import ConfigError, Finding, validate
from tests.infra.stacks import STACKS, committed, raw

HAIKU = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
OTHER = {"id": "vendor.new-v1:0", "context": 1000, "maxOutput": 5000, "prices": {"input": 1, "output": 4}}


def findings(stack: str = "dev", **changes: Any) -> dict[str, Finding]:
    try:
        validate(raw(stack, bedrock={**committed(stack)["bedrock"], **changes}))
    except ConfigError as error:
        return {finding.key: finding for finding in error.findings}
    return {}


@pytest.mark.parametrize("stack", STACKS)
def test_the_committed_models_and_limits_are_fine(stack: str) -> None:
    assert findings(stack) == {}


def test_a_model_without_a_price_is_refused_before_it_could_be_called() -> None:
    found = findings(models=[HAIKU, {key: value for key, value in OTHER.items() if key != "prices"}])
    assert set(found) == {"bedrock.models[1]"}
    assert "price" in found["bedrock.models[1]"].problem
    assert findings(models=[HAIKU, OTHER]) == {}


def test_a_model_that_aws_has_ended_is_refused_with_those_that_serve() -> None:
    found = findings(
        models=["anthropic.claude-3-haiku-20240307-v1:0"], modelId="anthropic.claude-3-haiku-20240307-v1:0"
    )
    assert "2026-09-10" in found["bedrock.models[0]"].problem
    assert HAIKU in found["bedrock.models[0]"].remedy


@pytest.mark.parametrize("geography", ["global", "us"])
def test_a_profile_that_leads_out_of_europe_is_refused_because_every_call_would_be_denied(geography: str) -> None:
    model = {**OTHER, "id": f"{geography}.vendor.new-v1:0", "regions": ["eu-west-1"]}
    found = findings(models=[HAIKU, model])
    assert set(found) == {"bedrock.models[1]"}
    assert "leads out of Europe" in found["bedrock.models[1]"].problem
    assert HAIKU in found["bedrock.models[1]"].remedy


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"models": [HAIKU, HAIKU]}, "bedrock.models"),
        ({"models": [{"id": HAIKU, "price": 1}]}, "bedrock.models[0].price"),
        ({"models": ["*"]}, "bedrock.models[0].id"),
        ({"models": [{**OTHER, "prices": {"input": -1, "output": 1}}]}, "bedrock.models[0].prices.input"),
        ({"models": [{**OTHER, "id": "vendor." + "x" * 60}]}, "bedrock.models[0]"),
        ({"limits": {"tenant": {"dailyUsd": 60, "monthlyUsd": 100}}}, "bedrock.limits.tenant.dailyUsd"),
        (
            {"limits": {"features": {"chat": {"dailyUsd": 1, "monthlyUsd": 2000}}}},
            "bedrock.limits.features.chat.monthlyUsd",
        ),
        ({"limits": {"features": {"mcp": {"dailyUsd": 1, "monthlyUsd": 2}}}}, "bedrock.limits.features.mcp"),
        ({"limits": {"tenant": {"dailyUsd": 3, "monthlyUsd": 2}}}, "bedrock.limits.tenant"),
        ({"limits": {"tenant": {"dailyUsd": 0.001, "monthlyUsd": 2}}}, "bedrock.limits.tenant.dailyUsd"),
        ({"maxOutput": {"chat": 20_000}}, "bedrock.maxOutput.chat"),
        ({"guardrail": {"id": "abc", "version": "DRAFT"}}, "bedrock.guardrail.version"),
        ({"guardrail": {"id": "abc", "version": "1", "profile": "eu.guardrail.v1:0"}}, "bedrock.guardrail"),
        ({"guardrail": {"id": "abc", "version": "1", "regions": ["eu-west-1"]}}, "bedrock.guardrail"),
        ({"budgetAction": "yes"}, "bedrock.budgetAction"),
    ],
)
def test_a_config_that_could_not_work_is_refused_where_it_says_so(changes: dict[str, Any], key: str) -> None:
    assert key in findings(**changes)


def test_a_features_limit_is_judged_by_its_own_answers_alone() -> None:
    """1500 tokens of Haiku 4.5 cost 8.25 thousandths of a dollar, 1024 tokens 5.6."""
    small = {"dailyUsd": 0.006, "monthlyUsd": 1}
    assert findings(limits={"features": {"chat": small}}) == {}
    assert set(findings(limits={"features": {"insights": small}})) == {"bedrock.limits.features.insights.dailyUsd"}


def test_a_parameter_that_would_not_fit_is_refused_before_the_update() -> None:
    limit = {"dailyUsd": 1, "monthlyUsd": 2}
    found = findings(limits={"tenants": {f"tenant-{number:040}": limit for number in range(60)}})
    assert "4096" in found["bedrock.limits"].problem
