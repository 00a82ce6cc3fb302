"""Keys of the customers in the table `customer-profiles`.

A customer is a profile and an e-mail entry, written together: the entry makes the address unique in the tenant. What
the customer is worth is an item of its own beside them, kept by the stream consumer, so that a sale never changes the
profile's version. Addresses are hashed in keys: AWS's audit trails record keys.
"""

import hashlib

from omnix.catalogue.keys import folded

type Key = tuple[str, str]

INDEX = "gsi1"
COHORT_PREFIX = "RFM#"


def partition(tenant_id: str) -> str:
    """The tenant's partition."""
    return f"TENANT#{tenant_id}"


def profile(tenant_id: str, customer_id: str) -> Key:
    """customer-profiles: the profile."""
    return partition(tenant_id), f"CUSTOMER#{customer_id}"


def email(tenant_id: str, address: str) -> Key:
    """customer-profiles: the entry of an address."""
    return partition(tenant_id), f"EMAIL#{hashlib.sha256(address.encode()).hexdigest()}"


def value(tenant_id: str, customer_id: str) -> Key:
    """customer-profiles: what the customer has bought, summed."""
    return partition(tenant_id), f"VALUE#{customer_id}"


def cohort(tenant_id: str, day: str) -> Key:
    """customer-profiles: how many customers bought last on `day` (`2026-11-21`), by frequency and money."""
    return partition(tenant_id), f"{COHORT_PREFIX}{day}"


def all_by_name(tenant_id: str) -> str:
    """customer-profiles, gsi1: every customer of the tenant."""
    return f"TENANT#{tenant_id}#CUSTOMERS"


def by_name(name: str, customer_id: str) -> str:
    """customer-profiles, gsi1: a customer's place in the list."""
    return f"{folded(name)}#{customer_id}"


def buyers(tenant_id: str, course: str) -> str:
    """customer-profiles, gsi1: what those have bought who go one way through the segments (`rfm.course`)."""
    return f"TENANT#{tenant_id}#BUYERS#{course}"


def by_last_order(last_order_at: str, customer_id: str) -> str:
    """customer-profiles, gsi1: a buyer's place among them."""
    return f"{last_order_at}#{customer_id}"


def buyer(place: str) -> str:
    """The customer's id in a place that `by_last_order` made."""
    return place.rpartition("#")[2]
