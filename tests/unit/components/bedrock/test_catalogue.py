from decimal import Decimal

import pytest

from components.bedrock.catalogue import MODELS
from components.bedrock.models import is_profile
from components.bedrock.prices import COMPONENTS, Prices, claude, nano_usd, of_config, uncached
from components.budget.billing import billing_service
from components.config.model import HOME_REGION, RECOVERY_REGION


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.id)
def test_every_model_of_the_catalogue_has_its_price_limits_and_a_name_on_the_bill(model):
    assert set(model.prices.nano_usd()) == set(COMPONENTS)
    assert min(model.prices.nano_usd().values()) > 0
    assert 0 < model.max_output < model.context
    assert billing_service(model.id)


@pytest.mark.parametrize("model", [m for m in MODELS.values() if is_profile(m.id)], ids=lambda model: model.id)
def test_a_profile_can_be_called_from_home_and_after_a_failover(model):
    assert {HOME_REGION, RECOVERY_REGION} <= set(model.destinations)
    assert all(region.startswith("eu-") for region in model.destinations), "leaves the geography that it is named after"


def test_a_quarter_dollar_a_million_tokens_is_250_nano_dollars_a_token():
    assert uncached("0.25", "1.25").nano_usd()["input"] == 250
    assert uncached("0.25", "1.25").nano_usd()["output"] == 1250


def test_a_claude_cache_costs_a_tenth_to_read_and_a_quarter_or_all_more_to_write():
    assert claude("1.10", "5.50").nano_usd() == {
        "input": 1100, "output": 5500, "cache_read": 110, "cache_write": 1375, "cache_write_1h": 2200,
    }  # fmt: skip


def test_a_fraction_of_a_nano_dollar_counts_in_full_because_a_limit_must_hold():
    assert uncached("0.00875", "0.1").nano_usd()["cache_read"] == 9


def test_a_price_that_a_config_leaves_out_is_the_inputs():
    assert of_config({"input": 0.5, "output": 2, "cache_read": 0.05}) == Prices(
        Decimal("0.5"), Decimal(2), Decimal("0.05"), Decimal("0.5"), Decimal("0.5")
    )


@pytest.mark.parametrize(("usd", "nano"), [(50, 50_000_000_000), (0.1, 100_000_000), (1000.0, 1_000_000_000_000)])
def test_a_budget_in_dollars_is_exact_in_nano_dollars(usd, nano):
    assert nano_usd(usd) == nano
