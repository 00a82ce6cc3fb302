"""What limits and watches the models' cost: profiles, the invocation log, anomaly detection, budget actions."""
# ruff: noqa: A001 - `id` is the engine's word for it

import json
from typing import Any

import grpc
import pytest

from localcloud.provider.wire import from_struct
from tests.unit.localcloud.provider.conftest import RefusedError

ACCOUNT, REGION = "123456789012", "eu-central-1"
PROFILE = "aws:bedrock/inferenceProfile:InferenceProfile"
LOGGING = "aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration"
MONITOR = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
SUBSCRIPTION = "aws:costexplorer/anomalySubscription:AnomalySubscription"
BUDGET, ACTION = "aws:budgets/budget:Budget", "aws:budgets/budgetAction:BudgetAction"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
SYSTEMS = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/eu.{HAIKU}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/acts"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
_OVER = {"key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE", "values": ["10"], "matchOptions": ["GREATER_THAN_OR_EQUAL"]}
SPENT = {"dimension": _OVER}
NO_MONITOR = f"arn:aws:ce::{ACCOUNT}:anomalymonitor/00000000-0000-4000-8000-000000000000"
DENIAL = f"arn:aws:iam::{ACCOUNT}:policy/deny"
TO_NOBODY = {"iamActionDefinition": {"policyArn": DENIAL}}
NOTHING = {"actionThresholdType": "PERCENTAGE", "actionThresholdValue": 0}


def profile(source: str = SYSTEMS, **more: Any) -> dict[str, Any]:
    return {"name": "shop-haiku", "modelSource": {"copyFrom": source}, **more}


def logging(role: str = ROLE, **more: Any) -> dict[str, Any]:
    return {"loggingConfig": {"cloudwatchConfig": {"logGroupName": "models", "roleArn": role}, **more}}


def monitor(**changes: Any) -> dict[str, Any]:
    return {"name": "spend", "monitorType": "DIMENSIONAL", "monitorDimension": "SERVICE", **changes}


def subscription(*monitors: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": "spend", "frequency": "IMMEDIATE", "monitorArnLists": list(monitors) or [NO_MONITOR],
        "subscribers": [{"type": "SNS", "address": TOPIC}], "thresholdExpression": SPENT, **changes,
    }  # fmt: skip


def action(**changes: Any) -> dict[str, Any]:
    return {
        "budgetName": "models", "actionType": "APPLY_IAM_POLICY", "approvalModel": "AUTOMATIC",
        "notificationType": "ACTUAL", "executionRoleArn": ROLE,
        "actionThreshold": {"actionThresholdType": "PERCENTAGE", "actionThresholdValue": 100},
        "definition": {"iamActionDefinition": {"policyArn": DENIAL, "roles": ["assistant"]}},
        "subscribers": [{"address": TOPIC, "subscriptionType": "SNS"}], **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("token", "inputs", "path"),
    [
        (PROFILE, profile("gpt"), "modelSource.copyFrom"),
        (PROFILE, profile(SYSTEMS.replace("eu.", "us.")), "modelSource.copyFrom"),
        (PROFILE, profile(SYSTEMS.replace(REGION, "us-east-1")), "modelSource.copyFrom"),
        (PROFILE, profile(SYSTEMS.replace("inference", "application-inference")), "modelSource.copyFrom"),
        (PROFILE, profile(name="two  spaces"), "name"),
        (PROFILE, profile(description="x" * 201), "description"),
        (LOGGING, {"loggingConfig": {"textDataDeliveryEnabled": True}}, "loggingConfig"),
        (LOGGING, logging(ROLE.replace(ACCOUNT, "210987654321")), "loggingConfig.cloudwatchConfig.roleArn"),
        (MONITOR, monitor(monitorDimension=None), "monitorDimension"),
        (MONITOR, monitor(monitorType="CUSTOM", monitorDimension=None), "monitorSpecification"),
        (MONITOR, monitor(monitorType="OTHER"), "monitorType"),
        (MONITOR, monitor(monitorSpecification="{}"), "monitorSpecification"),
        (SUBSCRIPTION, subscription(frequency="DAILY"), "subscribers[0].type"),
        (SUBSCRIPTION, subscription(subscribers=[{"type": "EMAIL", "address": "a@b.example"}]), "subscribers[0].type"),
        (SUBSCRIPTION, subscription(subscribers=[{"type": "SNS", "address": "alarms"}]), "subscribers[0].address"),
        (SUBSCRIPTION, subscription(thresholdExpression=None), "thresholdExpression"),
        (SUBSCRIPTION, subscription(thresholdExpression={"tags": {"key": "a"}}), "thresholdExpression"),
        (ACTION, action(actionType="APPLY_SCP_POLICY"), "definition.scpActionDefinition"),
        (ACTION, action(definition=TO_NOBODY), "definition.iamActionDefinition"),
        (ACTION, action(executionRoleArn=ROLE.replace(ACCOUNT, "210987654321")), "executionRoleArn"),
        (ACTION, action(approvalModel="LATER"), "approvalModel"),
        (ACTION, action(subscribers=[]), "subscribers"),
        (ACTION, action(actionThreshold=NOTHING), "actionThreshold.actionThresholdValue"),
    ],
)  # fmt: skip
def test_what_aws_would_refuse_is_refused_by_check(engine: Any, token: str, inputs: dict[str, Any], path: str) -> None:
    given = {key: value for key, value in inputs.items() if value is not None}
    assert path in engine.check(token, "x", given)[1]


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (PROFILE, profile(f"arn:aws:bedrock:{REGION}::foundation-model/anthropic.claude-3-haiku-20240307-v1:0")),
        (LOGGING, logging()),
        (MONITOR, {"name": "c", "monitorType": "CUSTOM", "monitorSpecification": json.dumps({"Tags": {"Key": "k"}})}),
        (SUBSCRIPTION, subscription(frequency="DAILY", subscribers=[{"type": "EMAIL", "address": "a@b.example"}])),
        (ACTION, action()),
    ],
)
def test_what_aws_takes_passes(engine: Any, token: str, inputs: dict[str, Any]) -> None:
    assert engine.check(token, "x", inputs)[1] == {}


def test_a_profile_says_where_it_leads_and_is_replaced_when_that_changes(engine: Any) -> None:
    id, made = engine.create(PROFILE, "haiku", profile(tags={"Project": "shop"}))
    assert made["arn"] == f"arn:aws:bedrock:{REGION}:{ACCOUNT}:application-inference-profile/{id}"
    assert len(made["models"]) == 6
    assert (made["status"], made["type"]) == ("ACTIVE", "APPLICATION")
    found = engine.read(PROFILE, "haiku", id, made, profile())
    assert from_struct(found.properties)["models"] == made["models"]
    other = profile(SYSTEMS.replace(HAIKU, "amazon.nova-lite-v1:0"), tags={"Project": "shop"})
    assert "modelSource" in engine.diff(PROFILE, "haiku", id, made, profile(tags={"Project": "shop"}), other).replaces
    engine.delete(PROFILE, "haiku", id, made)
    assert engine.cloud.registry.all("bedrock:inference_profile") == {}


def test_the_log_is_one_in_a_region_and_reads_as_it_was_written(engine: Any) -> None:
    given = logging(textDataDeliveryEnabled=False)
    id, made = engine.create(LOGGING, "log", given)
    assert id == REGION
    found = engine.read(LOGGING, "log", id, made, given)
    assert not engine.diff(LOGGING, "log", id, from_struct(found.properties), given, given).diffs
    assert from_struct(found.properties)["loggingConfig"]["textDataDeliveryEnabled"] is False
    engine.delete(LOGGING, "log", id, made)
    assert engine.read(LOGGING, "log", id, made, given).id == ""


def test_an_account_has_one_monitor_of_its_services_and_subscriptions_of_monitors_that_are_there(engine: Any) -> None:
    id, _ = engine.create(MONITOR, "spend", monitor())
    with pytest.raises(RefusedError, match="Limit exceeded on dimensional spend monitor") as refused:
        engine.create(MONITOR, "second", monitor(name="second"))
    assert refused.value.code == grpc.StatusCode.FAILED_PRECONDITION
    told, made = engine.create(SUBSCRIPTION, "told", subscription(id))
    assert told == made["arn"]
    with pytest.raises(RefusedError, match="monitors are not found"):
        engine.create(SUBSCRIPTION, "lost", subscription(id.replace("anomalymonitor/", "anomalymonitor/x")))


def test_an_action_needs_its_budget_and_a_role_that_budgets_may_assume(engine: Any) -> None:
    iam = engine.cloud.client("iam")
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam.create_role(RoleName="acts", AssumeRolePolicyDocument=json.dumps(document))
    with pytest.raises(RefusedError, match="Unable to get budget: models"):
        engine.create(ACTION, "act", action())
    limits = {"limitAmount": "50", "limitUnit": "USD", "timeUnit": "DAILY"}
    engine.create(BUDGET, "models", {"name": "models", "budgetType": "COST", **limits})
    with pytest.raises(RefusedError, match=r"does not name budgets\.amazonaws\.com"):
        engine.create(ACTION, "act", action())
    statement["Principal"] = {"Service": "budgets.amazonaws.com"}
    iam.update_assume_role_policy(RoleName="acts", PolicyDocument=json.dumps(document))
    id, made = engine.create(ACTION, "act", action())
    assert id == f"{ACCOUNT}:{made['actionId']}:models"
    assert made["arn"] == f"arn:aws:budgets::{ACCOUNT}:budget/models/action/{made['actionId']}"
    assert made["status"] == "STANDBY"
