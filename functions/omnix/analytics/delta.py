"""What one image of an order or a stock level contributes to the counters, and so what a change adds. Pure.

A contribution depends on its image alone, an order's date included: the differences of an item's changes sum up to its
latest image's contribution, in whatever order they are added.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from omnix.orders.status import EARNING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.dynamodb import Item

ORDERS, UNITS, AMOUNT = "orders", "units", "amount_"
STATUS, STOCK = "order_", "stock_"
ON_HAND, RESERVED, LOW = f"{STOCK}on_hand", f"{STOCK}reserved", f"{STOCK}low"

type Group = tuple[str, str]  # kind of counter (day, category, product, status), and which
type Counts = Mapping[Group, Mapping[str, int]]


def order(before: Item | None, after: Item | None) -> Counts:
    """Counters of sales and of orders by status; only what is not zero."""
    return _difference(_order(before), _order(after))


def level(before: Item | None, after: Item | None) -> Mapping[str, int]:
    """Counters of stock; only what is not zero."""
    counts = Counter(_level(after))
    counts.subtract(_level(before))
    return {name: amount for name, amount in sorted(counts.items()) if amount}


def _order(image: Item | None) -> dict[Group, Counter[str]]:
    found: dict[Group, Counter[str]] = {}
    if image is None:
        return found
    found["status", ""] = Counter({f"{STATUS}{image['status']}": 1})
    if image["status"] not in EARNING:
        return found
    amount = f"{AMOUNT}{image['currency']}"
    totals = image["totals"]
    found["day", ""] = Counter({ORDERS: 1, UNITS: totals["units"], amount: totals["amount"]})
    for line in image["lines"]:
        for group in (("category", line["category"]), ("product", line["product_id"])):
            found.setdefault(group, Counter()).update({UNITS: line["quantity"], amount: line["total"]})
    return found


def _level(image: Item | None) -> dict[str, int]:
    if image is None:
        return {}
    # the sparse index lists a level while it is low
    return {ON_HAND: image["on_hand"], RESERVED: image["reserved"], LOW: int("gsi1pk" in image)}


def _difference(before: Mapping[Group, Counter[str]], after: Mapping[Group, Counter[str]]) -> Counts:
    found: dict[Group, dict[str, int]] = {}
    for group in sorted({*before, *after}):
        counts = Counter(after.get(group, {}))
        counts.subtract(before.get(group, {}))
        changed = {name: amount for name, amount in sorted(counts.items()) if amount}
        if changed:
            found[group] = changed
    return found
