"""Every write of an item replaces it: what holds the old one keeps it as it was.

moto changes an item in place where it is updated. Here the table gets a copy first, so that a backup is a list of
references, taken in the time of a list, while the table goes on changing.
"""

from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from localcloud.backup import items


def install() -> None:
    """Wrap moto's writes; done once, when the endpoint starts."""
    if hasattr(Table, "_localcloud_writes"):
        return
    patched: Any = Table
    patched._localcloud_writes = True
    patched = DynamoDBBackend
    patched.update_item = _updated(DynamoDBBackend.update_item)


def _updated(update: Any) -> Any:
    def replaced(self: DynamoDBBackend, table_name: str, key: dict[str, Any], *arguments: Any, **named: Any) -> Item:
        table = self.get_table(table_name)
        place = _place(table, key)
        if place is not None:
            holder, name = place
            holder[name] = items.copied(holder[name])
        changed: Item = update(self, table_name, key, *arguments, **named)
        return changed

    return replaced


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
