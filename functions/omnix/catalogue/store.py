"""Products in the table `products`. What is counted of them, the worker counts from the table's stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omnix.catalogue import entries, keys
from omnix.catalogue.model import Product
from omnix.catalogue.prices import batch
from omnix.catalogue.search import Order
from omnix.dynamodb import ConditionFailedError, transact
from omnix.errors import ConflictError
from omnix.idempotency import AlreadyDoneError, Once
from omnix.listing import Listing
from omnix.versioned import VersionChangedError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from omnix.catalogue.search import Search
    from omnix.dynamodb import Item, Table

_ABSENT = "attribute_not_exists(pk)"
_SAME_VERSION = "version = :version"
_SAME_PRODUCT = "product_id = :product_id"


class ProductStore:
    """One environment's products; every method takes the tenant first."""

    def __init__(self, products: Table, sessions: Table) -> None:
        self._products = products
        self._sessions = sessions

    def get(self, tenant_id: str, product_id: str) -> Product | None:
        """The product, strongly consistent."""
        item = self._products.get(*keys.product(tenant_id, product_id))
        return _product(item) if item else None

    def by_sku(self, tenant_id: str, code: str) -> Product | None:
        """The product with this SKU, strongly consistent."""
        item = self._products.get(*keys.sku(tenant_id, code))
        return _product(item) if item else None

    def skus(self, tenant_id: str, product_ids: Collection[str]) -> Mapping[str, str]:
        """Each product's SKU, for those that are there."""
        wanted = [keys.product(tenant_id, product_id) for product_id in product_ids]
        found = batch(self._products, wanted, ["product_id", "sku"], consistent=False)
        return {item["product_id"]: item["sku"] for item in found}

    def ids(self, tenant_id: str, codes: Collection[str]) -> Mapping[str, str]:
        """The id of the product with each SKU, for those that are there, strongly consistent."""
        found = batch(self._products, [keys.sku(tenant_id, code) for code in codes], ["product_id", "sku"])
        return {item["sku"]: item["product_id"] for item in found}

    def page(self, tenant_id: str, search: Search, limit: int, after: str | None) -> tuple[list[Product], str | None]:
        """A page of what is searched for, and the cursor of the next one; eventually consistent.

        It may hold less than `limit` products where one changed while it was read.
        """
        if search.order is not Order.NAME or search.status:
            return self._entries(tenant_id, search, limit, after)
        category = search.category
        partition = keys.category_by_name(tenant_id, category) if category else keys.all_by_name(tenant_id)
        listing = Listing(
            self._products,
            partition,
            keys.folded(search.prefix),
            keys.INDEX,
            keys.partition(tenant_id),
            newest_first=search.descending,
        )
        items, following = listing.page(limit, after)
        return [_product(item) for item in items], following

    def _entries(
        self, tenant_id: str, search: Search, limit: int, after: str | None
    ) -> tuple[list[Product], str | None]:
        ids, following = entries.page(self._products, tenant_id, search, limit, after)
        wanted = [keys.product(tenant_id, one) for one in ids]
        found = {item["product_id"]: item for item in batch(self._products, wanted, consistent=False)}
        return [_product(found[i]) for i in ids if i in found and search.admits(found[i])], following

    def create(self, tenant_id: str, product: Product, once: Once | None) -> None:
        """Raises ConflictError when the SKU is taken, AlreadyDoneError when the idempotency key was used before."""
        actions = [*self._puts(tenant_id, product), *self._moves(tenant_id, None, product)]
        if once:
            actions.append(once.record(self._sessions, product.product_id))
        try:
            transact(self._products.client, actions)
        except ConditionFailedError as failure:
            if once and len(actions) - 1 in failure.failed:
                raise AlreadyDoneError(once.earlier(self._sessions) or product.product_id) from None
            raise _sku_taken() from None

    def replace(self, tenant_id: str, before: Product, after: Product) -> None:
        """Raises ConflictError when the new SKU is taken, VersionChangedError when `before` is not what is stored."""
        actions = [self._products.put(product_item(tenant_id, after), _SAME_VERSION, {":version": before.version})]
        if before.sku == after.sku:
            entry = self._products.put(sku_item(tenant_id, after))
        else:
            entry = self._products.put(sku_item(tenant_id, after), _ABSENT)
            actions.append(self._products.delete(*keys.sku(tenant_id, before.sku)))
        actions += [*self._moves(tenant_id, before, after), entry]
        try:
            transact(self._products.client, actions)
        except ConditionFailedError as failure:
            if 0 in failure.failed:
                raise VersionChangedError from None
            raise _sku_taken() from None

    def delete(self, tenant_id: str, product: Product, empty_levels: Sequence[dict[str, Any]] = ()) -> None:
        """Raises VersionChangedError when `product`, or one of its levels, is not what was read."""
        key, entry = keys.product(tenant_id, product.product_id), keys.sku(tenant_id, product.sku)
        actions = [
            self._products.delete(*key, _SAME_VERSION, {":version": product.version}),
            self._products.delete(*entry, _SAME_PRODUCT, {":product_id": product.product_id}),
            *self._moves(tenant_id, product, None),
            *empty_levels,
        ]
        try:
            transact(self._products.client, actions)
        except ConditionFailedError:
            raise VersionChangedError from None

    def _puts(self, tenant_id: str, product: Product) -> list[dict[str, Any]]:
        return [
            self._products.put(product_item(tenant_id, product), _ABSENT),
            self._products.put(sku_item(tenant_id, product), _ABSENT),
        ]

    def _moves(self, tenant_id: str, before: Product | None, after: Product | None) -> list[dict[str, Any]]:
        """The entries whose place changed, and no other."""
        old = entries.of(tenant_id, before) if before else {}
        new = entries.of(tenant_id, after) if after else {}
        puts = [self._products.put(item) for key, item in new.items() if old.get(key) != item]
        return puts + [self._products.delete(*key) for key in old if key not in new]


def _sku_taken() -> ConflictError:
    return ConflictError("Another product has this SKU.", [{"location": "body.sku", "reason": "taken"}])


def product_item(tenant_id: str, product: Product) -> Item:
    """The item of a product, listed by name."""
    pk, sk = keys.product(tenant_id, product.product_id)
    index = {"gsi1pk": keys.all_by_name(tenant_id), "gsi1sk": keys.by_name(product.name, product.product_id)}
    return {"pk": pk, "sk": sk, **index, "entity": "product", "tenant_id": tenant_id, **product.model_dump(mode="json")}


def sku_item(tenant_id: str, product: Product) -> Item:
    """The copy that makes a SKU unique and lists the product within its category."""
    pk, sk = keys.sku(tenant_id, product.sku)
    partition = keys.category_by_name(tenant_id, product.category)
    return {**product_item(tenant_id, product), "pk": pk, "sk": sk, "gsi1pk": partition, "entity": "product_sku"}


def _product(item: Item) -> Product:
    return Product.model_validate(item)
