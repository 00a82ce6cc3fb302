"""DynamoDB's limits that moto does not keep. Item sizes, and keys where an item is written, are moto's.

Sources: DynamoDB developer guide, "Quotas" and "Constraints"; API reference of each operation; the words are those of
the service, where it shows them, and of AWS's own DynamoDB Local.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localcloud.limits.refusal import Parameters, limits
from localcloud.refusals import NotCovered

_QUOTAS = "DynamoDB developer guide: Quotas"
_EXPRESSIONS = ("ConditionExpression", "FilterExpression", "KeyConditionExpression", "ProjectionExpression")
_ALL_EXPRESSIONS = (*_EXPRESSIONS, "UpdateExpression")
_EXPRESSION_BYTES = 4096
_TRANSACTION_BYTES = 4 * 1024 * 1024
_KEY_BYTES = 2048
_DIGITS = 38
_LEVELS = 32
_OPERANDS = 100
_BATCH = {"BatchWriteItem": 25, "BatchGetItem": 100}
_READS = ("GetItem", "BatchGetItem", "TransactGetItems")
_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")
_QUERIES = ("Query", "Scan")

type _Value = Mapping[str, Any]  # {"S": "text"}
type _Item = Mapping[str, _Value]


def _parts(parameters: Parameters) -> Iterator[tuple[str, Parameters]]:
    """(what it is, its parameters) of each request inside a call, the call itself where it is one."""
    if "TransactItems" in parameters:
        yield from (part for entry in parameters["TransactItems"] for part in entry.items())
    elif "RequestItems" in parameters:
        for requests in parameters["RequestItems"].values():
            if isinstance(requests, Mapping):
                yield from (("Get", {**requests, "Key": key}) for key in requests["Keys"])
            else:
                yield from (part for request in requests for part in request.items())
    else:
        yield "", parameters


def _keys(parameters: Parameters) -> Iterator[_Item]:
    return (part["Key"] for _, part in _parts(parameters) if "Key" in part)


def _size(value: _Value) -> int:
    """Bytes, as "DynamoDB item sizes and formats" counts them; of a number, about."""
    kind, found = next(iter(value.items()))
    if kind in {"S", "N"}:
        text = str(found)
        return len(text.encode()) if kind == "S" else len(text) // 2 + 1
    if kind == "M":
        return 3 + _item_size(found) + len(found)
    if kind == "L":
        return 3 + sum(1 + _size(item) for item in found)
    if kind in {"SS", "NS", "BS"}:
        return sum(_size({kind[0]: item}) for item in found)
    return len(found) if kind == "B" else 1


def _item_size(item: _Item) -> int:
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _expression(parameters: Parameters) -> str | None:
    for _, part in _parts(parameters):
        for name in _ALL_EXPRESSIONS:
            if (text := part.get(name)) is None:
                continue
            if not text.strip():
                return f"Invalid {name}: The expression can not be empty;"
            if (size := len(text.encode())) > _EXPRESSION_BYTES:
                words = "Expression size has exceeded the maximum allowed size"
                return f"Invalid {name}: {words}; expression size: {size}"
            for operands in re.findall(r"\bIN\s*\(([^()]*)\)", text, re.IGNORECASE):
                if (given := operands.count(",") + 1) > _OPERANDS:
                    words = "The IN operator is provided with too many operands"
                    return f"Invalid {name}: {words}; number of operands: {given}"
    return None


def _key(parameters: Parameters) -> str | None:
    for key in _keys(parameters):
        for name, value in key.items():
            content = next(iter(value.values()), None)
            if content in ("", b""):
                kind = "string" if content == "" else "binary"
                words = f"The AttributeValue for a key attribute cannot contain an empty {kind} value"
                return f"One or more parameter values are not valid. {words}. Key: {name}"
            if isinstance(content, str | bytes) and _size(value) > _KEY_BYTES:
                words = "Size of hashkey has exceeded the maximum size limit of2048 bytes"
                return f"One or more parameter values were invalid: {words}"
    return None


def _batch(operation: str) -> Callable[[Parameters], str | None]:
    def find(parameters: Parameters) -> str | None:
        found = sum(1 for _ in _parts(parameters))
        words = f"Too many items requested for the {operation} call"
        return words if found > _BATCH[operation] else None

    return find


def _batch_duplicates(parameters: Parameters) -> str | None:
    """A put and a delete of one item; a deletion tells which attributes are the key."""
    for requests in parameters["RequestItems"].values():
        deleted = [request["DeleteRequest"]["Key"] for request in requests if "DeleteRequest" in request]
        put = [request["PutRequest"]["Item"] for request in requests if "PutRequest" in request]
        if any({name: item.get(name) for name in key} == key for key, item in itertools.product(deleted, put)):
            return "Provided list of item keys contains duplicates"
    return None


def _reads_twice(parameters: Parameters) -> str | None:
    asked = [(part["TableName"], part["Key"]) for _, part in _parts(parameters)]
    words = "Transaction request cannot include multiple operations on one item"
    return words if any(one == other for one, other in itertools.combinations(asked, 2)) else None


def _one_operation(parameters: Parameters) -> str | None:
    words = "TransactItems can only contain one of Check, Put, Update or Delete"
    return words if any(len(entry) != 1 for entry in parameters["TransactItems"]) else None


def _transaction(parameters: Parameters) -> str | None:
    """At least: what an update leaves in place counts too and is not known here."""
    size = 0
    for _, part in _parts(parameters):
        values = part.get("ExpressionAttributeValues", {}).values()
        size += _item_size(part.get("Item") or part.get("Key") or {}) + sum(map(_size, values))
    words = f"Transaction payload size cannot exceed 4MB. Payload Size: {size}"
    return words if size > _TRANSACTION_BYTES else None


def _values(parameters: Parameters) -> str | None:
    for _, part in _parts(parameters):
        for name in ("Item", "Key"):
            for value in part.get(name, {}).values():
                if fault := _value(value, 1):
                    return fault
        for name, value in part.get("ExpressionAttributeValues", {}).items():
            if fault := _value(value, 1):
                return f"ExpressionAttributeValues contains invalid value: {fault} for key {name}"
    return None


def _value(value: _Value, level: int) -> str | None:
    if len(value) != 1:
        words = "has more than one datatypes set" if value else "is empty"
        return f"Supplied AttributeValue {words}, must contain exactly one of the supported datatypes"
    if level > _LEVELS:
        words = "Attributes in the item have nested levels beyond supported limit"
        return f"Nesting Levels have exceeded supported limits: {words}"
    kind, found = next(iter(value.items()))
    if kind in {"M", "L"}:
        inner = found.values() if kind == "M" else found
        return next((fault for item in inner if (fault := _value(item, level + 1))), None)
    return _scalar(kind, found)


def _scalar(kind: str, found: Any) -> str | None:
    if kind == "NULL" and found is not True:
        return "One or more parameter values were invalid: Null attribute value types must have the value of true"
    if kind in {"SS", "BS"} and len(set(found)) < len(found):
        words = f"Input collection [{', '.join(map(str, found))}] contains duplicates."
        return f"One or more parameter values were invalid: {words}"
    numbers = found if kind == "NS" else [found] if kind == "N" else ()
    if any(_digits(str(number)) > _DIGITS for number in numbers):
        return "Attempting to store more than 38 significant digits in a Number"
    return None


def _digits(number: str) -> int:
    """Significant ones: neither leading nor trailing zeros."""
    return len(re.split("[eE]", number)[0].lstrip("+-").replace(".", "").strip("0"))


_SERVICE = "dynamodb"
RULES = (
    *limits(
        "expression", _SERVICE, (*_READS, "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", *_QUERIES),
        _expression,
        what="an expression that is empty or too long, or IN with too many operands",
        limit="4 KB; 100 operands", source=f"{_QUOTAS}, expression parameters",
    ),
    *limits(
        "key", _SERVICE, (*_READS, "UpdateItem", "DeleteItem", "TransactWriteItems"), _key,
        what="a key value that is empty or too long", limit="1 to 2,048 bytes",
        source=f"{_QUOTAS}, partition key and sort key",
    ),
    *limits(
        "value", _SERVICE, (*_READS, *_WRITES, *_QUERIES), _values,
        what="a number of too many digits, a set with duplicates, documents nested too deep, several types at once",
        limit="38 digits; 32 levels", source=f"{_QUOTAS}, data types and attribute values",
    ),
    *(
        rule
        for operation, most in _BATCH.items()
        for rule in limits(
            "items", _SERVICE, (operation,), _batch(operation),
            what="too many items over all tables", limit=f"{most}",
            source=f"{_QUOTAS}, API-specific limits: {operation}",
        )
    ),
    *limits(
        "put-and-delete", _SERVICE, ("BatchWriteItem",), _batch_duplicates, what="a put and a delete of one item",
        limit="one request an item", source="DynamoDB API reference: BatchWriteItem",
    ),
    *limits(
        "duplicates", _SERVICE, ("TransactGetItems",), _reads_twice, what="two reads of one item",
        limit="one operation an item", source="DynamoDB developer guide: Transactions; DynamoDB Local",
    ),
    *limits(
        "one-operation", _SERVICE, ("TransactWriteItems",), _one_operation,
        what="an entry with none or several of Put, Update, Delete, ConditionCheck", limit="one",
        source="DynamoDB API reference: TransactWriteItem",
    ),
    *limits(
        "size", _SERVICE, ("TransactWriteItems",), _transaction, what="a transaction that is too large",
        limit="4 MB", source=f"{_QUOTAS}, API-specific limits: TransactWriteItems; words of DynamoDB Local",
    ),
)  # fmt: skip
_STATE = "it takes what is stored, which a rule of the call does not see"
NOT_COVERED = (
    NotCovered("dynamodb:GetItem", "a sort key of 1,025 to 2,048 bytes in a read or deletion", _STATE, _QUOTAS),
    NotCovered("dynamodb:GetItem", "a key value of another type in a read or deletion", _STATE, "DynamoDB Local"),
    NotCovered("dynamodb:Query", "a filter on a key attribute", _STATE, "DynamoDB Local"),
    NotCovered("dynamodb:TransactGetItems", "more than 4 MB in the answer", _STATE, _QUOTAS),
    NotCovered("dynamodb:TransactWriteItems", "4 MB with what an update leaves in place", _STATE, _QUOTAS),
    NotCovered(
        "dynamodb:BatchWriteItem", "a request of more than 16 MB",
        "25 items of 400 KB stay below it; the call does not tell its body's length", _QUOTAS,
    ),
)  # fmt: skip
