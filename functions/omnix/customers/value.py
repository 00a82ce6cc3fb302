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
    """Orders that earned, money by currency (minor units), and the first and last of them (UTC ISO 8601)."""

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
        return Value(
            self.orders + 1,
            self._spent(sale.currency, sale.amount),
            min(self.first_order_at or sale.at, sale.at),
            max(self.last_order_at or sale.at, sale.at),
        )

    def minus(self, sale: Sale) -> Value:
        """Without an order that was counted; the times stay, unless it was the only one."""
        if self.orders <= 1:
            return Value(self.orders - 1, self._spent(sale.currency, -sale.amount))
        return Value(self.orders - 1, self._spent(sale.currency, -sale.amount), self.first_order_at, self.last_order_at)

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

    def _spent(self, currency: str, amount: int) -> dict[str, int]:
        sums = {**self.spent, currency: self.spent.get(currency, 0) + amount}
        return {name: total for name, total in sorted(sums.items()) if total}
