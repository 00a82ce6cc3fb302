"""Keys of the catalogue in the table `products`.

A product is two full items, written together: the product itself, listed by name in gsi1, and its SKU entry, a copy
that makes the SKU unique in the tenant and lists the product by name within its category. Three small entries beside
them, by status, list it by name, price and creation: in the table for the whole tenant, in gsi1 for its category. So
every filter and order that is offered is a query, and a change rewrites only the entries whose place changed.
"""

import unicodedata

type Key = tuple[str, str]

INDEX = "gsi1"
# Sort keys end at 1024 bytes (AWS); the id behind the name needs 33 of them.
_NAME_BYTES = 512


def partition(tenant_id: str) -> str:
    """The tenant's partition."""
    return f"TENANT#{tenant_id}"


def product(tenant_id: str, product_id: str) -> Key:
    """products: the product."""
    return partition(tenant_id), f"PRODUCT#{product_id}"


def sku(tenant_id: str, code: str) -> Key:
    """products: the product's SKU entry."""
    return partition(tenant_id), f"SKU#{code}"


def all_by_name(tenant_id: str) -> str:
    """products, gsi1: every product of the tenant."""
    return f"TENANT#{tenant_id}#PRODUCTS"


def category_by_name(tenant_id: str, category: str) -> str:
    """products, gsi1: the products of one category."""
    return f"TENANT#{tenant_id}#CATEGORY#{category}"


def folded(text: str) -> str:
    """A name as it is sorted and searched: NFKC, case folded, cut to what a sort key holds."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return plain.encode()[:_NAME_BYTES].decode(errors="ignore")


def by_name(name: str, product_id: str) -> str:
    """products, gsi1: a product's place in a list."""
    return f"{folded(name)}#{product_id}"


def entries_by_status(tenant_id: str, status: str, order: str, category: str | None) -> str:
    """products: the entries of one status in one order; with a category its partition in gsi1, else the table's."""
    within = f"#CATEGORY#{category}" if category else ""
    return f"TENANT#{tenant_id}{within}#STATUS#{status}#BY#{order}"


def by_price(currency: str, amount: int, product_id: str) -> str:
    """products: an entry's place by price; amounts of one currency only compare with each other."""
    return f"{price_place(currency, amount)}#{product_id}"


def price_place(currency: str, amount: int) -> str:
    """What the places of one price begin with; amounts have 13 digits (`catalogue.model.MAX_AMOUNT`)."""
    return f"{currency}#{amount:013}"


def by_creation(created_at: str, product_id: str) -> str:
    """products: an entry's place by the time of creation."""
    return f"{created_at}#{product_id}"
