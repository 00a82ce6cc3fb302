"""State machines: what Step Functions would refuse, and a state machine's life."""
# ruff: noqa: A001 - `id` is the engine's word for it

import json
from typing import Any

import pytest

from localcloud.provider.wire import from_struct

MACHINE = "aws:sfn/stateMachine:StateMachine"
ROLE = "arn:aws:iam::123456789012:role/machine"
GROUP = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/states/m:*"
PASS = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Pass", "End": True}}})


def machine(definition: str = PASS, **more: Any) -> dict[str, Any]:
    return {"name": "walk", "definition": definition, "roleArn": ROLE, **more}


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        (machine("walk"), "definition"),
        (machine('{"StartAt": "End"}'), "definition"),
        (machine('{"StartAt": "Start", "States": {"End": {"Type": "Succeed"}}}'), "definition"),
        (machine(json.dumps({**json.loads(PASS), "Comment": "x" * 1024 * 1024})), "definition"),
        (machine(name="two words"), "name"),
        (machine(name="n" * 81), "name"),
        (machine(type="FAST"), "type"),
        (machine(roleArn="machine"), "roleArn"),
        (machine(roleArn="arn:aws:iam::210987654321:role/machine"), "roleArn"),
    ],
)
def test_what_step_functions_would_refuse_is_refused_by_check(engine: Any, inputs: dict[str, Any], path: str) -> None:
    assert path in engine.check(MACHINE, "m", inputs)[1]


def test_a_state_machine_lives_changes_and_goes(engine: Any) -> None:
    logging = {"level": "ERROR", "includeExecutionData": False, "logDestination": GROUP}
    given = machine(loggingConfiguration=logging, tracingConfiguration={"enabled": True})
    assert engine.check(MACHINE, "m", given)[1] == {}
    id, made = engine.create(MACHINE, "m", given)
    assert id == made["arn"] == "arn:aws:states:eu-central-1:123456789012:stateMachine:walk"
    found = engine.read(MACHINE, "m", id, made, given)
    assert from_struct(found.properties)["loggingConfiguration"] == logging
    assert not engine.diff(MACHINE, "m", id, from_struct(found.properties), from_struct(found.inputs), given).diffs

    waits = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    later = {**given, "definition": waits}
    assert not engine.diff(MACHINE, "m", id, made, given, later).replaces
    changed = engine.update(MACHINE, "m", id, made, later)
    assert json.loads(changed["definition"]) == json.loads(waits)
    assert "type" in engine.diff(MACHINE, "m", id, made, given, {**given, "type": "EXPRESS"}).replaces

    engine.delete(MACHINE, "m", id, changed)
    assert engine.read(MACHINE, "m", id, changed, later).id == ""
