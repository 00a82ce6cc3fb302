"""A worth as one number, so that orders of all currencies are one account of a customer."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def bought(orders: int, spent: Mapping[str, int]) -> int:
    """Linear in the orders and in each currency's money, which do not cancel each other by accident."""
    return orders + sum(amount * (zlib.crc32(currency.encode()) << 40) for currency, amount in spent.items())
