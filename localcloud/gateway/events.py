"""The events that Lambda functions get from a REST API (payload format 1.0)."""

import base64
from collections.abc import Mapping
from typing import Any

from localcloud.gateway.context import Exchange, Pairs
from localcloud.wildcard import matches

_IDENTITY = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userArn",
)


def proxy_event(exchange: Exchange) -> dict[str, Any]:
    """`aws_proxy`'s input."""
    binary = is_binary(exchange.header("Content-Type"), exchange.api.binary_types)
    body = exchange.body
    # without binary media types a function gets text, and what is no UTF-8 is lost in it
    text = base64.b64encode(body).decode() if binary else body.decode("utf-8", "replace")
    return {
        **_request(exchange),
        "requestContext": request_context(exchange, authorized=True),
        "body": text if body else None,
        "isBase64Encoded": binary and bool(body),
    }


def authorizer_event(exchange: Exchange) -> dict[str, Any]:
    """A REQUEST authorizer's input."""
    return {
        "type": "REQUEST",
        "methodArn": exchange.method_arn(),
        **_request(exchange),
        "requestContext": request_context(exchange, authorized=False),
    }


def is_binary(content_type: str | None, binary_types: tuple[str, ...]) -> bool:
    """Whether a media type is one that the API treats as bytes (`*/*` and `image/*` are patterns)."""
    if not binary_types:
        return False
    media_type = (content_type or "application/json").partition(";")[0].strip().lower()
    return any(matches(pattern.lower(), media_type) for pattern in binary_types)


def request_context(exchange: Exchange, *, authorized: bool) -> dict[str, Any]:
    """`requestContext`; with the authorizer's findings once there are some."""
    variables = exchange.variables
    key = exchange.api_key
    identity: dict[str, Any] = dict.fromkeys(_IDENTITY)
    identity |= {"sourceIp": exchange.source_ip, "userAgent": exchange.header("User-Agent")}
    if key is not None:
        identity |= {"apiKey": key[1], "apiKeyId": key[0]}
    context: dict[str, Any] = {
        "resourceId": variables["resourceId"],
        "resourcePath": variables["resourcePath"],
        "httpMethod": exchange.verb,
        "extendedRequestId": exchange.extended_id,
        "requestTime": variables["requestTime"],
        "path": variables["path"],
        "accountId": exchange.account_id,
        "protocol": exchange.protocol,
        "stage": exchange.stage_name,
        "domainPrefix": variables["domainPrefix"],
        "requestTimeEpoch": int(exchange.started * 1000),
        "requestId": exchange.request_id,
        "identity": identity,
        "domainName": variables["domainName"],
        "deploymentId": exchange.api.deployment_id,
        "apiId": exchange.api.id,
    }
    if authorized and exchange.authorizer:
        context["authorizer"] = exchange.authorizer
    return context


def _request(exchange: Exchange) -> dict[str, Any]:
    method = exchange.method
    added = _added(exchange)
    replaced = {name.lower() for name, _ in added}
    headers = [*((name, value) for name, value in exchange.headers if name.lower() not in replaced), *added]
    query = exchange.query
    return {
        "resource": method.resource if method else exchange.path,
        "path": exchange.path,
        "httpMethod": exchange.verb,
        "headers": dict(headers) or None,
        "multiValueHeaders": _grouped(headers) or None,
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _grouped(query) or None,
        "pathParameters": exchange.path_parameters or None,
        "stageVariables": exchange.stage.get("variables") or None,
    }


def _added(exchange: Exchange) -> Pairs:
    """The headers that API Gateway writes itself, in place of those that were sent."""
    before = exchange.header("X-Forwarded-For")
    chain = f"{before}, {exchange.source_ip}" if before else exchange.source_ip
    port = exchange.host.rpartition(":")[2] if ":" in exchange.host else "80"
    return [
        ("X-Forwarded-For", chain),
        ("X-Forwarded-Port", port),
        ("X-Forwarded-Proto", "http"),
        ("X-Amzn-Trace-Id", exchange.trace_id),
    ]


def _grouped(pairs: Pairs) -> Mapping[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped
