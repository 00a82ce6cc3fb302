"""`BudgetStack`, as the composed program registers it."""

import pytest

from components.budget.billing import billing_services
from components.budget.definitions import bedrock_budgets
from components.budget.stack import BudgetStackArgs
from tests.infra.stacks import names_of, stack_config

BUDGET = "aws:budgets/budget:Budget"


@pytest.fixture
def budgets(recorded, stack):
    return {budget.name.removeprefix("budget-"): budget for budget in recorded(stack).of(BUDGET)}


def test_a_day_and_a_month_of_bedrock_are_budgeted(budgets, stack):
    bedrock = stack_config(stack).bedrock
    found = {key: (b.inputs["timeUnit"], float(b.inputs["limitAmount"])) for key, b in budgets.items()}
    assert found == {
        "bedrock-daily": ("DAILY", bedrock.daily_budget_usd),
        "bedrock-monthly": ("MONTHLY", bedrock.monthly_budget_usd),
    }
    assert {(b.inputs["budgetType"], b.inputs["limitUnit"]) for b in budgets.values()} == {("COST", "USD")}


def test_a_budget_sees_every_model_that_the_config_allows(budgets, stack):
    services = billing_services(stack_config(stack).bedrock.model_ids)
    for budget in budgets.values():
        assert budget.inputs["costFilters"] == [{"name": "Service", "values": services}]


def test_credits_and_refunds_do_not_hide_what_is_spent(budgets):
    for budget in budgets.values():
        assert budget.inputs["costTypes"] == {"includeCredit": False, "includeRefund": False}


def test_every_notification_goes_to_the_topic_and_by_mail(budgets, recorded, stack):
    topic = recorded(stack).one("aws:sns/topic:Topic", "monitoring-topic")
    emails = sorted(stack_config(stack).alarm_emails)
    for budget in budgets.values():
        assert topic.urn in budget.dependencies
        for notification in budget.inputs["notifications"]:
            assert len(notification["subscriberSnsTopicArns"]) == 1
            assert notification["subscriberEmailAddresses"] == emails
            assert notification["comparisonOperator"] == "GREATER_THAN"
            assert notification["thresholdType"] == "PERCENTAGE"


def test_only_the_month_has_a_forecast(budgets):
    kinds = {
        key: sorted((n["threshold"], n["notificationType"]) for n in b.inputs["notifications"])
        for key, b in budgets.items()
    }
    assert kinds["bedrock-daily"] == [(80, "ACTUAL"), (100, "ACTUAL")]
    assert kinds["bedrock-monthly"] == [(80, "ACTUAL"), (100, "ACTUAL"), (100, "FORECASTED")]


def test_more_addresses_than_aws_takes_are_refused():
    with pytest.raises(ValueError, match="takes 10"):
        BudgetStackArgs(
            names=names_of(stack_config("dev")),
            budgets=bedrock_budgets(50, 1000, ["Amazon Bedrock"]),
            topic_arn="arn:aws:sns:eu-central-1:111122223333:topic",
            emails=[f"person{number}@example.com" for number in range(11)],
        )
