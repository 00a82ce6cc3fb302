"""A transaction costs what its items cost, and one that fails leaves everything as it was."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item

from localcloud.endpoint import transactions

REGION = "eu-central-1"
KEYS: list[Any] = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    transactions.install()
    with mock_aws():
        client = boto3.client("dynamodb", region_name=REGION)
        for name, keys in (("ranged", KEYS), ("hashed", KEYS[:1])):
            client.create_table(
                TableName=name,
                KeySchema=keys,
                AttributeDefinitions=[{"AttributeName": key["AttributeName"], "AttributeType": "S"} for key in keys],
                BillingMode="PAY_PER_REQUEST",
                StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            )
        yield client


def key(table: str, name: str) -> dict[str, Any]:
    return {"pk": {"S": name}, "sk": {"S": "x"}} if table == "ranged" else {"pk": {"S": name}}


def put(table: str, name: str, value: str = "new", **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": table, "Item": {**key(table, name), "value": {"S": value}}, **more}}


def update(table: str, name: str) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": table, "Key": key(table, name), "UpdateExpression": "SET #v = :v",
            "ExpressionAttributeNames": {"#v": "value"}, "ExpressionAttributeValues": {":v": {"S": "updated"}},
        }
    }  # fmt: skip


def delete(table: str, name: str) -> dict[str, Any]:
    return {"Delete": {"TableName": table, "Key": key(table, name)}}


def impossible(table: str) -> dict[str, Any]:
    absent = {"ConditionExpression": "attribute_exists(pk)"}
    return {"ConditionCheck": {"TableName": table, "Key": key(table, "nobody"), **absent}}


def content(client: Any) -> dict[str, list[Any]]:
    return {
        table: sorted(str(item) for item in client.scan(TableName=table)["Items"]) for table in ("ranged", "hashed")
    }


def records() -> dict[str, int]:
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables
    return {name: len(table.stream_shard.items) for name, table in tables.items() if table.stream_shard}


operations = st.lists(
    st.tuples(st.sampled_from([put, update, delete]), st.sampled_from(["ranged", "hashed"]), st.sampled_from("abcdef")),
    min_size=1,
    max_size=8,
    unique_by=lambda operation: operation[1:],
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(operations=operations)
def test_a_failed_transaction_leaves_tables_and_streams_as_they_were(dynamodb: Any, operations: list[Any]) -> None:
    for table in ("ranged", "hashed"):
        for name in "abc":
            dynamodb.put_item(TableName=table, Item={**key(table, name), "value": {"S": "old"}})
    before, recorded = content(dynamodb), records()
    entries = [make(table, name) for make, table, name in operations]
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        dynamodb.transact_write_items(TransactItems=[*entries, impossible("ranged")])
    assert content(dynamodb) == before
    assert records() == recorded


def test_a_transaction_writes_all_its_items(dynamodb: Any) -> None:
    dynamodb.put_item(TableName="hashed", Item={**key("hashed", "gone"), "value": {"S": "old"}})
    dynamodb.transact_write_items(
        TransactItems=[put("ranged", "a"), update("ranged", "b"), put("hashed", "c"), delete("hashed", "gone")]
    )
    assert [len(items) for items in content(dynamodb).values()] == [2, 1]


def test_items_that_a_transaction_does_not_name_are_not_copied(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        dynamodb.put_item(TableName="ranged", Item={**key("ranged", f"other{number}"), "value": {"S": "old"}})
    copies: list[Item] = []

    def copied(self: Item, _memo: dict[int, Any]) -> Item:
        copies.append(self)
        return self

    monkeypatch.setattr(Item, "__deepcopy__", copied, raising=False)
    dynamodb.transact_write_items(TransactItems=[put("ranged", "mine"), update("ranged", "other3")])
    assert {item.hash_key.value for item in copies} <= {"mine", "other3"}


def test_a_backup_is_still_a_copy(dynamodb: Any) -> None:
    dynamodb.put_item(TableName="ranged", Item={**key("ranged", "a"), "value": {"S": "old"}})
    arn = dynamodb.create_backup(TableName="ranged", BackupName="before")["BackupDetails"]["BackupArn"]
    dynamodb.put_item(TableName="ranged", Item={**key("ranged", "a"), "value": {"S": "changed"}})
    dynamodb.restore_table_from_backup(TargetTableName="restored", BackupArn=arn)
    (item,) = dynamodb.scan(TableName="restored")["Items"]
    assert item["value"] == {"S": "old"}
