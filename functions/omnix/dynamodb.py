"""DynamoDB items as plain Python, and transactions that retry what can be retried.

Numbers are integers throughout (money is minor units): a float in an item is a defect and raises TypeError.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from omnix.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from types_boto3_dynamodb import DynamoDBClient

type Item = dict[str, Any]

TRANSACTION_ATTEMPTS = 12
_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.25
_CONFLICTS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class ConditionFailedError(Exception):
    """A conditional write was refused; `failed` holds the indexes of the actions whose conditions did not hold."""

    def __init__(self, failed: Sequence[int] = (0,)) -> None:
        super().__init__(f"conditions of actions {list(failed)} did not hold")
        self.failed = tuple(failed)


def dump(value: Any) -> dict[str, Any]:
    """A Python value as a DynamoDB attribute value."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case list() | tuple():
            return {"L": [dump(part) for part in value]}
        case dict():
            return {"M": {key: dump(part) for key, part in value.items()}}
        case _:
            raise TypeError(f"{type(value).__name__} is not stored")


def load(attribute: Mapping[str, Any]) -> Any:
    """A DynamoDB attribute value as a Python value."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return int(value)
        case "NULL":
            return None
        case "L":
            return [load(part) for part in value]
        case "M":
            return {key: load(part) for key, part in value.items()}
        case _:
            raise TypeError(f"attribute type {kind} is not one of ours")


def dump_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item for the API."""
    return {name: dump(value) for name, value in item.items()}


def load_item(item: Mapping[str, Mapping[str, Any]]) -> Item:
    """An item from the API."""
    return {name: load(value) for name, value in item.items()}


@dataclass(frozen=True)
class Page:
    """One page of a query and the key after which the next one starts."""

    items: list[Item]
    last_key: dict[str, str] | None


@dataclass(frozen=True)
class Table:
    """A table by its physical name, and the actions on it that a transaction takes."""

    client: DynamoDBClient
    name: str

    def get(self, pk: str, sk: str) -> Item | None:
        """The item, strongly consistent; None when there is none."""
        answer = self.client.get_item(TableName=self.name, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True)
        return load_item(answer["Item"]) if "Item" in answer else None

    def query(
        self,
        pk: str,
        sk_prefix: str,
        *,
        index: str | None = None,
        limit: int,
        start: Mapping[str, str] | None = None,
        descending: bool = False,
    ) -> Page:
        """One page of a partition's items whose sort key begins with `sk_prefix`, in the order of their sort keys."""
        stem = index or ""
        condition = "#pk = :pk AND begins_with(#sk, :sk)" if sk_prefix else "#pk = :pk"
        names = {"#pk": f"{stem}pk", "#sk": f"{stem}sk"} if sk_prefix else {"#pk": f"{stem}pk"}
        values: dict[str, Any] = {":pk": pk, ":sk": sk_prefix} if sk_prefix else {":pk": pk}
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": dump_item(values),
            "Limit": limit,
            "ScanIndexForward": not descending,
        }
        if index:
            arguments["IndexName"] = index
        if start:
            arguments["ExclusiveStartKey"] = dump_item(start)
        answer = self.client.query(**arguments)
        last = answer.get("LastEvaluatedKey")
        return Page([load_item(item) for item in answer["Items"]], load_item(last) if last else None)

    def query_all(self, pk: str, sk_prefix: str) -> Iterator[Item]:
        """Every item of a partition whose sort key begins with `sk_prefix`; for partitions of bounded size."""
        start: dict[str, str] | None = None
        while True:
            page = self.query(pk, sk_prefix, limit=1000, start=start)
            yield from page.items
            if page.last_key is None:
                return
            start = page.last_key

    def update_if(
        self,
        pk: str,
        sk: str,
        expression: str,
        condition: str,
        values: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> bool:
        """Update one item where `condition` holds; whether it did.

        botocore sends again what it got no answer for: the caller's own write must not hold that condition off, or
        False must be as good as True.
        """
        named: dict[str, Any] = {"ExpressionAttributeNames": dict(names)} if names else {}
        try:
            self.client.update_item(
                TableName=self.name,
                Key=dump_item({"pk": pk, "sk": sk}),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues=dump_item(values),
                **named,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def put(self, item: Item, condition: str = "", values: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A Put for `transact`."""
        return {"Put": {"TableName": self.name, "Item": dump_item(item), **_condition(condition, values)}}

    def delete(self, pk: str, sk: str, condition: str = "", values: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A Delete for `transact`."""
        key = dump_item({"pk": pk, "sk": sk})
        return {"Delete": {"TableName": self.name, "Key": key, **_condition(condition, values)}}

    def check(
        self,
        pk: str,
        sk: str,
        condition: str = "attribute_exists(pk)",
        values: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """A ConditionCheck for `transact`: nothing is written, and all fails unless the item is so."""
        found = {"TableName": self.name, "Key": dump_item({"pk": pk, "sk": sk}), **_condition(condition, values)}
        return {"ConditionCheck": {**found, **({"ExpressionAttributeNames": dict(names)} if names else {})}}

    def add(self, pk: str, sk: str, amounts: Mapping[str, int], assign: Mapping[str, Any]) -> dict[str, Any]:
        """An Update for `transact` that adds to counters (made when absent) and assigns plain attributes."""
        names = {f"#n{number}": name for number, name in enumerate([*amounts, *assign])}
        adds = [f"#n{number} :v{number}" for number in range(len(amounts))]
        sets = [f"#n{number} = :v{number}" for number in range(len(amounts), len(names))]
        values = {f":v{number}": value for number, value in enumerate([*amounts.values(), *assign.values()])}
        expression = "ADD " + ", ".join(adds) + (" SET " + ", ".join(sets) if sets else "")
        return {
            "Update": {
                "TableName": self.name,
                "Key": dump_item({"pk": pk, "sk": sk}),
                "UpdateExpression": expression,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": dump_item(values),
            }
        }


def _condition(expression: str, values: Mapping[str, Any] | None) -> dict[str, Any]:
    if not expression:
        return {}
    found: dict[str, Any] = {"ConditionExpression": expression}
    if values:
        found["ExpressionAttributeValues"] = dump_item(values)
    return found


def transact(client: DynamoDBClient, actions: Sequence[dict[str, Any]]) -> None:
    """All of the actions or none.

    Raises ConditionFailedError when a condition did not hold. A conflict with another transaction is tried again
    after a pause of full jitter, about 1.5 s in all (less where the invocation ends before), and is UnavailableError
    then. A try that was cancelled wrote nothing, and botocore's own retries carry one ClientRequestToken, so nothing is
    applied twice and a lost answer is no refusal.
    """
    for attempt in range(TRANSACTION_ATTEMPTS):
        try:
            client.transact_write_items(TransactItems=list(actions))  # type: ignore[arg-type]
        except ClientError as error:
            if not _may_retry(error):
                raise
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)))
        else:
            return
    raise UnavailableError


def _may_retry(error: ClientError) -> bool:
    if error.response["Error"]["Code"] != "TransactionCanceledException":
        return False
    reasons: Any = error.response.get("CancellationReasons", [])
    codes = [reason.get("Code") for reason in reasons]
    failed = [index for index, code in enumerate(codes) if code == "ConditionalCheckFailed"]
    if failed:
        raise ConditionFailedError(failed) from None
    return any(code in _CONFLICTS for code in codes)
