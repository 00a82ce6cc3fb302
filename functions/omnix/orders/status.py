r"""An order's life: which status follows which, and what each step does to the stock.

pending --> paid --> fulfilled --> delivered
   |         |  \        |            |
   v         v   `-------+-----> refunded
cancelled <--'
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class OrderStatus(StrEnum):
    """Where an order is in its life."""

    PENDING = "pending"
    PAID = "paid"
    FULFILLED = "fulfilled"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class Stock(StrEnum):
    """What a step does to the stock of an order's lines."""

    KEEP = "keep"
    SHIP = "ship"  # reserved goods leave
    RELEASE = "release"  # reserved goods are for sale again
    RESTOCK = "restock"  # shipped goods are back and for sale


_PENDING, _PAID, _FULFILLED = OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.FULFILLED
_DELIVERED, _CANCELLED, _REFUNDED = OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.REFUNDED

STEPS: Mapping[tuple[OrderStatus, OrderStatus], Stock] = MappingProxyType(
    {
        (_PENDING, _PAID): Stock.KEEP,
        (_PENDING, _CANCELLED): Stock.RELEASE,
        (_PAID, _FULFILLED): Stock.SHIP,
        (_PAID, _CANCELLED): Stock.RELEASE,
        (_PAID, _REFUNDED): Stock.RELEASE,
        (_FULFILLED, _DELIVERED): Stock.KEEP,
        (_FULFILLED, _REFUNDED): Stock.RESTOCK,
        (_DELIVERED, _REFUNDED): Stock.RESTOCK,
    }
)

# The statuses in which an order's money is the shop's.
EARNING = frozenset({_PAID, _FULFILLED, _DELIVERED})


def following(status: OrderStatus) -> tuple[OrderStatus, ...]:
    """The statuses that may follow, in the order of an order's life."""
    return tuple(after for before, after in STEPS if before == status)
