"""`/products/import`, `/products/export`, `/inventory/import`, `/inventory/export`."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from omnix import request_body
from omnix.authorisation import EDITORS, principal
from omnix.bulk import importing, inventory, lines, products
from omnix.bulk.model import Format, ImportReport
from omnix.idempotency import REPLAYED, IdempotencyKey
from omnix.listing import Cursor
from omnix.operation import operation
from omnix.tables import opened
from omnix.text import WHOLE

router = Router()  # type: ignore[no-untyped-call]

Rows = Annotated[int, Field(ge=1, le=1000), WHOLE, Query(description="Rows at most; fewer where they are long.")]

_MEDIA_TYPES = {Format.CSV: f"{lines.CSV}; charset=utf-8", Format.NDJSON: lines.NDJSON}
_PRODUCTS = {
    lines.CSV: "sku,name,category,price_amount,price_currency\r\nTEA-001,Earl Grey 100 g,tea,1299,EUR\r\n",
    lines.NDJSON: '{"sku":"TEA-001","name":"Earl Grey 100 g","category":"tea",'
    '"price":{"amount":1299,"currency":"EUR"}}\n',
}
_LEVELS = {
    lines.CSV: "sku,location_id,on_hand,reorder_point\r\nTEA-001,main,24,6\r\n",
    lines.NDJSON: '{"sku":"TEA-001","location_id":"main","on_hand":24,"reorder_point":6}\n',
}


@router.post(
    "/products/import",
    summary="Import products",
    operation_id="importProducts",
    tags=["products"],
    openapi_extensions=operation(409, body=True, takes=_PRODUCTS, roles=EDITORS),
)
def import_products(idempotency_key: IdempotencyKey = None) -> Response[ImportReport]:
    """Makes or changes a product for each line, by its SKU: at most 1000 lines, each on its own, with a report of those
    that failed. A field or cell that is left out stays. Needs the role owner or manager.
    """
    return _import("POST /products/import", products.bring, idempotency_key)


@router.get(
    "/products/export",
    summary="Export products",
    operation_id="exportProducts",
    tags=["products"],
    openapi_extensions=operation(400, 422, gives=_PRODUCTS),
)
def export_products(
    format_: Annotated[Format, Query(alias="format")] = Format.CSV, limit: Rows = 1000, cursor: Cursor = None
) -> Response[str]:
    """All products by name, in the form that an import takes. `Next-Cursor` tells that there are more; pages put one
    after the other are one file.
    """
    return _export("products", products.send, format_, limit, cursor)


@router.post(
    "/inventory/import",
    summary="Import stock",
    operation_id="importInventory",
    tags=["inventory"],
    openapi_extensions=operation(409, body=True, takes=_LEVELS, roles=EDITORS),
)
def import_inventory(idempotency_key: IdempotencyKey = None) -> Response[ImportReport]:
    """Sets what is on hand and the reorder point for each line, by product id or SKU, and location: at most 1000 lines,
    each on its own, with a report of those that failed. Needs the role owner or manager.
    """
    return _import("POST /inventory/import", inventory.bring, idempotency_key)


@router.get(
    "/inventory/export",
    summary="Export stock",
    operation_id="exportInventory",
    tags=["inventory"],
    openapi_extensions=operation(400, 422, gives=_LEVELS),
)
def export_inventory(
    format_: Annotated[Format, Query(alias="format")] = Format.CSV, limit: Rows = 1000, cursor: Cursor = None
) -> Response[str]:
    """All levels by product, in the form that an import takes. `Next-Cursor` tells that there are more; pages put one
    after the other are one file.
    """
    return _export("inventory", inventory.send, format_, limit, cursor)


def _import(route: str, bring: Any, key: str | None) -> Response[ImportReport]:
    event = router.current_event
    caller = principal(event)
    caller.require(EDITORS)
    media_type, text = str(request_body.header(event, "content-type")), event.body or ""
    report, replayed = importing.once_only(
        opened("sessions"), caller, route, key, f"{media_type} {text}", lambda: bring(caller, text, media_type)
    )
    return Response(200, "application/json", report, REPLAYED if replayed else {})


def _export(name: str, send: Any, form: Format, limit: int, cursor: str | None) -> Response[str]:
    text, following = send(principal(router.current_event), form, limit, cursor)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form.value}"'}
    return Response(200, _MEDIA_TYPES[form], text, headers | ({"Next-Cursor": following} if following else {}))
