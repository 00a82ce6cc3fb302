"""`/orders…`."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from omnix import etag
from omnix.authorisation import PEOPLE, principal
from omnix.etag import IfMatch
from omnix.idempotency import REPLAYED, IdempotencyKey
from omnix.listing import Cursor, Limit
from omnix.operation import operation
from omnix.orders.model import Id, Order, OrderChanges, OrderInput, OrderPage
from omnix.orders.service import orders
from omnix.orders.status import OrderStatus

router = Router()  # type: ignore[no-untyped-call]

OrderId = Annotated[str, Path(description="The order's id.")]


@router.get(
    "/orders",
    summary="List orders",
    operation_id="listOrders",
    tags=["orders"],
    openapi_extensions=operation(400, 422, roles=PEOPLE),
)
def list_orders(
    status: Annotated[OrderStatus | None, Query(description="Only orders in this status.")] = None,
    customer_id: Annotated[Id | None, Query(description="Only this customer's.")] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> OrderPage:
    """The tenant's orders, newest first."""
    caller = principal(router.current_event)
    return orders().list(caller, status=status, customer_id=customer_id, limit=limit, after=cursor)


@router.post(
    "/orders",
    summary="Create an order",
    operation_id="createOrder",
    tags=["orders"],
    status_code=201,
    openapi_extensions=operation(409, body=True),
)
def create_order(order: Annotated[OrderInput, Body()], idempotency_key: IdempotencyKey = None) -> Response[Order]:
    """Creates an order at the catalogue's prices and reserves its stock.

    409 for what is not for sale, not enough in stock, of two currencies or of an unknown customer, with the lines in
    `details`.
    """
    made, replayed = orders().create(principal(router.current_event), order, idempotency_key)
    headers = {"Location": f"/orders/{made.order_id}"} | (REPLAYED if replayed else {})
    return etag.tagged(made, made.version, 201, headers)


@router.get(
    "/orders/<order_id>",
    summary="Read an order",
    operation_id="readOrder",
    tags=["orders"],
    openapi_extensions=operation(404),
)
def read_order(order_id: OrderId) -> Response[Order]:
    """One order."""
    order = orders().get(principal(router.current_event), order_id)
    return etag.tagged(order, order.version)


@router.patch(
    "/orders/<order_id>",
    summary="Change an order's status",
    operation_id="updateOrder",
    tags=["orders"],
    openapi_extensions=operation(404, 409, 412, body=True),
)
def update_order(
    order_id: OrderId,
    changes: Annotated[OrderChanges, Body()],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Order]:
    """Pays, fulfils, delivers, cancels or refunds; 409 for a step that the order's status does not allow.

    Fulfilling ships the reserved stock, cancelling releases it, and a refund releases or restocks it. Anyone may pay;
    devices do nothing else. What gives money back needs the role owner or manager: a refund, and cancelling an order
    that is paid. Sent again with its `Idempotency-Key`, a step whose answer was lost is answered with the order as it
    is now, whatever `If-Match` says.
    """
    changed, replayed = orders().change(principal(router.current_event), order_id, changes, if_match, idempotency_key)
    return etag.tagged(changed, changed.version, headers=REPLAYED if replayed else None)
