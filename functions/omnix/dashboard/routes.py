"""`/dashboard/…`."""

from aws_lambda_powertools.event_handler.api_gateway import Router

from omnix.authorisation import principal
from omnix.dashboard.model import Summary
from omnix.dashboard.service import dashboard
from omnix.operation import operation

router = Router()  # type: ignore[no-untyped-call]


@router.get(
    "/dashboard/summary",
    summary="Read the dashboard's summary",
    operation_id="readDashboardSummary",
    tags=["dashboard"],
    openapi_extensions=operation(),
)
def summary() -> Summary:
    """Counts and prices of the caller's catalogue."""
    return dashboard().summary(principal(router.current_event))
