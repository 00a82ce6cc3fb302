"""Keys of the roll-ups in the table `analytics`.

Each roll-up is spread over shards chosen by the product's id, so that writes to different products of one tenant
rarely meet in a transaction; a product's plus and minus land in the same shard.
"""

import zlib

SHARDS = 8
PREFIX = "ROLLUP#"
CATALOGUE_PREFIX = f"{PREFIX}CATALOGUE#"
CATEGORY_PREFIX = f"{PREFIX}CATEGORY#"

type Key = tuple[str, str]


def partition(tenant_id: str) -> str:
    """The tenant's partition."""
    return f"TENANT#{tenant_id}"


def shard(product_id: str) -> int:
    """The shard that a product counts in; stable across processes."""
    return zlib.crc32(product_id.encode()) % SHARDS


def catalogue(tenant_id: str, product_id: str) -> Key:
    """analytics: counts and values over the whole catalogue."""
    return partition(tenant_id), f"{CATALOGUE_PREFIX}{shard(product_id)}"


def category(tenant_id: str, name: str, product_id: str) -> Key:
    """analytics: the count of one category."""
    return partition(tenant_id), f"{CATEGORY_PREFIX}{name}#{shard(product_id)}"
