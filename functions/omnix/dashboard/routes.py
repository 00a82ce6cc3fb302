"""`/dashboard/…`."""

from typing import Annotated

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from omnix.authorisation import PEOPLE, principal
from omnix.caching import ROLLUP
from omnix.dashboard.model import Summary, Trends
from omnix.dashboard.service import dashboard
from omnix.operation import operation
from omnix.text import WHOLE

router = Router()  # type: ignore[no-untyped-call]


@router.get(
    "/dashboard/summary",
    summary="Read the dashboard's summary",
    operation_id="readDashboardSummary",
    tags=["dashboard"],
    openapi_extensions=operation(roles=PEOPLE, cache=ROLLUP),
)
def summary() -> Summary:
    """Catalogue, orders, stock and today's sales of the caller's shop."""
    return dashboard().summary(principal(router.current_event))


@router.get(
    "/dashboard/trends",
    summary="Read the dashboard's trends",
    operation_id="readDashboardTrends",
    tags=["dashboard"],
    openapi_extensions=operation(422, roles=PEOPLE, cache=ROLLUP),
)
def trends(
    days: Annotated[int, Field(ge=1, le=90), WHOLE, Query(description="How many days up to today, UTC.")] = 30,
) -> Trends:
    """Orders, units, revenue and visitors by day, beside the period before."""
    return dashboard().trends(principal(router.current_event), days)
