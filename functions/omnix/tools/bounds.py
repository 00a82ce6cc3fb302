"""How much a tool gives back at most: a model pays for every token of it, and reads no more than so much well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from omnix import cursor
from omnix.tools.tool import Listed, Result

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ITEMS = 20
MOST_BYTES = 16 * 1024


Limit = Annotated[int, Field(ge=1, le=MOST_ITEMS, description="How many at most.")]
Cursor = Annotated[
    str | None, Field(min_length=1, max_length=cursor.MAX_LENGTH, description="`next_cursor` of the page before.")
]


def size(result: Result) -> int:
    """Bytes of the result as JSON in UTF-8."""
    return len(result.model_dump_json().encode())


def paged[R: Result](page: Callable[[int], R], limit: int) -> R:
    """The page, with fewer items where so many are too long: its cursor then goes on from the last one shown."""
    found = page(limit)
    while size(found) > MOST_BYTES and limit > 1:
        limit //= 2
        found = page(limit)
    return found


def fitted[R: Listed](result: R) -> R:
    """The result without the last of its items where all are too long; `left_out` counts those besides."""
    while size(result) > MOST_BYTES and result.items:
        kept = result.items[: max(len(result.items) * 3 // 4, 0)]
        result = result.model_copy(update={"items": kept, "left_out": result.left_out + len(result.items) - len(kept)})
    return result


def excerpt(text: str, most: int) -> str:
    """The text, or its first `most` characters with an ellipsis."""
    return text if len(text) <= most else f"{text[:most]}…"
