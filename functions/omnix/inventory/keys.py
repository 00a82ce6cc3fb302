"""Keys of stock in the table `inventory`.

A level is one product at one location. It is listed in the tenant's own partition (all of them, or one product's), by
a small entry under its location, and, while it is low, in the sparse gsi1. A product's guard counts its levels: who
opens one and who deletes the product meet there. Adjustments are a history by product. A level has one alert, of the
last time that it became low.
"""

type Key = tuple[str, str]

INDEX = "gsi1"
LEVELS = "LEVEL#"
MAIN = "main"


def partition(tenant_id: str) -> str:
    """The tenant's partition."""
    return f"TENANT#{tenant_id}"


def levels_of(product_id: str) -> str:
    """inventory: what the sort keys of a product's levels begin with."""
    return f"{LEVELS}{product_id}#"


def level(tenant_id: str, product_id: str, location_id: str) -> Key:
    """inventory: the level of one product at one location."""
    return partition(tenant_id), f"{levels_of(product_id)}{location_id}"


def guard(tenant_id: str, product_id: str) -> Key:
    """inventory: how many levels of a product were opened; not listed, and not told to the worker."""
    return partition(tenant_id), f"GUARD#{product_id}"


def location(tenant_id: str, location_id: str) -> str:
    """inventory: the partition of a location's entries."""
    return f"TENANT#{tenant_id}#LOCATION#{location_id}"


def location_entry(tenant_id: str, product_id: str, location_id: str) -> Key:
    """inventory: names a level under its location; holds no numbers, so that it never changes."""
    return location(tenant_id, location_id), f"LEVEL#{product_id}"


def low(tenant_id: str) -> str:
    """inventory, gsi1 (sparse): the levels that are at or below their reorder point."""
    return f"TENANT#{tenant_id}#LOW"


def low_entry(product_id: str, location_id: str) -> str:
    """inventory, gsi1: a low level's place, by location."""
    return f"{location_id}#{product_id}"


def adjustments(tenant_id: str, product_id: str) -> str:
    """inventory: the partition of a product's history."""
    return f"TENANT#{tenant_id}#ADJUSTMENTS#{product_id}"


def alert(tenant_id: str, product_id: str, location_id: str) -> Key:
    """inventory: the alert of a level."""
    return partition(tenant_id), f"ALERT#{product_id}#{location_id}"


def alerts(tenant_id: str, state: str) -> str:
    """inventory, gsi1: the open or the resolved alerts, by the time at which they became so."""
    return f"TENANT#{tenant_id}#ALERTS#{state}"


def alert_entry(at: str, product_id: str, location_id: str) -> str:
    """inventory, gsi1: an alert's place, by time."""
    return f"{at}#{product_id}#{location_id}"
