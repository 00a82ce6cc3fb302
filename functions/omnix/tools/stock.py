"""Tools on the inventory."""

from typing import Annotated

from pydantic import BaseModel, Field

from omnix.authorisation import PEOPLE, Principal, Role
from omnix.inventory.model import AdjustmentInput, Level, LocationId, Note, Reason
from omnix.inventory.service import stock
from omnix.scopes import Scope
from omnix.tools.bounds import Cursor, Limit, fitted, paged
from omnix.tools.tool import Arguments, Id, Listed, Result, Tool, WriteArguments

# What one adjustment may move through a tool; a delivery beyond it is an import.
_MOST_UNITS = 10_000


class ListStock(Arguments):
    """Stock of one product, or levels of all."""

    product_id: Id | None = Field(default=None, description="Only this product, at all its locations.")
    location_id: LocationId | None = Field(default=None, description="Only this location.")
    limit: Limit = 10
    cursor: Cursor = None


class LowStock(Arguments):
    """Which low levels."""

    location_id: LocationId | None = None
    limit: Limit = 10
    cursor: Cursor = None


class AdjustStock(WriteArguments):
    """A change of what is on hand."""

    product_id: Id
    location_id: LocationId = "main"
    quantity: int = Field(ge=-_MOST_UNITS, le=_MOST_UNITS, description="Units that come, or go if negative.")
    reason: Annotated[Reason, Field(strict=False)]
    note: Note = ""


class LevelEntry(BaseModel):
    """One product at one location."""

    product_id: str
    location_id: str
    on_hand: int
    reserved: int
    available: int
    reorder_point: int
    low: bool


class LevelsFound(Listed):
    """Levels; `left_out` says how many of a product's are not shown."""

    items: list[LevelEntry]
    next_cursor: str | None = None


class StockAdjusted(Result):
    """What there is after the change."""

    adjustment_id: str
    product_id: str
    location_id: str
    quantity: int
    on_hand: int
    available: int
    already_done: bool = Field(description="Whether an earlier call with the same key did it.")


def _list(caller: Principal, asked: ListStock) -> LevelsFound:
    if asked.product_id is not None:
        levels = stock().of_product(caller, asked.product_id).levels
        wanted = [level for level in levels if asked.location_id in {None, level.location_id}]
        return fitted(LevelsFound(items=[_entry(level) for level in wanted]))
    return _page(caller, asked.location_id, False, asked.limit, asked.cursor)


def _low(caller: Principal, asked: LowStock) -> LevelsFound:
    return _page(caller, asked.location_id, True, asked.limit, asked.cursor)


def _page(caller: Principal, location_id: str | None, low: bool, limit: int, after: str | None) -> LevelsFound:
    def page(most: int) -> LevelsFound:
        found = stock().list(caller, location_id, low, most, after)
        return LevelsFound(items=[_entry(level) for level in found.items], next_cursor=found.next_cursor)

    return paged(page, limit)


def _adjust(caller: Principal, asked: AdjustStock) -> StockAdjusted:
    change = AdjustmentInput(
        location_id=asked.location_id, quantity=asked.quantity, reason=asked.reason, note=asked.note
    )
    made, replayed = stock().adjust(caller, asked.product_id, change, asked.idempotency_key)
    return StockAdjusted(
        adjustment_id=made.adjustment_id,
        product_id=made.product_id,
        location_id=made.location_id,
        quantity=made.quantity,
        on_hand=made.on_hand,
        available=made.available,
        already_done=replayed,
    )


def _entry(level: Level) -> LevelEntry:
    return LevelEntry.model_validate(level.model_dump(include=set(LevelEntry.model_fields)))


TOOLS = (
    Tool(
        name="list_stock",
        title="List stock",
        description="Stock levels: of one product at all its locations, or of all products. On hand is reserved and "
        "available together.",
        input=ListStock,
        output=LevelsFound,
        scope=Scope.STOCK_READ,
        roles=frozenset(Role),
        run=_list,
    ),
    Tool(
        name="low_stock",
        title="List low stock",
        description="Stock levels at or below their reorder point: what should be ordered again.",
        input=LowStock,
        output=LevelsFound,
        scope=Scope.STOCK_READ,
        roles=frozenset(Role),
        run=_low,
    ),
    Tool(
        name="adjust_stock",
        title="Adjust stock",
        description="Changes how many units of a product are on hand at a location, with the reason.",
        input=AdjustStock,
        output=StockAdjusted,
        scope=Scope.STOCK_WRITE,
        roles=PEOPLE,
        run=_adjust,
        writes=True,
    ),
)
