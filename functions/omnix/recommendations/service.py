"""What to offer beside a product, to a customer or to anyone: from counts of orders, without a model."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from omnix.analytics import best
from omnix.authorisation import PEOPLE
from omnix.catalogue.model import Money
from omnix.catalogue.prices import batch, prices
from omnix.listing import Listing
from omnix.orders import keys as order_keys
from omnix.orders.pricing import FOR_SALE
from omnix.orders.status import EARNING
from omnix.recommendations import keys
from omnix.recommendations.counts import top
from omnix.recommendations.model import Reason, Recommendation, Recommendations
from omnix.tables import opened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from omnix.authorisation import Principal
    from omnix.catalogue.prices import Priced
    from omnix.dynamodb import Table

_ORDERS_READ = 10  # a customer's newest
_PRODUCTS_READ = 40  # of them, the newest
_SPARE = 2  # so many times what is asked is looked up: some are no longer for sale


class Recommending:
    """The recommendations context of one environment."""

    def __init__(self, recommendations: Table, analytics: Table, orders: Table, products: Table) -> None:
        self._recommendations = recommendations
        self._analytics = analytics
        self._orders = orders
        self._products = products

    def best(
        self, caller: Principal, *, product_id: str | None, customer_id: str | None, limit: int
    ) -> Recommendations:
        """What is bought together with the product and with what the customer bought last, then what sells best.

        Nothing of these itself. Without either, and where nothing is known of them, what sold best lately
        (`omnix.analytics.best`). Forbidden for a device that names a customer.
        """
        products = [product_id] if product_id else []
        if customer_id:
            caller.require(PEOPLE)
            products += self._bought(caller.tenant_id, customer_id)
        return self._beside(caller.tenant_id, products, limit)

    def _beside(self, tenant_id: str, products: Collection[str], limit: int) -> Recommendations:
        together = self._together(tenant_id, products)
        sold = best.lately(self._analytics, tenant_id)
        for has in products:
            together.pop(has, None)
            sold.pop(has, None)
        first = top(together, limit * _SPARE)
        chosen = {name for name, _ in first}
        rest = [(name, count) for name, count in top(sold, len(sold)) if name not in chosen][: limit * _SPARE]
        for_sale = self._for_sale(tenant_id, [*chosen, *(name for name, _ in rest)])
        found = [
            *_recommended(first, for_sale, Reason.BOUGHT_TOGETHER),
            *_recommended(rest, for_sale, Reason.BEST_SELLER),
        ]
        return Recommendations(items=found[:limit])

    def _together(self, tenant_id: str, products: Iterable[str]) -> Counter[str]:
        """Orders together with any of the products, by product."""
        together: Counter[str] = Counter()
        wanted = [keys.bought_with(tenant_id, one) for one in products]
        for item in batch(self._recommendations, wanted, consistent=False):
            together.update(item["counts"])
        return together

    def _bought(self, tenant_id: str, customer_id: str) -> list[str]:
        """The products of those of the customer's newest orders that were paid and not given back."""
        partition = order_keys.of_customer(tenant_id, customer_id)
        own = order_keys.partition(tenant_id)
        listing = Listing(self._orders, partition, "", order_keys.CUSTOMER_INDEX, own, newest_first=True)
        items, _ = listing.page(_ORDERS_READ, None)
        lines = [line["product_id"] for item in items if item["status"] in EARNING for line in item["lines"]]
        return list(dict.fromkeys(lines))[:_PRODUCTS_READ]

    def _for_sale(self, tenant_id: str, products: Collection[str]) -> Mapping[str, Priced]:
        if not products:
            return {}
        found = prices(self._products, tenant_id, products, consistent=False)
        return {name: product for name, product in found.items() if product.status == FOR_SALE}


def _recommended(
    counts: Iterable[tuple[str, int]], for_sale: Mapping[str, Priced], reason: Reason
) -> list[Recommendation]:
    return [_recommendation(for_sale[name], reason, count) for name, count in counts if name in for_sale]


def _recommendation(product: Priced, reason: Reason, score: int) -> Recommendation:
    return Recommendation(
        product_id=product.product_id,
        sku=product.sku,
        name=product.name,
        category=product.category,
        price=Money(amount=product.amount, currency=product.currency),
        reason=reason,
        score=score,
    )


def recommending() -> Recommending:
    """The recommendations context of the environment that this process serves."""
    names = ("recommendations", "analytics", "orders", "products")
    return Recommending(*map(opened, names))
