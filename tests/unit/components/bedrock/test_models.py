import json
from typing import Any

import pytest

from components.bedrock.access import Models
from components.bedrock.models import UnknownModelError, allowed, allowed_models
from components.bedrock.parameters import guardrail_value, limits_value, models_value
from components.bedrock.settings import FEATURES, Bedrock, Guardrail, ModelSetting
from components.iam import Grants
from components.naming import Names
from omnix.costs import limits, prices
from omnix.costs.model import Feature

NAMES = Names("dev", "111122223333", "eu-central-1")
HAIKU = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
LITE = "eu.amazon.nova-lite-v1:0"
PRICES = {"input": 1, "output": 4}
PROFILE = "arn:aws:bedrock:eu-central-1:111122223333:application-inference-profile/{}"


def setting(**values):
    return ModelSetting.model_validate(values)


def grants(*ids: Any, guardrail: Any = None) -> dict[str, Any]:
    """The statements of a grant to call `ids`, rendered, by sid."""
    settings = [id_ if isinstance(id_, ModelSetting) else setting(id=id_) for id_ in ids]
    models = allowed_models(settings, "eu-central-1")
    named = [one.id for one in settings]
    handle = Models(NAMES, models, {id_: PROFILE.format(number) for number, id_ in enumerate(named)}, guardrail)
    given = Grants()
    handle.grant_invoke(given)
    return {statement.sid: statement.render() for statement in given.statements["call-models"]}


def test_a_cross_region_profile_is_allowed_in_each_region_that_it_leads_to():
    statement = grants(LITE)["CallModels"]
    assert statement["Resource"] == [
        f"arn:aws:bedrock:{region}::foundation-model/amazon.nova-lite-v1:0"
        for region in ("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3")
    ]


def test_a_model_is_called_through_its_tagged_profile_and_no_other_way():
    found = grants(HAIKU, LITE)
    tagged = [PROFILE.format(0), PROFILE.format(1)]
    assert found["CallModels"]["Condition"] == {"StringEquals": {"bedrock:InferenceProfileArn": tagged}}
    across = [f"arn:aws:bedrock:eu-central-1:111122223333:inference-profile/{id_}" for id_ in (HAIKU, LITE)]
    assert found["CallProfiles"]["Resource"] == [*tagged, *across]


def test_no_statement_allows_a_model_that_the_config_does_not_name():
    text = json.dumps(grants(LITE))
    assert "claude" not in text
    assert "*" not in text


def test_tokens_are_counted_of_the_foundation_model_at_home_because_counting_knows_no_profile():
    assert grants(LITE, setting(id=HAIKU, counting=True))["CountTokens"]["Resource"] == [
        "arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0"
    ]


def test_what_no_model_takes_is_allowed_to_nobody():
    assert "CountTokens" not in grants(HAIKU, LITE)


def test_a_guardrail_may_be_applied_where_there_is_one():
    assert "ApplyGuardrail" not in grants(LITE)
    found = grants(LITE, guardrail=Guardrail(id="gr1", version="2"))["ApplyGuardrail"]
    assert found["Resource"] == ["arn:aws:bedrock:eu-central-1:111122223333:guardrail/gr1"]


def test_a_guardrail_across_regions_may_be_applied_in_each_that_its_profile_leads_to():
    across = Guardrail(id="gr1", version="2", profile="eu.guardrail.v1:0", regions=("eu-west-1", "eu-west-3"))
    assert grants(LITE, guardrail=across)["ApplyGuardrail"]["Resource"] == [
        "arn:aws:bedrock:eu-central-1:111122223333:guardrail/gr1",
        *(
            f"arn:aws:bedrock:{region}:111122223333:guardrail-profile/eu.guardrail.v1:0"
            for region in ("eu-central-1", "eu-west-1", "eu-west-3")
        ),
    ]


def test_the_most_models_of_six_regions_fit_into_what_iam_takes_beside_the_other_grants():
    """10,240 characters for all inline policies of a role; the others of the assistant take five thousand."""
    ids = [f"eu.anthropic.claude-model-{number}-20251001-v1:0" for number in range(5)]
    regions = ["eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"]
    models = [
        allowed(setting(id=id_, prices=PRICES, maxOutput=100, context=1000, regions=regions), "eu-central-1")
        for id_ in ids
    ]
    given = Grants()
    Models(NAMES, models, {id_: PROFILE.format("a" * 12) for id_ in ids}).grant_invoke(given)
    statements = [statement.render() for statement in given.statements["call-models"]]
    assert len(json.dumps(statements, separators=(",", ":"))) < 10_240 - 5_000


@pytest.mark.parametrize(
    ("values", "lacks"),
    [
        ({"id": "eu.vendor.new-v1:0"}, "maxOutput"),
        ({"id": "eu.vendor.new-v1:0", "context": 1000, "maxOutput": 100}, "price"),
        ({"id": "eu.vendor.new-v1:0", "context": 1000, "maxOutput": 100, "prices": PRICES}, "regions"),
    ],
)
def test_a_model_that_nobody_knows_enough_about_is_not_allowed(values, lacks):
    with pytest.raises(UnknownModelError, match=lacks):
        allowed(setting(**values), "eu-central-1")


def test_a_model_outside_the_catalogue_is_allowed_with_what_the_config_says():
    model = allowed(setting(id="vendor.new-v1:0", context=1000, maxOutput=100, prices=PRICES), "eu-central-1")
    assert model.destinations == ("eu-central-1",)
    assert model.source_arn("111122223333") == "arn:aws:bedrock:eu-central-1::foundation-model/vendor.new-v1:0"
    assert (model.caching, model.tools) == (False, True)


def test_the_configs_price_and_limit_come_before_the_catalogues():
    model = allowed(setting(id=LITE, maxOutput=2000, prices={"input": 0.1, "output": 0.4}), "eu-central-1")
    assert (model.max_output, model.context, model.prices.nano_usd()["input"]) == (2000, 300_000, 100)


def bedrock(**values):
    given = {"models": [HAIKU, LITE], "modelId": HAIKU, "dailyBudgetUsd": 50, "monthlyBudgetUsd": 1000}
    return Bedrock.model_validate(given | values)


def test_functions_read_models_in_the_order_in_which_they_stand_in_for_one_another():
    models = allowed_models(bedrock(models=[LITE, HAIKU]).models, "eu-central-1")
    written = json.loads(models_value(models, {LITE: "arn:lite", HAIKU: "arn:haiku"}))
    assert list(written) == [LITE, HAIKU]
    assert written[LITE] == {
        "call": "arn:lite",
        "foundation": "amazon.nova-lite-v1:0",
        "prices": {"input": 78, "output": 312, "cache_read": 78, "cache_write": 78, "cache_write_1h": 78},
        "max_output": 10_000,
        "context": 300_000,
        "caching": False,
        "tools": True,
        "counting": False,
    }


def test_what_the_config_does_not_limit_has_the_environments_own_limit():
    own = {"daily": 50_000_000_000, "monthly": 1_000_000_000_000}
    chat = {"dailyUsd": 1, "monthlyUsd": 2.5}
    written = json.loads(limits_value(bedrock(limits={"features": {"chat": chat}, "tenants": {"t1": chat}})))
    small = {"daily": 1_000_000_000, "monthly": 2_500_000_000}
    assert written == {
        "environment": own,
        "features": {"chat": small, "insights": own},
        "tenant": own,
        "tenants": {"t1": small},
        "max_output": {"chat": 1024, "insights": 1500},
    }


def test_a_guardrail_is_named_with_its_version_or_there_is_none():
    assert guardrail_value(bedrock()) == "none"
    named = bedrock(guardrail={"id": "abc123", "version": "3"})
    assert json.loads(guardrail_value(named)) == {"id": "abc123", "version": "3"}


def test_what_a_stack_writes_is_what_the_functions_read():
    """The two sides share no code: a name that one of them changes would stop every call."""
    found = bedrock(limits={"tenant": {"dailyUsd": 1, "monthlyUsd": 2}}, maxOutput={"chat": 512})
    models = allowed_models(found.models, "eu-central-1")
    read = prices.parse(models_value(models, {HAIKU: "arn:haiku", LITE: "arn:lite"}))
    assert [(model.model_id, model.call) for model in read.priced()] == [(HAIKU, "arn:haiku"), (LITE, "arn:lite")]
    assert read.model(HAIKU).prices.cache_write_1h == 2200
    written = limits.parse(limits_value(found))
    assert (written.tenant.daily, written.environment.monthly) == (10**9, 10**12)
    assert written.output(Feature.CHAT) == 512
    assert set(Feature) == set(FEATURES)
