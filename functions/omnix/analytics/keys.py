"""Keys of the analytics in the table `analytics`. A day is a UTC date (`2026-11-21`)."""

from omnix.dashboard.keys import PREFIX, Key, partition, shard

DAYS = "SALES#DAY#"
CATEGORIES = "SALES#CATEGORY#"
BESTS = "SALES#BEST#"
STOCK_DAYS = "STOCK#DAY#"
EVENT_DAYS = "EVENTS#DAY#"


def day(tenant_id: str, date: str) -> Key:
    """analytics: sales of a day."""
    return partition(tenant_id), f"{DAYS}{date}"


def category(tenant_id: str, date: str, name: str) -> Key:
    """analytics: a category's sales of a day."""
    return partition(tenant_id), f"{CATEGORIES}{date}#{name}"


def product(tenant_id: str, date: str, product_id: str) -> Key:
    """analytics: a product's sales of a day; in partitions of their own, for there are many."""
    return f"TENANT#{tenant_id}#SALES#{product_id}", f"{DAYS}{date}"


def best(tenant_id: str, date: str) -> Key:
    """analytics: the products that sold best on a day."""
    return partition(tenant_id), f"{BESTS}{date}"


def orders(tenant_id: str, order_id: str) -> Key:
    """analytics: orders by status."""
    return partition(tenant_id), f"{PREFIX}ORDERS#{shard(order_id)}"


def stock(tenant_id: str, product_id: str) -> Key:
    """analytics: units on hand and reserved, levels that are low."""
    return partition(tenant_id), f"{PREFIX}STOCK#{shard(product_id)}"


def stock_day(tenant_id: str, date: str) -> Key:
    """analytics: by how many units the stock grew on a day."""
    return partition(tenant_id), f"{STOCK_DAYS}{date}"


def event_day(tenant_id: str, date: str) -> Key:
    """analytics: events of a day by type."""
    return partition(tenant_id), f"{EVENT_DAYS}{date}"


def event(tenant_id: str, date: str, event_id: str) -> Key:
    """analytics: one event."""
    return f"TENANT#{tenant_id}#EVENTS#{date}", event_id
