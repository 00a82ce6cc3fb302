"""DynamoDB: tables, indexes, streams, transactions and PartiQL.

Source: developer guide, "Using IAM policy conditions for fine-grained access control", "DynamoDB transactions and
IAM", "IAM security policies with PartiQL for DynamoDB", "Encryption at rest: usage notes".
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.parsing.key_condition_expression import parse_expression

from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Keys, Mapper, Need, Operations, anything, arn, given, on
from localcloud.enforcement.services import kms, partiql, s3

type Item = Mapping[str, Mapping[str, Any]]

_TABLE = arn("dynamodb", "table/{TableName}")
_EXPRESSIONS = ("ProjectionExpression", "KeyConditionExpression", "FilterExpression", "ConditionExpression")
_ASKED = {"dynamodb:returnvalues": "ReturnValues", "dynamodb:returnconsumedcapacity": "ReturnConsumedCapacity"}
_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def _value(attribute: Mapping[str, Any]) -> str:
    """A key attribute's value as policies compare it: the string or the number's digits; binary as base64 text."""
    value = next(iter(attribute.values()), "")
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _schema(table: Any, index: str | None) -> list[dict[str, str]]:
    if index and table is not None:
        for one in (*table.indexes, *table.global_indexes):
            if one.name == index:
                return list(one.schema)
    return list(table.schema) if table is not None else []


def _partition_key(table: Any, index: str | None = None) -> str:
    return next((key["AttributeName"] for key in _schema(table, index) if key["KeyType"] == "HASH"), "")


def _leading(table: Any, items: Iterable[Item]) -> tuple[str, ...]:
    """The partition key of each item that a call names."""
    name = _partition_key(table)
    return tuple(dict.fromkeys(_value(item[name]) for item in items if name in item))


def _queried(parameters: Mapping[str, Any], table: Any) -> tuple[str, ...]:
    """The partition key value that a Query's key condition names, by table or index. Empty when it names none."""
    index = parameters.get("IndexName")
    condition = parameters.get("KeyConditionExpression")
    if not condition:
        legacy = (parameters.get("KeyConditions") or {}).get(_partition_key(table, index), {})
        return tuple(_value(value) for value in legacy.get("AttributeValueList", ()))
    try:
        hashes, _, _ = parse_expression(
            condition,
            parameters.get("ExpressionAttributeValues") or {},
            parameters.get("ExpressionAttributeNames") or {},
            _schema(table, index),
        )
    except (MockValidationException, AssertionError, KeyError, IndexError, ValueError):
        return ()  # moto will refuse it; no key is named
    return tuple(_value(value) for _, value in hashes)


def _attributes(parameters: Mapping[str, Any], items: Iterable[Item]) -> Callable[[], tuple[str, ...]]:
    """The top-level attributes that a call names anywhere; read when a policy asks."""

    def read() -> tuple[str, ...]:
        found = dict.fromkeys(name for item in items for name in item)
        found |= dict.fromkeys(parameters.get("AttributesToGet") or ())
        found |= dict.fromkeys([*(parameters.get("Expected") or {}), *(parameters.get("AttributeUpdates") or {})])
        names = parameters.get("ExpressionAttributeNames") or {}
        for expression in (*_EXPRESSIONS, "UpdateExpression"):
            found |= dict.fromkeys(_named(parameters.get(expression) or "", names))
        return tuple(found)

    return read


def _named(expression: str, names: Mapping[str, str]) -> Iterator[str]:
    for found in _NAME.findall(expression):
        if found.lower() not in _WORDS:
            yield names.get(found, found)


# A top-level name or its placeholder: not the value `:v`, nor what stands behind a dot.
_NAME = re.compile(r"(?<![\w.:#])#?[A-Za-z_]\w*")
_GRAMMAR = (
    "set remove add delete and or not between in attribute_exists attribute_not_exists attribute_type begins_with "
    "contains size if_not_exists list_append"
)
_WORDS = frozenset(_GRAMMAR.split(" "))


def _resource(call: Call, account: Account, parameters: Mapping[str, Any], suffix: str = "") -> str:
    named = Call(call.service, call.operation, parameters, call.region, None)
    return _TABLE(named, account) + suffix


def table_key(account: Account, name: str, region: str) -> Iterator[Need]:
    """Reading or writing a table under a customer's key: `kms:Decrypt` of the table key, as the caller.

    "When you access an encrypted table, DynamoDB needs to decrypt the table key", and does it "on behalf of the user
    who is accessing the resource"; a cached key is asked for again after five minutes, which captures "changes made to
    the access policies". Data keys are made by DynamoDB under its own grant. The context names table and account
    (developer guide, "DynamoDB encryption at rest": how it works, key policies, encryption context).
    """
    table = account.table(name, region)
    specification = getattr(table, "sse_specification", None) or {}
    if specification.get("Enabled"):
        context = {"aws:dynamodb:tableName": (table.name,), "aws:dynamodb:subscriberId": (account.id,)}
        yield from kms.use(account, "Decrypt", specification.get("KMSMasterKeyId"), "dynamodb", region, context)


def _items(action: str, find: Callable[[Mapping[str, Any]], list[Item]]) -> Mapper:
    def needs(call: Call, account: Account) -> Iterator[Need]:
        yield from _one(call, account, action, call.parameters, find(call.parameters), {})

    return needs


def _one(
    call: Call, account: Account, action: str, parameters: Mapping[str, Any], items: list[Item], more: Keys
) -> Iterator[Need]:
    name = str(parameters.get("TableName") or "")
    table = account.table(name, call.region)
    keys: dict[str, Any] = {
        "dynamodb:attributes": _attributes(parameters, items),
        **given(parameters, _ASKED),
        **more,
    }
    if leading := _leading(table, items):
        keys["dynamodb:leadingkeys"] = leading
    yield Need(f"dynamodb:{action}", _resource(call, account, parameters), keys)
    yield from table_key(account, name, call.region)


def _search(call: Call, account: Account) -> Iterator[Need]:
    """Query and Scan: on the index where one is named. A Scan names no key, so LeadingKeys is absent."""
    parameters = call.parameters
    name, index = str(parameters.get("TableName") or ""), parameters.get("IndexName")
    table = account.table(name, call.region)
    keys: dict[str, Any] = {
        "dynamodb:attributes": _attributes(parameters, ()),
        "dynamodb:select": (str(parameters.get("Select") or _selected(parameters)),),
        **given(parameters, _ASKED),
    }
    if call.operation == "Query" and (leading := _queried(parameters, table)):
        keys["dynamodb:leadingkeys"] = leading
    resource = _resource(call, account, parameters, f"/index/{index}" if index else "")
    yield Need(f"dynamodb:{call.operation}", resource, keys)
    yield from table_key(account, name, call.region)


def _selected(parameters: Mapping[str, Any]) -> str:
    """Select's value where it is not sent (API reference, Query)."""
    if parameters.get("ProjectionExpression") or parameters.get("AttributesToGet"):
        return "SPECIFIC_ATTRIBUTES"
    return "ALL_PROJECTED_ATTRIBUTES" if parameters.get("IndexName") else "ALL_ATTRIBUTES"


def _batch(call: Call, account: Account) -> Iterator[Need]:
    """BatchGetItem and BatchWriteItem: one decision a table, with the keys of all its items."""
    more = given(call.parameters, {"dynamodb:returnconsumedcapacity": "ReturnConsumedCapacity"})
    for name, asked in (call.parameters.get("RequestItems") or {}).items():
        parameters = {**(asked if isinstance(asked, Mapping) else {}), "TableName": name}
        items = parameters.get("Keys") or [
            item
            for one in (asked if isinstance(asked, list) else ())
            for item in (one.get("PutRequest", {}).get("Item"), one.get("DeleteRequest", {}).get("Key"))
            if item
        ]
        yield from _one(call, account, call.operation, parameters, list(items), more)


def _transaction(call: Call, account: Account) -> Iterator[Need]:
    """Each item is its own action ("TransactWriteItems" is none), with EnclosingOperation."""
    seen: defaultdict[str, int] = defaultdict(int)
    enclosing = {"dynamodb:enclosingoperation": (call.operation,)}
    for entry in call.parameters.get("TransactItems") or ():
        for kind, parameters in entry.items():
            action = _TRANSACTION.get(kind, "GetItem")
            item = parameters.get("Item") or parameters.get("Key") or {}
            for need in _one(call, account, action, parameters, [item], enclosing):
                # the same key is asked for once a table
                if need.via is None or not seen[need.resource]:
                    yield need
                seen[need.resource] += need.via is not None


def _statements(call: Call, account: Account) -> Iterator[Need]:
    """PartiQL: `dynamodb:PartiQL{Select,Insert,Update,Delete}` on the table or index that a statement names.

    One whose table cannot be told is asked for on every table.
    """
    parameters = call.parameters
    listed = parameters.get("Statements") or parameters.get("TransactStatements") or [parameters]
    for one in listed:
        statement = partiql.read(str(one.get("Statement") or ""))
        if statement.table is None:
            yield Need(f"dynamodb:PartiQL{statement.verb}", "*")
            continue
        partition_key = _partition_key(account.table(statement.table, call.region), statement.index)
        leading = statement.keys(partition_key, one.get("Parameters") or ())
        keys: dict[str, Any] = {"dynamodb:leadingkeys": leading} if leading else {}
        if statement.verb == "Select":
            keys["dynamodb:fulltablescan"] = (str(not leading).lower(),)
        suffix = f"/index/{statement.index}" if statement.index else ""
        resource = _resource(call, account, {"TableName": statement.table}, suffix)
        yield Need(f"dynamodb:PartiQL{statement.verb}", resource, keys)
        yield from table_key(account, statement.table, call.region)


def _key(parameters: Mapping[str, Any]) -> list[Item]:
    return [parameters.get("Key") or {}]


def _written(call: Call, account: Account) -> Iterator[Need]:
    """An export is written with its caller's permissions ("Requesting a table export in DynamoDB")."""
    parameters = call.parameters
    prefix = f"{parameters['S3Prefix'].rstrip('/')}/" if parameters.get("S3Prefix") else ""
    encryption = "aws:kms" if parameters.get("S3SseAlgorithm") == "KMS" else "AES256"
    asked = {
        "Bucket": parameters.get("S3Bucket"),
        "Key": f"{prefix}AWSDynamoDB/",
        "ServerSideEncryption": encryption,
        "SSEKMSKeyId": parameters.get("S3SseKmsKeyId"),
    }
    put = Call("s3", "CreateMultipartUpload", {name: one for name, one in asked.items() if one}, call.region, None)
    yield from s3.OPERATIONS["CreateMultipartUpload"](put, account)


OPERATIONS: Operations = {
    "GetItem": _items("GetItem", _key),
    "DeleteItem": _items("DeleteItem", _key),
    "UpdateItem": _items("UpdateItem", _key),
    "PutItem": _items("PutItem", lambda parameters: [parameters.get("Item") or {}]),
    **dict.fromkeys(("Query", "Scan"), _search),
    **dict.fromkeys(("BatchGetItem", "BatchWriteItem"), _batch),
    **dict.fromkeys(("TransactGetItems", "TransactWriteItems"), _transaction),
    **dict.fromkeys(("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"), _statements),
    **on(
        "dynamodb",
        _TABLE,
        """CreateTable DeleteTable DescribeContinuousBackups DescribeTable DescribeTimeToLive UpdateContinuousBackups
        UpdateTable UpdateTimeToLive DescribeKinesisStreamingDestination CreateBackup""",
    ),
    **on("dynamodb", arn("dynamodb", "{TableArn}"), "ExportTableToPointInTime", also=_written),
    **on("dynamodb", arn("dynamodb", "{ExportArn}"), "DescribeExport"),
    **on("dynamodb", arn("dynamodb", "{ResourceArn}"), "ListTagsOfResource TagResource UntagResource"),
    **on("dynamodb", arn("dynamodb", "{BackupArn}"), "DeleteBackup DescribeBackup"),
    **on("dynamodb", anything, "DescribeEndpoints DescribeLimits ListBackups ListExports ListTables"),
}


def _of_iterator(call: Call, _account: Account) -> str:
    """GetRecords names its stream by the iterator; moto's begins with the stream's ARN."""
    iterator = str(call.parameters.get("ShardIterator") or "")
    return iterator.partition("|")[0] if iterator.startswith("arn:") else "*"


_STREAM = arn("dynamodb", "{StreamArn}")


def _stream_key(call: Call, account: Account) -> Iterator[Need]:
    resource = _of_iterator(call, account) if call.operation == "GetRecords" else _STREAM(call, account)
    yield from table_key(account, resource.partition("/stream/")[0], call.region)


STREAMS: Operations = {
    **on("dynamodb", _of_iterator, "GetRecords", also=_stream_key),
    **on("dynamodb", _STREAM, "DescribeStream GetShardIterator"),
    **on("dynamodb", anything, "ListStreams"),
}
