"""Builds a REST API again from its parts: for one that was never deployed, and where an export lacks integrations."""

from __future__ import annotations

from typing import Any

from ops.cleanup.account import pages, present

_API_INPUTS = (
    "name", "description", "version", "binaryMediaTypes", "minimumCompressionSize", "apiKeySource",
    "endpointConfiguration", "policy", "tags", "disableExecuteApiEndpoint",
)  # fmt: skip
_AUTHORIZER_INPUTS = (
    "name", "type", "providerARNs", "authType", "authorizerUri", "authorizerCredentials", "identitySource",
    "identityValidationExpression", "authorizerResultTtlInSeconds",
)  # fmt: skip
_METHOD_INPUTS = (
    "authorizationType", "apiKeyRequired", "operationName", "requestParameters", "requestModels", "authorizationScopes",
)  # fmt: skip
_INTEGRATION_INPUTS = (
    "type", "uri", "connectionType", "connectionId", "credentials", "requestParameters", "requestTemplates",
    "passthroughBehavior", "cacheNamespace", "cacheKeyParameters", "contentHandling", "timeoutInMillis", "tlsConfig",
)  # fmt: skip
_METHOD_RESPONSE_INPUTS = ("responseParameters", "responseModels")
_RESPONSE_INPUTS = ("selectionPattern", "responseParameters", "responseTemplates", "contentHandling")
_GATEWAY_RESPONSE_INPUTS = ("responseType", "statusCode", "responseParameters", "responseTemplates")
# Every API has these two from its first moment.
_GIVEN_MODELS = frozenset({"Empty", "Error"})


def described_parts(gateway: Any, api: str) -> dict[str, Any]:
    """What an API is made of."""
    which = {"restApiId": api}
    return {
        "resources": pages(gateway, "get_resources", "items", **which, embed=["methods"]),
        "authorizers": pages(gateway, "get_authorizers", "items", **which),
        "models": [one for one in pages(gateway, "get_models", "items", **which) if one["name"] not in _GIVEN_MODELS],
        "responses": [
            one for one in pages(gateway, "get_gateway_responses", "items", **which) if not one.get("defaultResponse")
        ],
    }


def rebuilt(gateway: Any, archived: dict[str, Any]) -> str:
    """The id of a new API with the archived one's parts; half of it is deleted when a part is refused."""
    api: str = gateway.create_rest_api(**_inputs(archived["api"], _API_INPUTS))["id"]
    try:
        _fill(gateway, api, archived)
    except BaseException:
        present(lambda: gateway.delete_rest_api(restApiId=api))
        raise
    return api


def _inputs(document: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: document[name] for name in names if document.get(name) not in (None, {}, [], "")}


def _fill(gateway: Any, api: str, archived: dict[str, Any]) -> None:
    which = {"restApiId": api}
    for model in archived["models"]:
        gateway.create_model(**which, **_inputs(model, ("name", "description", "schema", "contentType")))
    authorizers = {
        one["id"]: gateway.create_authorizer(**which, **_inputs(one, _AUTHORIZER_INPUTS))["id"]
        for one in archived["authorizers"]
    }
    for response in archived["responses"]:
        gateway.put_gateway_response(**which, **_inputs(response, _GATEWAY_RESPONSE_INPUTS))
    ids = {"/": gateway.get_resources(**which)["items"][0]["id"]}
    # parents come before their children
    for resource in sorted(archived["resources"], key=lambda one: one["path"]):
        path = resource["path"]
        if path not in ids:
            parent = ids[path.rpartition("/")[0] or "/"]
            ids[path] = gateway.create_resource(**which, parentId=parent, pathPart=resource["pathPart"])["id"]
        for verb, method in (resource.get("resourceMethods") or {}).items():
            _method(gateway, {**which, "resourceId": ids[path], "httpMethod": verb}, method, authorizers)


def _method(gateway: Any, place: dict[str, str], method: dict[str, Any], authorizers: dict[str, str]) -> None:
    more = {"authorizerId": authorizers[method["authorizerId"]]} if method.get("authorizerId") else {}
    gateway.put_method(**place, **_inputs(method, _METHOD_INPUTS), **more)
    for status, response in (method.get("methodResponses") or {}).items():
        gateway.put_method_response(**place, statusCode=status, **_inputs(response, _METHOD_RESPONSE_INPUTS))
    integration = method.get("methodIntegration")
    if not integration:
        return
    verb = {"integrationHttpMethod": integration["httpMethod"]} if integration.get("httpMethod") else {}
    gateway.put_integration(**place, **_inputs(integration, _INTEGRATION_INPUTS), **verb)
    for status, response in (integration.get("integrationResponses") or {}).items():
        gateway.put_integration_response(**place, statusCode=status, **_inputs(response, _RESPONSE_INPUTS))
