"""UpdateTable leaves the table as AWS does: what DynamoDB Local answers to the same calls."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from localcloud.endpoint import tables

REGION = "eu-central-1"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-00000000000"


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    tables.install()
    tables.install()  # a second time changes nothing
    with mock_aws():
        client = boto3.client("dynamodb", region_name=REGION)
        client.create_table(
            TableName="users",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=keys("pk", "sk"),
            AttributeDefinitions=attributes("pk", "sk", "gsi1pk", "gsi1sk"),
            GlobalSecondaryIndexes=[index("gsi1")],  # type: ignore[list-item]
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": f"{KEY}1"},
        )
        yield client


def keys(partition: str, sort: str) -> Any:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def attributes(*names: str) -> Any:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def index(name: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": keys(f"{name}pk", f"{name}sk"),
        "Projection": {"ProjectionType": "ALL"},
    }


def table(dynamodb: Any) -> dict[str, Any]:
    found: dict[str, Any] = dynamodb.describe_table(TableName="users")["Table"]
    return found


def test_another_key_encrypts_the_table_from_then_on(dynamodb: Any) -> None:
    specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": f"{KEY}2"}
    answer = dynamodb.update_table(TableName="users", SSESpecification=specification)["TableDescription"]
    assert answer["SSEDescription"]["KMSMasterKeyArn"] == f"{KEY}2"
    assert table(dynamodb)["SSEDescription"]["KMSMasterKeyArn"] == f"{KEY}2"


def test_a_table_takes_writes_when_its_stream_is_off(dynamodb: Any) -> None:
    dynamodb.update_table(TableName="users", StreamSpecification={"StreamEnabled": False})
    dynamodb.put_item(TableName="users", Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    assert dynamodb.scan(TableName="users")["Count"] == 1
    on = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    dynamodb.update_table(TableName="users", StreamSpecification=on)
    dynamodb.put_item(TableName="users", Item={"pk": {"S": "a"}, "sk": {"S": "c"}})
    assert table(dynamodb)["StreamSpecification"] == on


def test_a_deleted_index_takes_its_attribute_definitions_with_it(dynamodb: Any) -> None:
    dynamodb.update_table(TableName="users", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "gsi1"}}])
    assert {found["AttributeName"] for found in table(dynamodb)["AttributeDefinitions"]} == {"pk", "sk"}
    dynamodb.update_table(
        TableName="users",
        AttributeDefinitions=attributes("pk", "sk", "gsi2pk", "gsi2sk"),
        GlobalSecondaryIndexUpdates=[{"Create": index("gsi2")}],
    )
    defined = {found["AttributeName"] for found in table(dynamodb)["AttributeDefinitions"]}
    assert defined == {"pk", "sk", "gsi2pk", "gsi2sk"}
