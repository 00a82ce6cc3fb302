"""`/products…`."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path, Query

from omnix.authorisation import principal
from omnix.catalogue.model import Category, Product, ProductChanges, ProductInput, ProductPage
from omnix.catalogue.service import catalogue
from omnix.operation import operation

router = Router()  # type: ignore[no-untyped-call]

ProductId = Annotated[str, Path(description="The product's id.")]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=200, description="The ETag of the version that was read.")
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]*$",  # other bytes reach a function as one replacement character: keys would collide
        description="Chosen by the caller; the same key with the same body creates once in 24 hours.",
    ),
]


def _with_etag(product: Product, status: int = 200, headers: dict[str, str] | None = None) -> Response[Product]:
    return Response(
        status_code=status,
        content_type="application/json",
        body=product,
        headers={"ETag": product.etag, **(headers or {})},
    )


@router.get(
    "/products",
    summary="List products",
    operation_id="listProducts",
    tags=["products"],
    openapi_extensions=operation(400, 422),
)
def list_products(
    category: Annotated[Category | None, Query(description="Only this category.")] = None,
    prefix: Annotated[str, Query(max_length=100, description="Only names that begin so, case ignored.")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 25,
    cursor: Annotated[str | None, Query(min_length=1, max_length=4096, description="From the last page.")] = None,
) -> ProductPage:
    """The tenant's products in the order of their names."""
    caller = principal(router.current_event)
    return catalogue().list(caller, category=category, prefix=prefix, limit=limit, after=cursor)


@router.post(
    "/products",
    summary="Create a product",
    operation_id="createProduct",
    tags=["products"],
    status_code=201,
    openapi_extensions=operation(409, body=True),
)
def create_product(
    product: Annotated[ProductInput, Body()], idempotency_key: IdempotencyKey = None
) -> Response[Product]:
    """Creates a product. Needs the role owner or manager."""
    made, replayed = catalogue().create(principal(router.current_event), product, idempotency_key)
    headers = {"Location": f"/products/{made.product_id}"} | ({"Idempotency-Replayed": "true"} if replayed else {})
    return _with_etag(made, 201, headers)


@router.get(
    "/products/<product_id>",
    summary="Read a product",
    operation_id="readProduct",
    tags=["products"],
    openapi_extensions=operation(404),
)
def read_product(product_id: ProductId) -> Response[Product]:
    """One product."""
    return _with_etag(catalogue().get(principal(router.current_event), product_id))


@router.put(
    "/products/<product_id>",
    summary="Replace a product",
    operation_id="replaceProduct",
    tags=["products"],
    openapi_extensions=operation(404, 409, 412, body=True),
)
def replace_product(
    product_id: ProductId, product: Annotated[ProductInput, Body()], if_match: IfMatch = None
) -> Response[Product]:
    """Replaces a product's whole content. Needs the role owner or manager."""
    return _with_etag(catalogue().replace(principal(router.current_event), product_id, product, if_match))


@router.patch(
    "/products/<product_id>",
    summary="Change a product",
    operation_id="updateProduct",
    tags=["products"],
    openapi_extensions=operation(404, 409, 412, body=True),
)
def update_product(
    product_id: ProductId, changes: Annotated[ProductChanges, Body()], if_match: IfMatch = None
) -> Response[Product]:
    """Changes some of a product's fields. Needs the role owner or manager."""
    return _with_etag(catalogue().update(principal(router.current_event), product_id, changes, if_match))


@router.delete(
    "/products/<product_id>",
    summary="Delete a product",
    operation_id="deleteProduct",
    tags=["products"],
    status_code=204,
    openapi_extensions=operation(404, 412, 422),
)
def delete_product(product_id: ProductId, if_match: IfMatch = None) -> Response[None]:
    """Deletes a product. Needs the role owner or manager."""
    catalogue().delete(principal(router.current_event), product_id, if_match)
    return Response(status_code=204)
