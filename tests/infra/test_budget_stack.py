"""`BudgetStack`, as the composed program registers it."""

import json

import pytest

from components.budget.billing import billing_services
from components.budget.definitions import bedrock_budgets
from components.budget.stack import BudgetStackArgs
from components.environment import Inputs, compose
from tests.infra.recording import record
from tests.infra.stacks import artefacts, committed, contract, names_of, stack_config

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


ACTION = "aws:budgets/budgetAction:BudgetAction"
MONITOR = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
SUBSCRIPTION = "aws:costexplorer/anomalySubscription:AnomalySubscription"


def with_config(**changes):
    config = stack_config("dev", **changes)

    def program() -> None:
        compose(Inputs(config, artefacts(), contract()))

    return record(program, stack="dev", account_id=config.account_id)


def test_at_the_end_of_the_months_budget_the_assistant_calls_no_model_any_more(recording, stack):
    action = recording.only(ACTION)
    assert action.inputs["budgetName"] == f"omnix-ai-{stack}-bedrock-monthly"
    assert action.inputs["actionThreshold"] == {"actionThresholdType": "PERCENTAGE", "actionThresholdValue": 100}
    assert (action.inputs["notificationType"], action.inputs["approvalModel"]) == ("ACTUAL", "AUTOMATIC")
    denied = action.inputs["definition"]["iamActionDefinition"]
    assert denied["roles"] == [f"omnix-ai-{stack}-assistant-eu-central-1"]
    (statement,) = json.loads(recording.one("aws:iam/policy:Policy", "budget-action-policy").inputs["policy"])[
        "Statement"
    ]
    assert (statement["Effect"], statement["Resource"]) == ("Deny", ["*"])
    allowed = json.loads(
        recording.one("aws:iam/rolePolicy:RolePolicy", "api-assistant-policy-call-models").inputs["policy"]
    )["Statement"]
    assert set(statement["Action"]) >= {a for s in allowed if s["Sid"].startswith("Call") for a in s["Action"]}


def test_budgets_may_attach_that_policy_to_that_role_and_do_nothing_else(recording, stack):
    (statement,) = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy", "budget-action-grant").inputs["policy"])[
        "Statement"
    ]
    assert statement["Action"] == ["iam:AttachRolePolicy", "iam:DetachRolePolicy"]
    account = stack_config(stack).account_id
    assert statement["Resource"] == [f"arn:aws:iam::{account}:role/omnix-ai-{stack}-assistant-eu-central-1"]
    assert statement["Condition"] == {
        "ArnEquals": {"iam:PolicyARN": [f"arn:aws:iam::{account}:policy/omnix-ai-{stack}-no-models-eu-central-1"]}
    }
    (trust,) = json.loads(recording.one("aws:iam/role:Role", "budget-action-role").inputs["assumeRolePolicy"])[
        "Statement"
    ]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": [account]}}


def test_the_action_tells_the_topic_and_everybody(recording, stack):
    told = {
        (s["subscriptionType"], s["address"].rpartition("/")[2]) for s in recording.only(ACTION).inputs["subscribers"]
    }
    emails = stack_config(stack).alarm_emails
    assert told == {("SNS", f"omnix-ai-{stack}-alarms"), *(("EMAIL", address) for address in emails)}


@pytest.mark.parametrize(("choice", "approvals"), [("manual", ["MANUAL"]), ("none", [])])
def test_whether_it_acts_by_itself_is_the_configs_choice(choice, approvals):
    recording = with_config(bedrock=committed("dev")["bedrock"] | {"budgetAction": choice})
    assert [action.inputs["approvalModel"] for action in recording.of(ACTION)] == approvals
    assert bool(recording.of("aws:iam/policy:Policy")) == bool(approvals)


def test_unusual_cost_of_any_service_is_told_at_once(recording):
    assert recording.only(MONITOR).inputs["monitorDimension"] == "SERVICE"
    subscription = recording.only(SUBSCRIPTION).inputs
    assert subscription["frequency"] == "IMMEDIATE"
    assert [s["type"] for s in subscription["subscribers"]] == ["SNS"]  # e-mail is daily at best


def test_an_accounts_own_monitor_is_used_because_aws_takes_no_second():
    arn = "arn:aws:ce::111122223333:anomalymonitor/0f0f0f0f-1111-2222-3333-444444444444"
    recording = with_config(anomalyMonitorArn=arn)
    assert recording.of(MONITOR) == []
    assert recording.only(SUBSCRIPTION).inputs["monitorArnLists"] == [arn]


def test_whoever_publishes_to_the_alarm_topic_may_use_its_key(recording):
    """AWS drops a message that it cannot encrypt, and says nothing."""
    policy = json.loads(recording.one("aws:sns/topic:Topic", "monitoring-topic").inputs["policy"])["Statement"]
    publishers = {s["Principal"]["Service"][0] for s in policy if s["Effect"] == "Allow"}
    key = json.loads(recording.one("aws:kms/key:Key", "security-key").inputs["policy"])["Statement"]
    (users,) = (set(s["Principal"]["Service"]) for s in key if s["Sid"] == "PublishToTopics")
    assert publishers == users
