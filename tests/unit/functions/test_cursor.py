import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnix import cursor
from omnix.errors import InvalidRequestError

NAMES = frozenset({"gsi1sk", "sk"})
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
keys = st.fixed_dictionaries({"gsi1sk": texts, "sk": texts})


@given(keys, st.text("abc:"))
def test_a_cursor_reads_back_for_its_own_query(key: dict[str, str], query: str) -> None:
    assert cursor.decode(cursor.encode(key, query), query, NAMES) == key


@given(keys, st.text("abc:"), st.text("abc:"))
def test_a_cursor_of_another_query_or_tenant_is_400(key: dict[str, str], query: str, other: str) -> None:
    if query != other:
        with pytest.raises(InvalidRequestError):
            cursor.decode(cursor.encode(key, query), other, NAMES)


@given(keys, st.integers(0, 500), st.characters())
def test_a_changed_cursor_is_400(key: dict[str, str], place: int, character: str) -> None:
    text = cursor.encode(key, "q")
    changed = text[: place % len(text)] + character + text[place % len(text) + 1 :]
    if changed != text:
        with pytest.raises(InvalidRequestError):
            cursor.decode(changed, "q", NAMES)


@given(st.text(max_size=200))
def test_any_text_is_400(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        cursor.decode(text, "q", NAMES)


FOREIGN: list[dict[str, Any]] = [
    {},
    {"sk": "a"},
    {"sk": "a", "gsi1sk": "b", "pk": "TENANT#other"},
    {"sk": "", "gsi1sk": "b"},
    {"sk": "a", "gsi1sk": "x" * 1025},
    {"sk": "a", "gsi1sk": 7},
    {"sk": "a", "gsi1sk": None},
]


@pytest.mark.parametrize("key", FOREIGN)
def test_a_cursor_that_was_made_up_with_other_keys_is_400(key: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        cursor.decode(cursor.encode(key, "q"), "q", NAMES)


def test_a_made_up_cursor_with_half_a_character_is_400() -> None:
    payload = b'{"gsi1sk":"\\ud800","sk":"a"}'
    text = base64.urlsafe_b64encode(hashlib.sha256(b"q\0" + payload).digest()[:12] + payload).decode().rstrip("=")
    with pytest.raises(InvalidRequestError):
        cursor.decode(text, "q", NAMES)
