"""What the analytics routes take and give."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from omnix.request_model import Body

MAX_EVENTS = 100
MAX_DAYS = 90

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


def _no_default(schema: JsonDict) -> None:
    """The empty text that the model needs is no value of the field: nothing is sent for it."""
    schema.pop("default", None)


class EventType(StrEnum):
    """What a visitor did."""

    VISIT = "visit"
    SEARCH = "search"
    PRODUCT_VIEW = "product_view"
    ADD_TO_CART = "add_to_cart"
    REMOVE_FROM_CART = "remove_from_cart"
    CHECKOUT = "checkout"


class EventInput(Body):
    """One event. Its id is the sender's own: the same id on the same day counts once."""

    event_id: str = Field(pattern=r"^[A-Za-z0-9_-]{8,64}$", examples=["evt-20261121-000001"])
    type: Annotated[EventType, Field(strict=False)]
    occurred_at: str = Field(
        default="",
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}(\.[0-9]{1,6})?Z$",
        max_length=27,
        json_schema_extra=_no_default,
        description="UTC, ISO 8601 with Z, within the last seven days; left out, it is now.",
    )
    product_id: Id = Field(
        default="",
        json_schema_extra=_no_default,
        description="The product that it is about; left out where there is none.",
    )


class EventBatch(Body):
    """Events, in any order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "events": [
                        {
                            "event_id": "evt-20261121-000001",
                            "type": "product_view",
                            "product_id": "0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e",
                        }
                    ]
                }
            ]
        }
    )

    events: list[EventInput] = Field(min_length=1, max_length=MAX_EVENTS)


class Ingested(BaseModel):
    """What became of a batch."""

    accepted: int = Field(ge=0, description="Events that are counted now.")
    duplicates: int = Field(ge=0, description="Events that were counted before.")


class Amount(BaseModel):
    """Money in one currency, minor units."""

    currency: str
    amount: int = Field(ge=0)


class By(StrEnum):
    """What sales are grouped by."""

    DAY = "day"
    CATEGORY = "category"
    PRODUCT = "product"


class Sales(BaseModel):
    """Sales of one group: paid orders that were not given back, by the day on which they were made."""

    key: str = Field(description="The day, the category or the product's id.")
    name: str | None = Field(description="The product's name; null for the others.")
    orders: int | None = Field(ge=0, description="For days only.")
    units: int = Field(ge=0)
    revenue: list[Amount]


class SalesReport(BaseModel):
    """Sales over a number of days up to today, UTC."""

    by: By
    since: str
    until: str
    exact: bool = Field(description="False where products beyond a day's first hundred are left out.")
    items: list[Sales]


class StockTurn(BaseModel):
    """How often the stock was sold."""

    since: str
    until: str
    units_sold: int = Field(ge=0)
    opening_units: int = Field(ge=0)
    closing_units: int = Field(ge=0)
    average_units: float = Field(ge=0)
    turns: float | None = Field(description="Units sold by average units; null without stock.")
    days_of_stock: float | None = Field(description="How long the stock lasts at this pace; null without sales.")
