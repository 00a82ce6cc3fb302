"""What the route of insights takes and gives."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from omnix.analytics.model import MAX_DAYS
from omnix.assistant.model import ModelId, Timing
from omnix.costs.usage_model import AiCost, Tokens
from omnix.request_model import Body


class Topic(StrEnum):
    """What insights are about."""

    SALES = "sales"
    PRODUCTS = "products"
    STOCK = "stock"
    CUSTOMERS = "customers"


def _without_defaults(schema: dict[str, Any]) -> None:
    schema["properties"]["model"].pop("default", None)
    schema["examples"] = [{"topic": "sales", "days": 30}]


class InsightsInput(Body):
    """A topic and a period."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    topic: Annotated[Topic, Field(strict=False)]
    days: int = Field(default=30, ge=1, le=MAX_DAYS, description="Days up to today, UTC; customers are as of today.")
    model: ModelId = Field(default="", description="One of the allowed models, and no other in its place.")


class Figure(BaseModel):
    """A figure of the analytics services."""

    id: str
    label: str
    value: str


class Insight(BaseModel):
    """What a model makes of figures. `unverified`: numbers that none of its figures has, with unit and direction."""

    text: str
    figures: list[str] = Field(description="Ids of the figures that it rests on; one at least.")
    unverified: list[str]


class InsightsAnswer(BaseModel):
    """Insights, and every figure that they could rest on."""

    topic: Topic
    since: str
    until: str
    figures: list[Figure]
    insights: list[Insight]
    dropped: int = Field(ge=0, description="What the model said without a figure, or of one that there is not.")
    stop_reason: str = Field(description="`end_turn`; `no_figures` where there is nothing to explain; …")
    model: str | None = Field(description="Null where none was called.")
    usage: Tokens
    cost: AiCost
    timing: Timing
    stand_in: bool = Field(description="Whether a stand-in of the local cloud answered instead of a model.")
