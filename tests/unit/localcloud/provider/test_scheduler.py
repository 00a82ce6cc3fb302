"""Schedules and their groups: what Scheduler would refuse, and a schedule's life."""
# ruff: noqa: A001 - `id` is the engine's word for it

from typing import Any

import grpc
import pytest

from localcloud.provider.wire import UNKNOWN, from_struct

GROUP, SCHEDULE = "aws:scheduler/scheduleGroup:ScheduleGroup", "aws:scheduler/schedule:Schedule"
ROLE = "arn:aws:iam::123456789012:role/schedules"
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:jobs"
BUS = "arn:aws:events:eu-central-1:123456789012:event-bus/shop"
OFF = {"mode": "OFF"}


def schedule(expression: str = "rate(1 hour)", target: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "name": "nightly",
        "scheduleExpression": expression,
        "flexibleTimeWindow": OFF,
        "target": {
            "arn": "arn:aws:lambda:eu-central-1:123456789012:function:worker:live",
            "roleArn": ROLE,
            **(target or {}),
        },
        **more,
    }


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        (schedule("every night"), "scheduleExpression"),
        (schedule("cron(0 3 * * *)"), "scheduleExpression"),
        (schedule("cron(0 3 * * * *)"), "scheduleExpression"),
        (schedule("rate(0 hours)"), "scheduleExpression"),
        (schedule("at(2027-01-01 00:00:00)"), "scheduleExpression"),
        (schedule(name="two words"), "name"),
        (schedule(name="n" * 65), "name"),
        (schedule(groupName="g/g"), "groupName"),
        (schedule(state="ON"), "state"),
        (schedule(actionAfterCompletion="KEEP"), "actionAfterCompletion"),
        (schedule(scheduleExpressionTimezone="Middle-earth"), "scheduleExpressionTimezone"),
        (schedule(flexibleTimeWindow={"mode": "FLEXIBLE"}), "flexibleTimeWindow.maximumWindowInMinutes"),
        (
            schedule(flexibleTimeWindow={"mode": "OFF", "maximumWindowInMinutes": 5}),
            "flexibleTimeWindow.maximumWindowInMinutes",
        ),
        (
            schedule(flexibleTimeWindow={"mode": "FLEXIBLE", "maximumWindowInMinutes": 1441}),
            "flexibleTimeWindow.maximumWindowInMinutes",
        ),
        (schedule(startDate="tomorrow"), "startDate"),
        (schedule(startDate="2027-01-02T00:00:00Z", endDate="2027-01-01T00:00:00Z"), "endDate"),
        (schedule(target={"arn": "worker"}), "target.arn"),
        (schedule(target={"arn": "arn:aws:dynamodb:eu-central-1:123456789012:table/t"}), "target.arn"),
        (schedule(target={"arn": "arn:aws:sqs:eu-west-1:123456789012:jobs"}), "target.arn"),
        (schedule(target={"roleArn": "schedules"}), "target.roleArn"),
        (schedule(target={"roleArn": "arn:aws:iam::999999999999:role/schedules"}), "target.roleArn"),
        (schedule(target={"sqsParameters": {"messageGroupId": "g"}}), "target.sqsParameters"),
        (schedule(target={"arn": f"{QUEUE}.fifo"}), "target.sqsParameters.messageGroupId"),
        (schedule(target={"arn": BUS}), "target.eventbridgeParameters"),
        (
            schedule(target={"arn": BUS, "eventbridgeParameters": {"detailType": "d", "source": "aws.shop"}}),
            "target.eventbridgeParameters.source",
        ),
        (schedule(target={"deadLetterConfig": {"arn": f"{QUEUE}.fifo"}}), "target.deadLetterConfig.arn"),
        (schedule(target={"retryPolicy": {"maximumRetryAttempts": 186}}), "target.retryPolicy.maximumRetryAttempts"),
        (
            schedule(target={"retryPolicy": {"maximumEventAgeInSeconds": 59}}),
            "target.retryPolicy.maximumEventAgeInSeconds",
        ),
    ],
)
def test_what_scheduler_would_refuse_is_refused_by_check(engine: Any, inputs: dict[str, Any], path: str) -> None:
    assert path in engine.check(SCHEDULE, "s", inputs)[1]


@pytest.mark.parametrize(
    "inputs",
    [
        schedule("cron(15 2 ? * MON-FRI *)", scheduleExpressionTimezone="Europe/Berlin"),
        schedule("at(2027-01-01T00:00:00)", actionAfterCompletion="DELETE"),
        schedule(flexibleTimeWindow={"mode": "FLEXIBLE", "maximumWindowInMinutes": 15}),
        schedule(target={"arn": QUEUE, "deadLetterConfig": {"arn": f"{QUEUE}-dead"}}),
        schedule(target={"arn": f"{QUEUE}.fifo", "sqsParameters": {"messageGroupId": "g"}}),
        schedule(target={"arn": BUS, "eventbridgeParameters": {"detailType": "d", "source": "shop"}}),
        schedule(target={"arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "input": "{}"}),
        schedule(startDate="2027-01-01T00:00:00Z", endDate="2027-02-01T00:00:00Z"),
        {**schedule(), "target": UNKNOWN, "scheduleExpression": UNKNOWN},
    ],
)
def test_what_scheduler_takes_is_taken(engine: Any, inputs: dict[str, Any]) -> None:
    assert engine.check(SCHEDULE, "s", inputs)[1] == {}


def test_a_schedule_lives_changes_and_goes(engine: Any) -> None:
    _, group = engine.create(GROUP, "g", {"name": "shop", "tags": {"Component": "events"}})
    assert group["state"] == "ACTIVE"
    assert group["arn"].endswith(":schedule-group/shop")
    given = schedule("cron(0 3 * * ? *)", groupName="shop", description="at night")
    id, made = engine.create(SCHEDULE, "s", given)
    assert id == "shop/nightly"
    assert made["arn"].endswith(":schedule/shop/nightly")
    assert made["target"] == given["target"]
    found = engine.read(SCHEDULE, "s", id, made, given)
    assert not engine.diff(SCHEDULE, "s", id, from_struct(found.properties), from_struct(found.inputs), given).diffs

    later = {**given, "scheduleExpression": "rate(2 hours)", "state": "DISABLED", "actionAfterCompletion": "DELETE"}
    assert not engine.diff(SCHEDULE, "s", id, made, given, later).replaces
    changed = engine.update(SCHEDULE, "s", id, made, later)
    kept = engine.cloud.client("scheduler").get_schedule(GroupName="shop", Name="nightly")
    assert (kept["ScheduleExpression"], kept["State"]) == ("rate(2 hours)", "DISABLED")
    assert kept["ActionAfterCompletion"] == changed["actionAfterCompletion"] == "DELETE"
    plain = {key: value for key, value in later.items() if key != "description"}
    assert "description" not in engine.update(SCHEDULE, "s", id, changed, plain)
    assert "groupName" in engine.diff(SCHEDULE, "s", id, made, given, {**given, "groupName": "other"}).replaces

    engine.delete(SCHEDULE, "s", id, changed)
    assert engine.read(SCHEDULE, "s", id, changed, later).id == ""
    engine.delete(GROUP, "g", "shop", group)
    assert engine.read(GROUP, "g", "shop", group, {"name": "shop"}).id == ""


def test_a_schedule_without_a_group_is_in_the_default_one(engine: Any) -> None:
    id, made = engine.create(SCHEDULE, "s", schedule())
    assert id == "default/nightly"
    assert made["groupName"] == "default"


def test_a_schedule_of_a_group_that_is_not_there_is_refused_in_schedulers_words(engine: Any) -> None:
    refused = engine.refusal(engine.create, SCHEDULE, "s", schedule(groupName="nowhere"))
    assert "Schedule group nowhere does not exist." in refused.details


def test_a_second_group_or_schedule_of_a_name_is_refused_and_the_first_one_stays(engine: Any) -> None:
    engine.create(GROUP, "g", {"name": "shop"})
    engine.create(SCHEDULE, "s", schedule(groupName="shop"))
    assert engine.refusal(engine.create, GROUP, "again", {"name": "shop"}).code is grpc.StatusCode.ALREADY_EXISTS
    assert (
        engine.refusal(engine.create, SCHEDULE, "t", schedule(groupName="shop")).code is grpc.StatusCode.ALREADY_EXISTS
    )
    assert engine.cloud.client("scheduler").list_schedules(GroupName="shop")["Schedules"]


def test_an_imported_schedule_equals_its_program(engine: Any) -> None:
    id, _ = engine.create(SCHEDULE, "s", schedule("at(2027-01-01T00:00:00)", actionAfterCompletion="DELETE"))
    found = engine.read(SCHEDULE, "s", id)
    inputs = from_struct(found.inputs)
    wanted = schedule("at(2027-01-01T00:00:00)", actionAfterCompletion="DELETE")
    assert not engine.diff(SCHEDULE, "s", id, from_struct(found.properties), inputs, wanted).replaces
    assert inputs["scheduleExpression"] == wanted["scheduleExpression"]
