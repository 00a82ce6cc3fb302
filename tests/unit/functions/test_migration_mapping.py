"""Mapping files, and what they make of items: pure."""

from pathlib import Path
from typing import Any

import pytest

from components.data.tables import TABLES as STANDARD
from omnix.catalogue import entries, keys
from omnix.catalogue.model import Product
from omnix.catalogue.store import product_item, sku_item
from omnix.dynamodb import load_item
from omnix.migration.entities import ENTITIES, TABLES, build
from omnix.migration.mapping import MappingError, Type, read
from omnix.migration.record import MAX_ITEMS, STAMP, content, item_of, source_key, source_name
from omnix.migration.transform import Transformer
from omnix.migration.values import ValueRefusedError, converted, plain, wire
from tests.integration.legacy.items import flaw, twin
from tests.integration.legacy.seeding import rows
from tests.integration.legacy.tables import BY_NAME, LEGACY

ESTATE = (Path(__file__).parents[2] / "integration/migration/legacy.yaml").read_text(encoding="utf-8")
_PLAIN = """
version: 1
name: plain
sources:
  - table: old
    key: [id]
    newer: at
    records:
      - name: thing
        items: [{table: workspaces, key: {pk: "T", sk: "THING#{id}"}, keep: all, fields: {%s}}]
"""


def _one(fields, item):
    file = read(_PLAIN % fields)
    return Transformer(file, file.sources[0]).apply({"id": {"S": "a"}, **item})


def _value(fields, item, name="x"):
    return load_item({name: _one(fields, item).records[0].targets[0].item[name]})[name]


def test_every_error_of_a_file_is_listed_at_once_with_its_path():
    with pytest.raises(MappingError) as refused:
        read(
            "version: 1\nname: Not A Name\nsources:\n"
            "  - {table: old, key: [id], records: [{name: r, entity: product, items: []}, {name: s}], unknown: 1}\n"
        )
    errors = "\n".join(refused.value.errors)
    assert "name: " in errors
    assert "sources.0.unknown: " in errors
    assert "sources.0.records.1: needs either `entity`" in errors


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "not YAML"),
        ("just words", "not a mapping file"),
        ("version: 1\nname: a\nname: b", "is there twice"),
        ("version: 2\nname: a\nsources: [{table: old, key: [id], records: []}]", "version"),
        (_PLAIN % "x: {from: a, constant: 1}", "exactly one of"),
        (_PLAIN % 'x: {template: "{a!r}"}', "a place is a path in braces"),
        (_PLAIN % "x: {from: a, otherwise: b}", "without a `map`"),
        (_PLAIN % "pk: a", "in `key` and in `fields`"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(text, said):
    with pytest.raises(MappingError, match=said):
        read(text)


def test_a_merge_names_both_tables_whole_keys():
    text = """
version: 1
name: merge
sources:
  - table: heads
    key: [id]
    join: [{as: mate, table: mates, key: {other: sku}}]
    records: [{name: r, items: [{table: workspaces, key: {pk: "T", sk: "{id}"}}]}]
  - {table: mates, key: [other], merged_into: heads}
"""
    with pytest.raises(MappingError, match="all key attributes of both"):
        read(text)
    assert read(text.replace("other: sku", "other: id")).sources[1].merged_into == "heads"


@pytest.mark.parametrize(
    ("fields", "item", "found"),
    [
        ("x: {from: a, as: money}", {"a": {"S": "12.99"}}, 1299),
        ("x: {from: a, as: money}", {"a": {"N": "12.9"}}, 1290),
        ("x: {from: a, as: integer}", {"a": {"S": " 7 "}}, 7),
        ("x: {from: a, as: boolean}", {"a": {"S": "Yes"}}, True),
        ("x: {from: a, as: time}", {"a": {"N": "1700000000123"}}, "2023-11-14T22:13:20.123Z"),
        ("x: {from: a, as: time}", {"a": {"N": "1700000000"}}, "2023-11-14T22:13:20.000Z"),
        ("x: {from: a, as: time}", {"a": {"S": "2023-11-14 23:13:20+01:00"}}, "2023-11-14T22:13:20.000Z"),
        ("x: {from: a, as: slug}", {"a": {"S": "Coffee & Cocoa"}}, "coffee-cocoa"),
        ("x: {from: [b, a]}", {"a": {"S": "second"}}, "second"),
        ("x: {from: a.b.c}", {"a": {"M": {"b": {"M": {"c": {"S": "deep"}}}}}}, "deep"),
        ("x: {from: b, default: 3}", {}, 3),
        ("x: {from: a, blank: true, default: none}", {"a": {"S": ""}}, "none"),
        ('x: {from: a, map: {"true": on, "false": off}}', {"a": {"BOOL": False}}, "off"),
        ("x: {from: a, map: {k: no, l: 2023-11-14}}", {"a": {"S": "k"}}, "no"),
        ("x: {from: a, map: {k: v}, otherwise: w}", {"a": {"S": "z"}}, "w"),
        ('x: {template: "{id}-{a}"}', {"a": {"N": "4"}}, "a-4"),
        ("x: {from: a, as: [lower, id]}", {"a": {"S": "0B1C2D3E-4F5A-6B7C-8D9E-0F1A2B3C4D5E"}},
         "0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e"),
    ],
)  # fmt: skip
def test_a_value_becomes_what_the_mapping_says(fields, item, found):
    assert _value(fields, item) == found


@pytest.mark.parametrize(
    ("fields", "item", "said"),
    [
        ("x: {from: a, as: money}", {"a": {"S": "0.001"}}, "x: '0.001' is no money"),
        ("x: {from: a, as: integer}", {"a": {"N": "1.5"}}, "is no integer"),
        ("x: {from: a, as: integer}", {"a": {"BOOL": True}}, "is no integer"),
        ("x: {from: a, as: time}", {"a": {"S": "yesterday"}}, "is no time"),
        ("x: {from: a, map: {k: v}}", {"a": {"S": "z"}}, "not in the map"),
        ("x: {from: a, required: true}", {}, "a is missing"),
        ('x: {template: "{a}"}', {}, "a is missing"),
        ("gsi1pk: {constant: ''}", {}, "text of 1 to 2048 bytes"),
        ("x: {constant: 1}", {"big": {"S": "x" * 410_000}}, "at most"),
    ],
)
def test_what_cannot_be_made_without_guessing_is_refused_with_the_reason(fields, item, said):
    found = _one(fields, item)
    assert not found.records
    assert said in found.refused[0]


def test_money_is_never_rounded_and_numbers_keep_their_digits():
    assert converted(plain({"N": "12345678901234567890123456789012345.67"}), Type.MONEY, 2) == int(
        "1234567890123456789012345678901234567"
    )
    assert wire(plain({"N": "0.10"})) == {"N": "0.1"}
    with pytest.raises(ValueRefusedError):
        converted("1e-3", Type.MONEY, 2)


def test_an_item_becomes_the_same_records_every_time():
    file = read(ESTATE)
    for source in file.sources:
        table = BY_NAME[source.table]
        if not table.shape:
            continue
        transformer = Transformer(file, source)
        for item in rows(table, 60):
            assert transformer.apply(item) == transformer.apply(dict(reversed(item.items())))


def test_names_of_source_items_are_read_back():
    key = {"id": {"S": 'a "quoted" ü'}, "n": {"N": "7"}, "b": {"B": "AAE="}}
    assert source_key(source_name("old-table", key)) == ("old-table", key)
    record = source_name("old-table/rule/3", key)
    assert item_of(record) == source_name("old-table", key)


def test_the_estates_mapping_names_every_legacy_table_with_its_key():
    file = read(ESTATE)
    assert {source.table: source.key for source in file.sources} == {
        table.name: [name for name, _ in table.keys] for table in LEGACY
    }


def test_of_the_estates_items_exactly_the_flawed_ones_are_refused():
    file = read(ESTATE)
    for name in ("omnix-ai-cdk-products", "omnixai-products", "orders", "omnix-ai-cdk-customers", "customers_v2"):
        table = BY_NAME[name]
        assert table.shape
        transformer = Transformer(file, file.source(name))
        for index, item in enumerate(rows(table, 420)):
            refused = bool(transformer.apply(item).refused)
            assert refused == bool(flaw(table.shape, index)), f"{name} {index}: {item}"


def test_a_product_is_what_the_domain_itself_would_store():
    file = read(ESTATE)
    transformer = Transformer(file, file.source("omnix-ai-cdk-products"))
    item = next(iter(rows(BY_NAME["omnix-ai-cdk-products"], 1)))
    (record,) = transformer.apply(item).records
    head = load_item(content(record.targets[0].item))
    product = Product.model_validate(head)
    stored = [product_item("shop-1", product), sku_item("shop-1", product), *entries.of("shop-1", product).values()]
    assert [load_item(content(target.item)) for target in record.targets] == stored
    assert record.keys[0][1:] == keys.product("shop-1", product.product_id)


def test_a_twin_has_the_key_of_the_product_that_it_repeats_and_the_greater_claim():
    file = read(ESTATE)
    transformer = Transformer(file, file.source("omnix-ai-cdk-products"))
    items = list(rows(BY_NAME["omnix-ai-cdk-products"], 100))
    original = next(index for index in range(100) if twin("product", index) is not None)
    (late,), (early,) = (transformer.apply(items[index]).records for index in (original, original - 1))
    assert late.keys[0] == early.keys[0]
    assert late.claim > early.claim


def test_rows_of_one_partition_become_one_order():
    file = read(ESTATE)
    transformer = Transformer(file, file.source("omnix-serverless-orders"))
    head, *lines = rows(BY_NAME["omnix-serverless-orders"], 3)
    assert transformer.leader(head) is None
    assert transformer.leader(lines[0]) == ("omnix-serverless-orders", {"pk": head["pk"], "sk": {"S": "META"}})
    (record,) = transformer.apply(head, {"lines": {"L": [{"M": line} for line in lines]}}).records
    order = load_item(content(record.targets[0].item))
    assert [line["quantity"] for line in order["lines"]] == [1, 2]
    assert order["totals"]["amount"] == sum(line["total"] for line in order["lines"])


@pytest.mark.parametrize("entity", sorted(ENTITIES))
def test_an_entity_lies_in_a_standard_table_and_needs_a_tenant(entity):
    assert TABLES[entity] in STANDARD
    with pytest.raises(ValueRefusedError, match="belongs to a tenant"):
        build(entity, None, {})
    with pytest.raises(ValueRefusedError):
        build(entity, "t", {})


def test_a_foreign_password_opens_nothing():
    values: dict[str, Any] = {
        "id": "0" * 32, "email": "a@b.example", "name": "A", "role": "staff", "created_at": "2023-01-01T00:00:00.000Z",
    }  # fmt: skip
    (_, profile), (_, credential) = build("user", "t", {**values, "password_hash": "$2b$12$abc"})
    assert credential["password_hash"]["S"].startswith("$argon2id$")
    assert "password_hash" not in profile
    (_, _), (_, kept) = build("user", "t", {**values, "password_hash": "$argon2id$v=19$own"})
    assert kept["password_hash"]["S"] == "$argon2id$v=19$own"


def test_a_list_becomes_a_record_an_element_and_two_of_the_same_key_are_refused():
    text = """
version: 1
name: split
sources:
  - table: old
    key: [id]
    records:
      - name: line
        each: lines
        items: [{table: workspaces, key: {pk: "T", sk: "{id}#{each.n}"}, fields: {place: number, of: each.n}}]
"""
    file = read(text)
    transformer = Transformer(file, file.sources[0])
    item: dict[str, Any] = {
        "id": {"S": "a"},
        "lines": {"L": [{"M": {"n": {"N": str(n)}}} for n in range(MAX_ITEMS + 5)]},
    }
    found = transformer.apply(item)
    assert [record.keys[0].sk for record in found.records[:2]] == ["a#0", "a#1"]
    assert len(found.records) == MAX_ITEMS + 5
    assert STAMP in found.records[0].targets[0].item
    item["lines"]["L"].append({"M": {"n": {"N": "0"}}})
    assert transformer.apply(item).refused == ("two of its records have the same key",)
