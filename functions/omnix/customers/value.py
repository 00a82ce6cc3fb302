"""What a customer has bought, summed, and what one change of an order adds to it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from omnix.customers import rfm
from omnix.orders.status import EARNING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.dynamodb import Item


@dataclass(frozen=True)
class Sale:
    """An order as a customer's worth sees it: counted while its money is the shop's."""

    currency: str
    amount: int
    at: str

    @classmethod
    def of(cls, order: Item | None) -> Self | None:
        """The sale of an order's image; None for what earns nothing (pending, cancelled, refunded, not there)."""
        if order is None or order["status"] not in EARNING:
            return None
        return cls(order["currency"], order["totals"]["amount"], order["created_at"])


@dataclass(frozen=True)
class Value:
    """Orders that earned, money by currency (minor units), and the first and last of them (UTC ISO 8601).

    Orders and money are sums: the same in whatever order the changes come. The times are so too while nothing is given
    back, and None without an order. What is given back takes no time with it while another order is left: then they are
    those of orders that were counted, not always of those that are.
    """

    orders: int = 0
    spent: Mapping[str, int] = field(default_factory=dict)
    first_order_at: str | None = None
    last_order_at: str | None = None

    @classmethod
    def of(cls, item: Item | None) -> Self:
        """The value that is stored; nothing bought where nothing is."""
        if item is None:
            return cls()
        return cls(item["orders"], item["spent"], item["first_order_at"], item["last_order_at"])

    def plus(self, sale: Sale) -> Value:
        """With one more order."""
        first, last = self.first_order_at, self.last_order_at
        if self.orders <= 0 or first is None or last is None:
            first = last = sale.at
        return self._counting(1, sale, min(first, sale.at), max(last, sale.at))

    def minus(self, sale: Sale) -> Value:
        """Without an order; the times stay while there are others, since only the first and the last are known."""
        return self._counting(-1, sale, self.first_order_at, self.last_order_at)

    def changed(self, before: Sale | None, after: Sale | None) -> Value:
        """After an order's step from one image to the next."""
        if before == after:
            return self
        value = self.plus(after) if after else self
        return value.minus(before) if before else value

    @property
    def cohort(self) -> tuple[str, str] | None:
        """The day of the last order and the counter (`f5m3`) among that day's customers; None without an order."""
        if self.orders <= 0 or self.last_order_at is None:
            return None
        return self.last_order_at[:10], f"f{rfm.frequency(self.orders)}m{rfm.money(self.spent)}"

    @property
    def course(self) -> str | None:
        """Which way through the segments it goes while it buys no more; None without an order."""
        return rfm.course(rfm.frequency(self.orders), rfm.money(self.spent)) if self.cohort else None

    def _counting(self, orders: int, sale: Sale, first: str | None, last: str | None) -> Value:
        """With so many orders like the sale more, at these times.

        A change that is delivered again after later ones lets an order go before it came: the count is below nothing
        for a while, and until an order is left there is no time that a later one could inherit.
        """
        sums = {**self.spent, sale.currency: self.spent.get(sale.currency, 0) + orders * sale.amount}
        spent = {name: total for name, total in sorted(sums.items()) if total}
        total = self.orders + orders
        return Value(total, spent, first, last) if total > 0 else Value(total, spent)
