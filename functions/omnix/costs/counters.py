"""The limits items: what a scope has committed (spent, and kept for calls under way), and a mark for each such call.

One plain conditional write takes money for a call: it adds to all counters of the item, under the condition that none
passes its limit, and leaves the call's mark. Another takes the mark away and leaves what the call did cost. The mark
makes both exactly once under lost answers, repeats and kills, so that neither needs a transaction: the environment's
item is every call's, and of transactions that meet in an item DynamoDB lets one through and cancels the others
(`TransactionConflict`), while plain writes to it queue up for a millisecond each.

    committed = spent + marks, in one item at every moment
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from omnix.costs.keys import Mark
from omnix.dynamodb import dump_item, load_item
from omnix.errors import UnavailableError, passing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from omnix.costs.keys import Key
    from omnix.costs.limits import Counter
    from omnix.dynamodb import Item, Table

KEPT_SECONDS = 400 * 24 * 3600
# A throttled write and one that meets a correction's transaction: a second and a half of patience, as `transact` has.
ATTEMPTS = 12
_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.25
_REFUSED = "ConditionalCheckFailedException"


def take(
    table: Table, key: Key, mark: Mark, amount: int, counters: Sequence[Counter], expires_at: int
) -> tuple[bool, Item]:
    """Whether the amount is taken, and the item as it is after that (as it is, where there is no room).

    A repeat of what was taken is taken: nobody else writes this mark. Raises UnavailableError.
    """
    names = {"#mark": mark.name} | {f"#c{n}": counter.attribute for n, counter in enumerate(counters)}
    values: dict[str, Any] = {":amount": amount, ":expiry": expires_at, ":entity": "ai_limits"}
    conditions = ["attribute_not_exists(#mark)"]
    for n, counter in enumerate(counters):
        if counter.limit is None:
            continue
        values[f":room{n}"] = counter.limit - amount
        # an absent counter is 0, and is compared as nothing at all: where not even an empty one has room, no clause
        empty = f"attribute_not_exists(#c{n}) OR " if counter.limit >= amount else ""
        conditions.append(f"({empty}#c{n} <= :room{n})")
    try:
        answer = patient(
            lambda: table.client.update_item(
                TableName=table.name,
                Key=dump_item({"pk": key[0], "sk": key[1]}),
                UpdateExpression="ADD "
                + ", ".join(f"#c{n} :amount" for n in range(len(counters)))
                + " SET #mark = :amount, expires_at = :expiry, entity = :entity",
                ConditionExpression=" AND ".join(conditions),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=dump_item(values),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != _REFUSED:
            raise
        there: Any = error.response.get("Item", {})
        return mark.name in there, load_item(there)
    return True, load_item(answer["Attributes"])


def give(table: Table, key: Key, mark_name: str, attributes: Sequence[str], difference: int) -> bool:
    """Take the mark away and add the difference to the counters; False where it was away already.

    `difference` is what the call did cost less what was taken for it. Raises UnavailableError.
    """
    names = {"#mark": mark_name} | {f"#c{n}": name for n, name in enumerate(attributes)}
    try:
        patient(
            lambda: table.client.update_item(
                TableName=table.name,
                Key=dump_item({"pk": key[0], "sk": key[1]}),
                UpdateExpression="ADD "
                + ", ".join(f"#c{n} :difference" for n in range(len(attributes)))
                + " REMOVE #mark",
                ConditionExpression="attribute_exists(#mark)",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=dump_item({":difference": difference}),
            )
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != _REFUSED:
            raise
        return False
    return True


def marks(item: Mapping[str, Any]) -> dict[str, tuple[Mark, int]]:
    """The calls under way in a limits item, with their amounts, by the marks' names."""
    found = ((name, Mark.of(name), value) for name, value in item.items())
    return {name: (mark, value) for name, mark, value in found if mark}


def patient[T](call: Callable[[], T]) -> T:
    """The call, made again after a pause of full jitter where the table is busy. Raises UnavailableError."""
    for attempt in range(ATTEMPTS):
        try:
            return call()
        except ClientError as error:
            if not passing(error.response):
                raise
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)))
    raise UnavailableError
