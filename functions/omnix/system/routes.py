"""`/system/…` and the contract."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from omnix.caching import SHARED
from omnix.operation import operation
from omnix.system import service
from omnix.system.model import Health, Readiness, Version

router = Router()  # type: ignore[no-untyped-call]


@router.get(
    "/system/health",
    summary="Health",
    operation_id="readHealth",
    tags=["system"],
    openapi_extensions=operation(public=True),
)
def health() -> Health:
    """The API runs; its dependencies are not asked."""
    return service.health()


@router.get(
    "/system/readiness",
    summary="Readiness",
    operation_id="readReadiness",
    tags=["system"],
    openapi_extensions=operation(public=True),
)
def readiness() -> Readiness:
    """Asks every dependency. 503 when one does not answer, with each check in the error's details."""
    return service.readiness()


@router.get(
    "/system/version",
    summary="Version",
    operation_id="readVersion",
    tags=["system"],
    openapi_extensions=operation(public=True, cache=SHARED),
)
def version() -> Version:
    """What is deployed."""
    return service.version()


@router.get(
    "/openapi.json",
    summary="This contract",
    operation_id="readContract",
    tags=["system"],
    enable_validation=False,  # the file's own text goes out, not a parsed and re-made copy
    openapi_extensions=operation(public=True, cache=SHARED),
)
def contract() -> Response[Any]:
    """The OpenAPI document of every route."""
    return Response(200, "application/json", service.contract())
