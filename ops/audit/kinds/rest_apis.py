"""REST APIs. `name` is the API's id, `label` its name: the metrics know the name only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.audit.model import Kind, Resource
from ops.audit.plain import chosen, moment, settled, tags
from ops.audit.reader import Notes
from ops.audit.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.audit.reader import Reader

KINDS = (Kind.REST_API,)
# API Gateway's own maximum; its control plane admits few calls a second.
_PAGE: dict[str, Any] = {"PaginationConfig": {"PageSize": 500}}


def read(reader: Reader, region: str, only: str | None = None) -> Iterator[Seen]:
    """The region's REST APIs, or the one with the id `only`."""
    if only:
        one = reader.call("apigateway", "get_rest_api", region, KINDS, subject=only, restApiId=only)
        found = [one] if one else []
    else:
        found = reader.pages("apigateway", "get_rest_apis", region, "items", KINDS, **_PAGE)
    for api in found:
        yield _api(reader, region, api)


def _api(reader: Reader, region: str, api: dict[str, Any]) -> Seen:
    id_, notes = api["id"], Notes()
    asked: dict[str, Any] = {"subject": api.get("name", id_), "notes": notes, "restApiId": id_}
    stages = (reader.call("apigateway", "get_stages", region, KINDS, **asked) or {}).get("item") or []
    rows = reader.pages("apigateway", "get_resources", region, "items", KINDS, embed=["methods"], **asked, **_PAGE)
    facts = chosen(
        api, "name", "description", "policy", "apiKeySource", "disableExecuteApiEndpoint", "binaryMediaTypes"
    )
    facts["endpoint"] = settled(api.get("endpointConfiguration", {}).get("types", ["EDGE"]))
    facts["stages"] = {stage["stageName"]: _stage(stage) for stage in stages}
    facts["routes"] = _routes(rows)
    changed = [when for stage in stages if (when := moment(stage.get("lastUpdatedDate") or stage.get("createdDate")))]
    resource = Resource(
        kind=Kind.REST_API, arn=f"arn:{reader.partition}:apigateway:{region}::/restapis/{id_}", name=id_,
        label=api.get("name", ""), region=region, account_id=reader.account_id,
        created_at=moment(api.get("createdDate")), tags=tags(api.get("tags")), facts=facts,
        measures={"last_deployment": max(changed).isoformat() if changed else None}, incomplete=notes.missing,
    )  # fmt: skip
    texts = {f"integration of {route}": uri for route, uri in facts["routes"].items()}
    for stage in stages:
        texts |= {
            f"variable {key} of stage {stage['stageName']}": v for key, v in (stage.get("variables") or {}).items()
        }
    return Seen(resource, texts)


def _stage(stage: dict[str, Any]) -> dict[str, Any]:
    """Stage variables may hold secrets: their names are kept, `references` looks at the values while they are read."""
    facts = chosen(stage, "deploymentId", "lastUpdatedDate", "webAclArn", "cacheClusterEnabled", "canarySettings")
    return facts | {"variables": sorted(stage.get("variables") or {})}


def _routes(rows: list[dict[str, Any]]) -> dict[str, str]:
    """`GET /products` to the integration: its URI, or its type where it has none."""
    routes = {}
    for row in rows:
        for method, definition in (row.get("resourceMethods") or {}).items():
            integration = (definition or {}).get("methodIntegration") or {}
            routes[f"{method} {row.get('path', '')}"] = integration.get("uri") or integration.get("type", "")
    return dict(sorted(routes.items()))
