"""What the bulk routes take and give beyond the lines themselves."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from omnix.catalogue.model import Sku
from omnix.inventory.keys import MAIN
from omnix.inventory.model import LocationId, Units
from omnix.request_model import Body

ERRORS_SHOWN = 100


class Format(StrEnum):
    """How an export is written."""

    CSV = "csv"
    NDJSON = "ndjson"


class LineError(BaseModel):
    """Why a line was not imported."""

    line: int = Field(ge=1, description="As an editor counts, from 1.")
    code: str = Field(description="As in errors; `not_processed` when time ran out: send the line again.")
    message: str
    details: list[dict[str, Any]]


class ImportReport(BaseModel):
    """What became of each line."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "lines": 3,
                    "created": 1,
                    "updated": 1,
                    "unchanged": 0,
                    "failed": 1,
                    "errors": [
                        {"line": 4, "code": "validation_failed", "message": "The line is not valid.", "details": []}
                    ],
                }
            ]
        }
    )

    lines: int
    created: int
    updated: int
    unchanged: int
    failed: int
    errors: list[LineError] = Field(description=f"The first {ERRORS_SHOWN} of the failed lines.")


class StockLine(Body):
    """A line of an import of stock: which product, where, and what there is."""

    product_id: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    sku: Sku | None = None
    location_id: LocationId = MAIN
    on_hand: Units | None = None
    reorder_point: Units | None = None
