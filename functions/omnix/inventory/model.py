"""What the inventory routes take and give."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from omnix.inventory.keys import MAIN
from omnix.request_model import Body
from omnix.text import ONE_LINE

MAX_UNITS = 10**9

LocationId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Note = Annotated[str, StringConstraints(max_length=500, pattern=rf"^$|{ONE_LINE}")]
Units = Annotated[int, Field(ge=0, le=MAX_UNITS)]


class Reason(StrEnum):
    """Why somebody changed how much there is."""

    RECEIVED = "received"
    RETURNED = "returned"
    DAMAGED = "damaged"
    LOST = "lost"
    FOUND = "found"
    COUNTED = "counted"
    TRANSFERRED = "transferred"
    CORRECTION = "correction"
    IMPORTED = "imported"


class AdjustmentInput(Body):
    """A change of what is on hand at one location."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"quantity": 24, "reason": "received", "note": "Delivery 4711"}]}
    )

    location_id: LocationId = Field(default=MAIN, examples=["main"])
    quantity: int = Field(ge=-MAX_UNITS, le=MAX_UNITS, description="Units that come (or go, if negative).")
    reason: Annotated[Reason, Field(strict=False)]
    note: Note = ""


class ReorderPointInput(Body):
    """When a level at one location counts as low."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"location_id": "main", "reorder_point": 10}]})

    location_id: LocationId = Field(default=MAIN, examples=["main"])
    reorder_point: Units = Field(description="Low is what has so many units available, or fewer.")


class Level(BaseModel):
    """One product at one location; `version` is also its ETag. `on_hand` is `reserved` and `available` together."""

    product_id: str
    location_id: str
    on_hand: int = Field(ge=0, description="Units in the house.")
    reserved: int = Field(ge=0, description="Units that are promised to orders and not yet shipped.")
    available: int = Field(ge=0, description="Units that may still be promised.")
    reorder_point: int = Field(ge=0)
    low: bool = Field(description="Whether `available` is at or below `reorder_point`.")
    version: int = Field(ge=1)
    updated_at: str = Field(description="UTC, ISO 8601.")


class LevelPage(BaseModel):
    """A page of levels."""

    items: list[Level]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last one.")


class ProductStock(BaseModel):
    """A product's levels at all locations, and their sums."""

    product_id: str
    on_hand: int
    reserved: int
    available: int
    levels: list[Level]


class Adjustment(BaseModel):
    """A change that was made, and what there was after it."""

    adjustment_id: str
    product_id: str
    location_id: str
    quantity: int
    reason: Reason
    note: str
    on_hand: int = Field(description="After the adjustment.")
    available: int = Field(description="After the adjustment.")
    user_id: str = Field(description="Who made it.")
    created_at: str = Field(description="UTC, ISO 8601.")


class AdjustmentPage(BaseModel):
    """A page of a product's adjustments, newest first."""

    items: list[Adjustment]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last one.")


class AlertState(StrEnum):
    """Whether an alert still holds."""

    OPEN = "open"
    RESOLVED = "resolved"


class Alert(BaseModel):
    """The last time that a level became low. A level has one alert: falling again opens it again."""

    product_id: str
    location_id: str
    state: AlertState
    raised_at: str = Field(description="When the level became low; UTC, ISO 8601.")
    resolved_at: str | None = Field(description="When it was low no longer, or gone; null while it is low.")
    available: int = Field(ge=0, description="Units that were left when it became low.")
    reorder_point: int = Field(ge=0, description="As it was then.")


class AlertPage(BaseModel):
    """A page of alerts, newest first."""

    items: list[Alert]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last one.")


class Flag(StrEnum):
    """Yes or no in a query."""

    TRUE = "true"
    FALSE = "false"


def level(item: dict[str, Any]) -> Level:
    """The level in a stored item."""
    return Level.model_validate({**item, "low": is_low(item["available"], item["reorder_point"])})


def is_low(available: int, reorder_point: int) -> bool:
    """Whether it is time to reorder; with the reorder point 0, when nothing is left."""
    return available <= reorder_point
