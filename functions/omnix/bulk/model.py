"""What the bulk routes take and give beyond the lines themselves."""

from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

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

    _final: bool = PrivateAttr(default=True)

    @property
    def final(self) -> bool:
        """Whether the same file again would meet the same: no line failed, shown or not, for want of time or a service.
        Not part of the answer.
        """
        return self._final

    def with_lines_to_repeat(self) -> Self:
        """The report as one that is not final."""
        self._final = False
        return self


class StockLine(Body):
    """A line of an import of stock: which product, where, and what there is."""

    product_id: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    sku: Sku | None = None
    location_id: LocationId = MAIN
    on_hand: Units | None = None
    reorder_point: Units | None = None
