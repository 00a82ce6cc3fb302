"""HTTP and WebSocket APIs (API Gateway's version 2). Their metrics are by the API's id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.audit.model import Kind, Resource
from ops.audit.plain import chosen, moment, tags
from ops.audit.reader import Notes
from ops.audit.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.audit.reader import Reader

KINDS = (Kind.HTTP_API, Kind.WEBSOCKET_API)


def read(reader: Reader, region: str, only: str | None = None) -> Iterator[Seen]:
    """The region's HTTP and WebSocket APIs, or the one with the id `only`."""
    if only:
        one = reader.call("apigatewayv2", "get_api", region, KINDS, subject=only, ApiId=only)
        found = [one] if one else []
    else:
        found = reader.pages("apigatewayv2", "get_apis", region, "Items", KINDS)
    for api in found:
        yield _api(reader, region, api)


def _api(reader: Reader, region: str, api: dict[str, Any]) -> Seen:
    id_, notes = api["ApiId"], Notes()
    kind = Kind.WEBSOCKET_API if api.get("ProtocolType") == "WEBSOCKET" else Kind.HTTP_API
    asked: dict[str, Any] = {"subject": api.get("Name", id_), "notes": notes, "ApiId": id_}
    stages = reader.pages("apigatewayv2", "get_stages", region, "Items", (kind,), **asked)
    routes = reader.pages("apigatewayv2", "get_routes", region, "Items", (kind,), **asked)
    integrations = reader.pages("apigatewayv2", "get_integrations", region, "Items", (kind,), **asked)
    behind = {one["IntegrationId"]: one.get("IntegrationUri") or one.get("IntegrationType", "") for one in integrations}
    facts = chosen(api, "Name", "Description", "ProtocolType", "DisableExecuteApiEndpoint", "CorsConfiguration")
    facts["endpoint"] = ["REGIONAL"]
    facts["stages"] = {stage["StageName"]: _stage(stage) for stage in stages}
    facts["routes"] = dict(
        sorted((one["RouteKey"], behind.get((one.get("Target") or "").rpartition("/")[2], "")) for one in routes)
    )
    changed = [when for stage in stages if (when := moment(stage.get("LastUpdatedDate") or stage.get("CreatedDate")))]
    resource = Resource(
        kind=kind, arn=f"arn:{reader.partition}:apigateway:{region}::/apis/{id_}", name=id_,
        label=api.get("Name", ""), region=region, account_id=reader.account_id,
        created_at=moment(api.get("CreatedDate")), tags=tags(api.get("Tags")), facts=facts,
        measures={"last_deployment": max(changed).isoformat() if changed else None}, incomplete=notes.missing,
    )  # fmt: skip
    texts = {f"integration of {route}": uri for route, uri in facts["routes"].items()}
    for stage in stages:
        variables = stage.get("StageVariables") or {}
        texts |= {f"variable {key} of stage {stage['StageName']}": value for key, value in variables.items()}
    return Seen(resource, texts)


def _stage(stage: dict[str, Any]) -> dict[str, Any]:
    facts = chosen(stage, "DeploymentId", "LastUpdatedDate")
    return facts | {"variables": sorted(stage.get("StageVariables") or {})}
