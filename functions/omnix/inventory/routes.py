"""`/inventory…`."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from omnix import etag
from omnix.authorisation import EDITORS, PEOPLE, principal
from omnix.etag import IfMatch
from omnix.idempotency import REPLAYED, IdempotencyKey
from omnix.inventory.model import (
    Adjustment,
    AdjustmentInput,
    AdjustmentPage,
    AlertPage,
    AlertState,
    Flag,
    Level,
    LevelPage,
    LocationId,
    ProductStock,
    ReorderPointInput,
)
from omnix.inventory.service import stock
from omnix.listing import Cursor, Limit
from omnix.operation import operation

router = Router()  # type: ignore[no-untyped-call]

ProductId = Annotated[str, Path(description="The product's id.")]


@router.get(
    "/inventory",
    summary="List stock levels",
    operation_id="listInventory",
    tags=["inventory"],
    openapi_extensions=operation(400, 422),
)
def list_inventory(
    location_id: Annotated[LocationId | None, Query(description="Only this location.")] = None,
    low_stock: Annotated[
        Flag, Query(description="Only levels at or below their reorder point; after an order, within seconds.")
    ] = Flag.FALSE,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> LevelPage:
    """The tenant's stock levels: by product, by location, or those that are low."""
    caller = principal(router.current_event)
    return stock().list(caller, location_id, low_stock is Flag.TRUE, limit, cursor)


@router.get(
    "/inventory/alerts",
    summary="List low-stock alerts",
    operation_id="listStockAlerts",
    tags=["inventory"],
    openapi_extensions=operation(400, 422),
)
def list_alerts(
    state: Annotated[AlertState, Query(description="Those that hold, or those that are over.")] = AlertState.OPEN,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> AlertPage:
    """Levels that fell to their reorder point or below, newest first; they come within seconds of the change."""
    return stock().alerts(principal(router.current_event), state, limit, cursor)


@router.get(
    "/inventory/<product_id>",
    summary="Read a product's stock",
    operation_id="readInventory",
    tags=["inventory"],
    openapi_extensions=operation(404),
)
def read_inventory(product_id: ProductId) -> ProductStock:
    """What there is of a product at each location: on hand, reserved, available; and the sums."""
    return stock().of_product(principal(router.current_event), product_id)


@router.post(
    "/inventory/<product_id>/adjustments",
    summary="Adjust stock",
    operation_id="createAdjustment",
    tags=["inventory"],
    status_code=201,
    openapi_extensions=operation(404, 409, body=True, roles=PEOPLE),
)
def create_adjustment(
    product_id: ProductId, adjustment: Annotated[AdjustmentInput, Body()], idempotency_key: IdempotencyKey = None
) -> Response[Adjustment]:
    """Changes what is on hand; 409 when less would be available than nothing. Not for devices."""
    made, replayed = stock().adjust(principal(router.current_event), product_id, adjustment, idempotency_key)
    return Response(201, "application/json", made, REPLAYED if replayed else {})


@router.get(
    "/inventory/<product_id>/adjustments",
    summary="List a product's adjustments",
    operation_id="listAdjustments",
    tags=["inventory"],
    openapi_extensions=operation(400, 404, 422),
)
def list_adjustments(product_id: ProductId, limit: Limit = 25, cursor: Cursor = None) -> AdjustmentPage:
    """Who changed a product's stock, when, by how much and why; newest first."""
    return stock().history(principal(router.current_event), product_id, limit, cursor)


@router.put(
    "/inventory/<product_id>/reorder-point",
    summary="Set a reorder point",
    operation_id="setReorderPoint",
    tags=["inventory"],
    openapi_extensions=operation(404, 409, 412, body=True, roles=EDITORS),
)
def set_reorder_point(
    product_id: ProductId, reorder_point: Annotated[ReorderPointInput, Body()], if_match: IfMatch = None
) -> Response[Level]:
    """Sets when a level counts as low. Needs the role owner or manager."""
    level = stock().set_reorder_point(principal(router.current_event), product_id, reorder_point, if_match)
    return etag.tagged(level, level.version)
