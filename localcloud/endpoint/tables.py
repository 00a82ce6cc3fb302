"""DynamoDB's UpdateTable, where moto leaves the table other than AWS (and AWS's own DynamoDB Local) does.

A new encryption key is dropped; a table whose stream is switched off fails every later write, and cannot have one
again; a deleted index leaves its key attributes defined.
"""

from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler


def install() -> None:
    """Wrap moto's UpdateTable; done once, when the endpoint starts."""
    answer, update = DynamoHandler.update_table, DynamoDBBackend.update_table
    if getattr(answer, "wrapped", False):
        return

    def answered(self: DynamoHandler) -> Any:
        if encryption := self.body.get("SSESpecification"):
            table = self.dynamodb_backend.get_table(self.body["TableName"])
            table.sse_specification = {**(table.sse_specification or {}), **encryption}
        return answer(self)

    def updated(self: DynamoDBBackend, *arguments: Any, **named: Any) -> Table:
        table = self.get_table(arguments[0] if arguments else named["name"])
        if not _streams(table):
            table.latest_stream_label = None
        table = update(self, *arguments, **named)
        if not _streams(table):
            table.stream_shard = None
        used = {key["AttributeName"] for keys in _key_schemas(table) for key in keys}
        table.attr = [defined for defined in table.attr if defined["AttributeName"] in used]
        return table

    answered.wrapped = True  # type: ignore[attr-defined]
    handler: Any = DynamoHandler
    handler.update_table = answered
    backend: Any = DynamoDBBackend
    backend.update_table = updated


def _streams(table: Table) -> bool:
    return bool((table.stream_specification or {}).get("StreamEnabled"))


def _key_schemas(table: Table) -> list[list[dict[str, str]]]:
    return [table.schema, *(index.schema for index in (*table.indexes, *table.global_indexes))]
