"""The models of the twin's routes, field for field those of the platform's contract."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Category = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Status(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class Money(BaseModel):
    amount: int = Field(ge=0, le=10**12)
    currency: str


class ProductInput(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sku: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    category: Category
    price: Money
    description: Annotated[str, StringConstraints(max_length=5000)] = ""
    status: Status = Status.ACTIVE


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


class LineInput(BaseModel):
    model_config = ConfigDict(extra="forbid")

    product_id: Id
    quantity: int = Field(ge=1, le=10_000)
    location_id: Category = "main"


class OrderInput(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lines: list[LineInput] = Field(min_length=1, max_length=40)
    customer_id: Id | None = None


class OrderLine(BaseModel):
    product_id: str
    sku: str
    name: str
    category: str
    location_id: str
    quantity: int
    unit_price: int
    total: int


class Order(BaseModel):
    order_id: str
    status: str
    customer_id: str | None
    currency: str
    lines: list[OrderLine]
    amount: int
    version: int
    created_at: str
    updated_at: str


class CategoryCount(BaseModel):
    category: str
    products: int


class CurrencyValue(BaseModel):
    currency: str
    products: int
    total: int
    average: int


class Summary(BaseModel):
    """Of the catalogue alone: the platform's has orders, stock and today's sales beside it."""

    products: int
    by_status: dict[str, int]
    by_category: list[CategoryCount]
    prices: list[CurrencyValue]


class Count(BaseModel):
    products: int


class Health(BaseModel):
    status: str
