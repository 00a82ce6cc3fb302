"""What all types share: tags, regions, order of judgement."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.provider.wire import UNKNOWN
from localcloud.refusals import Place
from localcloud.refusals.check import values, violations
from localcloud.refusals.general import shared

QUEUE, OBJECT = "aws:sqs/queue:Queue", "aws:s3/bucketObjectv2:BucketObjectv2"
PLACE = Place("123456789012", "eu-central-1", {"Project": "shop"})


def faults(token: str, **inputs: Any) -> set[str]:
    return {path for path, _ in violations(shared(token, taggable=True, regional=True), inputs, PLACE)}


@pytest.mark.parametrize(
    ("tags", "path"),
    [
        ({"aws:x": "a"}, "tags.aws:x"),
        ({"AWS:x": "a"}, "tags.AWS:x"),
        ({"k" * 129: "a"}, f"tags.{'k' * 129}"),
        ({"a;b": "c"}, "tags.a;b"),
        ({"a": "v" * 257}, "tags.a"),
        ({"a": "<b>"}, "tags.a"),
        ({str(number): "x" for number in range(50)}, "tags"),
        ({"a": UNKNOWN, "aws:x": UNKNOWN}, "tags.aws:x"),
    ],
)
def test_a_tag_that_aws_does_not_take_is_refused(tags: dict[str, str], path: str) -> None:
    assert faults(QUEUE, tags=tags) == {path}


def test_default_tags_count_and_an_object_takes_ten() -> None:
    assert faults(QUEUE, tags={str(number): "x" for number in range(49)}) == set()
    assert faults(OBJECT, tags={str(number): "x" for number in range(10)}) == {"tags"}
    assert faults(OBJECT, tags={str(number): "x" for number in range(9)}) == set()


@given(
    st.text("abcXYZäß 0129_.:/=+-@", min_size=1, max_size=128).filter(lambda key: not key.lower().startswith("aws:"))
)
def test_a_tag_of_the_allowed_characters_is_taken(text: str) -> None:
    assert faults(QUEUE, tags={text: text}) == set()


@pytest.mark.parametrize("region", ["eu-central-9", "frankfurt", "us-gov-west-1", "aws-global"])
def test_a_region_that_does_not_exist_is_refused(region: str) -> None:
    assert faults(QUEUE, region=region) == {"region"}


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1", UNKNOWN])
def test_a_region_that_exists_or_is_not_known_yet_is_taken(region: str) -> None:
    assert faults(QUEUE, region=region) == set()


def test_a_path_names_items_and_entries_where_they_are() -> None:
    inputs = {"rules": [{"a": {"x": 1}}, {"b": 2}, {"a": {"y": 3, "z": [4]}}]}
    assert list(values(inputs, "rules[].a{}")) == [("rules[0].a.x", 1), ("rules[2].a.y", 3), ("rules[2].a.z", [4])]
    assert list(values(inputs, "rules[].b")) == [("rules[1].b", 2)]
    assert list(values(inputs, "none[].b{}")) == []
