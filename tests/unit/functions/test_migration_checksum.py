"""Order-independent checksums of items."""

import json
import random
from base64 import b64encode
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnix.migration.checksum import Buckets, canonical, item_hash, number

_NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30).map(
    lambda value: f"{value:f}"
)
_SCALARS = st.one_of(
    st.text().map(lambda text: {"S": text}),
    _NUMBERS.map(lambda text: {"N": text}),
    st.binary().map(lambda data: {"B": data}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.just({"NULL": True}),
    st.sets(st.text(min_size=1), min_size=1).map(lambda texts: {"SS": list(texts)}),
    st.sets(st.integers(), min_size=1).map(lambda found: {"NS": [str(one) for one in found]}),
    st.sets(st.binary(min_size=1), min_size=1).map(lambda found: {"BS": list(found)}),
)
VALUES = st.recursive(
    _SCALARS,
    lambda parts: st.one_of(
        st.lists(parts, max_size=3).map(lambda found: {"L": found}),
        st.dictionaries(st.text(), parts, max_size=3).map(lambda found: {"M": found}),
    ),
    max_leaves=8,
)
ITEMS = st.dictionaries(st.text(min_size=1), VALUES, max_size=5)


def _shuffled(value, order):
    """The same attribute value as another store may give it: names and sets in any order, binary as base64."""
    ((kind, content),) = value.items()
    match kind:
        case "M":
            names = order.sample(list(content), len(content))
            return {"M": {name: _shuffled(content[name], order) for name in names}}
        case "L":
            return {"L": [_shuffled(part, order) for part in content]}
        case "SS" | "NS" | "BS":
            mixed = order.sample(content, len(content))
            return {kind: [b64encode(one).decode() if kind == "BS" else one for one in mixed]}
        case "B":
            return {"B": b64encode(content).decode()}
        case "N":
            return {"N": content + ("0" if "." in content else ".0")}
        case _:
            return value


@given(item=ITEMS, order=st.randoms(use_true_random=False))
def test_an_item_is_spelled_the_same_however_a_store_orders_and_writes_it(item, order):
    other = _shuffled({"M": item}, order)["M"]
    assert canonical(item) == canonical(other)
    assert item_hash(item) == item_hash(other)


@given(one=ITEMS, other=ITEMS)
def test_items_that_are_not_the_same_are_not_spelled_the_same(one, other):
    order = random.Random(0)
    assert (canonical(one) == canonical(other)) == (_decoded(one) == _decoded(other))
    assert canonical(_shuffled({"M": one}, order)["M"]) == canonical(one)


def _decoded(item):
    return {name: _plain(value) for name, value in item.items()}


def _plain(value):
    ((kind, content),) = value.items()
    match kind:
        case "M":
            return kind, tuple(sorted((name, _plain(part)) for name, part in content.items()))
        case "L":
            return kind, tuple(map(_plain, content))
        case "N":
            return kind, Decimal(content)
        case "NS":
            return kind, frozenset(map(Decimal, content))
        case "SS" | "BS":
            return kind, frozenset(content)
        case _:
            return kind, content


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("1.50", "1.5"),
        ("1E+2", "100"),
        ("-0", "0"),
        ("0.0", "0"),
        ("007", "7"),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
        ("1.2345678901234567890123456789012345678", "1.2345678901234567890123456789012345678"),
        ("1E-130", "0." + "0" * 129 + "1"),
    ],
)
def test_a_number_has_one_spelling_and_keeps_all_of_its_38_digits(text, normal):
    assert number(text) == normal


def test_types_are_told_apart():
    spellings: list[Any] = [
        {"S": "1"},
        {"N": "1"},
        {"B": b"1"},
        {"SS": ["1"]},
        {"NS": ["1"]},
        {"BS": [b"1"]},
        {"L": [{"S": "1"}]},
    ]
    assert len({canonical({"a": value}) for value in spellings}) == len(spellings)


@pytest.mark.parametrize("value", [{}, {"S": "a", "N": "1"}, {"X": "a"}, {"N": "NaN"}, {"N": "one"}, {"S": 1}, "a"])
def test_what_is_no_attribute_value_is_refused(value):
    with pytest.raises(ValueError, match="no attribute value"):
        canonical({"a": value})


def _item(number_):
    return {"pk": {"S": f"k{number_}"}}, {"pk": {"S": f"k{number_}"}, "n": {"N": str(number_)}}


def test_parts_in_any_order_add_up_to_the_whole():
    whole, parts, order = Buckets(4), [Buckets(4) for _ in range(3)], list(range(300))
    for one in order:
        whole.add(*_item(one))
    random.shuffle(order)
    for one in order:
        parts[one % 3].add(*_item(one))
    parts[0].merge(parts[1])
    parts[0].merge(parts[2])
    assert parts[0] == whole
    assert (whole.count, whole.differing(parts[0])) == (300, [])


def test_only_the_bucket_of_a_changed_item_differs():
    one, other = Buckets(6), Buckets(6)
    for index in range(500):
        one.add(*_item(index))
        other.add(*_item(index))
    key, item = _item(77)
    other.remove(key, item)
    other.add(key, {**item, "n": {"N": "78"}})
    assert one.differing(other) == [one.bucket(key)]
    assert one.checksum != other.checksum


def test_an_item_counted_twice_and_another_left_out_shows():
    one, other = Buckets(0), Buckets(0)
    for index in (1, 2):
        one.add(*_item(index))
    for index in (1, 1):
        other.add(*_item(index))
    assert one.count == other.count
    assert one.differing(other) == [0]


def test_buckets_survive_json():
    buckets = Buckets(3)
    for index in range(20):
        buckets.add(*_item(index))
    assert Buckets.from_json(json.loads(json.dumps(buckets.to_json()))) == buckets


@pytest.mark.parametrize("bits", [-1, 25])
def test_bits_out_of_range_are_refused(bits):
    with pytest.raises(ValueError, match="bits"):
        Buckets(bits)


def test_buckets_of_other_sizes_are_not_compared():
    with pytest.raises(ValueError, match="compared"):
        Buckets(2).differing(Buckets(3))
