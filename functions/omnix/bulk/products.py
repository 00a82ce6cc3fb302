"""Lines of products: by SKU, made when there is none, changed in the fields that the line has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from omnix.bulk import exporting, importing, lines
from omnix.catalogue.model import Product, ProductInput
from omnix.catalogue.search import Search
from omnix.catalogue.service import catalogue
from omnix.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.authorisation import Principal
    from omnix.bulk.importing import Outcome
    from omnix.bulk.lines import Line
    from omnix.bulk.model import Format, ImportReport

FIELDS = ("sku", "name", "category", "price_amount", "price_currency", "description", "status")
READ_ONLY = ("product_id", "version", "created_at", "updated_at")
COLUMNS = ("product_id", *FIELDS, "version", "created_at", "updated_at")

_AMOUNT = re.compile(r"[0-9]{1,15}")


def bring(caller: Principal, text: str, media_type: str) -> ImportReport:
    """Imports; the caller's role has been checked."""
    found = lines.read(text, media_type, COLUMNS)
    return importing.run(found, _identity, lambda line: _apply(caller, content(line.fields)))


def send(caller: Principal, form: Format, limit: int, after: str | None) -> tuple[str, str | None]:
    """All products by name."""

    def page(size: int, cursor: str | None) -> tuple[list[exporting.Row], str | None]:
        found = catalogue().list(caller, Search(), size, cursor)
        return [_row(product, form) for product in found.items], found.next_cursor

    return exporting.export(page, COLUMNS, form, limit, after)


def content(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A line's fields as the product's: without what the platform sets, the price's two columns as one."""
    found = {name: value for name, value in fields.items() if name not in READ_ONLY}
    price = {}
    for column, name in (("price_amount", "amount"), ("price_currency", "currency")):
        if column in found:
            value = found.pop(column)
            price[name] = int(value) if isinstance(value, str) and _AMOUNT.fullmatch(value) else value
    return {**found, "price": price} if price else found


def _identity(line: Line) -> str:
    sku = line.fields.get("sku")
    return sku if isinstance(sku, str) else f"line {line.number}"


def _apply(caller: Principal, fields: dict[str, Any]) -> Outcome:
    before = catalogue().by_sku(caller, str(fields.get("sku", "")))
    if before is None:
        catalogue().create(caller, ProductInput.model_validate(fields), None)
        return "created"
    _, changed = catalogue().merge(caller, before.product_id, lambda stored: _merged(stored, fields))
    return "updated" if changed else "unchanged"


def _merged(stored: ProductInput, fields: dict[str, Any]) -> ProductInput:
    """What the line leaves out stays as it is stored, whoever wrote it meanwhile."""
    if stored.sku != fields["sku"]:
        raise ConflictError("The product with this SKU got another one meanwhile. Send the line again.")
    known = stored.model_dump(mode="json")
    price = fields.get("price", {})
    if isinstance(price, dict):  # one of the two columns may be left out
        fields = {**fields, "price": {**known["price"], **price}}
    return ProductInput.model_validate({**known, **fields})


def _row(product: Product, form: Format) -> exporting.Row:
    row = product.model_dump(mode="json")
    if form == "ndjson":
        return row
    return {**row, "price_amount": product.price.amount, "price_currency": product.price.currency}
