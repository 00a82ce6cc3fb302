"""DynamoDB transactions at the price of their items.

moto copies every table that a transaction names, with all its items, to be able to roll back: a write of one item then
takes a time that grows with the table. Here only the items that the transaction names are kept, and put back.
"""

import contextlib
import copy
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

_transaction = threading.local()


@dataclass(frozen=True)
class _Kept:
    """An item's place and what stood there; `item` is None where nothing did."""

    table: Table
    hash_key: DynamoType
    range_key: DynamoType | None
    item: Item | None

    def put_back(self) -> None:
        if self.item is None:
            with contextlib.suppress(KeyError):
                self._place().pop(self.range_key or self.hash_key)
        else:
            self._place()[self.range_key or self.hash_key] = self.item

    def _place(self) -> Any:
        return self.table.items[self.hash_key] if self.range_key else self.table.items


def install() -> None:
    """Wrap moto's transactions; done once, when the endpoint starts."""
    if "__deepcopy__" in vars(Table):
        return
    original = DynamoDBBackend.transact_write_items

    def transact(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        kept = list(_kept(self, transact_items))
        shards = {place.table.name: place.table.stream_shard for place in kept if place.table.stream_shard is not None}
        lengths = {name: len(shard.items) for name, shard in shards.items()}
        try:
            with _tables_not_copied():
                original(self, transact_items)
        except BaseException:
            for place in reversed(kept):
                place.put_back()
            for name, shard in shards.items():
                del shard.items[lengths[name] :]
            raise

    patched: Any = DynamoDBBackend
    patched.transact_write_items = transact
    patched = Table
    patched.__deepcopy__ = _copy


def _kept(backend: DynamoDBBackend, transact_items: Sequence[dict[str, Any]]) -> Iterator[_Kept]:
    """What stands now where the transaction writes; malformed entries are left for moto to refuse."""
    for entry in transact_items:
        for operation in entry.values():
            table = backend.tables.get(operation.get("TableName", ""))
            attributes = operation.get("Key") or operation.get("Item") or {}
            if table is None or table.hash_key_attr not in attributes:
                continue
            hash_key = DynamoType(attributes[table.hash_key_attr])
            range_key = None
            if table.range_key_attr is not None:
                if table.range_key_attr not in attributes:
                    continue
                range_key = DynamoType(attributes[table.range_key_attr])
            yield _Kept(table, hash_key, range_key, copy.deepcopy(table.get_item(hash_key, range_key)))


@contextlib.contextmanager
def _tables_not_copied() -> Iterator[None]:
    """Let moto's copy of a table be the table itself: its roll-back then changes nothing, ours does the work."""
    _transaction.running = True
    try:
        yield
    finally:
        _transaction.running = False


def _copy(self: Table, memo: dict[int, Any]) -> Table:
    """Copy a table as usual outside transactions (backups need it)."""
    if getattr(_transaction, "running", False):
        return self
    made: Table = object.__new__(type(self))
    memo[id(self)] = made
    made.__dict__.update(copy.deepcopy(self.__dict__, memo))
    return made
