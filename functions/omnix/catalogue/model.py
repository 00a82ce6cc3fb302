"""What the product routes take and give."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

from omnix.request_model import Body
from omnix.text import ONE_LINE

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=ONE_LINE), AfterValidator(str.strip)]
SKU_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$"
Sku = Annotated[str, StringConstraints(pattern=SKU_PATTERN)]
Category = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Description = Annotated[str, StringConstraints(max_length=5000)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]

MAX_AMOUNT = 10**12

_EXAMPLE: JsonDict = {
    "sku": "TEA-001",
    "name": "Earl Grey 100 g",
    "category": "tea",
    "price": {"amount": 1299, "currency": "EUR"},
    "description": "Black tea with bergamot.",
    "status": "active",
}


def _as_changes(schema: dict[str, Any]) -> None:
    """A field left out stays as it is: the defaults that the model needs are no part of the contract."""
    for field in schema["properties"].values():
        field.pop("default", None)
    schema["minProperties"] = 1
    schema["examples"] = [{"price": {"amount": 1199, "currency": "EUR"}}]


class Status(StrEnum):
    """Where a product is in its life."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class Money(Body):
    """An integer of minor units and its currency."""

    amount: int = Field(ge=0, le=MAX_AMOUNT, description="Minor units (cents).", examples=[1299])
    currency: Currency = Field(description="ISO 4217.", examples=["EUR"])


class ProductInput(Body):
    """A whole product, to create or to replace one."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    sku: Sku = Field(description="Unique in the tenant.", examples=["TEA-001"])
    name: Name = Field(examples=["Earl Grey 100 g"])
    category: Category = Field(examples=["tea"])
    price: Money
    description: Description = ""
    status: Annotated[Status, Field(strict=False)] = Status.ACTIVE


class ProductChanges(Body):
    """The fields of a product that change; at least one. A field that is left out stays; null is not a value."""

    model_config = ConfigDict(json_schema_extra=_as_changes)

    sku: Sku = ""
    name: Name = ""
    category: Category = ""
    price: Money = Money(amount=0, currency="XXX")
    description: Description = ""
    status: Annotated[Status, Field(strict=False)] = Status.ACTIVE

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must change at least one field")
        return self

    def applied_to(self, product: ProductInput) -> ProductInput:
        """The product with the changes in it."""
        changes = {name: getattr(self, name) for name in self.model_fields_set}
        return product.model_copy(update=changes)


class Product(BaseModel):
    """A product as it is stored; `version` is also its ETag."""

    product_id: str
    sku: str
    name: str
    category: str
    price: Money
    description: str
    status: Status
    version: int = Field(ge=1)
    created_at: str = Field(description="UTC, ISO 8601.")
    updated_at: str = Field(description="UTC, ISO 8601.")

    def content(self) -> ProductInput:
        """What a caller may set."""
        return ProductInput.model_construct(
            sku=self.sku,
            name=self.name,
            category=self.category,
            price=self.price,
            description=self.description,
            status=self.status,
        )


class ProductPage(BaseModel):
    """A page of products in the order that was asked for."""

    items: list[Product]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last one.")
