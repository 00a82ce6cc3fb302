"""The lines of an import, read without a write: what a caller sends is data, never a 500."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omnix import request_body
from omnix.bulk.cells import plain
from omnix.errors import ApiError, InvalidRequestError, ValidationFailedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

CSV = "text/csv"
NDJSON = "application/x-ndjson"
MAX_LINES = 1000

_BOM = "\ufeff"


@dataclass(frozen=True)
class Line:
    """A line of the file, by the number that an editor shows: its fields, or why it cannot be read."""

    number: int
    fields: Mapping[str, Any]
    error: ApiError | None = None


def read(text: str, media_type: str, columns: Collection[str]) -> list[Line]:
    """The lines that carry something, `columns` being what a CSV header may name.

    Raises ValidationFailedError for no text at all, for a header that names no such columns and for more than
    `MAX_LINES`, InvalidRequestError for text that is no CSV: then no line can be trusted.
    """
    if not text:
        raise ValidationFailedError("The file is empty.", [_detail("missing", "send the lines as the body")])
    text = text.removeprefix(_BOM)
    found: list[Line] = []
    for line in _csv(text, columns) if media_type == CSV else _ndjson(text):
        if len(found) == MAX_LINES:
            message = f"send {MAX_LINES} lines at most and the rest in another request"
            raise ValidationFailedError("The file has too many lines.", [_detail("too_long", message)])
        found.append(line)
    return found


def _ndjson(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            parsed = request_body.parse(line)
        except ApiError as error:
            yield Line(number, {}, error)
            continue
        if isinstance(parsed, dict):
            yield Line(number, parsed)
        else:
            yield Line(number, {}, InvalidRequestError("The line must be a JSON object."))


def _csv(text: str, columns: Collection[str]) -> Iterator[Line]:
    first = text.partition("\n")[0]
    delimiter = ";" if ";" in first and "," not in first else ","  # as spreadsheets write where the comma is decimal
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check(header, columns)
        before = reader.line_num
        for cells in reader:
            number, before = before + 1, reader.line_num
            if not any(cells):
                continue
            if len(cells) != len(header):
                message = f"The line has {len(cells)} cells, the header {len(header)}."
                yield Line(number, {}, InvalidRequestError(message))
                continue
            # An empty cell is one that was left out: a spreadsheet has no other way to say so.
            yield Line(number, {name: plain(cell) for name, cell in zip(header, cells, strict=True) if cell})
    except csv.Error as error:
        detail = {"location": f"line {reader.line_num}", "reason": "csv", "message": str(error)}
        raise InvalidRequestError("The file is not valid CSV.", [detail]) from None


def _check(header: list[str], columns: Collection[str]) -> None:
    wrong = [name for name in header if name not in columns or header.count(name) > 1]
    if not header or wrong:
        message = f"name each column once, of these: {', '.join(columns)}"
        raise ValidationFailedError("The file's header is not one of an import.", [_detail("header", message)])


def _detail(reason: str, message: str) -> dict[str, str]:
    return {"location": "body", "reason": reason, "message": message}
