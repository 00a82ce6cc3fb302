"""What the dashboard shows."""

from pydantic import BaseModel, Field

from omnix.analytics.model import Amount


class CategoryCount(BaseModel):
    """Products of one category."""

    category: str
    products: int = Field(ge=0)


class CurrencyValue(BaseModel):
    """Prices in one currency, in minor units."""

    currency: str
    products: int = Field(ge=0)
    total: int = Field(ge=0, description="Sum of the prices, minor units.")
    average: int = Field(ge=0, description="Mean price, minor units, rounded down.")


class StatusCount(BaseModel):
    """Products of one status."""

    status: str
    products: int = Field(ge=0)


class OrderCount(BaseModel):
    """Orders of one status."""

    status: str
    orders: int = Field(ge=0)


class StockSummary(BaseModel):
    """Units over all products and locations."""

    on_hand: int = Field(ge=0)
    reserved: int = Field(ge=0)
    low: int = Field(ge=0, description="Levels at or below their reorder point.")


class Day(BaseModel):
    """One day, UTC."""

    date: str
    orders: int = Field(ge=0, description="Orders of the day that were paid and not given back.")
    units: int = Field(ge=0)
    revenue: list[Amount]
    events: dict[str, int] = Field(description="What visitors did, by type.")


class Trends(BaseModel):
    """Every day of a period, the oldest first, and the sums of it and of the one before."""

    days: list[Day]
    orders: int = Field(ge=0)
    revenue: list[Amount]
    orders_before: int = Field(ge=0, description="Orders of as many days before.")
    revenue_before: list[Amount]


class Summary(BaseModel):
    """The state of a tenant's shop, a moment behind its writes."""

    products: int = Field(ge=0)
    by_status: list[StatusCount]
    by_category: list[CategoryCount] = Field(description="Largest first, 50 at most.")
    categories: int = Field(ge=0, description="Categories with at least one product.")
    prices: list[CurrencyValue]
    orders: list[OrderCount]
    today: Day
    stock: StockSummary
    updated_at: str | None = Field(description="The last change, UTC; null before the first.")
