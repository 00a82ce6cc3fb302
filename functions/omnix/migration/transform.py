"""From a source item to what it becomes: pure and deterministic, the same here, in a resumed run and in a Lambda."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from omnix.migration.entities import build
from omnix.migration.mapping import MISSING, Duplicates, Type, places
from omnix.migration.record import MAX_ITEMS, PARTITION, SORT, STAMP, record, source_name
from omnix.migration.store import size
from omnix.migration.times import milliseconds
from omnix.migration.values import ValueRefusedError, converted, plain, wire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omnix.migration.mapping import Condition, ItemRule, RecordRule, Source, Value
    from omnix.migration.mapping import Mapping as MappingFile
    from omnix.migration.record import Record
    from omnix.migration.wire import Item

_MAX_BYTES = 400 * 1024  # DynamoDB: an item
_MAX_KEY = {PARTITION: 2048, SORT: 1024}
_INDEX_KEY = re.compile(r"gsi[0-9]+(pk|sk)")


@dataclass(frozen=True)
class Transformed:
    """What became of one source item: its records, or why there are none."""

    records: tuple[Record, ...] = ()
    left_out: str | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Scope:
    """What a path can see."""

    item: Item
    joined: Mapping[str, Mapping[str, Any] | None]
    each: Mapping[str, Any] | None = None
    number: int = 0
    tenant: str | None = None

    def find(self, path: str) -> Mapping[str, Any] | None:
        """The attribute value at a path; None where there is none."""
        if path in self.item:
            return self.item[path]
        head, _, rest = path.partition(".")
        if head == "tenant" and not rest and self.tenant is not None:
            return {"S": self.tenant}
        if head == "number" and not rest and self.each is not None:
            return {"N": str(self.number)}
        if head == "each" and self.each is not None:
            return _inside(self.each, rest)
        if head in self.joined:
            return _inside(self.joined[head], rest)
        return _inside({"M": self.item}, path)


def _inside(value: Mapping[str, Any] | None, path: str) -> Mapping[str, Any] | None:
    for name in path.split(".") if path else ():
        content = value.get("M") if value else None
        value = content.get(name) if isinstance(content, dict) else None
    return value


@dataclass(frozen=True)
class Transformer:
    """One source's items, by its mapping file. `rank` is its place among the sources: the first has the greatest."""

    file: MappingFile
    source: Source
    _place: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_place", 999 - self.file.sources.index(self.source))

    def key(self, item: Item) -> Item:
        """The key of a source item."""
        return {name: item[name] for name in self.source.key}

    def name(self, item: Item) -> str:
        """What the ledger calls a source item."""
        return source_name(self.source.table, self.key(item))

    def leader(self, item: Item) -> tuple[str, Item] | None:
        """Table and key of the item that this one is a part of; None for one that stands by itself."""
        if self.source.merged_into:
            into = self.file.source(self.source.merged_into)
            join = next(one for one in into.join if one.table == self.source.table)
            return into.table, {own: item[theirs] for theirs, own in join.key.items()}
        if self.source.gather is None:
            return None
        partition, sort = self.source.key
        if plain(item[sort]) == self.source.gather.head:
            return None
        kind = next(iter(item[sort]))
        return self.source.table, {partition: item[partition], sort: {kind: str(self.source.gather.head)}}

    def mates(self, item: Item) -> dict[str, tuple[str, Item]]:
        """By the names of its joins and lookups, table and key of the items that this one takes from."""
        found = {
            join.name: (join.table, {theirs: item[own] for theirs, own in join.key.items()})
            for join in self.source.join
        }
        scope = _Scope(item, {})
        for lookup in self.source.lookup:
            key = {name: dict(value) for name, path in lookup.key.items() if (value := scope.find(path)) is not None}
            if len(key) == len(lookup.key):
                found[lookup.name] = (lookup.table, key)
        return found

    def apply(self, item: Item, joined: Mapping[str, Mapping[str, Any] | None] | None = None) -> Transformed:
        """`joined`: by the names of its joins the mate as a map, of `gather` the members as a list of maps."""
        scope = _Scope(item, joined or {})
        for rule in self.source.leave_out:
            if all(_holds(condition, scope) for condition in rule.when):
                return Transformed(left_out=rule.because)
        refused = [rule.because for rule in self.source.quarantine if all(_holds(c, scope) for c in rule.when)]
        refused += [
            f"{one.table} has no item for it"
            for one in [*self.source.lookup, *self.source.join]
            if one.required and not scope.joined.get(one.name)
        ]
        try:
            scope = _Scope(item, scope.joined, tenant=self._tenant(scope))
        except ValueRefusedError as error:
            refused.append(f"tenant: {error}")
        records: list[Record] = []
        if not refused:
            for each in self.source.records:
                found, wrong = self._of(each, scope)
                records += found
                refused += wrong
        if not refused and len({key for one in records for key in one.keys}) != sum(len(one.keys) for one in records):
            refused.append("two of its records have the same key")
        if refused:
            return Transformed(refused=tuple(refused))
        if not records:
            return Transformed(refused=("no rule of the mapping takes it",))
        return Transformed(tuple(records))

    def _tenant(self, scope: _Scope) -> str | None:
        if self.source.tenant is None:
            return None
        found = evaluated(self.source.tenant, scope)
        if not isinstance(found, str) or not found:
            raise ValueRefusedError("there is none")
        return found

    def _of(self, rule: RecordRule, scope: _Scope) -> tuple[list[Record], list[str]]:
        if not all(_holds(condition, scope) for condition in rule.when):
            return [], []
        scopes: list[_Scope] = [scope]
        if rule.each is not None:
            content = scope.find(rule.each)
            if content is None:
                return [], []
            if "L" not in content:
                return [], [f"{rule.name}: {rule.each} is no list"]
            scopes = [
                _Scope(scope.item, scope.joined, one, number, scope.tenant) for number, one in enumerate(content["L"])
            ]
        records, wrong = [], []
        for one in scopes:
            try:
                records.append(self._record(rule, one))
            except ValueRefusedError as error:
                wrong.append(f"{rule.name}{f' {one.number}' if rule.each else ''}: {error}")
        return records, wrong

    def _record(self, rule: RecordRule, scope: _Scope) -> Record:
        if rule.entity:
            values = {
                name: found for name, spec in rule.fields.items() if (found := _named(name, spec, scope)) is not MISSING
            }
            items = build(rule.entity, scope.tenant, values)
        else:
            items = [(one.table, _item(one, scope)) for one in rule.items]
        for table, item in items:
            _check(table, item)
        if len(items) > MAX_ITEMS:
            raise ValueRefusedError(f"{len(items)} items, of {MAX_ITEMS} at most")
        if len({(table, item[PARTITION]["S"], item[SORT]["S"]) for table, item in items}) != len(items):
            raise ValueRefusedError("two of its items have the same key")
        changed = milliseconds(scope.find(self.source.newer)) if self.source.newer else None
        suffix = f"/{rule.name}/{scope.number}" if rule.each else f"/{rule.name}"
        name = source_name(self.source.table + suffix, self.key(scope.item))
        rank = self._rank(rule, changed)
        made = record(self.file.name, name, rank, changed, items, unique=rule.duplicates is None)
        for target in made.targets:
            if target.bytes > _MAX_BYTES and (stored := _stored(target.item)) > _MAX_BYTES:
                raise ValueRefusedError(f"the item for {target.key.table} has {stored} bytes, of {_MAX_BYTES} at most")
        return made

    def _rank(self, rule: RecordRule, changed: int | None) -> str:
        """Compares as text: the newest first or the first listed first, the other one among equals."""
        at, place = f"{max(changed or 0, 0):016}", f"{self._place:03}"
        return f"{place} {at}" if rule.duplicates is Duplicates.FIRST else f"{at} {place}"


def _named(name: str, spec: Value, scope: _Scope) -> Any:
    try:
        return evaluated(spec, scope)
    except ValueRefusedError as error:
        raise ValueRefusedError(f"{name}: {error}") from None


def evaluated(spec: Value, scope: _Scope) -> Any:
    """A plain value; MISSING where there is none. Raises ValueRefusedError."""
    if spec.constant is not MISSING:
        return spec.constant
    if spec.template is not None:
        return _filled(spec.template, scope)
    if spec.rows is not None:
        return [_row(row, scope, str(number)) for number, row in enumerate(spec.rows)]
    found = next((value for path in spec.paths if (value := _present(spec, scope.find(path))) is not None), None)
    if found is None:
        return _absent(spec)
    if spec.each is not None:
        return _each(spec.each, found, scope)
    value = plain(found)
    for kind in spec.types:
        value = converted(value, kind, spec.digits)
    return value if spec.map is None else _mapped(spec, value)


def _present(spec: Value, value: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Null is missing, and an empty text where the mapping says so."""
    if value is None or "NULL" in value or (spec.blank and value.get("S") == ""):
        return None
    return value


def _absent(spec: Value) -> Any:
    if spec.default is not MISSING:
        return spec.default
    if spec.required:
        raise ValueRefusedError(f"{' or '.join(spec.paths)} is missing")
    return MISSING


def _mapped(spec: Value, value: Any) -> Any:
    name = str(value).lower() if isinstance(value, bool) else str(value)
    found = (spec.map or {}).get(name, spec.otherwise)
    if found is MISSING:
        raise ValueRefusedError(f"{name!r} is not in the map")
    return found


def _each(specs: Mapping[str, Value], found: Mapping[str, Any], scope: _Scope) -> list[dict[str, Any]]:
    if "L" not in found:
        raise ValueRefusedError("is no list")
    inner = (_Scope(scope.item, scope.joined, one, number, scope.tenant) for number, one in enumerate(found["L"]))
    return [_row(specs, one, str(one.number)) for one in inner]


def _row(specs: Mapping[str, Value], scope: _Scope, place: str) -> dict[str, Any]:
    row = {name: _named(f"{place}.{name}", spec, scope) for name, spec in specs.items()}
    return {name: value for name, value in row.items() if value is not MISSING}


def _filled(template: str, scope: _Scope) -> str:
    values = {}
    for path in places(template):
        value = scope.find(path)
        if value is None:
            raise ValueRefusedError(f"{path} is missing")
        values[path] = converted(plain(value), Type.STRING, 0)
    text = template
    for path, value in values.items():
        text = text.replace(f"{{{path}}}", value)
    return text


def _holds(condition: Condition, scope: _Scope) -> bool:
    found = scope.find(condition.attribute)
    if condition.missing is not None:
        return (found is None or "NULL" in found) is condition.missing
    if found is None:
        return False
    value = plain(found)
    if condition.matches is not None:
        return isinstance(value, str) and re.search(condition.matches, value) is not None
    allowed: Sequence[Any] = condition.one_of if condition.one_of is not None else [condition.equals]
    return any(type(value) is type(one) and value == one for one in allowed)


def _item(rule: ItemRule, scope: _Scope) -> Item:
    kept = scope.item.keys() if rule.keep == "all" else [name for name in rule.keep if name in scope.item]
    item = {name: scope.item[name] for name in kept if name not in rule.drop and name != STAMP}
    for name, spec in rule.fields.items():
        found = _named(name, spec, scope)
        if found is not MISSING:
            item[name] = wire(found)
    return item | {name: {"S": _filled(template, scope)} for name, template in rule.key.items()}


def _check(table: str, item: Item) -> None:
    """What DynamoDB would refuse in the middle of a batch is refused here, with the reason."""
    for name, value in item.items():
        if name in _MAX_KEY or _INDEX_KEY.fullmatch(name):
            most = _MAX_KEY.get(name, 1024 if name.endswith("sk") else 2048)
            if not value.get("S") or len(value["S"].encode()) > most:
                raise ValueRefusedError(f"{table}.{name} must be a text of 1 to {most} bytes")


def _stored(item: Item) -> int:
    """At least what DynamoDB counts of an item, about: names and texts, without the wire's own."""
    return sum(len(name.encode()) + size(plain(value)) for name, value in item.items())
