"""EventBridge, EventBridge Scheduler, Step Functions, API Gateway's connections."""

from collections.abc import Iterator
from typing import Any

from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Need, Operations, anything, arn, given, on, pass_role


def _bus_arn(name: Any, call: Call, account: Account) -> str:
    named = str(name or "default")
    return named if named.startswith("arn:") else f"arn:aws:events:{call.region}:{account.id}:event-bus/{named}"


def _events(call: Call, account: Account) -> Iterator[Need]:
    """Every entry on its own: one that is not allowed refuses the whole call."""
    for entry in call.parameters.get("Entries") or ():
        keys = given(entry, {"events:source": "Source", "events:detail-type": "DetailType"})
        keys = {**keys, "events:eventbusinvocation": ("false",)}
        yield Need("events:PutEvents", _bus_arn(entry.get("EventBusName"), call, account), keys)


def _bus(call: Call, account: Account) -> str:
    return _bus_arn(call.parameters.get("Name"), call, account)


def _rule(call: Call, account: Account) -> str:
    """A rule's ARN; on a bus of one's own the bus stands before the name."""
    bus = str(call.parameters.get("EventBusName") or "default").rpartition("/")[2]
    name = call.parameters.get("Name") or call.parameters.get("Rule") or "*"
    return f"arn:aws:events:{call.region}:{account.id}:rule/{name if bus == 'default' else f'{bus}/{name}'}"


def _targets(call: Call, account: Account) -> Iterator[Need]:
    targets = call.parameters.get("Targets") or ()
    yield Need(
        "events:PutTargets", _rule(call, account), {"events:targetarn": tuple(str(one.get("Arn")) for one in targets)}
    )
    for target in targets:
        yield from pass_role(target.get("RoleArn"), "events.amazonaws.com")


def _rule_role(call: Call, _account: Account) -> Iterator[Need]:
    yield from pass_role(call.parameters.get("RoleArn"), "events.amazonaws.com")


EVENTS: Operations = {
    "PutEvents": _events,
    "PutTargets": _targets,
    **on("events", _rule, "PutRule", also=_rule_role),
    **on("events", _rule, "DeleteRule DescribeRule DisableRule EnableRule ListTargetsByRule RemoveTargets"),
    **on("events", _bus, "CreateEventBus DeleteEventBus DescribeEventBus"),
    **on("events", anything, "ListEventBuses ListRuleNamesByTarget ListRules PutPermission RemovePermission"),
    **on("events", arn("events", "{ResourceARN}"), "ListTagsForResource TagResource UntagResource"),
}


def _schedule(call: Call, account: Account) -> str:
    group, name = call.parameters.get("GroupName") or "default", call.parameters.get("Name") or "*"
    return f"arn:aws:scheduler:{call.region}:{account.id}:schedule/{group}/{name}"


def _target_role(call: Call, _account: Account) -> Iterator[Need]:
    """The schedule acts with the role that is passed (Scheduler user guide, "Set up the execution role")."""
    yield from pass_role((call.parameters.get("Target") or {}).get("RoleArn"), "scheduler.amazonaws.com")


SCHEDULER: Operations = {
    **on("scheduler", _schedule, "CreateSchedule UpdateSchedule", also=_target_role),
    **on("scheduler", _schedule, "DeleteSchedule GetSchedule"),
    **on(
        "scheduler",
        arn("scheduler", "schedule-group/{Name}"),
        "CreateScheduleGroup DeleteScheduleGroup GetScheduleGroup",
    ),
    **on("scheduler", anything, "ListScheduleGroups ListSchedules"),
    **on("scheduler", arn("scheduler", "{ResourceArn}"), "ListTagsForResource TagResource UntagResource"),
}

_MACHINE = arn("states", "{stateMachineArn}")
_EXECUTION = arn("states", "{executionArn}")


def _machine_role(call: Call, _account: Account) -> Iterator[Need]:
    yield from pass_role(call.parameters.get("roleArn"), "states.amazonaws.com")


STATES: Operations = {
    **on(
        "states", _MACHINE, "StartExecution StartSyncExecution DescribeStateMachine DeleteStateMachine ListExecutions"
    ),
    **on("states", _MACHINE, "UpdateStateMachine", also=_machine_role),
    **on("states", arn("states", "stateMachine:{name}"), "CreateStateMachine", also=_machine_role),
    **on("states", _EXECUTION, "DescribeExecution GetExecutionHistory StopExecution"),
    **on("states", _EXECUTION, "DescribeStateMachineForExecution"),
    **on("states", anything, "ListStateMachines ListActivities SendTaskFailure SendTaskHeartbeat SendTaskSuccess"),
}

_METHODS = {"PostToConnection": "POST", "GetConnection": "GET", "DeleteConnection": "DELETE"}


def _connection(call: Call, account: Account) -> Iterator[Need]:
    """`{api}/{stage}/{METHOD}/@connections/{id}`; the endpoint's path says api and stage."""
    place = [part for part in call.base_path.split("/") if part]
    api, stage = ["*", "*", *place][-2:]
    path = f"{api}/{stage}/{_METHODS[call.operation]}/@connections/{call.parameters.get('ConnectionId')}"
    yield Need("execute-api:ManageConnections", f"arn:aws:execute-api:{call.region}:{account.id}:{path}")


CONNECTIONS: Operations = dict.fromkeys(_METHODS, _connection)
