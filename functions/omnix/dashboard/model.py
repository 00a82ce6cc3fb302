"""What the dashboard shows."""

from pydantic import BaseModel, Field


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


class Summary(BaseModel):
    """The state of a tenant's catalogue."""

    products: int = Field(ge=0)
    by_status: list[StatusCount]
    by_category: list[CategoryCount] = Field(description="Largest first, 50 at most.")
    categories: int = Field(ge=0, description="Categories with at least one product.")
    prices: list[CurrencyValue]
    updated_at: str | None = Field(description="The last change, UTC; null before the first.")
