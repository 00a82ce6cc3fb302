"""Lines of stock: what is on hand of a product at a location, and its reorder point."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from omnix.bulk import exporting, importing, lines
from omnix.bulk.model import StockLine
from omnix.catalogue.service import catalogue
from omnix.errors import ConflictError, NotFoundError, ValidationFailedError
from omnix.inventory.keys import MAIN
from omnix.inventory.service import stock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.authorisation import Principal
    from omnix.bulk.importing import Outcome
    from omnix.bulk.lines import Line
    from omnix.bulk.model import Format, ImportReport

COLUMNS = ("product_id", "sku", "location_id", "on_hand", "reserved", "available", "reorder_point", "updated_at")
READ_ONLY = ("reserved", "available", "low", "version", "updated_at")

_NUMBERS = ("on_hand", "reorder_point")
_UNITS = re.compile(r"[0-9]{1,12}")


def bring(caller: Principal, text: str, media_type: str) -> ImportReport:
    """Imports; the caller's role has been checked."""
    found = lines.read(text, media_type, COLUMNS)
    named = {sku for line in found if isinstance(sku := line.fields.get("sku"), str)}
    ids = catalogue().ids(caller, named)  # first of all: a line by SKU and one by id may be about one level
    return importing.run(found, lambda line: _identity(line, ids), lambda line: _apply(caller, line.fields, ids))


def send(caller: Principal, form: Format, limit: int, after: str | None) -> tuple[str, str | None]:
    """All levels by product."""

    def page(size: int, cursor: str | None) -> tuple[list[exporting.Row], str | None]:
        found = stock().list(caller, None, low=False, limit=size, after=cursor)
        skus = catalogue().skus(caller, {level.product_id for level in found.items})
        rows: list[exporting.Row] = [
            {**level.model_dump(), "sku": skus.get(level.product_id, "")} for level in found.items
        ]
        return rows, found.next_cursor

    return exporting.export(page, COLUMNS, form, limit, after)


def _identity(line: Line, ids: Mapping[str, str]) -> str:
    sku = line.fields.get("sku")
    by_sku = ids.get(sku, sku) if isinstance(sku, str) else None
    named = line.fields.get("product_id") or by_sku or f"line {line.number}"
    return f"{named} {line.fields.get('location_id', MAIN)}"


def _apply(caller: Principal, fields: Mapping[str, Any], ids: Mapping[str, str]) -> Outcome:
    line = StockLine.model_validate(
        {name: _value(name, value) for name, value in fields.items() if name not in READ_ONLY}
    )
    if line.on_hand is None and line.reorder_point is None:
        raise ValidationFailedError("The line is not valid.", [_missing("on_hand", "or reorder_point is needed")])
    product_id = _product_id(line, ids)
    changed = stock().set_counted(caller, product_id, line.location_id, line.on_hand, line.reorder_point)
    return "updated" if changed else "unchanged"


def _product_id(line: StockLine, ids: Mapping[str, str]) -> str:
    by_sku = ids.get(line.sku) if line.sku else None
    if line.product_id:
        if by_sku not in {None, line.product_id}:
            raise ConflictError("The SKU is that of another product than the product_id.")
        return line.product_id
    if not line.sku:
        raise ValidationFailedError("The line is not valid.", [_missing("product_id", "or sku is needed")])
    if by_sku is None:
        raise NotFoundError("There is no product with this SKU.")
    return by_sku


def _value(name: str, value: object) -> object:
    return int(value) if name in _NUMBERS and isinstance(value, str) and _UNITS.fullmatch(value) else value


def _missing(location: str, message: str) -> dict[str, str]:
    return {"location": location, "reason": "missing", "message": message}
