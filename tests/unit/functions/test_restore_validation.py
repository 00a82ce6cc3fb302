"""The function `validation`: what it says of a restored table, and to whom."""

import copy
from typing import Any
from unittest.mock import Mock

import botocore.exceptions
import pytest

from omnix.recovery.comparison import differences
from omnix.recovery.validation import MESSAGE_CHARACTERS, Validation
from omnix.settings import SettingsError, ValidationSettings, load

KEY = "arn:aws:kms:eu-central-1:111122223333:key/0f0f"
PLAN = "arn:aws:backup:eu-central-1:111122223333:restore-testing-plan:omnix_ai_dev_tables-1"
ARN = "arn:aws:dynamodb:eu-central-1:111122223333:table/{}"
SOURCE, RESTORED = "omnix-ai-dev-orders", "awsbackup-restore-test-4f"
TABLE: dict[str, Any] = {
    "TableStatus": "ACTIVE",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "gsi1",
            "IndexStatus": "ACTIVE",
            "KeySchema": [{"AttributeName": "gsi1pk", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "a"]},
        }
    ],
    "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": KEY},
}
JOB: dict[str, Any] = {
    "RestoreJobId": "job-1",
    "Status": "COMPLETED",
    "SourceResourceArn": ARN.format(SOURCE),
    "CreatedResourceArn": ARN.format(RESTORED),
    "BackupSizeInBytes": 4096,
    "CreatedBy": {"RestoreTestingPlanArn": PLAN},
}


class NotFoundError(Exception):
    """`ResourceNotFoundException` of a client."""


class World:
    """AWS as the function meets it: one job, two tables, a page of keys."""

    def __init__(
        self,
        job: dict[str, Any] | None = None,
        *,
        items: int = 3,
        source: dict[str, Any] | None = TABLE,
        restored: dict[str, Any] | None = TABLE,
    ) -> None:
        described = {SOURCE: source, RESTORED: restored}
        self.backup, self.dynamodb = Mock(), Mock()
        self.backup.describe_restore_job.return_value = JOB | (job or {})
        self.dynamodb.exceptions.ResourceNotFoundException = NotFoundError
        self.dynamodb.scan.return_value = {"Items": [{"pk": {"S": str(n)}} for n in range(items)]}

        def describe(TableName: str) -> dict[str, Any]:  # noqa: N803
            table = described[TableName]
            if table is None:
                raise NotFoundError
            return {"Table": table}

        self.dynamodb.describe_table.side_effect = describe

    def validate(self) -> Any:
        return Validation(self.backup, self.dynamodb, KEY).validate("job-1")

    @property
    def told(self) -> dict[str, str]:
        """What AWS Backup was told."""
        self.backup.put_restore_validation_result.assert_called_once()
        return dict(self.backup.put_restore_validation_result.call_args.kwargs)


def changed(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(TABLE) | changes


def test_a_true_copy_passes_and_the_verdict_says_what_was_looked_at() -> None:
    world = World()
    assert world.validate().passed
    assert world.told["RestoreJobId"] == "job-1"
    assert world.told["ValidationStatus"] == "SUCCESSFUL"
    assert SOURCE in world.told["ValidationStatusMessage"]
    assert "1 indexes" in world.told["ValidationStatusMessage"]
    assert "3 items" in world.told["ValidationStatusMessage"]


INDEX = TABLE["GlobalSecondaryIndexes"][0]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (changed(TableStatus="CREATING"), "CREATING"),
        (changed(KeySchema=TABLE["KeySchema"][:1]), "its key is pk HASH and not pk HASH, sk RANGE"),
        (changed(GlobalSecondaryIndexes=[]), "lacks the indexes gsi1"),
        (changed(GlobalSecondaryIndexes=[INDEX | {"IndexStatus": "CREATING"}]), "gsi1 is CREATING"),
        (changed(GlobalSecondaryIndexes=[INDEX | {"Projection": {"ProjectionType": "ALL"}}]), "another projection"),
        (changed(SSEDescription={}), "a key of AWS"),
        (changed(SSEDescription={"KMSMasterKeyArn": KEY + "1"}), f"{KEY}1 and not by the environment's key"),
        (None, f"{RESTORED} is gone"),
    ],
)
def test_what_is_not_as_in_the_source_fails_and_is_named(table: dict[str, Any] | None, says: str) -> None:
    world = World(restored=table)
    assert not world.validate().passed
    assert world.told["ValidationStatus"] == "FAILED"
    assert says in world.told["ValidationStatusMessage"]


def test_the_order_of_keys_and_projected_attributes_is_no_difference() -> None:
    other = changed(KeySchema=TABLE["KeySchema"][::-1])
    other["GlobalSecondaryIndexes"][0]["Projection"]["NonKeyAttributes"] = ["a", "b"]
    assert differences(TABLE, other, KEY) == []  # type: ignore[arg-type]


def test_what_a_restore_never_brings_back_is_not_held_against_it() -> None:
    source = changed(DeletionProtectionEnabled=True, StreamSpecification={"StreamEnabled": True})
    assert differences(source, TABLE, KEY) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("sse", [{}, {"SSEDescription": {"KMSMasterKeyArn": KEY + "1"}}])
def test_a_table_of_before_under_another_key_comes_back_under_the_environment_s(sse: dict[str, Any]) -> None:
    source = {name: value for name, value in TABLE.items() if name != "SSEDescription"} | sse
    assert World(source=source).validate().passed
    stayed = World(source=source, restored=source)
    assert not stayed.validate().passed
    assert "not by the environment's key" in stayed.told["ValidationStatusMessage"]


@pytest.mark.parametrize("told", [{}, {"OMNIX_KEY_ARN": "alias/omnix-ai-dev"}, {"OMNIX_KEY_ARN": KEY}])
def test_without_the_key_s_arn_the_function_does_not_start(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, str]
) -> None:
    monkeypatch.delenv("OMNIX_KEY_ARN", raising=False)
    own = {"ENVIRONMENT": "dev", "FUNCTION": "validation", "PARAMETER_PREFIX": "/omnix-ai/dev"}
    variables = {f"OMNIX_{name}": value for name, value in own.items()} | {"AWS_REGION": "eu-central-1", **told}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    if told.get("OMNIX_KEY_ARN") == KEY:
        assert load(ValidationSettings).key_arn == KEY
        return
    with pytest.raises(SettingsError, match="OMNIX_KEY_ARN"):
        load(ValidationSettings)


def test_of_a_table_with_other_keys_no_item_is_read_and_the_verdict_says_so() -> None:
    """The function's role may ask for `pk` and `sk` alone: a scan for others would end in no verdict at all."""
    other = changed(KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}])
    world = World(source=other, restored=other)
    assert world.validate().passed
    assert "its keys are customer: no item was sampled" in world.told["ValidationStatusMessage"]
    world.dynamodb.scan.assert_not_called()


def test_an_empty_table_fails_where_the_backup_held_something_and_passes_where_it_held_nothing() -> None:
    assert not World(items=0).validate().passed
    assert World({"BackupSizeInBytes": 0}, items=0).validate().passed


def test_a_source_that_is_gone_is_said_and_no_crash() -> None:
    world = World(source=None)
    assert not world.validate().passed
    assert f"{SOURCE} is gone" in world.told["ValidationStatusMessage"]


def test_a_message_is_no_longer_than_aws_takes() -> None:
    many = changed(GlobalSecondaryIndexes=[INDEX | {"IndexName": f"{n:0>200}"} for n in range(20)])
    world = World(source=many)
    assert not world.validate().passed
    assert len(world.told["ValidationStatusMessage"]) == MESSAGE_CHARACTERS


@pytest.mark.parametrize(
    "job",
    [
        {"ValidationStatus": "SUCCESSFUL"},
        {"ValidationStatus": "FAILED"},
        {"ValidationStatus": "TIMED_OUT"},
        {"Status": "RUNNING"},
        {"CreatedBy": {}},
    ],
)
def test_a_job_that_is_judged_already_or_no_finished_test_is_left_alone(job: dict[str, Any]) -> None:
    """A verdict makes another event of the same job: without this the function would answer itself for ever."""
    world = World(job)
    assert world.validate() is None
    world.backup.put_restore_validation_result.assert_not_called()


def test_a_job_that_waits_for_its_verdict_gets_one() -> None:
    assert World({"ValidationStatus": "VALIDATING"}).validate().passed


def test_only_keys_are_read_and_no_more_than_a_page() -> None:
    world = World()
    world.validate()
    (asked,) = [call.kwargs for call in world.dynamodb.scan.call_args_list]
    assert asked["TableName"] == RESTORED
    assert asked["Select"] == "SPECIFIC_ATTRIBUTES"
    assert sorted(asked["ExpressionAttributeNames"].values()) == ["pk", "sk"]
    assert asked["Limit"] <= 100


def test_what_aws_refuses_is_raised_for_lambda_to_try_again() -> None:
    world = World()
    denied = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}
    world.dynamodb.scan.side_effect = botocore.exceptions.ClientError(denied, "Scan")  # type: ignore[arg-type]
    with pytest.raises(botocore.exceptions.ClientError):
        world.validate()
    world.backup.put_restore_validation_result.assert_not_called()
