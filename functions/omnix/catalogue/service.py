"""What a caller can do with the products of its tenant."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from omnix import clock, versioned
from omnix.authorisation import EDITORS
from omnix.catalogue.model import SKU_PATTERN, Product, ProductPage
from omnix.catalogue.store import ProductStore
from omnix.errors import ConflictError, NotFoundError
from omnix.idempotency import AlreadyDoneError, Once
from omnix.inventory.store import StockStore
from omnix.tables import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from omnix.authorisation import Principal
    from omnix.catalogue.model import ProductChanges, ProductInput
    from omnix.catalogue.search import Search

_PRODUCT_ID = re.compile(r"[0-9a-f]{32}")
_SKU = re.compile(SKU_PATTERN)


class Catalogue:
    """The catalogue context of one environment."""

    def __init__(self, store: ProductStore, levels: StockStore) -> None:
        self._store = store
        self._levels = levels

    def list(self, caller: Principal, search: Search, limit: int, after: str | None) -> ProductPage:
        """A page of the caller's products that the search finds, in its order."""
        items, following = self._store.page(caller.tenant_id, search, limit, after)
        return ProductPage(items=items, next_cursor=following)

    def get(self, caller: Principal, product_id: str) -> Product:
        """Raises NotFoundError for what is not the caller's as for what is not there."""
        product = self._store.get(caller.tenant_id, product_id) if _PRODUCT_ID.fullmatch(product_id) else None
        if product is None:
            raise NotFoundError("There is no such product.")
        return product

    def by_sku(self, caller: Principal, sku: str) -> Product | None:
        """The caller's product with this SKU, or None, as for what can be no SKU."""
        return self._store.by_sku(caller.tenant_id, sku) if _SKU.fullmatch(sku) else None

    def skus(self, caller: Principal, product_ids: Collection[str]) -> Mapping[str, str]:
        """The SKU of each of the caller's products that is there."""
        return self._store.skus(caller.tenant_id, product_ids)

    def ids(self, caller: Principal, skus: Collection[str]) -> Mapping[str, str]:
        """The id of the caller's product with each SKU, for those that are there; what can be no SKU is none."""
        return self._store.ids(caller.tenant_id, [sku for sku in skus if _SKU.fullmatch(sku)])

    def create(self, caller: Principal, content: ProductInput, idempotency_key: str | None) -> tuple[Product, bool]:
        """The product, and whether an earlier request with the same key made it. Conflict, forbidden."""
        caller.require(EDITORS)
        product = _made(uuid.uuid4().hex, content, version=1, created_at=clock.iso_now())
        once = (
            Once.of(caller, "POST /products", idempotency_key, content.model_dump_json().encode())
            if idempotency_key
            else None
        )
        try:
            self._store.create(caller.tenant_id, product, once)
        except AlreadyDoneError as done:
            return self._replayed(caller, done.made), True
        return product, False

    def replace(self, caller: Principal, product_id: str, content: ProductInput, if_match: str | None) -> Product:
        """The product with other content. Not found, precondition failed, conflict, forbidden."""
        return self._change(caller, product_id, lambda _: content, if_match)

    def update(self, caller: Principal, product_id: str, changes: ProductChanges, if_match: str | None) -> Product:
        """The product with some fields changed. Not found, precondition failed, conflict, forbidden."""
        return self._change(caller, product_id, changes.applied_to, if_match)

    def merge(
        self, caller: Principal, product_id: str, change: Callable[[ProductInput], ProductInput]
    ) -> tuple[Product, bool]:
        """The product with what `change` makes of it, and whether that changed anything. `change` is asked again when
        somebody else writes first, and what it raises is raised. Not found, conflict, forbidden.
        """
        changed = False

        def noted(before: ProductInput) -> ProductInput:
            nonlocal changed
            after = change(before)
            changed = after != before
            return after

        return self._change(caller, product_id, noted, None), changed

    def delete(self, caller: Principal, product_id: str, if_match: str | None) -> None:
        """With its empty levels. Not found, precondition failed, forbidden; conflict while there is stock of it."""
        caller.require(EDITORS)
        versioned.delete(
            lambda: self.get(caller, product_id),
            lambda product: self._store.delete(
                caller.tenant_id, product, self._levels.emptied(caller.tenant_id, product_id)
            ),
            if_match,
            "product",
        )

    def _change(
        self,
        caller: Principal,
        product_id: str,
        change: Callable[[ProductInput], ProductInput],
        if_match: str | None,
    ) -> Product:
        caller.require(EDITORS)

        def changed(before: Product) -> Product:
            content = change(before.content())
            if content == before.content():
                return before
            return _made(product_id, content, before.version + 1, before.created_at)

        return versioned.change(
            lambda: self.get(caller, product_id),
            changed,
            lambda before, after: self._store.replace(caller.tenant_id, before, after),
            if_match,
            "product",
        )

    def _replayed(self, caller: Principal, product_id: str) -> Product:
        product = self._store.get(caller.tenant_id, product_id)
        if product is None:
            raise ConflictError("The product that this Idempotency-Key made is gone.")
        return product


def _made(product_id: str, content: ProductInput, version: int, created_at: str) -> Product:
    return Product(
        product_id=product_id,
        sku=content.sku,
        name=content.name,
        category=content.category,
        price=content.price,
        description=content.description,
        status=content.status,
        version=version,
        created_at=created_at,
        updated_at=clock.iso_now(),
    )


def catalogue() -> Catalogue:
    """The catalogue context of the environment that this process serves."""
    products, inventory, sessions = map(opened, ("products", "inventory", "sessions"))
    return Catalogue(ProductStore(products, sessions), StockStore(inventory, products, sessions))
