"""Tables under their old names: everything that the standard ones have, until a cut-over is complete."""

import json
from typing import Any

import pulumi
import pytest

from components.config import ConfigError, validate
from components.environment import Inputs, compose
from tests.infra.recording import Recording, record
from tests.infra.stacks import artefacts, contract, raw, stack_config

NAME = "omnix-ai-dev-legacy-orders"
ACCOUNT = stack_config("dev").account_id
ARN = f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/{NAME}"
STREAM = f"{ARN}/stream/2026-11-21T09:00:00.000"
LEGACY = {"orders": {"name": NAME, "streamArn": STREAM}, "users": {"name": "omnix-ai-dev-legacy-users"}}
PARAMETER = "data-parameter-database-tables"


@pytest.fixture(scope="module")
def recording() -> Recording:
    config = stack_config("dev", legacyTables=LEGACY)

    def program() -> None:
        for name, value in compose(Inputs(config, artefacts(), contract())).items():
            pulumi.export(name, value)

    return record(program, stack="dev", account_id=config.account_id)


def statements(recording: Recording, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy", name).inputs["policy"])[
        "Statement"
    ]
    return found


def test_the_parameter_begins_with_the_old_names_and_only_a_cut_over_moves_it(recording: Recording) -> None:
    parameter = recording.one("aws:ssm/parameter:Parameter", PARAMETER)
    value = json.loads(parameter.inputs["value"])
    assert (value["orders"], value["users"]) == (NAME, "omnix-ai-dev-legacy-users")
    assert value["products"] == "omnix-ai-dev-products"
    assert parameter.ignore_changes == ("value",)


def test_the_description_changes_with_the_first_legacy_table_and_the_last_alone(
    recording: Recording, recorded: Any
) -> None:
    """A change of it writes the value too: at the end the standard names, whatever the state remembers."""
    without = recorded("dev").one("aws:ssm/parameter:Parameter", PARAMETER)
    assert without.ignore_changes == ()
    assert (
        without.inputs["description"] != recording.one("aws:ssm/parameter:Parameter", PARAMETER).inputs["description"]
    )
    assert NAME not in recording.one("aws:ssm/parameter:Parameter", PARAMETER).inputs["description"]


@pytest.mark.parametrize(
    ("policy", "indexes"), [("api-api-policy-write-orders", 2), ("api-auth-policy-write-users", 1)]
)
def test_a_role_may_do_with_both_tables_what_it_may_do_with_one(
    recording: Recording, recorded: Any, policy: str, indexes: int
) -> None:
    items, key = statements(recording, policy)
    before, _ = statements(recorded("dev"), policy)
    assert (items["Action"], items.get("Condition")) == (before["Action"], before.get("Condition"))
    legacy = [arn for arn in items["Resource"] if "legacy" in arn]
    assert set(before["Resource"]) == set(items["Resource"]) - set(legacy)
    assert len(legacy) == 1 + indexes
    assert len(key["Condition"]["StringEquals"]["kms:EncryptionContext:aws:dynamodb:tableName"]) == 2


def test_the_worker_follows_both_streams(recording: Recording) -> None:
    mappings = {one.name: one.inputs for one in recording.of("aws:lambda/eventSourceMapping:EventSourceMapping")}
    legacy, standard = mappings["events-stream-orders-legacy"], mappings["events-stream-orders"]
    assert legacy["eventSourceArn"] == STREAM
    assert {**legacy, "eventSourceArn": ""} == {**standard, "eventSourceArn": ""}
    read = next(
        one for one in statements(recording, "events-worker-policy-read-streams") if one["Sid"] == "ReadStreams"
    )
    assert STREAM in read["Resource"]


def test_what_serves_is_backed_up(recording: Recording) -> None:
    (selection,) = recording.of("aws:backup/selection:Selection")
    assert ARN in selection.inputs["resources"]


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        ({"orders": {"name": NAME}}, "legacyTables.orders.streamArn"),
        ({"orders": {"name": NAME, "streamArn": STREAM.replace(NAME, "other")}}, "legacyTables.orders.streamArn"),
        ({"nothing": {"name": NAME}}, "legacyTables.nothing"),
        ({"users": {"name": NAME}, "sessions": {"name": NAME}}, "legacyTables.users.name"),
        ({"users": {"name": "omnix-ai-prod-users"}}, "legacyTables.users.name"),
        ({"users": {"name": "x"}}, "legacyTables.users.name"),
    ],
)
def test_a_legacy_table_that_could_not_serve_is_refused(tables: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(raw("dev", legacyTables=tables))
    assert key in {finding.key for finding in caught.value.findings}


def test_no_function_gets_its_code_before_the_names_of_its_tables_are_written(recorded: Any) -> None:
    recording = recorded("dev")
    reading = 0
    for function in recording.of("aws:lambda/function:Function"):
        before = recording.closure(function)
        if any(urn.endswith("-policy-read-parameters") for urn in before):
            assert any(urn.endswith(f"::{PARAMETER}") for urn in before), function.name
            reading += 1
    assert reading >= 4
