"""`/products…`."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from pydantic import Field

from omnix import etag
from omnix.authorisation import EDITORS, principal
from omnix.catalogue.model import (
    MAX_AMOUNT,
    Category,
    Currency,
    Product,
    ProductChanges,
    ProductInput,
    ProductPage,
    Status,
)
from omnix.catalogue.search import Search, Sort
from omnix.catalogue.service import catalogue
from omnix.etag import IfMatch
from omnix.idempotency import REPLAYED, IdempotencyKey
from omnix.listing import Cursor, Limit
from omnix.operation import operation
from omnix.text import WHOLE

router = Router()  # type: ignore[no-untyped-call]

Amount = Annotated[int, Field(ge=0, le=MAX_AMOUNT), WHOLE]
ProductId = Annotated[str, Path(description="The product's id.")]


@router.get(
    "/products",
    summary="List products",
    operation_id="listProducts",
    tags=["products"],
    openapi_extensions=operation(400, 422),
)
def list_products(
    category: Annotated[Category | None, Query(description="Only this category.")] = None,
    status: Annotated[Status | None, Query(description="Only this status.")] = None,
    prefix: Annotated[
        str, Query(max_length=100, description="Only names that begin so, case ignored; when sorted by name.")
    ] = "",
    currency: Annotated[Currency | None, Query(description="Only prices in it; when sorted by price.")] = None,
    min_price: Annotated[Amount | None, Query(description="Minor units; needs `currency`.")] = None,
    max_price: Annotated[Amount | None, Query(description="Minor units; needs `currency`.")] = None,
    sort: Annotated[
        Sort | None,
        Query(
            description="`-` is descending. By default `price` where a price is asked for, else `name`. By price: by "
            "currency first, for amounts of different currencies do not compare."
        ),
    ] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> ProductPage:
    """The tenant's products, filtered and sorted; every combination that is offered is answered from an index."""
    caller = principal(router.current_event)
    search = Search.of(
        sort,
        category=category,
        status=status,
        prefix=prefix,
        currency=currency,
        min_price=min_price,
        max_price=max_price,
    )
    return catalogue().list(caller, search, limit, cursor)


@router.post(
    "/products",
    summary="Create a product",
    operation_id="createProduct",
    tags=["products"],
    status_code=201,
    openapi_extensions=operation(409, body=True, roles=EDITORS),
)
def create_product(
    product: Annotated[ProductInput, Body()], idempotency_key: IdempotencyKey = None
) -> Response[Product]:
    """Creates a product. Needs the role owner or manager."""
    made, replayed = catalogue().create(principal(router.current_event), product, idempotency_key)
    headers = {"Location": f"/products/{made.product_id}"} | (REPLAYED if replayed else {})
    return etag.tagged(made, made.version, 201, headers)


@router.get(
    "/products/<product_id>",
    summary="Read a product",
    operation_id="readProduct",
    tags=["products"],
    openapi_extensions=operation(404),
)
def read_product(product_id: ProductId) -> Response[Product]:
    """One product."""
    product = catalogue().get(principal(router.current_event), product_id)
    return etag.tagged(product, product.version)


@router.put(
    "/products/<product_id>",
    summary="Replace a product",
    operation_id="replaceProduct",
    tags=["products"],
    openapi_extensions=operation(404, 409, 412, body=True, roles=EDITORS),
)
def replace_product(
    product_id: ProductId, product: Annotated[ProductInput, Body()], if_match: IfMatch = None
) -> Response[Product]:
    """Replaces a product's whole content. Needs the role owner or manager."""
    replaced = catalogue().replace(principal(router.current_event), product_id, product, if_match)
    return etag.tagged(replaced, replaced.version)


@router.patch(
    "/products/<product_id>",
    summary="Change a product",
    operation_id="updateProduct",
    tags=["products"],
    openapi_extensions=operation(404, 409, 412, body=True, roles=EDITORS),
)
def update_product(
    product_id: ProductId, changes: Annotated[ProductChanges, Body()], if_match: IfMatch = None
) -> Response[Product]:
    """Changes some of a product's fields. Needs the role owner or manager."""
    changed = catalogue().update(principal(router.current_event), product_id, changes, if_match)
    return etag.tagged(changed, changed.version)


@router.delete(
    "/products/<product_id>",
    summary="Delete a product",
    operation_id="deleteProduct",
    tags=["products"],
    status_code=204,
    openapi_extensions=operation(404, 409, 412, 422, roles=EDITORS),
)
def delete_product(product_id: ProductId, if_match: IfMatch = None) -> Response[None]:
    """Deletes a product and its empty stock levels; 409 while there is stock. Needs the role owner or manager."""
    catalogue().delete(principal(router.current_event), product_id, if_match)
    return Response(status_code=204)
