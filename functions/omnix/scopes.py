"""What a caller may do through tools, and what a key that was made for less than its role may do at all."""

from enum import StrEnum


class Scope(StrEnum):
    """A kind of record and whether it is read or written; `assistant:use` spends money on a model."""

    PRODUCTS_READ = "products:read"
    PRODUCTS_WRITE = "products:write"
    STOCK_READ = "stock:read"
    STOCK_WRITE = "stock:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    ANALYTICS_READ = "analytics:read"
    ANALYTICS_WRITE = "analytics:write"
    ASSISTANT = "assistant:use"

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.endswith(":read")


# What the first part of a path is about. A path of none of these is not for keys that were made with scopes.
_AREAS = {
    "products": "products",
    "inventory": "stock",
    "orders": "orders",
    "customers": "customers",
    "analytics": "analytics",
    "dashboard": "analytics",
    "recommendations": "analytics",
}
# Whom a credential speaks for, and what decides for itself: each tool of `/mcp` has its own scope.
_OPEN = frozenset({"auth", "mcp", "openapi.json", "system"})
_READING = frozenset({"GET", "HEAD"})


def needed(method: str, path: str) -> frozenset[Scope] | None:
    """The scopes that a request needs, none for an open path, and None where no scope is enough.

    A path that goes through two areas (`/customers/{customer_id}/orders`) needs the scopes of both.
    """
    parts = path.strip("/").split("/")
    if parts[0] in _OPEN:
        return frozenset()
    if parts[0] == "assistant":
        return frozenset({Scope.ASSISTANT})
    if parts[0] not in _AREAS:
        return None
    verb = "read" if method in _READING else "write"
    return frozenset(Scope(f"{_AREAS[part]}:{verb}") for part in parts if part in _AREAS)


READS = frozenset(scope for scope in Scope if scope.reads)
