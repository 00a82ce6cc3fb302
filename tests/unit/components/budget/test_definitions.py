import pytest

from components.budget.definitions import Budget, bedrock_budgets, budgets_note

DAILY, MONTHLY = bedrock_budgets(50, 1000, ["Amazon Bedrock"])


def test_a_day_may_cost_50_and_a_month_1000_dollars():
    assert [(b.period, b.limit_amount) for b in (DAILY, MONTHLY)] == [("DAILY", "50"), ("MONTHLY", "1000")]


def test_both_warn_at_80_and_100_percent_of_what_was_spent():
    for budget in (DAILY, MONTHLY):
        assert {a.percent for a in budget.alerts if a.kind == "ACTUAL"} == {80, 100}


def test_only_the_month_is_forecast_because_aws_makes_none_for_a_day():
    assert [a.percent for a in MONTHLY.alerts if a.kind == "FORECASTED"] == [100]
    assert not [a for a in DAILY.alerts if a.kind == "FORECASTED"]


@pytest.mark.parametrize(("usd", "amount"), [(50, "50"), (12.5, "12.5"), (0.01, "0.01"), (1000.0, "1000")])
def test_a_limit_is_a_plain_decimal(usd, amount):
    assert Budget("x", "DAILY", usd, (), ()).limit_amount == amount


def test_the_dashboards_note_names_both_limits():
    note = budgets_note((DAILY, MONTHLY))
    assert "50 USD daily" in note
    assert "1000 USD monthly" in note
