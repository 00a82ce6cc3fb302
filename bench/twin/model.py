"""The models of `GET /products`, field for field those of the platform's contract."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

Category = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]


class Status(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class Money(BaseModel):
    amount: int = Field(ge=0, le=10**12)
    currency: str


class Product(BaseModel):
    product_id: str
    sku: str
    name: str
    category: str
    price: Money
    description: str
    status: Status
    version: int = Field(ge=1)
    created_at: str
    updated_at: str


class ProductPage(BaseModel):
    items: list[Product]
    next_cursor: str | None
