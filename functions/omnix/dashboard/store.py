"""The roll-ups in the table `analytics`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from omnix.dashboard import keys
from omnix.dashboard.rollup import Counted, catalogue_delta, category_delta

if TYPE_CHECKING:
    from omnix.dynamodb import Table


class RollupStore:
    """Actions for the writers' transactions, and the sums for the reader."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def actions(
        self, tenant_id: str, before: Counted | None, after: Counted | None, moment: str
    ) -> list[dict[str, Any]]:
        """The updates that belong into the transaction that writes the product (three at most)."""
        counted = after or before
        if counted is None:
            return []
        assign = {"updated_at": moment, "entity": "rollup"}
        found = []
        totals = catalogue_delta(before, after)
        if totals:
            found.append(self._table.add(*keys.catalogue(tenant_id, counted.product_id), totals, assign))
        for name, amount in category_delta(before, after).items():
            key = keys.category(tenant_id, name, counted.product_id)
            found.append(self._table.add(*key, {"products": amount}, {**assign, "category": name}))
        return found

    def sums(self, tenant_id: str) -> tuple[Counter[str], Counter[str], str | None]:
        """Catalogue counters, products by category, and the last change, over all shards; a query, no scan."""
        totals: Counter[str] = Counter()
        categories: Counter[str] = Counter()
        updated: list[str] = []
        for item in self._table.query_all(keys.partition(tenant_id), keys.PREFIX):
            updated.append(item["updated_at"])
            if item["sk"].startswith(keys.CATEGORY_PREFIX):
                categories[item["category"]] += item["products"]
            else:
                totals.update({name: value for name, value in item.items() if isinstance(value, int)})
        return totals, categories, max(updated, default=None)
