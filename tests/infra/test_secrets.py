"""Secrets: no value in the program, a first one before any schedule, exact permissions."""

import json
from collections.abc import Callable

import pytest

from tests.infra.recording import Recording
from tests.infra.stacks import STACKS, stack_config

Stacks = Callable[[str], Recording]
SECRETS = ("JWT_SECRET", "JWT_REFRESH_SECRET", "API_KEY_1")
SECRET = "aws:secretsmanager/secret:Secret"
SCHEDULE = "aws:secretsmanager/secretRotation:SecretRotation"
FIRST = "aws:lambda/invocation:Invocation"


@pytest.mark.parametrize("stack", STACKS)
def test_no_secret_value_is_a_resource(recorded: Stacks, stack: str) -> None:
    """A version kept in state vanishes after two rotations; `up` would make it anew."""
    assert not [r for r in recorded(stack).resources if "secretVersion" in r.type]
    assert not [r for r in recorded(stack).of(SECRET) if {"secretString", "value"} & set(r.inputs)]


@pytest.mark.parametrize("stack", STACKS)
def test_each_secret_has_its_name_key_and_recovery_window(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    window = stack_config(stack).secret_recovery_days
    for name in SECRETS:
        secret = recording.one(SECRET, f"security-secret-{name}").inputs
        assert secret["name"] == f"omnix-ai/{stack}/{name}"
        assert secret["kmsKeyId"].startswith("arn:aws:kms:")
        assert secret["recoveryWindowInDays"] == window


@pytest.mark.parametrize("stack", STACKS)
def test_a_first_value_is_written_before_the_schedule_turns_on(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    (permission,) = [r for r in recording.of("aws:lambda/permission:Permission") if r.name.startswith("rot")]
    for name in SECRETS:
        schedule = recording.one(SCHEDULE, f"rotation-schedule-{name}")
        first = recording.one(FIRST, f"rotation-first-{name}")
        assert {first.urn, permission.urn} <= recording.closure(schedule)


@pytest.mark.parametrize("stack", STACKS)
def test_the_first_value_is_asked_for_once_and_only_by_id(recorded: Stacks, stack: str) -> None:
    for first in recorded(stack).of(FIRST):
        assert set(json.loads(first.inputs["input"])) == {"source", "secret_id"}
        assert first.inputs["lifecycleScope"] == "CREATE_ONLY"
        assert first.inputs["qualifier"] == "live"


@pytest.mark.parametrize("stack", STACKS)
def test_the_rotation_function_has_its_permissions_before_it_is_invoked(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    policies = {r.urn for r in recording.of("aws:iam/rolePolicy:RolePolicy") if r.name.startswith("rotation-lambda")}
    assert len(policies) == 2
    for first in recording.of(FIRST):
        assert policies <= recording.closure(first)


@pytest.mark.parametrize("stack", STACKS)
def test_an_up_does_not_rotate(recorded: Stacks, stack: str) -> None:
    for schedule in recorded(stack).of(SCHEDULE):
        assert schedule.inputs["rotateImmediately"] is False
        days = stack_config(stack).rotation_days
        assert schedule.inputs["rotationRules"] == {"automaticallyAfterDays": days}


@pytest.mark.parametrize("stack", STACKS)
def test_secret_values_in_inputs_are_marked_secret(recorded: Stacks, stack: str) -> None:
    secure = [r for r in recorded(stack).of("aws:ssm/parameter:Parameter") if r.inputs["type"] == "SecureString"]
    assert [r.inputs["name"].rpartition("/")[2] for r in secure] == ["usage-key"]
    for parameter in secure:
        assert "value" in parameter.secret_inputs
        assert parameter.inputs["keyId"].startswith("arn:aws:kms:")


@pytest.mark.parametrize("stack", STACKS)
def test_functions_are_told_where_secrets_are_and_never_what_they_are(recorded: Stacks, stack: str) -> None:
    for function in recorded(stack).of("aws:lambda/function:Function"):
        variables = function.inputs["environment"]["variables"]
        for name, value in variables.items():
            if name == "OMNIX_KEY_ARN":
                assert value.startswith("arn:aws:kms:")
            elif "SECRET" in name or "KEY" in name:
                assert all(arn.startswith("arn:aws:secretsmanager:") for arn in value.split(","))
        assert {"OMNIX_ENVIRONMENT", "OMNIX_FUNCTION", "OMNIX_PARAMETER_PREFIX"} <= set(variables)
        assert not any("TABLE" in name for name in variables)
