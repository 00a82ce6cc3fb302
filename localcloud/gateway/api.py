"""A deployed API, read from its OpenAPI body and API Gateway's extensions (OpenAPI 3.0.1, `PutRestApi`)."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from localcloud.gateway.routing import Router

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_ANY = "x-amazon-apigateway-any-method"
_URI = re.compile(r":lambda:path/[^/]+/functions/(?P<function>arn:.+)/invocations$")
_DEFAULT_TTL = 300
_DEFAULT_TIMEOUT_MS = 29_000


@dataclass(frozen=True)
class Authorizer:
    """A Lambda authorizer. `sources`: where the identity is, e.g. `method.request.header.Authorization`."""

    name: str
    id: str
    kind: str
    function_arn: str
    sources: tuple[str, ...]
    ttl: float
    validation: str | None


@dataclass(frozen=True)
class Method:
    """What one method of one resource does with a request. `integration` is the extension as it stands."""

    resource: str
    resource_id: str
    verb: str
    integration: Mapping[str, Any]
    function_arn: str | None
    timeout: float
    authorizer: Authorizer | None
    key_required: bool


@dataclass(frozen=True)
class Api:
    """One deployment."""

    id: str
    deployment_id: str
    key_source: str
    binary_types: tuple[str, ...]
    responses: Mapping[str, Mapping[str, Any]]
    router: Router
    methods: Mapping[str, Mapping[str, Method]] = field(repr=False)

    def find(self, verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
        """The method for a request and its path parameters; None when there is none."""
        match = self.router.match(path)
        if match is None:
            return None
        template, parameters = match
        methods = self.methods[template]
        method = methods.get(verb) or methods.get("ANY")
        return None if method is None else (method, parameters)


def read(document: Mapping[str, Any]) -> Api:
    """An `apigateway:deployment` document as an `Api`."""
    body: Mapping[str, Any] = document["body"]
    settings: Mapping[str, Any] = document["api"]
    schemes = body.get("components", {}).get("securitySchemes", {})
    authorizers = {
        name: _authorizer(name, document["rest_api_id"], scheme)
        for name, scheme in schemes.items()
        if "x-amazon-apigateway-authorizer" in scheme
    }
    keys = {name for name, scheme in schemes.items() if _is_api_key(scheme)}
    default: Sequence[Mapping[str, Any]] = body.get("security", ())
    methods = {
        path: {
            verb: _method(path, verb, operation, authorizers, keys, default) for verb, operation in _operations(item)
        }
        for path, item in body.get("paths", {}).items()
    }
    source = body.get("x-amazon-apigateway-api-key-source") or settings.get("apiKeySource") or "HEADER"
    binary = body.get("x-amazon-apigateway-binary-media-types") or settings.get("binaryMediaTypes") or ()
    return Api(
        id=document["rest_api_id"],
        deployment_id=document["deployment_id"],
        key_source=source,
        binary_types=tuple(binary),
        responses=body.get("x-amazon-apigateway-gateway-responses", {}),
        router=Router(list(methods)),
        methods=methods,
    )


def _operations(item: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    found = [(verb.upper(), item[verb]) for verb in _METHODS if verb in item]
    return [*found, ("ANY", item[_ANY])] if _ANY in item else found


def _is_api_key(scheme: Mapping[str, Any]) -> bool:
    return (
        scheme.get("type") == "apiKey"
        and scheme.get("name", "").lower() == "x-api-key"
        and "x-amazon-apigateway-authorizer" not in scheme
    )


def _authorizer(name: str, api_id: str, scheme: Mapping[str, Any]) -> Authorizer:
    settings = scheme["x-amazon-apigateway-authorizer"]
    kind = settings.get("type", "token").upper()
    written = settings.get("identitySource", "")
    if kind == "TOKEN" and not written:
        written = f"method.request.header.{scheme['name']}"
    return Authorizer(
        name=name,
        id=short_id(api_id, name),
        kind=kind,
        function_arn=function_of(settings["authorizerUri"]) or "",
        sources=tuple(source.strip() for source in written.split(",") if source.strip()),
        ttl=float(settings.get("authorizerResultTtlInSeconds", _DEFAULT_TTL)),
        validation=settings.get("identityValidationExpression"),
    )


def _method(
    path: str,
    verb: str,
    operation: Mapping[str, Any],
    authorizers: Mapping[str, Authorizer],
    keys: set[str],
    default: Sequence[Mapping[str, Any]],
) -> Method:
    # API Gateway reads the alternatives of `security` as one list of what it asks for
    names = [name for requirement in operation.get("security", default) for name in requirement]
    integration = operation.get("x-amazon-apigateway-integration", {})
    return Method(
        resource=path,
        resource_id=short_id(path),
        verb=verb,
        integration=integration,
        function_arn=function_of(integration.get("uri", "")),
        timeout=integration.get("timeoutInMillis", _DEFAULT_TIMEOUT_MS) / 1000,
        authorizer=next((authorizers[name] for name in names if name in authorizers), None),
        key_required=any(name in keys for name in names),
    )


def function_of(uri: str) -> str | None:
    """The function's ARN in an integration URI (`arn:aws:apigateway:…:lambda:path/…/invocations`)."""
    match = _URI.search(uri)
    return match["function"] if match else None


def short_id(*parts: str) -> str:
    """Six characters, as API Gateway's own ids, the same for the same parts."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:6]
