"""The platform's main routes as FastAPI and Mangum would serve them: the peer of the function `api`.

Same paths, parameters, models, tenant check, tables and index queries, and `api`'s botocore settings. What it lacks
makes it lighter, never heavier: no other route, no parameters at run time, no CORS, no ETag, no request log, no
`Idempotency-Key`, no entries for lists by status, price and creation; a summary of the catalogue alone.
"""

from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from mangum import Mangum

from . import catalogue, orders
from .model import (
    Category,
    Count,
    Health,
    Order,
    OrderInput,
    Product,
    ProductInput,
    ProductPage,
    Summary,
)

app = FastAPI(title="twin")


def tenant(request: Request) -> str:
    """The authorizer's word, and nobody else's."""
    context = request.scope["aws.event"]["requestContext"].get("authorizer") or {}
    if "tenant_id" not in context:
        raise HTTPException(401, "unauthorized")
    return str(context["tenant_id"])


Tenant = Annotated[str, Depends(tenant)]


@app.get("/system/health", operation_id="readHealth")
def health() -> Health:
    return Health(status="ok")


@app.get("/products", operation_id="listProducts")
def list_products(
    caller: Tenant,
    category: Annotated[Category | None, Query()] = None,
    prefix: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 25,
    cursor: Annotated[str | None, Query(min_length=1, max_length=4096)] = None,
) -> ProductPage:
    return catalogue.page(caller, category, prefix, limit, cursor)


@app.post("/products", operation_id="createProduct", status_code=201)
def create_product(caller: Tenant, product: ProductInput) -> Product:
    return catalogue.create(caller, product)


@app.get("/products/{product_id}", operation_id="readProduct")
def read_product(caller: Tenant, product_id: str) -> Product:
    return catalogue.get(caller, product_id)


@app.post("/orders", operation_id="createOrder", status_code=201)
def create_order(caller: Tenant, order: OrderInput) -> Order:
    return orders.create(caller, order)


@app.get("/dashboard/summary", operation_id="readDashboardSummary")
def summary(caller: Tenant) -> Summary:
    return catalogue.summary(caller)


@app.get("/dashboard/count", operation_id="countProducts")
def count(caller: Tenant) -> Count:
    return Count(products=catalogue.count(caller))


handler = Mangum(app, lifespan="off")
