"""An order's lines and totals, from what was asked and what the catalogue says. Pure; integers only."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from omnix.errors import ConflictError, ValidationFailedError
from omnix.orders.model import MAX_AMOUNT, MAX_QUANTITY, OrderLine, Totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from omnix.catalogue.prices import Priced
    from omnix.orders.model import LineInput

FOR_SALE = "active"


def merged(lines: Iterable[LineInput]) -> Mapping[tuple[str, str], int]:
    """Units by product and location, in the order of their first lines: a transaction takes each item once."""
    units: Counter[tuple[str, str]] = Counter()
    for line in lines:
        units[line.product_id, line.location_id] += line.quantity
    return units


def priced(asked: Sequence[LineInput], prices: Mapping[str, Priced]) -> tuple[list[OrderLine], str, Totals]:
    """Lines, their one currency, and totals.

    Raises ConflictError for what the catalogue stands against: a product that is not for sale, two currencies, a total
    too large at these prices; ValidationFailedError for more of one product than an order may have.
    """
    units = merged(asked)
    _require_for_sale(asked, prices)
    currencies = sorted({prices[product].currency for product, _ in units})
    if len(currencies) > 1:
        raise _impossible("currencies", f"an order has one currency, not {' and '.join(currencies)}")
    lines = [_line(prices[product], location, quantity) for (product, location), quantity in units.items()]
    totals = Totals(units=sum(line.quantity for line in lines), amount=sum(line.total for line in lines))
    if totals.amount > MAX_AMOUNT:
        raise _impossible("too_large", f"the total may be {MAX_AMOUNT} at most")
    if any(quantity > MAX_QUANTITY for quantity in units.values()):
        fault = _fault("body.lines", "too_large", f"of one product there may be {MAX_QUANTITY} at most")
        raise ValidationFailedError("The order has too many of a product.", [fault])
    return lines, currencies[0], totals


def _require_for_sale(asked: Sequence[LineInput], prices: Mapping[str, Priced]) -> None:
    faults = [
        _fault(f"body.lines.{number}.product_id", "not_for_sale", "there is no such product for sale")
        for number, line in enumerate(asked)
        if line.product_id not in prices or prices[line.product_id].status != FOR_SALE
    ]
    if faults:
        raise ConflictError("The order names products that are not for sale.", faults)


def _line(product: Priced, location_id: str, quantity: int) -> OrderLine:
    return OrderLine(
        product_id=product.product_id,
        sku=product.sku,
        name=product.name,
        category=product.category,
        location_id=location_id,
        quantity=quantity,
        unit_price=product.amount,
        total=product.amount * quantity,
    )


def _impossible(reason: str, message: str) -> ConflictError:
    return ConflictError("The order cannot be made at the catalogue's prices.", [_fault("body.lines", reason, message)])


def _fault(location: str, reason: str, message: str) -> dict[str, Any]:
    return {"location": location, "reason": reason, "message": message}
