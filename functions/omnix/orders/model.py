"""What the order routes take and give. Amounts are integers of minor units, computed here and never by a caller."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from omnix.orders.status import OrderStatus
from omnix.request_model import Body

MAX_LINES = 40  # two actions each, and at most four more, in a transaction of 100
MAX_QUANTITY = 10_000
MAX_AMOUNT = 10**15  # below 2^53: every reader of JSON has it exactly

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Location = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Amount = Annotated[int, Field(ge=0, description="Minor units (cents).")]

_EXAMPLE: JsonDict = {
    "customer_id": "7f0c6a52e3b94d1f8a6b5c4d3e2f1a0b",
    "lines": [{"product_id": "0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e", "quantity": 2, "location_id": "main"}],
}


def _without_default(schema: dict[str, Any]) -> None:
    """An order without a customer leaves the field out: the empty text that the model needs is no value of it."""
    schema["properties"]["customer_id"].pop("default", None)
    schema["examples"] = [_EXAMPLE]


class LineInput(Body):
    """So many of a product, from a location."""

    product_id: Id
    quantity: int = Field(ge=1, le=MAX_QUANTITY, examples=[2])
    location_id: Location = Field(default="main", description="Where the goods are taken from.")


class OrderInput(Body):
    """A new order. Prices and totals come from the catalogue."""

    model_config = ConfigDict(json_schema_extra=_without_default)

    lines: list[LineInput] = Field(min_length=1, max_length=MAX_LINES)
    customer_id: Id = Field(default="", description="A customer of the tenant; left out for one who is not known.")


class OrderChanges(Body):
    """The step that an order takes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "paid"}]})

    status: Annotated[OrderStatus, Field(strict=False)] = Field(description="What the order becomes.")


class OrderLine(BaseModel):
    """A line as it was sold: the product's text and price of that moment."""

    product_id: str
    sku: str
    name: str
    category: str
    location_id: str
    quantity: int = Field(ge=1)
    unit_price: Amount
    total: Amount


class Totals(BaseModel):
    """The sums of an order's lines."""

    units: int = Field(ge=1)
    amount: Amount


class Step(BaseModel):
    """When the order took a status."""

    status: OrderStatus
    at: str = Field(description="UTC, ISO 8601.")


class Order(BaseModel):
    """An order as it is stored; `version` is also its ETag."""

    order_id: str
    status: OrderStatus
    customer_id: str | None = Field(description="Null for a customer who is not known.")
    currency: str = Field(description="ISO 4217; one for all lines.", examples=["EUR"])
    lines: list[OrderLine]
    totals: Totals
    history: list[Step] = Field(description="Oldest first.")
    version: int = Field(ge=1)
    created_at: str = Field(description="UTC, ISO 8601.")
    updated_at: str = Field(description="UTC, ISO 8601.")


class OrderPage(BaseModel):
    """A page of orders, newest first."""

    items: list[Order]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last one.")
