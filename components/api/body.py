"""API Gateway's OpenAPI body, made from the public contract by a pure function.

API Gateway imports OpenAPI 3.0.1 and refuses 3.1, pydantic's dialect; of a schema it ignores or refuses
`anyOf`, `const`, `discriminator`, `example(s)`, `exclusiveMinimum`, `nullable` unions and component names
that are not alphanumeric. Every integration here is a Lambda proxy, which passes the request through as it
came: a model would only be a second, weaker validator whose errors name no field. So the body carries no
schema, no model and no request validator; the function validates, from the same contract. What stays is what
the gateway acts on: paths, methods, parameter names, security, integrations and the errors it makes itself.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.api.contract import CATCH_ALL, Operation, Parameter, operations, path_parameters
from components.api.errors import cors_headers, error_template, gateway_responses, header_parameters

# The longest a REST API waits for its integration without a quota increase (API Gateway quotas).
INTEGRATION_TIMEOUT_MS = 29_000
AUTHORIZER = "authorizer"
USAGE_KEY = "usage_key"
PREFLIGHT_FUNCTION = "api"

_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
# A MOCK integration answers only media types it has a template for; all others get 415 from the gateway.
# (With `when_no_match` it would pass the body through, find no status code in it and answer 500.)
_MOCK_MEDIA_TYPES = (
    "application/json",
    "application/octet-stream",
    "application/x-ndjson",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/csv",
    "text/plain",
)


@dataclass(frozen=True)
class GatewaySettings:
    """What the body needs beside the contract.

    `invoke_arns`: the integration URI of each function's alias. `authorizer_uri`: the same of the
    authorizer. `origin`: the one origin that gateway-made errors name, or None for no CORS headers.
    """

    name: str
    invoke_arns: Mapping[str, str]
    authorizer_uri: str
    origin: str | None


def gateway_body(contract: Mapping[str, Any], settings: GatewaySettings) -> dict[str, Any]:
    """The OpenAPI 3.0.1 document that `PutRestApi` imports. Raises `ContractError` (see `operations`)."""
    routes: dict[str, list[Operation]] = {}
    for operation in operations(contract, settings.invoke_arns.keys()):
        routes.setdefault(operation.path, []).append(operation)
    paths = {path: _path_item(path, routes[path], settings) for path in sorted(routes)}
    return {
        "openapi": "3.0.1",
        "info": {"title": settings.name, "version": contract["info"]["version"]},
        "paths": {**_unknown_paths(routes, settings.origin), **paths},
        "components": {"securitySchemes": _security_schemes(settings.authorizer_uri)},
        "x-amazon-apigateway-api-key-source": "AUTHORIZER",
        "x-amazon-apigateway-gateway-responses": gateway_responses(settings.origin),
    }


def canonical_json(body: Mapping[str, Any]) -> str:
    """`body` in one form only, so that an unchanged contract makes no change in a preview."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def digest(body: str) -> str:
    """SHA-256 of a canonical body, in hex: a new one means a new deployment."""
    return hashlib.sha256(body.encode()).hexdigest()


def _path_item(path: str, routes: Sequence[Operation], settings: GatewaySettings) -> dict[str, Any]:
    item = {route.method: _method(route, settings.invoke_arns[route.function]) for route in routes}
    allowed = sorted([*(route.method.upper() for route in routes), "OPTIONS"])
    return {
        **item,
        "options": _preflight(path, settings.invoke_arns[PREFLIGHT_FUNCTION]),
        _ANY: _refusal(
            405,
            error_template("method_not_allowed", f"Use one of {', '.join(allowed)} here."),
            {**cors_headers(settings.origin), "Allow": ", ".join(allowed)},
        ),
    }


def _method(operation: Operation, invoke_arn: str) -> dict[str, Any]:
    # Two requirements, not one object with both: the form that API Gateway itself exports and reads as
    # "this authorizer, and the API key that it returned".
    security: list[dict[str, list[str]]] = [] if operation.public else [{AUTHORIZER: []}, {USAGE_KEY: []}]
    return {
        "operationId": operation.operation_id,
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": {status: {"description": text} for status, text in operation.responses},
        "security": security,
        _INTEGRATION: _proxy(invoke_arn),
    }


def _preflight(path: str, invoke_arn: str) -> dict[str, Any]:
    """OPTIONS reaches the function, which knows every exact origin; a static answer could name one only."""
    return {
        "parameters": [_parameter(parameter) for parameter in path_parameters(path)],
        "responses": {"204": {"description": "Preflight answer"}},
        "security": [],
        _INTEGRATION: _proxy(invoke_arn),
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.location,
        "required": parameter.required,
        "schema": {"type": "string"},
    }


def _proxy(invoke_arn: str) -> dict[str, Any]:
    return {
        "type": "aws_proxy",
        "httpMethod": "POST",  # Lambda's Invoke is a POST, whatever the client's method
        "uri": invoke_arn,
        "passthroughBehavior": "when_no_match",
        "timeoutInMillis": INTEGRATION_TIMEOUT_MS,
    }


def _refusal(status: int, template: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """An answer that the gateway gives without any function, to every method that has none of its own."""
    code = str(status)
    return {
        "responses": {
            code: {
                "description": "Refused by the gateway",
                "headers": {name: {"schema": {"type": "string"}} for name in sorted(headers)},
            }
        },
        "security": [],
        _INTEGRATION: {
            "type": "mock",
            "passthroughBehavior": "never",
            "requestTemplates": dict.fromkeys(_MOCK_MEDIA_TYPES, f'{{"statusCode":{code}}}'),
            "responses": {
                "default": {
                    "statusCode": code,
                    "responseParameters": header_parameters("method.response.header", headers),
                    "responseTemplates": {"application/json": template},
                }
            },
        },
    }


def _unknown_paths(routes: Mapping[str, Sequence[Operation]], origin: str | None) -> dict[str, Any]:
    """404 for every other path, as methods of their own.

    Without them an unknown path that comes with `Authorization: Bearer …` is read as a broken SigV4
    signature and answered 403, so that a signed-in client never learns that it called a wrong address.
    """
    template = error_template("not_found", "There is nothing at this address.")
    unknown = {_ANY: _refusal(404, template, cors_headers(origin))}
    return {path: unknown for path in ("/", CATCH_ALL) if path not in routes}


def _security_schemes(authorizer_uri: str) -> dict[str, Any]:
    """The request authorizer and the key that it returns.

    No identity source and no cache: without an edge, either of `Authorization` and `X-API-Key` may carry
    the credential, and API Gateway answers 401 by itself when a declared source is missing. Hence the name too:
    a header's name here is a token authorizer's identity source; `Unused` is the form for a request authorizer.
    """
    return {
        AUTHORIZER: {
            "type": "apiKey",
            "name": "Unused",
            "in": "header",
            "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": {
                "type": "request",
                "authorizerUri": authorizer_uri,
                "authorizerResultTtlInSeconds": 0,
            },
        },
        USAGE_KEY: {"type": "apiKey", "name": "x-api-key", "in": "header"},
    }
