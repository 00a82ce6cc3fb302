"""Nothing is public but what the contract says: buckets, function URLs, gateway methods, WebSocket routes."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from policy import types
from policy.model import PROD, Finding, Resource, Rule, Stack, Violation, each, resource_rule, stack_rule
from policy.references import attached, refers
from policy.values import read

PUBLIC_OPERATIONS: Final = Path(__file__).parent.with_name("public_operations.yaml")
BLOCKS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
ANY_METHOD: Final = "x-amazon-apigateway-any-method"
METHODS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace", ANY_METHOD})


@cache
def public_operations() -> frozenset[str]:
    """Return the operations ("GET /system/health") that may be answered without a credential."""
    return frozenset(yaml.safe_load(PUBLIC_OPERATIONS.read_text(encoding="utf-8")))


def public_access_block(block: Resource) -> Iterator[Finding]:
    """Judge a block: each of its four settings."""
    for setting in BLOCKS:
        if block.get(setting) is not True:
            yield Violation(f"{setting} is not true")


def every_bucket_blocked(stack: Stack) -> Iterator[Finding]:
    """Judge that each bucket has a block of its own."""

    def judge(bucket: Resource) -> Iterator[Finding]:
        if not attached(stack, types.BUCKET_PUBLIC_ACCESS, "bucket", bucket, by="bucket"):
            yield Violation("has no BucketPublicAccessBlock", bucket.urn)

    yield from each(stack.of(types.BUCKET), judge)


def bucket_acl(resource: Resource) -> Iterator[Finding]:
    """Judge canned ACLs, and grants to groups (everyone, and everyone with any AWS account)."""
    acl = resource.get("acl")
    if acl not in {None, "private", "bucket-owner-full-control", "log-delivery-write"}:
        yield Violation(f"acl is {acl}")
    for index in range(len(resource.get("accessControlPolicy.grants") or [])):
        if resource.get(f"accessControlPolicy.grants.{index}.grantee.uri"):
            yield Violation(f"grant {index + 1} is to a group of everyone")


def function_url(resource: Resource) -> Iterator[Finding]:
    """Judge a function's own address."""
    if resource.get("authorizationType") != "AWS_IAM":
        yield Violation(f"authorizationType is {resource.get('authorizationType')}: the whole internet may call it")


def open_operations(api: Resource) -> Iterator[Finding]:
    """Judge the OpenAPI body of a REST API as API Gateway reads it.

    API Gateway takes security from the operation only; an entry of `security` that is empty, or a scheme that the body
    does not define, authorises nobody. Mocks and pre-flight requests reach no data.
    """
    body = api.get("body")
    if not body:
        return
    try:
        document = json.loads(body) if isinstance(body, str) else body
    except json.JSONDecodeError as error:
        yield Violation(f"body is not JSON: {error}")
        return
    schemes = read(document, "components.securitySchemes") or {}
    for path, operations in (document.get("paths") or {}).items():
        for method, operation in operations.items():
            if method.lower() in METHODS and not _closed(operation, schemes):
                name = "ANY" if method == ANY_METHOD else method.upper()
                if f"{name} {path}" not in public_operations() and not _reaches_nothing(method, operation):
                    yield Violation(f"{name} {path} asks for neither authorizer nor API key")


def _closed(operation: Mapping[str, Any], schemes: Mapping[str, Any]) -> bool:
    security = operation.get("security") or []
    return bool(security) and all(entry and set(entry) <= set(schemes) for entry in security)


def _reaches_nothing(method: str, operation: Mapping[str, Any]) -> bool:
    kind = (operation.get("x-amazon-apigateway-integration") or {}).get("type")
    return method.lower() == "options" or str(kind).lower() == "mock"


def open_method(method: Resource) -> Iterator[Finding]:
    """Judge a method that is a resource of its own."""
    if method.get("httpMethod") == "OPTIONS" or method.get("authorization") not in {None, "NONE"}:
        return
    if method.get("apiKeyRequired") is not True:
        yield Violation(f"{method.get('httpMethod')} asks for neither authorizer nor API key")


def open_route(route: Resource) -> Iterator[Finding]:
    """Judge an HTTP or WebSocket route. A socket is authorised once, at $connect; its other routes take none."""
    key = str(route.get("routeKey"))
    # HTTP API keys are "GET /path" or $default; WebSocket keys are $connect, $disconnect, $default and action names
    http = " " in key
    if (http or key == "$connect") and route.get("authorizationType") in {None, "NONE"}:
        yield Violation(f"route {key} asks for no credential")


def socket_connects(stack: Stack) -> Iterator[Finding]:
    """Judge that every API with routes of a socket has a $connect route: without one every client is let in."""

    def judge(api: Resource) -> Iterator[Finding]:
        if api.get("protocolType") != "WEBSOCKET":
            return
        routes = [route for route in stack.of(types.HTTP_ROUTE) if refers(route, "apiId", api, by="id")]
        if not any(route.get("routeKey") == "$connect" for route in routes):
            yield Violation("has no $connect route: every client is let in", api.urn)

    yield from each(stack.of(types.HTTP_API), judge)


_BUCKET = PROD(types.BUCKET, bucket="omnix-ai-prod-files-111122223333-eu-central-1")
_BLOCK = PROD(
    types.BUCKET_PUBLIC_ACCESS,
    bucket="omnix-ai-prod-files-111122223333-eu-central-1",
    **dict.fromkeys(BLOCKS, True),
)


def _api(security: list[dict[str, list[str]]]) -> Resource:
    operation = {"security": security, "x-amazon-apigateway-integration": {"type": "aws_proxy"}}
    body = {
        "paths": {"/orders": {"get": operation}},
        "components": {"securitySchemes": {"authorizer": {"type": "apiKey"}}},
    }
    return PROD(types.REST_API, name="omnix-ai-prod-api", body=json.dumps(body))


_SOCKET = PROD(types.HTTP_API, "socket", name="omnix-ai-prod-socket", protocolType="WEBSOCKET", id="a1b2c3")

RULES: tuple[Rule, ...] = (
    resource_rule(
        "public-access-block-complete",
        public_access_block,
        types=(types.BUCKET_PUBLIC_ACCESS,),
        reason="each setting left out is one way to make files public by mistake",
        fix="set all four settings to true",
        failing=PROD(types.BUCKET_PUBLIC_ACCESS, blockPublicAcls=True, blockPublicPolicy=True),
        passing=_BLOCK,
        refs=("P15",),
    ),
    stack_rule(
        "bucket-public-access-blocked",
        every_bucket_blocked,
        reason="one wrong policy or ACL would make files public",
        fix="add a BucketPublicAccessBlock with all four settings",
        failing=(_BUCKET,),
        passing=(_BUCKET, _BLOCK),
        refs=("P15",),
    ),
    resource_rule(
        "bucket-acl-private",
        bucket_acl,
        types=(types.BUCKET_ACL,),
        reason="an ACL gives files to everyone, and no policy shows it",
        fix="leave ACLs out; a bucket policy names who reads",
        failing=PROD(types.BUCKET_ACL, acl="public-read"),
        passing=PROD(types.BUCKET_ACL, acl="private"),
        refs=("P15",),
    ),
    resource_rule(
        "function-url-authenticated",
        function_url,
        types=(types.FUNCTION_URL,),
        reason="a function URL goes round gateway, authorizer, throttle and web ACL",
        fix="route it through the API, or set authorizationType AWS_IAM",
        failing=PROD(types.FUNCTION_URL, authorizationType="NONE"),
        passing=PROD(types.FUNCTION_URL, authorizationType="AWS_IAM"),
        refs=("P2", "P15"),
    ),
    resource_rule(
        "operation-authorised",
        open_operations,
        types=(types.REST_API,),
        reason="an operation without authorizer answers everyone, for every tenant",
        fix="give the route its security, or list it in policy/public_operations.yaml",
        failing=_api([]),
        passing=_api([{"authorizer": []}]),
        refs=("P2", "F2"),
    ),
    resource_rule(
        "method-authorised",
        open_method,
        types=(types.METHOD,),
        reason="a method without authorizer answers everyone",
        fix="set authorization and authorizerId, or apiKeyRequired",
        failing=PROD(types.METHOD, httpMethod="GET", authorization="NONE"),
        passing=PROD(types.METHOD, httpMethod="GET", authorization="CUSTOM", authorizerId="a1b2c3"),
        refs=("P2", "F2"),
    ),
    resource_rule(
        "route-authorised",
        open_route,
        types=(types.HTTP_ROUTE,),
        reason="a socket that anyone may open shows every tenant's events",
        fix="set authorizationType CUSTOM and authorizerId on $connect and on HTTP routes",
        failing=PROD(types.HTTP_ROUTE, routeKey="$connect"),
        passing=PROD(types.HTTP_ROUTE, routeKey="$connect", authorizationType="CUSTOM", authorizerId="a1b2c3"),
        refs=("P4",),
    ),
    stack_rule(
        "socket-connect-authorised",
        socket_connects,
        reason="a WebSocket API without a $connect route lets every client in",
        fix="add a $connect route with an authorizer",
        failing=(_SOCKET, PROD(types.HTTP_ROUTE, "default", apiId="a1b2c3", routeKey="$default")),
        passing=(_SOCKET, PROD(types.HTTP_ROUTE, "connect", apiId="a1b2c3", routeKey="$connect")),
        refs=("P4",),
    ),
)
