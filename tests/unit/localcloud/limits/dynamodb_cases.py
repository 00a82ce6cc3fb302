"""A DynamoDB call just beyond each limit, and one at it."""

from typing import Any

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
LONG = {"pk": {"S": "p" * 2049}}
type Parameters = dict[str, Any]
type Case = tuple[str, Parameters, Parameters]  # rule, refused, accepted


def on(table: str, **given: Any) -> Parameters:
    return {"TableName": table, **given}


def item(number: int, **more: Any) -> Parameters:
    return {"pk": {"S": str(number)}, "sk": {"S": "b"}, **more}


def nested(levels: int) -> Parameters:
    value: Parameters = {"S": "x"}
    for _ in range(levels - 1):
        value = {"L": [value]}
    return value


def requests(operation: str, part: Parameters) -> Parameters:
    """`part` (Key, Item, expressions) as the operation takes it."""
    if operation == "BatchGetItem":
        rest = {name: value for name, value in part.items() if name != "Key"}
        return {"RequestItems": {"t": {"Keys": [part["Key"]], **rest}}}
    if operation == "BatchWriteItem":
        return {"RequestItems": {"t": [{"PutRequest": {"Item": part["Item"]}}]}}
    if operation == "TransactGetItems":
        return {"TransactItems": [{"Get": on("t", **part)}]}
    if operation == "TransactWriteItems":
        return {"TransactItems": [{"ConditionCheck" if "Item" not in part else "Put": on("t", **part)}]}
    return on("t", **part)


EXPRESSION = {
    **dict.fromkeys(("GetItem", "BatchGetItem", "TransactGetItems"), "ProjectionExpression"),
    **dict.fromkeys(("PutItem", "DeleteItem", "TransactWriteItems"), "ConditionExpression"),
    "UpdateItem": "UpdateExpression",
    "Query": "KeyConditionExpression",
    "Scan": "FilterExpression",
}


def written(operation: str) -> Parameters:
    return {"Item": KEY} if operation in {"PutItem", "BatchWriteItem"} else {"Key": KEY}


def of_expressions() -> list[Case]:
    found = []
    for operation, name in EXPRESSION.items():
        base = {} if operation in {"Query", "Scan"} else written(operation)
        found += [
            (
                f"dynamodb.{operation}.expression",
                requests(operation, {**base, name: wrong}),
                requests(operation, {**base, name: right}),
            )
            for wrong, right in (("a" * 4097, "a" * 4096), (" ", "a"))
        ]
    many = ", ".join(f":v{n}" for n in range(101))
    few = ", ".join(f":v{n}" for n in range(100))
    found.append(
        (
            "dynamodb.Scan.expression",
            on("t", FilterExpression=f"sk IN ({many})"),
            on("t", FilterExpression=f"a IN ({few}) OR b IN (:v1)"),
        )
    )
    return found


def of_keys() -> list[Case]:
    good = {"pk": {"S": "p" * 2048}, "sk": {"B": b"x"}}
    extra = {"TransactWriteItems": {"ConditionExpression": "attribute_exists(pk)"}}
    return [
        (
            f"dynamodb.{operation}.key",
            requests(operation, {"Key": wrong, **extra.get(operation, {})}),
            requests(operation, {"Key": good, **extra.get(operation, {})}),
        )
        for operation in (
            "GetItem",
            "BatchGetItem",
            "TransactGetItems",
            "UpdateItem",
            "DeleteItem",
            "TransactWriteItems",
        )
        for wrong in (LONG, {"pk": {"S": ""}}, {"pk": {"B": b""}})
    ]


def of_values() -> list[Case]:
    wrong_right = [
        ({"N": "1" * 39}, {"N": "-0." + "1" * 38 + "000"}),
        ({"NS": ["1", "1." + "2" * 38]}, {"NS": ["1", "2"]}),
        ({"SS": ["a", "a"]}, {"SS": ["a", "b"]}),
        (nested(33), nested(32)),
        ({"M": {"a": {"NULL": False}}}, {"M": {"a": {"NULL": True}}}),
        ({"L": [{"S": "a", "N": "1"}]}, {"L": [{"S": "a"}, {"N": "1"}]}),
    ]
    found = [
        (
            "dynamodb.PutItem.value",
            on("t", Item={**KEY, "x": wrong}),
            on("t", Item={**KEY, "x": right}),
        )
        for wrong, right in wrong_right
    ]
    for operation in (
        "GetItem",
        "BatchGetItem",
        "TransactGetItems",
        "DeleteItem",
        "BatchWriteItem",
        "TransactWriteItems",
    ):
        part = "Item" if operation == "BatchWriteItem" else "Key"
        bad, good = {"pk": {"N": "1" * 39}}, {"pk": {"N": "1" * 38}}
        check = {"ConditionExpression": "attribute_exists(pk)"} if operation == "TransactWriteItems" else {}
        found.append(
            (
                f"dynamodb.{operation}.value",
                requests(operation, {part: bad, **check}),
                requests(operation, {part: good, **check}),
            )
        )
    for operation, name in (("Query", "KeyConditionExpression"), ("Scan", "FilterExpression"), ("UpdateItem", "")):
        base = {name: "a = :v"} if name else {"Key": KEY, "UpdateExpression": "SET x = :v"}
        found.append(
            (
                f"dynamodb.{operation}.value",
                on("t", **base, ExpressionAttributeValues={":v": {"N": "1" * 39}}),
                on("t", **base, ExpressionAttributeValues={":v": {"N": "1"}}),
            )
        )
    return found


def put(number: int) -> Parameters:
    return {"PutRequest": {"Item": item(number)}}


def of_batches() -> list[Case]:
    large = {"x": {"S": "x" * 390 * 1024}}
    return [
        (
            "dynamodb.BatchWriteItem.items",
            {"RequestItems": {"t": [put(n) for n in range(13)], "u": [put(n) for n in range(13)]}},
            {"RequestItems": {"t": [put(n) for n in range(13)], "u": [put(n) for n in range(12)]}},
        ),
        (
            "dynamodb.BatchGetItem.items",
            {"RequestItems": {t: {"Keys": [item(n) for n in range(51)]} for t in "tu"}},
            {"RequestItems": {t: {"Keys": [item(n) for n in range(50)]} for t in "tu"}},
        ),
        (
            "dynamodb.BatchWriteItem.put-and-delete",
            {"RequestItems": {"t": [put(1), {"DeleteRequest": {"Key": item(1)}}]}},
            {"RequestItems": {"t": [put(1), {"DeleteRequest": {"Key": item(2)}}]}},
        ),
        (
            "dynamodb.TransactGetItems.duplicates",
            {"TransactItems": [{"Get": on("t", Key=KEY)}, {"Get": on("t", Key=KEY)}]},
            {"TransactItems": [{"Get": on("t", Key=KEY)}, {"Get": on("u", Key=KEY)}]},
        ),
        (
            "dynamodb.TransactWriteItems.one-operation",
            {"TransactItems": [{"Put": on("t", Item=KEY), "Delete": on("t", Key=KEY)}]},
            {"TransactItems": [{"Put": on("t", Item=KEY)}, {"Delete": on("t", Key=item(1))}]},
        ),
        (
            "dynamodb.TransactWriteItems.size",
            {"TransactItems": [{"Put": on("t", Item=item(n, **large))} for n in range(11)]},
            {"TransactItems": [{"Put": on("t", Item=item(n, **large))} for n in range(10)]},
        ),
    ]
