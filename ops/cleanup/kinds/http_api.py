"""HTTP and WebSocket APIs, archived part by part: API Gateway exports HTTP APIs only, and imports no WebSocket API."""

from __future__ import annotations

from typing import Any, override

from ops.audit.model import Kind
from ops.cleanup.account import pages, present
from ops.cleanup.kinds.admission import functions_in, readmit
from ops.cleanup.kinds.removal import Known, Removal, Step

_API_INPUTS = (
    "Name", "ProtocolType", "ApiKeySelectionExpression", "CorsConfiguration", "Description", "DisableSchemaValidation",
    "DisableExecuteApiEndpoint", "IpAddressType", "RouteSelectionExpression", "Tags", "Version",
)  # fmt: skip
_INTEGRATION_INPUTS = (
    "ConnectionId", "ConnectionType", "ContentHandlingStrategy", "CredentialsArn", "Description", "IntegrationMethod",
    "IntegrationSubtype", "IntegrationType", "IntegrationUri", "PassthroughBehavior", "PayloadFormatVersion",
    "RequestParameters", "RequestTemplates", "ResponseParameters", "TemplateSelectionExpression", "TimeoutInMillis",
    "TlsConfig",
)  # fmt: skip
_RESPONSE_INPUTS = (
    "ContentHandlingStrategy", "IntegrationResponseKey", "ResponseParameters", "ResponseTemplates",
    "TemplateSelectionExpression",
)  # fmt: skip
_AUTHORIZER_INPUTS = (
    "AuthorizerCredentialsArn", "AuthorizerPayloadFormatVersion", "AuthorizerResultTtlInSeconds", "AuthorizerType",
    "AuthorizerUri", "EnableSimpleResponses", "IdentitySource", "IdentityValidationExpression", "JwtConfiguration",
    "Name",
)  # fmt: skip
_ROUTE_INPUTS = (
    "ApiKeyRequired", "AuthorizationScopes", "AuthorizationType", "OperationName", "RequestParameters", "RouteKey",
    "RouteResponseSelectionExpression",
)  # fmt: skip
_STAGE_INPUTS = (
    "AccessLogSettings", "AutoDeploy", "DefaultRouteSettings", "Description", "RouteSettings", "StageName",
    "StageVariables", "Tags",
)  # fmt: skip
# Targets of routes: `integrations/{id}`.
_TARGET = "integrations/"


def _inputs(document: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: document[name] for name in names if document.get(name) not in (None, {}, [], "")}


class HttpApiRemoval(Removal):
    """One HTTP or WebSocket API; `name` is its id. Custom domains and VPC links themselves stay."""

    lasting = "its id and its address, authorizers that no route used, models of WebSocket messages"

    @property
    def _id(self) -> dict[str, str]:
        return {"ApiId": self.entry.name}

    def _api(self) -> Any:
        return present(lambda: self.client("apigatewayv2").get_api(**self._id))

    @override
    def exists(self) -> bool:
        return self._api() is not None

    @override
    def described(self) -> dict[str, Any]:
        gateway = self.client("apigatewayv2")
        routes = pages(gateway, "get_routes", "Items", **self._id)
        integrations = pages(gateway, "get_integrations", "Items", **self._id)
        authorizers = sorted({one["AuthorizerId"] for one in routes if one.get("AuthorizerId")})
        return {
            "api": self._api(),
            "routes": routes,
            "integrations": integrations,
            "responses": {one["IntegrationId"]: self._responses(one["IntegrationId"]) for one in integrations},
            "authorizers": [gateway.get_authorizer(**self._id, AuthorizerId=one) for one in authorizers],
            "stages": pages(gateway, "get_stages", "Items", **self._id),
            "mappings": self._mappings(),
        }

    def _responses(self, integration: str) -> list[Any]:
        if self.entry.kind is not Kind.WEBSOCKET_API:  # an HTTP API's are parameters of the integration itself
            return []
        gateway = self.client("apigatewayv2")
        return pages(gateway, "get_integration_responses", "Items", **self._id, IntegrationId=integration)

    def _mappings(self) -> list[dict[str, str]]:
        gateway = self.client("apigatewayv2")
        return [
            {
                "domain": domain,
                "mapping": one["ApiMappingId"],
                "key": one.get("ApiMappingKey", ""),
                "stage": one["Stage"],
            }
            for domain in (one["DomainName"] for one in pages(gateway, "get_domain_names", "Items"))
            for one in self._of_domain(domain)
            if one["ApiId"] == self.entry.name
        ]

    def _of_domain(self, domain: str) -> list[Any]:
        return pages(self.client("apigatewayv2"), "get_api_mappings", "Items", DomainName=domain)

    @override
    def removing(self) -> list[Step]:
        return [
            Step("delete domain mappings", self._delete_mappings),
            Step("delete stages", self._delete_stages),
            Step("delete API", self._delete),
        ]

    def _delete_mappings(self, known: Known) -> None:
        gateway = self.client("apigatewayv2")
        for one in self.archived(known)["mappings"]:
            which = {"DomainName": one["domain"], "ApiMappingId": one["mapping"]}
            present(lambda at=which: gateway.delete_api_mapping(**at))  # type: ignore[misc]

    def _delete_stages(self, known: Known) -> None:
        gateway = self.client("apigatewayv2")
        for stage in self.archived(known)["stages"]:
            which = {**self._id, "StageName": stage["StageName"]}
            present(lambda at=which: self.account.settled(lambda: gateway.delete_stage(**at)))  # type: ignore[misc]

    def _delete(self, _: Known) -> None:
        present(lambda: self.account.settled(lambda: self.client("apigatewayv2").delete_api(**self._id)))

    @override
    def undoing(self) -> list[Step]:
        return [
            Step("create API", self._create),
            Step("create routes", self._create_routes),
            Step("create stages", self._create_stages),
            Step("put mappings and permissions back", self._reconnect),
        ]

    def _create(self, known: Known) -> dict[str, Any]:
        if self.exists():
            return {"api": self.entry.name}
        api = _inputs(self.archived(known)["api"], _API_INPUTS)
        made = self.account.settled(lambda: self.client("apigatewayv2").create_api(**api))
        return {"api": made["ApiId"]}

    def _create_routes(self, known: Known) -> None:
        gateway, archived, to = self.client("apigatewayv2"), self.archived(known), {"ApiId": known["api"]}
        there = {one["RouteKey"] for one in pages(gateway, "get_routes", "Items", **to)}
        missing = [one for one in archived["routes"] if one["RouteKey"] not in there]
        if not missing:
            return
        integrations = {one["IntegrationId"]: self._integrated(known, one) for one in archived["integrations"]}
        authorizers = {
            one["AuthorizerId"]: gateway.create_authorizer(**to, **_inputs(one, _AUTHORIZER_INPUTS))["AuthorizerId"]
            for one in archived["authorizers"]
        }
        for route in missing:
            more = {}
            if (target := route.get("Target", "").removeprefix(_TARGET)) in integrations:
                more["Target"] = _TARGET + integrations[target]
            if route.get("AuthorizerId"):
                more["AuthorizerId"] = authorizers[route["AuthorizerId"]]
            made = gateway.create_route(**to, **_inputs(route, _ROUTE_INPUTS), **more)
            if key := route.get("RouteResponseSelectionExpression"):
                gateway.create_route_response(**to, RouteId=made["RouteId"], RouteResponseKey=key)

    def _integrated(self, known: Known, integration: dict[str, Any]) -> str:
        gateway, to = self.client("apigatewayv2"), {"ApiId": known["api"]}
        made: str = gateway.create_integration(**to, **_inputs(integration, _INTEGRATION_INPUTS))["IntegrationId"]
        for response in self.archived(known)["responses"][integration["IntegrationId"]]:
            gateway.create_integration_response(**to, IntegrationId=made, **_inputs(response, _RESPONSE_INPUTS))
        return made

    def _create_stages(self, known: Known) -> None:
        gateway, to = self.client("apigatewayv2"), {"ApiId": known["api"]}
        there = {one["StageName"] for one in pages(gateway, "get_stages", "Items", **to)}
        for stage in (one for one in self.archived(known)["stages"] if one["StageName"] not in there):
            gateway.create_stage(**to, **_inputs(stage, _STAGE_INPUTS))
            if not stage.get("AutoDeploy"):
                gateway.create_deployment(**to, StageName=stage["StageName"])

    def _reconnect(self, known: Known) -> None:
        gateway = self.client("apigatewayv2")
        targets = [one.get("IntegrationUri", "") for one in self.archived(known)["integrations"]]
        readmit(self.client("lambda"), functions_in(targets), self.entry.name, known["api"])
        for one in self.archived(known)["mappings"]:
            if not any(it.get("ApiMappingKey", "") == one["key"] for it in self._of_domain(one["domain"])):
                gateway.create_api_mapping(
                    DomainName=one["domain"], ApiId=known["api"], Stage=one["stage"], ApiMappingKey=one["key"]
                )
