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


READS = frozenset(scope for scope in Scope if scope.reads)
