"""What DynamoDB's calls need: items' keys, indexes, transactions, PartiQL, the table's key."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.endpoint.call import Call
from localcloud.enforcement.need import Need
from localcloud.enforcement.services import MAPPED
from tests.unit.localcloud.enforcement.conftest import ACCOUNT, REGION, World, allow

TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"
TENANT = {
    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["TENANT#*"]},
    "Null": {"dynamodb:LeadingKeys": ["false"]},
}
ALL = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]


def item(pk: str, **more: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": "x"}, **{name: {"S": value} for name, value in more.items()}}


@pytest.fixture
def table(world: World) -> World:
    """`t`: pk, sk, and an index `gsi1` by gsi1pk; under a customer's key."""
    key = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    world.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "gsi1pk")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "gsi1",
                "KeySchema": [{"AttributeName": "gsi1pk", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    return world


def needs(world: World, operation: str, parameters: Mapping[str, Any]) -> list[Need]:
    call = Call("dynamodb", operation, parameters, REGION, None)
    return list(MAPPED["dynamodb"][operation](call, world.gate.account))


def leading(world: World, operation: str, **parameters: Any) -> Any:
    return needs(world, operation, {"TableName": "t", **parameters})[0].keys.get("dynamodb:leadingkeys")


def test_every_item_that_a_call_names_is_among_its_leading_keys(table: World) -> None:
    assert leading(table, "GetItem", Key=item("a")) == ("a",)
    assert leading(table, "PutItem", Item=item("a", n="1")) == ("a",)
    puts = {"t": [{"PutRequest": {"Item": item("a")}}, {"DeleteRequest": {"Key": item("b")}}]}
    assert leading(table, "BatchWriteItem", RequestItems=puts) == ("a", "b")
    assert leading(table, "BatchGetItem", RequestItems={"t": {"Keys": [item("a"), item("b")]}}) == ("a", "b")


@pytest.mark.parametrize(
    ("condition", "names", "index"),
    [
        ("pk = :v", {}, None),
        ("#k = :v AND begins_with(#s, :s)", {"#k": "pk", "#s": "sk"}, None),
        ("begins_with(sk, :s) and pk=:v", {}, None),
        ("(pk = :v) AND (sk BETWEEN :s AND :s)", {}, None),
        ("#k = :v", {"#k": "gsi1pk"}, "gsi1"),
    ],
)
def test_a_query_names_the_partition_of_its_key_condition(
    table: World, condition: str, names: dict[str, str], index: str | None
) -> None:
    parameters = {
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {":v": {"S": "TENANT#1"}, ":s": {"S": "x"}},
        **({"IndexName": index} if index else {}),
    }
    assert leading(table, "Query", **parameters) == ("TENANT#1",)
    resource = needs(table, "Query", {"TableName": "t", **parameters})[0].resource
    assert resource == (f"{TABLE}/index/{index}" if index else TABLE)


def test_a_query_in_the_old_form_names_its_partition_too(table: World) -> None:
    conditions = {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "TENANT#1"}]}}
    assert leading(table, "Query", KeyConditions=conditions) == ("TENANT#1",)


def test_a_scan_and_a_broken_query_name_no_partition_and_are_denied_by_the_null_guard(table: World) -> None:
    key = table.key_of(table.role(allow([*ALL, "dynamodb:Scan"], [TABLE, f"{TABLE}/index/*"], Condition=TENANT)))
    assert not table.allowed(key, "dynamodb:Scan", TableName="t")
    assert not table.allowed(key, "dynamodb:Query", TableName="t", KeyConditionExpression="pk > > :v")
    assert not table.allowed(key, "dynamodb:Query", TableName="t")


@given(prefix=st.sampled_from(["TENANT#", "CREDENTIAL#", "tenant#", "x"]), rest=st.text(max_size=5))
def test_leading_keys_let_a_tenants_items_through_and_no_other(prefix: str, rest: str) -> None:
    """One world for all examples: moto's set-up is the slow part."""
    world, key = _tenant_world()
    pk = prefix + rest
    assert world.allowed(key, "dynamodb:GetItem", TableName="t", Key=item(pk)) == pk.startswith("TENANT#")
    both = [{"Put": {"TableName": "t", "Item": item("TENANT#1")}}, {"Put": {"TableName": "t", "Item": item(pk)}}]
    assert world.allowed(key, "dynamodb:TransactWriteItems", TransactItems=both) == pk.startswith("TENANT#")


_KEPT: list[tuple[World, str]] = []


def _tenant_world() -> tuple[World, str]:
    return _KEPT[-1]


@pytest.fixture(autouse=True)
def _tenant(table: World) -> None:
    uses_key = allow("kms:Decrypt", Condition={"StringEquals": {"kms:EncryptionContext:aws:dynamodb:tableName": "t"}})
    _KEPT.append((table, table.key_of(table.role(allow(ALL, TABLE, Condition=TENANT), uses_key))))


def test_a_transaction_needs_the_action_of_each_of_its_items(table: World) -> None:
    items = [
        {"Put": {"TableName": "t", "Item": item("a")}},
        {"Update": {"TableName": "t", "Key": item("b"), "UpdateExpression": "SET n = :n"}},
        {"Delete": {"TableName": "t", "Key": item("c")}},
        {"ConditionCheck": {"TableName": "t", "Key": item("d"), "ConditionExpression": "attribute_exists(pk)"}},
    ]
    found = needs(table, "TransactWriteItems", {"TransactItems": items})
    asked = [(need.action, need.keys.get("dynamodb:leadingkeys")) for need in found if need.via is None]
    assert asked == [
        ("dynamodb:PutItem", ("a",)),
        ("dynamodb:UpdateItem", ("b",)),
        ("dynamodb:DeleteItem", ("c",)),
        ("dynamodb:ConditionCheckItem", ("d",)),
    ]
    assert all(need.keys["dynamodb:enclosingoperation"] == ("TransactWriteItems",) for need in found if not need.via)


def test_a_tables_key_is_asked_for_once_a_table_with_the_tables_name(table: World) -> None:
    items = [{"Get": {"TableName": "t", "Key": item("a")}}, {"Get": {"TableName": "t", "Key": item("b")}}]
    (key,) = [need for need in needs(table, "TransactGetItems", {"TransactItems": items}) if need.via]
    assert (key.action, key.via) == ("kms:Decrypt", "dynamodb")
    assert key.keys["kms:encryptioncontext:aws:dynamodb:tablename"] == ("t",)
    assert key.keys["kms:viaservice"] == (f"dynamodb.{REGION}.amazonaws.com",)


def test_who_may_read_the_items_and_not_use_the_key_reads_nothing(table: World) -> None:
    key = table.key_of(table.role(allow(ALL, TABLE)))
    refusal = table.call(key, "dynamodb:GetItem", TableName="t", Key=item("a"))
    assert refusal is not None
    assert "not authorized to perform: kms:Decrypt" in refusal.message


def test_attributes_are_those_that_the_call_names_anywhere(table: World) -> None:
    parameters = {
        "TableName": "t",
        "Key": item("a"),
        "UpdateExpression": "SET #n.inner = if_not_exists(plain, :v) REMOVE gone",
        "ConditionExpression": "attribute_exists(pk) AND size(other) > :v",
        "ExpressionAttributeNames": {"#n": "nested"},
    }
    read = needs(table, "UpdateItem", parameters)[0].keys["dynamodb:attributes"]
    assert callable(read)
    assert set(read()) == {"pk", "sk", "nested", "plain", "gone", "other"}


@pytest.mark.parametrize(
    ("statement", "action", "resource", "scans"),
    [
        ("SELECT * FROM \"t\" WHERE pk = 'a'", "PartiQLSelect", TABLE, ("false",)),
        ('SELECT * FROM "t"', "PartiQLSelect", TABLE, ("true",)),
        ('SELECT * FROM "t"."gsi1" WHERE gsi1pk = ?', "PartiQLSelect", f"{TABLE}/index/gsi1", ("false",)),
        ("INSERT INTO \"t\" VALUE {'pk': 'a'}", "PartiQLInsert", TABLE, None),
        ("UPDATE t SET n = 1 WHERE pk = 'a' AND sk = 'b'", "PartiQLUpdate", TABLE, None),
        ("DELETE FROM \"t\" WHERE pk = 'a'", "PartiQLDelete", TABLE, None),
    ],
)
def test_a_partiql_statement_needs_its_own_action(
    table: World, statement: str, action: str, resource: str, scans: tuple[str, ...] | None
) -> None:
    need = needs(table, "ExecuteStatement", {"Statement": statement})[0]
    assert (need.action, need.resource) == (f"dynamodb:{action}", resource)
    assert need.keys.get("dynamodb:fulltablescan") == scans


def test_a_stream_is_read_by_its_own_arn(table: World) -> None:
    stream = table.client("dynamodb").describe_table(TableName="t")["Table"]["LatestStreamArn"]
    iterator = f"{stream}|1|AAAA"  # as DynamoDB (and moto) makes them
    reader = table.key_of(table.role(allow("dynamodb:GetRecords", stream), allow("kms:Decrypt")))
    other = table.key_of(table.role(allow("dynamodb:GetRecords", TABLE), allow("kms:Decrypt")))
    assert table.allowed(reader, "dynamodbstreams:GetRecords", ShardIterator=iterator)
    assert not table.allowed(other, "dynamodbstreams:GetRecords", ShardIterator=iterator)


@pytest.mark.parametrize(
    "statement",
    [
        'SELECT \'FROM "mine"\' FROM "t"',
        'SELECT "FROM mine" FROM "t"',
        'SELECT * /* FROM "mine" */ FROM "t"',
        "UPDATE \"t\" SET a = ' FROM \"mine\" ' WHERE pk = 'a'",
        'DELETE FROM "t" WHERE a = \' INTO "mine"\'',
        '-- a remark\nSELECT * FROM "t"',
    ],
)
def test_a_table_that_a_statement_names_in_a_text_is_not_its_table(table: World, statement: str) -> None:
    assert {need.resource for need in needs(table, "ExecuteStatement", {"Statement": statement}) if not need.via} == {
        TABLE
    }


@pytest.mark.parametrize("statement", ["", "SELECT 1", '(SELECT * FROM "t")', 'SELECT * FROM "mine", FROM "t"', "x"])
def test_a_statement_whose_table_cannot_be_told_is_allowed_to_nobody_who_has_one_table(
    table: World, statement: str
) -> None:
    key = table.key_of(table.role(allow("dynamodb:PartiQL*", [TABLE, f"{TABLE}/*"]), allow("kms:Decrypt")))
    assert not table.allowed(key, "dynamodb:ExecuteStatement", Statement=statement)


@pytest.mark.parametrize(
    ("statement", "parameters", "expected"),
    [
        ("SELECT * FROM t WHERE pk = 'TENANT#1' AND sk = 'x'", [], ("TENANT#1",)),
        ('SELECT * FROM t WHERE sk = ? AND "pk" = ?', ["x", "TENANT#1"], ("TENANT#1",)),
        ("SELECT * FROM t WHERE pk IN ['a', 'b']", [], ("a", "b")),
        ("SELECT * FROM t WHERE pk IN (?, ?) AND sk = ?", ["a", "b", "c"], ("a", "b")),
        ("INSERT INTO t VALUE {'pk': 'a', 'sk': 'it''s'}", [], ("a",)),
        ("INSERT INTO t VALUE {'sk': ?, 'pk': ?}", ["b", "a"], ("a",)),
        ("DELETE FROM t WHERE pk = 'a' AND sk = 'b'", [], ("a",)),
        ("UPDATE t SET pk = 'a' WHERE pk = 'b'", [], ("a", "b")),
        ("SELECT * FROM t WHERE pk = 'a' OR sk = 'b'", [], ()),
        ("SELECT * FROM t WHERE NOT pk = 'a'", [], ()),
        ("SELECT * FROM t WHERE pk > 'a'", [], ()),
        ("SELECT * FROM t WHERE 'pk' = 'a'", [], ()),
        ("SELECT * FROM t WHERE a.pk = 'a'", [], ()),
    ],
)
def test_a_statement_names_the_partitions_that_it_is_held_to(
    table: World, statement: str, parameters: list[str], expected: tuple[str, ...]
) -> None:
    asked = {"Statement": statement, "Parameters": [{"S": value} for value in parameters]}
    assert needs(table, "ExecuteStatement", asked)[0].keys.get("dynamodb:leadingkeys", ()) == expected


def test_a_tenants_statements_reach_no_other_tenant(table: World) -> None:
    key = table.key_of(table.role(allow("dynamodb:PartiQL*", TABLE, Condition=TENANT), allow("kms:Decrypt")))
    mine, other = "SELECT * FROM t WHERE pk = 'TENANT#1'", "SELECT * FROM t WHERE pk = 'CREDENTIAL#1'"
    assert table.allowed(key, "dynamodb:ExecuteStatement", Statement=mine)
    assert not table.allowed(key, "dynamodb:ExecuteStatement", Statement=other)
    assert not table.allowed(key, "dynamodb:ExecuteStatement", Statement="SELECT * FROM t")
    assert not table.allowed(
        key, "dynamodb:BatchExecuteStatement", Statements=[{"Statement": mine}, {"Statement": other}]
    )


def test_a_batch_entry_that_puts_and_deletes_names_both_items(table: World) -> None:
    entry = {"PutRequest": {"Item": item("a")}, "DeleteRequest": {"Key": item("b")}}
    assert leading(table, "BatchWriteItem", RequestItems={"t": [entry]}) == ("a", "b")
