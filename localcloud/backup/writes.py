"""Every write of an item replaces it, and is noted where point-in-time recovery is on.

moto changes an item in place where it is updated. Here the table gets a copy first, so that a backup is a list of
references, taken in the time of a list, while the table goes on changing.
"""

from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from localcloud.backup import items, journal
from localcloud.backup.table_backup import leave


def install() -> None:
    """Wrap moto's writes; done once, when the endpoint starts."""
    if hasattr(Table, "_localcloud_writes"):
        return
    patched: Any = Table
    patched._localcloud_writes = True
    patched.put_item, patched.delete_item = _put(Table.put_item), _deleted(Table.delete_item)
    patched = DynamoDBBackend
    patched.update_item = _updated(DynamoDBBackend.update_item)
    patched.delete_table = _left(DynamoDBBackend.delete_table)
    patched.update_continuous_backups = _refreshed(DynamoDBBackend.update_continuous_backups)
    patched.describe_continuous_backups = _refreshed(DynamoDBBackend.describe_continuous_backups)


def _put(put: Any) -> Any:
    def noted(self: Table, item_attrs: dict[str, Any], *arguments: Any, **named: Any) -> Item:
        kept = journal.of(self)
        place = _place(self, item_attrs) if kept is not None else None
        old = place[0][place[1]] if place is not None else None
        made: Item = put(self, item_attrs, *arguments, **named)
        if kept is not None:
            kept.note(made.hash_key, made.range_key, old)
        return made

    return noted


def _deleted(delete: Any) -> Any:
    def noted(self: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Item | None:
        old: Item | None = delete(self, hash_key, range_key)
        if old is not None and (kept := journal.of(self)) is not None:
            kept.note(hash_key, range_key, old)
        return old

    return noted


def _updated(update: Any) -> Any:
    def replaced(self: DynamoDBBackend, table_name: str, key: dict[str, Any], *arguments: Any, **named: Any) -> Item:
        table = self.get_table(table_name)
        place = _place(table, key)
        if place is None:  # moto puts the new item first: that is noted
            made: Item = update(self, table_name, key, *arguments, **named)
            return made
        holder, name = place
        old = holder[name]
        holder[name] = items.copied(old)
        try:
            changed: Item = update(self, table_name, key, *arguments, **named)
        except BaseException:
            holder[name] = old
            raise
        if (kept := journal.of(table)) is not None:
            kept.note(changed.hash_key, changed.range_key, old)
        return changed

    return replaced


def _left(delete: Any) -> Any:
    def deleted(self: DynamoDBBackend, name: str) -> Table:
        table: Table = delete(self, name)
        if journal.of(table) is not None:
            leave(self, table)
        return table

    return deleted


def _refreshed(answer: Any) -> Any:
    def refreshed(self: DynamoDBBackend, table_name: str, *arguments: Any, **named: Any) -> dict[str, Any]:
        said: dict[str, Any] = answer(self, table_name, *arguments, **named)
        journal.refresh(self.get_table(table_name))
        return said

    return refreshed


def _place(table: Table, key: dict[str, Any]) -> tuple[Any, DynamoType] | None:
    """Where an item stands: a dictionary and its key in it; None where there is none."""
    if any(name not in key for name in table.table_key_attrs):
        return None
    hash_key = DynamoType(key[table.hash_key_attr])
    stored: Any = table.items
    if table.range_key_attr is None:
        return (stored, hash_key) if hash_key in stored else None
    ranges, range_key = stored.get(hash_key), DynamoType(key[table.range_key_attr])
    return (ranges, range_key) if ranges is not None and range_key in ranges else None
