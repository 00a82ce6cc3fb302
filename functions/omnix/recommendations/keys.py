"""Keys of the counts in the table `recommendations`."""

type Key = tuple[str, str]


def partition(tenant_id: str) -> str:
    """The tenant's partition."""
    return f"TENANT#{tenant_id}"


def bought_with(tenant_id: str, product_id: str) -> Key:
    """recommendations: what was bought together with a product."""
    return partition(tenant_id), f"PAIRS#{product_id}"
