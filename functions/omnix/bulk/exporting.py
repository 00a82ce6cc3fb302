"""Writes an export: pages of a listing until an answer is as long as it may be."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from omnix.bulk.cells import guarded
from omnix.bulk.model import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Lambda's answer may have 6 MB of JSON, in which a character can become six bytes and an emoji twelve: a chunk of fifty
# products with the longest descriptions is 3 MB.
CHUNK = 50
BUDGET_BYTES = 2_500_000

type Row = Mapping[str, Any]
type Page = Callable[[int, str | None], tuple[list[Row], str | None]]


def export(page: Page, columns: Sequence[str], form: Format, limit: int, after: str | None) -> tuple[str, str | None]:
    """The text of `limit` rows at most, and the cursor of what is left. A CSV header is on the first page only, so that
    pages put one after the other are one file.
    """
    parts = [_csv([dict.fromkeys(columns)], columns, header=True)] if form is Format.CSV and after is None else []
    size = 0
    rows = 0
    while True:
        found, after = page(min(CHUNK, limit - rows), after)
        text = _csv(found, columns) if form is Format.CSV else _ndjson(found)
        parts.append(text)
        rows += len(found)
        size += len(json.dumps(text))
        if after is None or rows >= limit or size >= BUDGET_BYTES:
            return "".join(parts), after


def _ndjson(rows: Sequence[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)


def _csv(rows: Sequence[Row], columns: Sequence[str], *, header: bool = False) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # RFC 4180: commas, quotes where needed, CRLF
    if header:
        writer.writerow(columns)
        return text.getvalue()
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return text.getvalue()


def _cell(value: object) -> str:
    return guarded(value) if isinstance(value, str) else str(value)
