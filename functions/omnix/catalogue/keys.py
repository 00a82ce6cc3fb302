"""Keys of the catalogue in the table `products`.

A product is two items, written together: the product itself, listed by name in gsi1, and its SKU entry, a full copy
that makes the SKU unique in the tenant and lists the product by name within its category. So that both filters are
queries and none is a scan.
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
