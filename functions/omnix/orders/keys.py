"""Keys of the orders in the table `orders`.

An order is two items, written together: the order itself, listed in gsi1 among all and in gsi2 among its customer's,
and its status entry, a full copy that is listed the same way among those of its status. So every filter is a query.
"""

type Key = tuple[str, str]

ALL_INDEX = "gsi1"
CUSTOMER_INDEX = "gsi2"


def partition(tenant_id: str) -> str:
    """The tenant's partition."""
    return f"TENANT#{tenant_id}"


def order(tenant_id: str, order_id: str) -> Key:
    """orders: the order."""
    return partition(tenant_id), f"ORDER#{order_id}"


def status_entry(tenant_id: str, order_id: str) -> Key:
    """orders: the order's status entry."""
    return partition(tenant_id), f"STATUS#{order_id}"


def listed(tenant_id: str, status: str | None = None) -> str:
    """orders, gsi1: every order of the tenant, or those of one status."""
    stem = f"TENANT#{tenant_id}#ORDERS"
    return f"{stem}#{status}" if status else stem


def of_customer(tenant_id: str, customer_id: str, status: str | None = None) -> str:
    """orders, gsi2: a customer's orders, or those of one status."""
    stem = f"TENANT#{tenant_id}#CUSTOMER#{customer_id}"
    return f"{stem}#{status}" if status else stem


def by_time(created_at: str, order_id: str) -> str:
    """orders, both indexes: an order's place in time."""
    return f"{created_at}#{order_id}"
