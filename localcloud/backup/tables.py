"""Tables that a restore makes: items, keys, indexes and billing mode of the source, and nothing else of it.

A restored table has no stream, TTL, tags, point-in-time recovery, deletion protection, resource policy, scaling or
alarm. Source: DynamoDB developer guide, "Restore: how it works"; API reference, TableDescription (RestoreSummary).
"""

import copy
import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.dynamodb.models.table import Table

from localcloud.backup import items
from localcloud.backup.contents import Definition
from localcloud.backup.items import PlainItem
from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.limits import Refusal

_OF_ITEMS = frozenset(
    (
        *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"),
        *("BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems"),
    )
)


class Restored(Table):
    """`restoring` until its items are there: DynamoDB says CREATING and takes no call for an item."""

    restore_summary: dict[str, Any]
    restoring: bool

    def describe(self, base_key: str = "TableDescription") -> dict[str, Any]:
        """As moto says it, with where the table comes from."""
        described = super().describe(base_key=base_key)
        table = described[base_key]
        table["RestoreSummary"] = {**self.restore_summary, "RestoreInProgress": self.restoring}
        if self.restoring:
            table["TableStatus"] = "CREATING"
            table["GlobalSecondaryIndexes"] = [
                {**index, "IndexStatus": "CREATING"} for index in table["GlobalSecondaryIndexes"]
            ]
        return described


def made(
    backend: Any,
    name: str,
    definition: Definition,
    encryption: dict[str, Any],
    source: str | None,
    moment: datetime.datetime,
) -> Restored:
    """The table without its items, in the backend. `source`: the backup's ARN, if there is one."""
    provisioned = definition.billing_mode == "PROVISIONED"
    table = Restored(  # type: ignore[abstract]
        name,
        account_id=backend.account_id,
        region=backend.region_name,
        schema=copy.deepcopy(definition.schema),
        attr=copy.deepcopy(definition.attributes),
        throughput=copy.deepcopy(definition.throughput) if provisioned else None,
        billing_mode=definition.billing_mode,
        sse_specification=dict(encryption) or None,
    )
    table.indexes = copy.deepcopy(definition.indexes)
    table.global_indexes = copy.deepcopy(definition.global_indexes)
    table.restore_summary = {"SourceTableArn": definition.arn, "RestoreDateTime": moment}
    if source:
        table.restore_summary["SourceBackupArn"] = source
    table.restoring = True
    backend.tables[name] = table
    return table


def restoring(backend: Any) -> int:
    """How many restores are under way in a region."""
    return sum(isinstance(one, Restored) and one.restoring for one in backend.tables.values())


def refused(account: Account, call: Call) -> Refusal | None:
    """DynamoDB's refusal of an item's call on a table that is still being restored; None for every other call."""
    if call.operation not in _OF_ITEMS:
        return None
    for name in _tables(call.parameters):
        table = account.table(name, call.region)
        if isinstance(table, Restored) and table.restoring:
            message = f"Requested resource not found: Table: {table.name} not found"
            return Refusal(400, "ResourceNotFoundException", message, "dynamodb.table.creating")
    return None


def _tables(parameters: Mapping[str, Any]) -> Iterator[str]:
    if "TableName" in parameters:
        yield str(parameters["TableName"])
    yield from map(str, parameters.get("RequestItems") or ())
    for entry in parameters.get("TransactItems") or ():
        yield from (str(one["TableName"]) for one in entry.values())


def stored(definition: Definition, rows: Iterable[PlainItem]) -> Any:
    """The items as a table holds them; put into the table whole, under the state lock."""
    by_key: Any = defaultdict(dict)
    hash_key, range_key = definition.keys
    for row in rows:
        found = items.item(row, hash_key, range_key)
        if range_key is None:
            by_key[found.hash_key] = found
        else:
            by_key[found.hash_key][found.range_key] = found
    return by_key
