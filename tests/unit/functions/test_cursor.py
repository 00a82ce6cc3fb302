import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnix import cursor
from omnix.errors import InvalidRequest

NAMES = frozenset({"gsi1sk", "sk"})
keys = st.fixed_dictionaries({"gsi1sk": st.text(st.characters(exclude_categories=("Cs",))), "sk": st.text("abc#")})


@given(keys, st.text("abc:"))
def test_a_cursor_reads_back_for_its_own_query(key: dict[str, str], query: str) -> None:
    assert cursor.decode(cursor.encode(key, query), query, NAMES) == key


@given(keys, st.text("abc:"), st.text("abc:"))
def test_a_cursor_of_another_query_or_tenant_is_400(key: dict[str, str], query: str, other: str) -> None:
    if query != other:
        with pytest.raises(InvalidRequest):
            cursor.decode(cursor.encode(key, query), other, NAMES)


@given(keys, st.integers(0, 500), st.characters())
def test_a_changed_cursor_is_400(key: dict[str, str], place: int, character: str) -> None:
    text = cursor.encode(key, "q")
    changed = text[: place % len(text)] + character + text[place % len(text) + 1 :]
    if changed != text:
        with pytest.raises(InvalidRequest):
            cursor.decode(changed, "q", NAMES)


@given(st.text(max_size=200))
def test_any_text_is_400(text: str) -> None:
    with pytest.raises(InvalidRequest):
        cursor.decode(text, "q", NAMES)


@pytest.mark.parametrize("key", [{"sk": "a"}, {"sk": "a", "gsi1sk": "b", "pk": "TENANT#other"}])
def test_a_cursor_with_other_keys_is_400(key: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        cursor.decode(cursor.encode(key, "q"), "q", NAMES)
