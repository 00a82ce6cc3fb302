"""The reviewed mapping file: which items of which tables become what, as data that is checked before anything is read.

Every error is listed at once with its path. A mapping is never changed while it runs: a run holds the file's hash.
"""

from __future__ import annotations

import functools
import re
from enum import StrEnum
from hashlib import sha256
from string import Formatter
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from omnix.migration import strict_yaml

VERSION = 1
MISSING = object()
_TABLE = r"^[a-zA-Z0-9_.-]{3,255}$"  # DynamoDB: names of tables
_NAME = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class MappingError(Exception):
    """The file is no mapping; `errors` are all that is wrong with it, each with its path."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


class Type(StrEnum):
    """What a value becomes. `any`: as it is. `money`: of major units (12.99) the minor ones. `id`: 32 hexadecimal
    digits: a UUID's own, of any other text its hash, so that references to it stay right. `time`: ISO 8601 in UTC.
    """

    ANY = "any"
    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    MONEY = "money"
    TIME = "time"
    EPOCH = "epoch"
    ID = "id"
    LOWER = "lower"
    UPPER = "upper"
    SLUG = "slug"
    LIST = "list"


class Duplicates(StrEnum):
    """Which of several sources has the key that all of them want; without a rule, the weaker ones are quarantined."""

    NEWEST = "newest"
    FIRST = "first"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _short(value: Any) -> Any:
    return {"from": value} if isinstance(value, str) else value


class Value(_Strict):
    """A value of the target: from the first of some paths that is there, a constant, or a text with places in it.

    A path is an attribute (`address.street` looks inside), `join-name.attribute`, or `each.attribute`. `map`: by what
    it has become by `as`; anything else is `otherwise`, or wrong.
    """

    source: str | list[str] | None = Field(default=None, alias="from")
    type: Type | list[Type] = Field(default=Type.ANY, alias="as", description="Of several, one after the other.")
    constant: Any = MISSING
    template: str | None = None
    default: Any = MISSING
    blank: bool = Field(default=False, description="An empty text counts as missing.")
    required: bool = False
    map: dict[str, Any] | None = None
    otherwise: Any = MISSING
    digits: int = Field(default=2, ge=0, le=4, description="Of `money`: decimal places of the minor unit.")
    each: dict[str, Spec] | None = Field(default=None, description="Of every element of a list, these values.")
    rows: list[dict[str, Spec]] | None = Field(default=None, description="A list that is spelled out.")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [self.source, self.template, self.rows, None if self.constant is MISSING else True]
        if sum(one is not None for one in given) != 1:
            raise ValueError("needs exactly one of `from`, `constant`, `template` and `rows`")
        if self.template is not None:
            places(self.template)
        if self.otherwise is not MISSING and self.map is None:
            raise ValueError("`otherwise` without a `map`")
        return self

    @property
    def types(self) -> list[Type]:
        """What it becomes, one after the other."""
        return self.type if isinstance(self.type, list) else [self.type]

    @property
    def paths(self) -> list[str]:
        """Where it looks."""
        return [self.source] if isinstance(self.source, str) else list(self.source or ())


type Spec = Annotated[Value, BeforeValidator(_short)]


class Condition(_Strict):
    """A test of one attribute; exactly one of its kinds."""

    attribute: str
    equals: Any = MISSING
    one_of: list[Any] | None = None
    missing: bool | None = None
    matches: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [
            self.equals is not MISSING,
            self.one_of is not None,
            self.missing is not None,
            self.matches is not None,
        ]
        if sum(given) != 1:
            raise ValueError("needs exactly one of `equals`, `one_of`, `missing` and `matches`")
        if self.matches is not None:
            try:
                re.compile(self.matches)
            except re.error as error:
                raise ValueError(f"`matches` is no regular expression: {error}") from None
        return self


class Rule(_Strict):
    """Items for which all of `when` hold, and what they are called in the ledger."""

    when: list[Condition] = Field(min_length=1)
    because: str = Field(min_length=3, max_length=200)


class Taken(_Strict):
    """An item of another table that one of this table takes from; `key`: each of its key
    attributes by a path of this one.
    """

    name: str = Field(alias="as", pattern=r"^[a-z][a-z0-9_]*$")
    table: str = Field(pattern=_TABLE)
    key: dict[str, str] = Field(min_length=1, max_length=2)
    required: bool = False


class Join(Taken):
    """Another source table whose item with the same key is merged into this one's.

    `key` holds all of both tables' key attributes, so that each item has one mate.
    """


class Lookup(Taken):
    """An item of any table of the source's account, which many items may refer to. What changes in it later is not
    followed.
    """


class Gather(_Strict):
    """Items of one partition that make one: the `head`, whose sort key is this, and all others, its members, which it
    sees as the list `name` in the order of their sort keys.
    """

    name: str = Field(alias="as", pattern=r"^[a-z][a-z0-9_]*$")
    head: str | int


class ItemRule(_Strict):
    """An item of a standard table: its keys and what is in it. `keep`: attributes that go over as they are."""

    table: str = Field(pattern=_NAME)
    key: dict[str, str]
    fields: dict[str, Spec] = Field(default_factory=dict)
    keep: Literal["all"] | list[str] = Field(default_factory=list)
    drop: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _keyed(self) -> Self:
        if not {"pk", "sk"} <= self.key.keys():
            raise ValueError("`key` needs `pk` and `sk`")
        for template in self.key.values():
            places(template)
        if twice := self.key.keys() & self.fields.keys():
            raise ValueError(f"{', '.join(sorted(twice))}: in `key` and in `fields`")
        return self


class RecordRule(_Strict):
    """What one item, or each element of a list in it, becomes: an entity of the domain, or items that are spelled out.

    `entity`: the domain's own code makes its item, its index entries and what keeps it unique.
    """

    name: str = Field(pattern=_NAME)
    when: list[Condition] = Field(default_factory=list)
    each: str | None = None
    entity: str | None = None
    fields: dict[str, Spec] = Field(default_factory=dict)
    items: list[ItemRule] = Field(default_factory=list)
    duplicates: Duplicates | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.entity is None) == (not self.items):
            raise ValueError("needs either `entity` with `fields`, or `items`")
        if self.items and self.fields:
            raise ValueError("`fields` belong to an `entity`, or into each of `items`")
        return self


class Source(_Strict):
    """A table of the legacy. `key`: its key attributes, as reviewed. `newer`: when an item was last written."""

    table: str = Field(pattern=_TABLE)
    key: list[str] = Field(min_length=1, max_length=2)
    tenant: Spec | None = None
    newer: str | None = None
    leave_out: list[Rule] = Field(default_factory=list)
    quarantine: list[Rule] = Field(default_factory=list)
    join: list[Join] = Field(default_factory=list)
    lookup: list[Lookup] = Field(default_factory=list)
    gather: Gather | None = None
    merged_into: str | None = Field(
        default=None, description="The table whose `join` takes these items; they make no records of their own."
    )
    records: list[RecordRule] = Field(default_factory=list)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.records and self.merged_into:
            raise ValueError("has `records`, or is `merged_into` another table's: not both")
        if not (self.records or self.merged_into or self.leave_out):
            raise ValueError("needs `records`, `merged_into` or `leave_out`")
        if self.gather and len(self.key) == 1:
            raise ValueError("`gather` is for tables with a sort key")
        names = [rule.name for rule in self.records]
        if len(set(names)) != len(names):
            raise ValueError("two of `records` have the same name")
        return self


class Mapping(_Strict):
    """One file. `name` is in every item's stamp. `newer_by`: by target table, the attribute that says when one of its
    items was written, where it is not `updated_at`.
    """

    version: Literal[1]
    name: str = Field(pattern=_NAME, max_length=64)
    description: str = ""
    newer_by: dict[str, str] = Field(default_factory=dict)
    sources: list[Source] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        tables = [source.table for source in self.sources]
        if len(set(tables)) != len(tables):
            raise ValueError("a table is a source twice: put its records into one source")
        for source in self.sources:
            _check_merge(source, self.sources)
        return self

    def source(self, table: str) -> Source:
        """The source of a table. Raises KeyError."""
        return {one.table: one for one in self.sources}[table]

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """The key attributes of every table that is read."""
        looked_up = {one.table: tuple(one.key) for source in self.sources for one in source.lookup}
        return looked_up | {source.table: tuple(source.key) for source in self.sources}

    @property
    def targets(self) -> set[str]:
        """The logical tables that are spelled out; entities add theirs."""
        return {item.table for source in self.sources for rule in source.records for item in rule.items}


def _check_merge(source: Source, sources: list[Source]) -> None:
    by_table = {one.table: one for one in sources}
    for join in source.join:
        other = by_table.get(join.table)
        if other is None or other.merged_into != source.table:
            raise ValueError(
                f"{source.table} joins {join.table}, which must be a source with `merged_into: {source.table}`"
            )
        if set(join.key) != set(other.key) or set(join.key.values()) != set(source.key):
            raise ValueError(f"{source.table} joins {join.table}: `key` must name all key attributes of both")
    if source.merged_into:
        into = by_table.get(source.merged_into)
        if into is None or source.table not in {join.table for join in into.join}:
            raise ValueError(f"{source.table} is merged into {source.merged_into}, which does not join it")


@functools.cache
def places(template: str) -> tuple[str, ...]:
    """The paths in a template. Raises ValueError where it is none."""
    found = []
    for _, name, form, conversion in Formatter().parse(template):
        if name is None:
            continue
        if not name or form or conversion:
            raise ValueError(f"{template!r}: a place is a path in braces, as in `PRODUCT#{{id}}`")
        found.append(name)
    return tuple(found)


def read(text: str) -> Mapping:
    """The mapping in a file. Raises MappingError with all that is wrong."""
    try:
        document = strict_yaml.load(text)
    except yaml.YAMLError as error:
        raise MappingError([f"not YAML: {error}"]) from None
    if not isinstance(document, dict):
        raise MappingError(["not a mapping file: it needs `version`, `name` and `sources`"])
    try:
        return Mapping.model_validate(document)
    except ValidationError as error:
        raise MappingError([_line(one) for one in error.errors()]) from None


def _line(error: Any) -> str:
    path = ".".join(str(part) for part in error["loc"] if part != "function-before[_short(), Value]")
    return f"{path or 'the file'}: {error['msg'].removeprefix('Value error, ')}"


def digest(text: str) -> str:
    """What a run holds against a changed file."""
    return sha256(text.encode()).hexdigest()
