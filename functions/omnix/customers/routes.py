"""`/customers…`."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from omnix import etag
from omnix.authorisation import EDITORS, PEOPLE, principal
from omnix.customers.model import (
    BuyerSegment,
    Customer,
    CustomerChanges,
    CustomerInput,
    CustomerPage,
    CustomerValue,
)
from omnix.customers.service import customers
from omnix.etag import IfMatch
from omnix.idempotency import REPLAYED, IdempotencyKey
from omnix.listing import Cursor, Limit
from omnix.operation import operation
from omnix.orders.model import OrderPage
from omnix.orders.service import orders

router = Router()  # type: ignore[no-untyped-call]

CustomerId = Annotated[str, Path(description="The customer's id.")]


@router.get(
    "/customers",
    summary="List customers",
    operation_id="listCustomers",
    tags=["customers"],
    openapi_extensions=operation(400, 422, roles=PEOPLE),
)
def list_customers(
    prefix: Annotated[str, Query(max_length=100, description="Only names that begin so, case ignored.")] = "",
    segment: Annotated[BuyerSegment | None, Query(description="Only who is of this segment today.")] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> CustomerPage:
    """The tenant's customers in the order of their names, or those of a segment, who bought last first.

    A prefix and a segment together are 422. Not for devices, as nothing of customers is.
    """
    caller = principal(router.current_event)
    return customers().list(caller, prefix=prefix, segment=segment, limit=limit, after=cursor)


@router.post(
    "/customers",
    summary="Create a customer",
    operation_id="createCustomer",
    tags=["customers"],
    status_code=201,
    openapi_extensions=operation(409, body=True, roles=PEOPLE),
)
def create_customer(
    customer: Annotated[CustomerInput, Body()], idempotency_key: IdempotencyKey = None
) -> Response[Customer]:
    """Creates a customer; 409 where another one has the address."""
    made, replayed = customers().create(principal(router.current_event), customer, idempotency_key)
    headers = {"Location": f"/customers/{made.customer_id}"} | (REPLAYED if replayed else {})
    return etag.tagged(made, made.version, 201, headers)


@router.get(
    "/customers/<customer_id>",
    summary="Read a customer",
    operation_id="readCustomer",
    tags=["customers"],
    openapi_extensions=operation(404, roles=PEOPLE),
)
def read_customer(customer_id: CustomerId) -> Response[Customer]:
    """One customer."""
    customer = customers().get(principal(router.current_event), customer_id)
    return etag.tagged(customer, customer.version)


@router.put(
    "/customers/<customer_id>",
    summary="Replace a customer",
    operation_id="replaceCustomer",
    tags=["customers"],
    openapi_extensions=operation(404, 409, 412, body=True, roles=PEOPLE),
)
def replace_customer(
    customer_id: CustomerId, customer: Annotated[CustomerInput, Body()], if_match: IfMatch = None
) -> Response[Customer]:
    """Replaces a customer's whole profile."""
    replaced = customers().replace(principal(router.current_event), customer_id, customer, if_match)
    return etag.tagged(replaced, replaced.version)


@router.patch(
    "/customers/<customer_id>",
    summary="Change a customer",
    operation_id="updateCustomer",
    tags=["customers"],
    openapi_extensions=operation(404, 409, 412, body=True, roles=PEOPLE),
)
def update_customer(
    customer_id: CustomerId, changes: Annotated[CustomerChanges, Body()], if_match: IfMatch = None
) -> Response[Customer]:
    """Changes some of a profile's fields."""
    changed = customers().update(principal(router.current_event), customer_id, changes, if_match)
    return etag.tagged(changed, changed.version)


@router.delete(
    "/customers/<customer_id>",
    summary="Erase a customer",
    operation_id="deleteCustomer",
    tags=["customers"],
    status_code=204,
    openapi_extensions=operation(404, 412, 422, roles=EDITORS),
)
def delete_customer(customer_id: CustomerId, if_match: IfMatch = None) -> Response[None]:
    """Erases a customer's personal data; orders stay without it. Needs the role owner or manager."""
    customers().delete(principal(router.current_event), customer_id, if_match)
    return Response(status_code=204)


@router.get(
    "/customers/<customer_id>/orders",
    summary="List a customer's orders",
    operation_id="listCustomerOrders",
    tags=["customers"],
    openapi_extensions=operation(400, 404, 422, roles=PEOPLE),
)
def list_customer_orders(customer_id: CustomerId, limit: Limit = 25, cursor: Cursor = None) -> OrderPage:
    """The customer's purchase history, newest first."""
    caller = principal(router.current_event)
    customers().get(caller, customer_id)
    return orders().list(caller, status=None, customer_id=customer_id, limit=limit, after=cursor)


@router.get(
    "/customers/<customer_id>/value",
    summary="Read a customer's value",
    operation_id="readCustomerValue",
    tags=["customers"],
    openapi_extensions=operation(404, roles=PEOPLE),
)
def read_customer_value(customer_id: CustomerId) -> CustomerValue:
    """Lifetime value, and the segment by recency, frequency and money as of today."""
    return customers().value(principal(router.current_event), customer_id)
