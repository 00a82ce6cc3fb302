"""DynamoDB's Query at the price of its page.

moto sorts the whole table and walks the partition from its start for every page. Here each key order that is asked for
(the table's own, an index's) is kept sorted per partition; moto is then shown only the items that the page can touch,
and does the rest as always: conditions, limits, cursors, filters, projections.

An order is built by the first query, and brought up to date by the next one: writes only note which item they touched.
"""

import functools
import threading
import weakref
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT, Table

type Value = tuple[str, Any]  # type and value: values of different types cannot be compared
type Primary = tuple[DynamoType, DynamoType | None]
type Place = tuple[Value, tuple[Value, ...]]  # partition, position in it
type Entry = tuple[tuple[Value, ...], Primary]

_REBUILD = 1000  # touched items

_shown = threading.local()
_position: Callable[[Entry], tuple[Value, ...]] = itemgetter(0)


@dataclass(frozen=True)
class Keys:
    """The attributes of a key order: of its partition, and those that moto sorts a partition by."""

    partition: str
    sorted_by: tuple[str, ...]

    def place(self, attributes: Mapping[str, DynamoType]) -> Place | None:
        """Where an item (or a cursor) stands; None for an item that is not in the index."""
        try:
            position = tuple(_value(attributes[name]) for name in self.sorted_by)
            return _value(attributes[self.partition]), position
        except KeyError:
            return None


def _value(value: DynamoType) -> Value:
    return value.type, value.cast_value


@dataclass
class _Order:
    """A table's items, sorted within each partition."""

    keys: Keys
    partitions: dict[Value, list[Entry]] = field(default_factory=dict)
    places: dict[Primary, Place] = field(default_factory=dict)

    def fill(self, items: Iterable[Item]) -> None:
        for item in items:
            if place := self.keys.place(item.attrs):
                self.places[item.hash_key, item.range_key] = place
                self.partitions.setdefault(place[0], []).append((place[1], (item.hash_key, item.range_key)))
        for entries in self.partitions.values():
            entries.sort(key=_position)

    def refresh(self, primary: Primary, item: Item | None) -> None:
        new = self.keys.place(item.attrs) if item is not None else None
        old = self.places.get(primary)
        if new == old:
            return
        if old is not None:
            entries = self.partitions[old[0]]
            del entries[bisect_left(entries, old[1], key=_position)]
            del self.places[primary]
        if new is not None:
            insort(self.partitions.setdefault(new[0], []), (new[1], primary), key=_position)
            self.places[primary] = new


@dataclass
class _Orders:
    """The orders of one table, of the items that it had (`source`), less what was `touched` since."""

    source: Any
    by_keys: dict[Keys, _Order] = field(default_factory=dict)
    touched: set[Primary] = field(default_factory=set)


# Beside the tables, not in them: a snapshot or a backup of a table holds none of this.
_orders: weakref.WeakKeyDictionary[Table, _Orders] = weakref.WeakKeyDictionary()


def touched(table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> None:
    """Note that an item was put, changed in place or deleted; a transaction that puts it back touched it before."""
    if known := _orders.get(table):
        known.touched.add((hash_key, range_key))


def order(table: Table, keys: Keys) -> _Order:
    """The table's items in one order, as they are now."""
    known = _orders.get(table)
    if known is None or known.source is not table.items:  # a restore replaces the items
        known = _orders[table] = _Orders(table.items)
    many = len(known.touched)
    if many > _REBUILD and many > len(table) // 8:  # after an import: sorting anew is quicker
        known.by_keys.clear()
        known.touched.clear()
    for hash_key, range_key in known.touched:
        item = _item(table, hash_key, range_key)
        for kept in known.by_keys.values():
            kept.refresh((hash_key, range_key), item)
    known.touched.clear()
    if keys not in known.by_keys:
        made = known.by_keys[keys] = _Order(keys)
        made.fill(_items(table))
    return known.by_keys[keys]


def _items(table: Table) -> Iterator[Item]:
    stored: Any = table.items
    for found in stored.values():
        if table.has_range_key:
            yield from found.values()
        else:
            yield found


def _item(table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Item | None:
    stored: Any = table.items.get(hash_key)
    found: Item | None = stored.get(range_key) if table.has_range_key and stored is not None else stored
    return found


def keys_of(table: Table, index_name: str | None) -> Keys | None:
    """What a query sorts by; None for what moto should do alone: an unknown index, one with several keys of a kind."""
    schema = table.schema
    if index_name:
        named = {index.name: index.schema for index in table.all_indexes()}
        if index_name not in named:
            return None
        schema = named[index_name]
    hashes = [key["AttributeName"] for key in schema if key["KeyType"] == "HASH"]
    ranges = [key["AttributeName"] for key in schema if key["KeyType"] == "RANGE"]
    if len(hashes) != 1 or len(ranges) > 1:
        return None
    own = [name for name in (table.hash_key_attr, table.range_key_attr) if name]
    if not index_name:
        return Keys(hashes[0], tuple(ranges or own))
    first = ranges or own[-1:]  # an index without a sort key has the table's for one
    return Keys(hashes[0], tuple(dict.fromkeys([*first, *own])))


@dataclass(frozen=True)
class Page:
    """What of a query decides which items it can touch."""

    partition: DynamoType
    comparison: str | None
    operands: Sequence[DynamoType]
    limit: int | None
    cursor: Mapping[str, Any] | None
    forward: bool

    def items(self, table: Table, keys: Keys) -> list[Item] | None:
        """The items of the page and the one after it, which tells moto that there is more; None for all of them."""
        entries = order(table, keys).partitions.get(_value(self.partition), [])
        start, stop = self._bounds(entries)
        if self.cursor is not None:
            try:
                place = keys.place({name: DynamoType(value) for name, value in self.cursor.items()})
            except (IndexError, AttributeError):
                return None
            if place is None or place[0] != _value(self.partition):
                return None
            if self.forward:
                start = max(start, bisect_right(entries, place[1], key=_position))
            else:
                stop = min(stop, bisect_left(entries, place[1], key=_position))
        # one beyond the condition's range too: a full page that ends there has a cursor
        touched = range(start, min(stop + 1, len(entries)))
        if not self.forward:
            touched = range(stop - 1, max(start - 2, -1), -1)
        found = (_item(table, *entries[at][1]) for at in touched)
        return list(_fitting((item for item in found if item is not None), self.limit))

    def _bounds(self, entries: Sequence[Entry]) -> tuple[int, int]:
        """The slice of a partition in which the condition on the sort key holds."""
        bounds = 0, len(entries)
        if self.comparison is None:
            return bounds
        first, last = _value(self.operands[0]), _value(self.operands[-1])
        before, behind = bisect_left(entries, first, key=_sort_key), bisect_right(entries, last, key=_sort_key)
        match self.comparison.upper():
            case "=" | "EQ" | "BETWEEN":
                bounds = before, behind
            case "<" | "LT":
                bounds = 0, before
            case "<=" | "LE":
                bounds = 0, behind
            case ">" | "GT":
                bounds = behind, len(entries)
            case ">=" | "GE":
                bounds = before, len(entries)
            case "BEGINS_WITH" if isinstance(first[1], str):
                bounds = before, bisect_right(entries, first, key=lambda entry: _start(entry, len(first[1])))
        return bounds


def _sort_key(entry: Entry) -> Value:
    return entry[0][0]


def _start(entry: Entry, length: int) -> Value:
    kind, value = entry[0][0]
    return kind, value[:length] if isinstance(value, str) else value


def _fitting(items: Iterator[Item], limit: int | None) -> Iterator[Item]:
    """As many as a page and one more need: a page ends at its limit or at 1 MB."""
    if limit is not None:
        items = islice(items, limit + 1)
    size = 0
    for item in items:
        yield item
        size += item.size()
        if size > RESULT_SIZE_LIMIT:
            return


def install() -> None:
    """Wrap moto's queries and every write of an item; done once, when the endpoint starts."""
    if hasattr(Table, "_localcloud_queries"):
        return
    all_items, query = Table.all_items, Table.query

    def shown(self: Table) -> list[Item]:
        items: list[Item] | None = getattr(_shown, "items", None)
        return all_items(self) if items is None else items

    @functools.wraps(query)
    def narrowed(self: Table, hash_key: DynamoType | None, *arguments: Any, **named: Any) -> Any:
        _shown.items = _touchable(self, hash_key, *arguments, **named)
        try:
            return query(self, hash_key, *arguments, **named)
        finally:
            _shown.items = None

    patched: Any = Table
    patched.all_items, patched.query, patched._localcloud_queries = shown, narrowed, True
    _note_writes()


def _touchable(
    table: Table,
    partition: DynamoType | None,
    comparison: str | None,
    operands: list[DynamoType],
    limit: int | None,
    cursor: dict[str, Any] | None,
    forward: bool,
    _projection: Any,
    index_name: str | None = None,
    *_: Any,
    **named: Any,
) -> list[Item] | None:
    """What a query with moto's arguments can touch; None when that is for moto to find."""
    conditions = set(named) - {"consistent_read", "filter_expression", "hash_key_conditions", "range_key_conditions"}
    keys = keys_of(table, index_name)
    if partition is None or conditions or keys is None:
        return None
    return Page(partition, comparison, operands, limit, cursor, bool(forward)).items(table, keys)


def _note_writes() -> None:
    put, delete, update = Table.put_item, Table.delete_item, DynamoDBBackend.update_item

    def noted_put(self: Table, item_attrs: dict[str, Any], *arguments: Any, **named: Any) -> Item:
        try:
            return put(self, item_attrs, *arguments, **named)
        finally:
            _note(self, item_attrs)

    def noted_delete(self: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Item | None:
        try:
            return delete(self, hash_key, range_key)
        finally:
            touched(self, hash_key, range_key)

    def noted_update(self: DynamoDBBackend, table_name: str, key: dict[str, Any], *arguments: Any, **named: Any) -> Any:
        table = self.get_table(table_name)
        try:
            return update(self, table_name, key, *arguments, **named)
        finally:
            _note(table, key)

    patched: Any = Table
    patched.put_item, patched.delete_item = noted_put, noted_delete
    patched = DynamoDBBackend
    patched.update_item = noted_update


def _note(table: Table, attributes: Mapping[str, Any]) -> None:
    if all(name in attributes for name in table.table_key_attrs):
        values = [DynamoType(attributes[name]) for name in table.table_key_attrs]
        touched(table, values[0], values[1] if table.has_range_key else None)
