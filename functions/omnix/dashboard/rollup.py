"""The difference that one write to the catalogue makes to the roll-ups, as data."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

PRODUCTS = "products"
STATUS_PREFIX = "status_"
COUNT_PREFIX = "count_"
TOTAL_PREFIX = "total_"


@dataclass(frozen=True)
class Counted:
    """What the dashboard counts of a product: money in minor units."""

    product_id: str
    category: str
    status: str
    amount: int
    currency: str

    def totals(self) -> Counter[str]:
        """Its part of the catalogue's counters."""
        return Counter(
            {
                PRODUCTS: 1,
                f"{STATUS_PREFIX}{self.status}": 1,
                f"{COUNT_PREFIX}{self.currency}": 1,
                f"{TOTAL_PREFIX}{self.currency}": self.amount,
            }
        )


def catalogue_delta(before: Counted | None, after: Counted | None) -> Mapping[str, int]:
    """What to add to the catalogue's counters; empty when nothing that is counted changed."""
    delta = after.totals() if after else Counter[str]()
    if before:
        delta.subtract(before.totals())
    return {name: amount for name, amount in sorted(delta.items()) if amount}


def category_delta(before: Counted | None, after: Counted | None) -> Mapping[str, int]:
    """What to add to each category's counter."""
    delta = Counter([after.category] if after else [])
    delta.subtract([before.category] if before else [])
    return {name: amount for name, amount in sorted(delta.items()) if amount}
