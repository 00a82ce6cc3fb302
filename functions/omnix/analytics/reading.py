"""Reads the counters of a run of days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omnix.dynamodb import dump_item, load_item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omnix.dynamodb import Item, Table


def between(table: Table, pk: str, first: str, last: str) -> Iterator[Item]:
    """The items of a partition whose sort keys lie between two, both included, in their order."""
    arguments: dict[str, Any] = {
        "TableName": table.name,
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
        "ExpressionAttributeValues": dump_item({":pk": pk, ":first": first, ":last": last}),
    }
    while True:
        answer = table.client.query(**arguments)
        yield from map(load_item, answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
