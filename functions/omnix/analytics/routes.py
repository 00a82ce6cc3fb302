"""`/analytics/…`."""

from typing import Annotated

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import Field

from omnix.analytics.model import MAX_DAYS, By, EventBatch, Id, Ingested, SalesReport, StockTurn
from omnix.analytics.service import analytics
from omnix.authorisation import PEOPLE, principal
from omnix.customers.model import Segments
from omnix.customers.service import customers
from omnix.operation import operation
from omnix.text import WHOLE

router = Router()  # type: ignore[no-untyped-call]

Days = Annotated[int, Field(ge=1, le=MAX_DAYS), WHOLE, Query(description="How many days up to today, UTC.")]


@router.post(
    "/analytics/events",
    summary="Send events",
    operation_id="sendEvents",
    tags=["analytics"],
    status_code=202,
    openapi_extensions=operation(body=True),
)
def send_events(batch: Annotated[EventBatch, Body()]) -> Ingested:
    """Counts up to 100 events. An event that was sent before, by its id and day, counts once: sending again is safe."""
    return analytics().ingest(principal(router.current_event), batch)


@router.get(
    "/analytics/sales",
    summary="Read sales",
    operation_id="readSales",
    tags=["analytics"],
    openapi_extensions=operation(422, roles=PEOPLE),
)
def sales(
    by: Annotated[By, Query(description="What the sales are grouped by.")] = By.DAY,
    days: Days = 30,
    product_id: Annotated[Id | None, Query(description="Only this product; not by category.")] = None,
) -> SalesReport:
    """Units and revenue by day (every day, the oldest first), by category or by product (the most units first).

    By product they are of each day's first hundred; of one product, by its id, they are exact.
    """
    return analytics().sales(principal(router.current_event), by, days, product_id)


@router.get(
    "/analytics/best-sellers",
    summary="Read the best sellers",
    operation_id="readBestSellers",
    tags=["analytics"],
    openapi_extensions=operation(422, roles=PEOPLE),
)
def best_sellers(
    days: Days = 30, limit: Annotated[int, Field(ge=1, le=100), WHOLE, Query(description="How many products.")] = 10
) -> SalesReport:
    """The products that sold most units."""
    return analytics().best_sellers(principal(router.current_event), days, limit)


@router.get(
    "/analytics/stock-turn",
    summary="Read the stock's turn",
    operation_id="readStockTurn",
    tags=["analytics"],
    openapi_extensions=operation(422, roles=PEOPLE),
)
def stock_turn(days: Days = 30) -> StockTurn:
    """How often the stock was sold, and how long it lasts."""
    return analytics().stock_turn(principal(router.current_event), days)


@router.get(
    "/analytics/segments",
    summary="Read the customers' segments",
    operation_id="readSegments",
    tags=["analytics"],
    openapi_extensions=operation(roles=PEOPLE),
)
def segments() -> Segments:
    """Customers by segment of recency, frequency and money."""
    return customers().segments(principal(router.current_event))
