"""moto's items as plain values and as bytes, quickly.

moto's own classes check an item's size at every attribute that is set, so that building an item costs the square of its
attributes, and pickling one means a call for each value. Plain tuples cost neither.
"""

import pickle
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict

type Plain = tuple[str, Any]  # ("S", "x"), ("M", {name: Plain}), ("L", [Plain, …])
type PlainItem = dict[str, Plain]

_CONTAINERS = frozenset({"M", "L", "SS", "NS", "BS"})


def plain(item: Item) -> PlainItem:
    """An item's attributes without moto's classes."""
    return {name: _plain(value) for name, value in item.attrs.items()}


def _plain(value: DynamoType) -> Plain:
    kind, content = value.type, value.value
    if kind == "M":
        return kind, {name: _plain(one) for name, one in content.items()}
    if kind == "L":
        return kind, [_plain(one) for one in content]
    return kind, content


def item(attributes: PlainItem, hash_key: str, range_key: str | None) -> Item:
    """The item again; its keys are the named attributes."""
    made: Item = object.__new__(Item)
    kept: Any = dict.__new__(LimitedSizeDict)
    for name, value in attributes.items():
        dict.__setitem__(kept, name, _value(value))
    made.attrs = kept
    made.hash_key = kept[hash_key]
    made.range_key = kept[range_key] if range_key is not None else None
    return made


def _value(value: Plain) -> DynamoType:
    made: DynamoType = object.__new__(DynamoType)
    kind, content = value
    made.type = kind
    if kind == "M":
        made.value = {name: _value(one) for name, one in content.items()}
    elif kind == "L":
        made.value = [_value(one) for one in content]
    elif kind in _CONTAINERS:
        made.value = list(content)
    else:
        made.value = content
    return made


def copied(source: Item) -> Item:
    """An item that may be changed in place while `source` stays as it is: what cannot change is shared."""
    made: Item = object.__new__(Item)
    kept: Any = dict.__new__(LimitedSizeDict)
    for name, value in source.attrs.items():
        dict.__setitem__(kept, name, _copy(value) if value.type in _CONTAINERS else value)
    made.attrs, made.hash_key, made.range_key = kept, source.hash_key, source.range_key
    return made


def _copy(value: DynamoType) -> DynamoType:
    kind, content = value.type, value.value
    made: DynamoType = object.__new__(DynamoType)
    made.type = kind
    if kind == "M":
        made.value = {name: _copy(one) if one.type in _CONTAINERS else one for name, one in content.items()}
    elif kind == "L":
        made.value = [_copy(one) if one.type in _CONTAINERS else one for one in content]
    else:
        made.value = list(content)
    return made


def size(attributes: PlainItem) -> int:
    """Bytes as DynamoDB counts them, nearly: names and values, one for a flag, numbers by their digits."""
    return sum(len(name.encode()) + _size(value) for name, value in attributes.items())


def _size(value: Plain) -> int:
    kind, content = value
    if kind == "S":
        return len(content.encode())
    if kind in ("N", "B"):
        return len(content)
    if kind == "M":
        return 3 + sum(len(name.encode()) + _size(one) for name, one in content.items())
    if kind == "L":
        return 3 + sum(_size(one) for one in content)
    return sum(map(len, content)) if kind in _CONTAINERS else 1


def pack(rows: Iterable[Any]) -> bytes:
    """Plain values as bytes: an eighth of their place in memory, and one object for a snapshot."""
    return zlib.compress(pickle.dumps(list(rows), protocol=5), 1)


def unpack(content: bytes) -> Iterator[Any]:
    """What `pack` was given."""
    yield from pickle.loads(zlib.decompress(content))  # noqa: S301 - our own bytes
