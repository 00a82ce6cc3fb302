"""A query answers what moto's own would, and costs its page whatever the partition holds."""

import copy
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table

from localcloud.endpoint import queries, transactions

REGION = "eu-central-1"
# index name, None for the table: its partition and sort key
KEYS: dict[str | None, tuple[str, str | None]] = {
    None: ("pk", "sk"), "by-number": ("group", "n"), "by-group": ("group", None), "local": ("pk", "text"),
}  # fmt: skip
TYPES: dict[str, Any] = {"pk": "S", "sk": "S", "group": "S", "n": "N", "text": "S"}
# Few values, so that partitions fill up, equal sort keys meet and cursors fall on items.
VALUES: dict[str, st.SearchStrategy[str]] = {
    "pk": st.sampled_from("ab"),
    "sk": st.text(alphabet="xyé\U0001f600", min_size=1, max_size=2),
    "group": st.sampled_from("gh"),
    "n": st.sampled_from(["-2.5", "0", "1", "1.0", "10", "9"]),
    "text": st.text(alphabet="xyé\U0010ffff", min_size=1, max_size=2),
}


def schema(keys: tuple[str, str | None]) -> Any:
    kinds = zip(keys, ("HASH", "RANGE"), strict=True)
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds if name]


def index(name: str, projection: str = "ALL") -> Any:
    return {"IndexName": name, "KeySchema": schema(KEYS[name]), "Projection": {"ProjectionType": projection}}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    transactions.install()
    queries.install()
    queries.install()  # a second time changes nothing
    with mock_aws():
        client = boto3.client("dynamodb", region_name=REGION)
        client.create_table(
            TableName="things",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=schema(("pk", "sk")),
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in TYPES.items()],
            GlobalSecondaryIndexes=[index("by-number"), index("by-group", "KEYS_ONLY")],
            LocalSecondaryIndexes=[index("local")],
        )
        client.create_table(
            TableName="hashed",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=schema(("pk", None)),
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "group")],
            GlobalSecondaryIndexes=[index("by-group")],
        )
        yield client


def empty(client: Any, table: str = "things") -> None:
    names = ("pk", "sk") if table == "things" else ("pk",)
    for item in client.scan(TableName=table)["Items"]:
        client.delete_item(TableName=table, Key={name: item[name] for name in names})


def attribute(name: str, value: str) -> dict[str, str]:
    return {TYPES[name]: value}


keys = st.fixed_dictionaries({name: VALUES[name] for name in ("pk", "sk")})
rest = st.fixed_dictionaries({}, optional={name: VALUES[name] for name in ("group", "n", "text")})
writes = st.lists(
    st.tuples(st.sampled_from(["put", "update", "delete", "transact", "cancelled"]), keys, rest), max_size=12
)


def write(client: Any, kind: str, key: dict[str, str], other: dict[str, str]) -> None:
    """One write of any kind; a cancelled transaction must leave no trace in any order."""
    where = {name: attribute(name, value) for name, value in key.items()}
    item = where | {name: attribute(name, value) for name, value in other.items()}
    if kind == "put":
        client.put_item(TableName="things", Item=item)
    elif kind == "delete":
        client.delete_item(TableName="things", Key=where)
    elif kind == "update":
        values = {name: {"Value": attribute(name, value), "Action": "PUT"} for name, value in other.items()}
        gone = {name: {"Action": "DELETE"} for name in ("group", "n", "text") if name not in other}
        client.update_item(TableName="things", Key=where, AttributeUpdates=values | gone)
    else:
        entries: list[Any] = [{"Put": {"TableName": "things", "Item": item}}]
        if kind == "cancelled":
            condition = {"ConditionExpression": "attribute_exists(pk)"}
            nobody = {"pk": {"S": "nobody"}, "sk": {"S": "x"}}
            entries.append({"ConditionCheck": {"TableName": "things", "Key": nobody, **condition}})
        try:
            client.transact_write_items(TransactItems=entries)
        except ClientError:
            assert kind == "cancelled"


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Any query of any index: condition, direction, limit, filter, projection, count."""
    name = draw(st.sampled_from(list(KEYS)))
    partition, sort = KEYS[name]
    names, values = {"#p": partition}, {":p": attribute(partition, draw(VALUES[partition]))}
    condition = "#p = :p"
    if sort and draw(st.booleans()):
        shape = draw(st.sampled_from(["= :a", "< :a", "<= :a", "> :a", ">= :a", "BETWEEN :a AND :b", "begins"]))
        bounds = sorted((draw(VALUES[sort]), draw(VALUES[sort])), key=float if TYPES[sort] == "N" else str)
        if shape == "begins" and TYPES[sort] == "N":
            shape = "= :a"
        condition += " AND begins_with(#s, :a)" if shape == "begins" else f" AND #s {shape}"
        names["#s"] = sort
        values[":a"] = attribute(sort, bounds[0])
        if ":b" in shape:
            values[":b"] = attribute(sort, bounds[1])
    request = {"TableName": "things", "KeyConditionExpression": condition, "ScanIndexForward": draw(st.booleans())}
    if name:
        request["IndexName"] = name
    if (limit := draw(st.none() | st.integers(1, 4))) is not None:
        request["Limit"] = limit
    if draw(st.booleans()):
        request["FilterExpression"], names["#f"], values[":f"] = "#f > :f", "sk", {"S": "x"}
        if name is None:
            names["#f"], values[":f"] = "n", {"N": "0"}
    if draw(st.booleans()):
        request["ProjectionExpression"] = "pk"
    elif draw(st.booleans()):
        request["Select"] = "COUNT"
    return request | {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}


def pages(client: Any, request: dict[str, Any]) -> list[Any]:
    """Every page of a query: items, counts, cursor."""
    found = []
    for _ in range(40):
        answer = client.query(**request)
        found.append({key: answer.get(key) for key in ("Items", "Count", "ScannedCount", "LastEvaluatedKey")})
        if "LastEvaluatedKey" not in answer:
            return found
        request = request | {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    pytest.fail("the pages of a query do not end")


def motos_pages(client: Any, request: dict[str, Any]) -> list[Any]:
    with patch.object(Table, "query", Table.query.__wrapped__):  # type: ignore[attr-defined]
        return pages(client, request)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(steps=st.lists(st.tuples(writes, requests()), min_size=1, max_size=3))
def test_every_page_is_the_one_that_moto_would_give(dynamodb: Any, steps: list[Any]) -> None:
    empty(dynamodb)
    for changes, request in steps:  # queries between the writes: an order that exists is brought up to date
        for kind, key, other in changes:
            write(dynamodb, kind, key, other)
        assert pages(dynamodb, request) == motos_pages(dynamodb, request)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(changes=writes, request=requests(), cursor=keys | st.fixed_dictionaries(VALUES))
def test_a_cursor_need_not_stand_on_an_item(
    dynamodb: Any, changes: list[Any], request: dict[str, Any], cursor: dict[str, str]
) -> None:
    empty(dynamodb)
    for kind, key, other in changes:
        write(dynamodb, kind, key, other)
    partition, sort = KEYS[request.get("IndexName")]
    if not {partition, sort or "pk"} <= set(cursor):
        cursor = cursor | {"group": "g", "n": "1", "text": "x"}
    start = {name: attribute(name, cursor[name]) for name in {"pk", "sk", partition, sort or "pk"}}
    request["ExclusiveStartKey"] = start | {partition: request["ExpressionAttributeValues"][":p"]}
    assert pages(dynamodb, request) == motos_pages(dynamodb, request)


def stored() -> Any:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables["things"]


def ask(client: Any, table: str = "things", index: str = "by-group", of: str = "g", **more: Any) -> list[str]:
    """The first keys of what an index holds of one partition."""
    found = client.query(
        TableName=table,
        IndexName=index,
        KeyConditionExpression="#p = :p",
        ExpressionAttributeNames={"#p": "group" if index != "by-text" else "text"},
        ExpressionAttributeValues={":p": {"S": of}},
        **more,
    )
    return [item["pk"]["S"] for item in found["Items"]]


def test_a_table_without_a_sort_key_is_ordered_by_its_only_one(dynamodb: Any) -> None:
    for name in ("c", "a", "b"):
        dynamodb.put_item(TableName="hashed", Item={"pk": {"S": name}, "group": {"S": "g"}})
    assert ask(dynamodb, "hashed") == ["a", "b", "c"]
    dynamodb.delete_item(TableName="hashed", Key={"pk": {"S": "b"}})
    assert ask(dynamodb, "hashed", ScanIndexForward=False) == ["c", "a"]


def test_a_restored_table_and_one_with_a_new_index_are_read_as_they_are(dynamodb: Any) -> None:
    write(dynamodb, "put", {"pk": "a", "sk": "x"}, {"group": "g"})
    assert ask(dynamodb) == ["a"]
    backup = dynamodb.create_backup(TableName="things", BackupName="before")["BackupDetails"]["BackupArn"]
    write(dynamodb, "put", {"pk": "b", "sk": "x"}, {"group": "g", "text": "t"})
    dynamodb.restore_table_from_backup(TargetTableName="restored", BackupArn=backup)
    assert ask(dynamodb, "restored") == ["a"]
    assert ask(dynamodb) == ["a", "b"]
    KEYS["by-text"] = ("text", "n")
    dynamodb.update_table(
        TableName="things",
        AttributeDefinitions=[{"AttributeName": "text", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index("by-text")}],
    )
    del KEYS["by-text"]
    assert ask(dynamodb, index="by-text", of="t") == []
    write(dynamodb, "put", {"pk": "c", "sk": "x"}, {"text": "t", "n": "1"})
    assert ask(dynamodb, index="by-text", of="t") == ["c"]


def test_a_snapshot_holds_the_items_and_none_of_the_orders(dynamodb: Any) -> None:
    write(dynamodb, "put", {"pk": "a", "sk": "x"}, {"group": "g"})
    before, items = set(vars(stored())), copy.deepcopy(stored().items)
    write(dynamodb, "put", {"pk": "b", "sk": "x"}, {"group": "g"})
    assert ask(dynamodb) == ["a", "b"]
    assert set(vars(stored())) == before
    stored().items = items  # the snapshot is restored
    assert ask(dynamodb) == ["a"]


@pytest.mark.parametrize("forward", [True, False])
def test_a_full_page_at_the_end_of_its_condition_has_a_cursor_as_motos(dynamodb: Any, forward: bool) -> None:
    for name in "vwxyz":
        write(dynamodb, "put", {"pk": "a", "sk": name}, {})
    request = {
        "TableName": "things",
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
        "ExpressionAttributeValues": {":pk": {"S": "a"}, ":first": {"S": "w"}, ":last": {"S": "y"}},
        "ScanIndexForward": forward,
        "Limit": 3,
    }
    found = pages(dynamodb, request)
    assert [page["Count"] for page in found] == [3, 0]
    assert found == motos_pages(dynamodb, request)


def test_a_page_of_a_large_partition_costs_its_items(dynamodb: Any) -> None:
    """What moto does per item (it asks its size, and compares it with the cursor) is done for the page alone."""
    work = [touches(dynamodb, size) for size in (100, 5_000)]
    assert work[0] == work[1]
    assert work[0] < 200


def touches(client: Any, size: int) -> int:
    """How often moto looked at an item, for a page of 25 in the middle of a partition."""
    for number in range(size):  # what is there is put again: an order is brought up to date
        stored().put_item({"pk": {"S": "p"}, "sk": {"S": f"{number:06}"}, "group": {"S": "g"}, "n": {"N": "1"}})
    middle = {"pk": {"S": "p"}, "sk": {"S": f"{size // 2:06}"}, "group": {"S": "g"}, "n": {"N": "1"}}
    with (
        patch.object(Item, "size", autospec=True, side_effect=Item.size) as sized,
        patch.object(
            Table, "_item_comes_before_dct", autospec=True, side_effect=Table._item_comes_before_dct
        ) as passed,
    ):
        answer = client.query(
            TableName="things", IndexName="by-number", Limit=25, KeyConditionExpression="#g = :g",
            ExpressionAttributeNames={"#g": "group"}, ExpressionAttributeValues={":g": {"S": "g"}},
            ExclusiveStartKey=middle,
        )  # fmt: skip
    assert [item["sk"]["S"] for item in answer["Items"]] == [f"{size // 2 + number:06}" for number in range(1, 26)]
    return sized.call_count + passed.call_count


def test_an_import_between_two_queries_is_in_the_order_of_the_second(dynamodb: Any) -> None:
    write(dynamodb, "put", {"pk": "a", "sk": "x"}, {"group": "g"})
    assert ask(dynamodb) == ["a"]
    for number in range(1100):
        stored().put_item({"pk": {"S": f"b{number:04}"}, "sk": {"S": "x"}, "group": {"S": "g"}})
    assert ask(dynamodb, Limit=2) == ["a", "b0000"]
    assert ask(dynamodb, ScanIndexForward=False, Limit=2) == ["b1099", "b1098"]
