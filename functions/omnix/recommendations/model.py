"""What the recommendation route gives."""

from enum import StrEnum

from pydantic import BaseModel, Field

from omnix.catalogue.model import Money


class Reason(StrEnum):
    """Why a product is recommended."""

    BOUGHT_TOGETHER = "bought_together"
    BEST_SELLER = "best_seller"


class Recommendation(BaseModel):
    """A product for sale, with its present price."""

    product_id: str
    sku: str
    name: str
    category: str
    price: Money
    reason: Reason
    score: int = Field(
        ge=1,
        description="Orders in which they were bought together, or units sold lately; comparable within one reason.",
    )


class Recommendations(BaseModel):
    """Best first; bought together before best sellers."""

    items: list[Recommendation]
