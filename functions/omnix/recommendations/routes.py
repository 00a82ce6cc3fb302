"""`/recommendations`."""

from typing import Annotated

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from omnix.authorisation import principal
from omnix.operation import operation
from omnix.orders.model import Id
from omnix.recommendations.model import Recommendations
from omnix.recommendations.service import recommending
from omnix.text import WHOLE

router = Router()  # type: ignore[no-untyped-call]


@router.get(
    "/recommendations",
    summary="Recommend products",
    operation_id="listRecommendations",
    tags=["recommendations"],
    openapi_extensions=operation(422),
)
def list_recommendations(
    product_id: Annotated[Id | None, Query(description="To go with this product.")] = None,
    customer_id: Annotated[Id | None, Query(description="For this customer.")] = None,
    limit: Annotated[int, Field(ge=1, le=20), WHOLE, Query()] = 10,
) -> Recommendations:
    """Products for sale: those bought together with a product or with what a customer bought, then best sellers.

    Devices ask without a customer: what somebody bought is for people, with the role owner, manager or staff.
    """
    caller = principal(router.current_event)
    return recommending().best(caller, product_id=product_id, customer_id=customer_id, limit=limit)
