"""What a migration by export needs is deployed where the config asks for it, and nowhere else."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from components.environment import Inputs, compose
from components.migration.definition import definition
from tests.infra.recording import Recording, record
from tests.infra.stacks import STACKS, artefacts, contract, stack_config
from tests.infra.test_policy_pack import Pack, described, provider_of, start
from tests.infra.test_refusals import faults

MACHINE = "aws:sfn/stateMachine:StateMachine"
SOURCE = "legacy-orders"


@pytest.fixture(scope="module", params=STACKS)
def asked(request: pytest.FixtureRequest) -> Recording:
    """Each stack with a table to be migrated by export."""
    config = stack_config(request.param, migration={"sources": [SOURCE]})

    def program() -> None:
        for name, value in compose(Inputs(config, artefacts(), contract())).items():
            pulumi.export(name, value)

    return record(program, stack=request.param, account_id=config.account_id)


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Any]:
    yield from start(Path(__file__).parents[2] / "policy", tmp_path)


def test_no_committed_stack_has_any_of_it(recorded: Callable[[str], Recording]) -> None:
    for stack in STACKS:
        assert not recorded(stack).of(MACHINE)
        assert not [one for one in recorded(stack).resources if one.name.startswith("migration")]
        key = json.loads(recorded(stack).one("aws:kms/key:Key", "security-key").inputs["policy"])
        assert "LogDelivery" not in {statement["Sid"] for statement in key["Statement"]}


def test_what_is_deployed_on_request_violates_no_rule(asked: Recording, stub: Any) -> None:
    pack = Pack(stub, provider_of(asked), preview=False)
    found = [text for resource in asked.resources for text in described(pack.analyze(resource), resource)]
    assert found + described(pack.analyze_stack(asked.resources)) == []


def test_aws_would_refuse_nothing_of_it(asked: Recording) -> None:
    account = asked.exports["account_id"]
    assert faults(asked, account)[0] == []


def test_the_machine_may_export_the_named_table_and_no_other(asked: Recording) -> None:
    policy = json.loads(asked.one("aws:iam/rolePolicy:RolePolicy", "migration-role-policy").inputs["policy"])
    by_id = {statement["Sid"]: statement for statement in policy["Statement"]}
    (table,) = by_id["Export"]["Resource"]
    assert table.endswith(f":table/{SOURCE}")
    assert by_id["Look"]["Resource"] == [f"{table}/export/*"]
    assert all(resource.endswith("/runs/*") for resource in by_id["WriteRuns"]["Resource"])


def test_the_log_of_an_encrypted_machine_is_sealed_by_its_role_and_opened_by_its_delivery(asked: Recording) -> None:
    own = json.loads(asked.one("aws:iam/rolePolicy:RolePolicy", "migration-role-policy").inputs["policy"])
    key = json.loads(asked.one("aws:kms/key:Key", "security-key").inputs["policy"])
    (seal,) = (one for one in own["Statement"] if one["Sid"] == "SealLog")
    (opens,) = (one for one in key["Statement"] if one["Sid"] == "LogDelivery")
    assert (seal["Action"], opens["Action"]) == (["kms:GenerateDataKey"], ["kms:Decrypt"])
    assert seal["Condition"] == opens["Condition"]
    assert opens["Principal"] == {"Service": ["delivery.logs.amazonaws.com"]}


def test_a_machine_is_made_after_its_role_may_run(asked: Recording) -> None:
    machine = asked.only(MACHINE)
    policy = asked.one("aws:iam/rolePolicy:RolePolicy", "migration-role-policy")
    assert policy.urn in asked.closure(machine)


def test_only_the_files_of_its_runs_outlive_it_and_only_where_data_is_protected(asked: Recording) -> None:
    own = [one for one in asked.custom() if one.name.startswith("migration")]
    assert own
    protected = {one.name for one in own if one.protect}
    assert protected == ({"migration-runs-bucket"} if asked.exports["environment"] == "prod" else set())


def test_the_outputs_say_where_it_is(asked: Recording) -> None:
    assert asked.exports["migration_bucket"]
    assert asked.exports["migration_state_machine_arn"]
    assert "migration" in asked.exports["functions"]


def test_every_state_leads_on_to_one_that_is_there() -> None:
    steps = definition("arn:function", "bucket", "arn:key")
    machines = [steps, steps["States"]["Place"]["ItemProcessor"]]
    for machine in machines:
        states = machine["States"]
        assert machine["StartAt"] in states
        for state in states.values():
            targets = [state.get("Next"), state.get("Default"), *(one["Next"] for one in state.get("Choices", ()))]
            assert {target for target in targets if target} <= states.keys()


def test_the_language_has_every_field_that_it_uses() -> None:
    AmazonStateLanguageParser.parse(json.dumps(definition("arn:function", "bucket", "arn:key")))


def test_a_step_that_is_refused_is_not_asked_again() -> None:
    states = definition("arn:function", "bucket", "arn:key")["States"]
    for step in (states["Begin"], states["Finish"], states["Place"]["ItemProcessor"]["States"]["File"]):
        first = step["Retry"][0]
        assert ("RunError" in first["ErrorEquals"], first["MaxAttempts"]) == (True, 0)


def test_no_failed_file_is_tolerated_and_every_step_is_tried_again() -> None:
    place = definition("arn:function", "bucket", "arn:key")["States"]["Place"]
    assert not [field for field in place if field.startswith("ToleratedFailure")]
    retried = {error for one in place["ItemProcessor"]["States"]["File"]["Retry"] for error in one["ErrorEquals"]}
    assert {"Lambda.TooManyRequestsException", "States.TaskFailed"} <= retried
