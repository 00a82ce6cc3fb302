"""What a list of products may be asked for: each combination that is taken is one that an index answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from omnix.catalogue import keys
from omnix.catalogue.model import MAX_AMOUNT, Status
from omnix.errors import ValidationFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOWEST = " "  # a sort key is never empty; every place begins with something greater
_HIGHEST = "\U0010ffff"


class Sort(StrEnum):
    """The orders of a list; `-` is descending."""

    NAME = "name"
    NAME_DESCENDING = "-name"
    PRICE = "price"
    PRICE_DESCENDING = "-price"
    CREATED = "created_at"
    CREATED_DESCENDING = "-created_at"


class Order(StrEnum):
    """What is compared; also the part of a key that names it."""

    NAME = "NAME"
    PRICE = "PRICE"
    CREATED = "CREATED"


_ORDERS = {"name": Order.NAME, "price": Order.PRICE, "created_at": Order.CREATED}


@dataclass(frozen=True)
class Search:
    """A filter and an order; the places of what is found lie from `low` to `high`, both included."""

    order: Order = Order.NAME
    descending: bool = False
    category: str | None = None
    status: Status | None = None
    prefix: str = ""
    low: str = _LOWEST
    high: str = _HIGHEST

    @classmethod
    def of(
        cls,
        sort: Sort | None = None,
        *,
        category: str | None = None,
        status: Status | None = None,
        prefix: str = "",
        currency: str | None = None,
        min_price: int | None = None,
        max_price: int | None = None,
    ) -> Self:
        """Raises ValidationFailedError for what no index answers: filtering what was read would read without bound."""
        priced = currency is not None or min_price is not None or max_price is not None
        chosen = sort or (Sort.PRICE if priced else Sort.NAME)
        order = _ORDERS[chosen.removeprefix("-")]
        if prefix and order is not Order.NAME:
            raise _unserved("prefix", "is served in the order of names only")
        if priced and order is not Order.PRICE:
            raise _unserved("sort", "must be price or -price where a price or a currency is asked for")
        if priced and currency is None:
            raise _unserved("currency", "is needed beside min_price and max_price")
        low, high = _LOWEST, _HIGHEST
        if currency is not None:
            low = keys.price_place(currency, min_price or 0)
            high = keys.price_place(currency, MAX_AMOUNT if max_price is None else max_price) + _HIGHEST
        elif prefix:
            low = keys.folded(prefix) or _LOWEST
            high = f"{keys.folded(prefix)}{_HIGHEST}"
        return cls(order, chosen.startswith("-"), category, status, prefix, low, high)

    @property
    def statuses(self) -> tuple[Status, ...]:
        """Those whose entries are read: they are few, so that any of them is three queries."""
        return (self.status,) if self.status else tuple(Status)

    def admits(self, product: Mapping[str, Any]) -> bool:
        """Whether a stored product, read after its entry, is still one of those that are searched for."""
        return self.category in (None, product["category"]) and product["status"] in self.statuses


def _unserved(parameter: str, message: str) -> ValidationFailedError:
    return ValidationFailedError(
        "No index answers this combination.",
        [{"location": f"query.{parameter}", "reason": "unserved", "message": message}],
    )
