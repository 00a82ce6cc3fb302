"""What API Gateway refuses in the OpenAPI body that a REST API is imported from."""
# ruff: noqa: PLR2004 - the limits are what these functions are about

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from localcloud.provider.openapi import INTEGRATION, Document, operations, parse
from localcloud.refusals.check import Check, Inputs, Of, Place, Violation
from localcloud.refusals.model import shape_of

_API = Of("aws:apigateway/restApi:RestApi", "API Gateway: REST API import")
_KNOWN = "API Gateway: known issues of REST APIs"
_EXTENSIONS = "API Gateway: OpenAPI extensions"
_BYTES = 6 * 1024 * 1024
_SEGMENT = re.compile(r"[A-Za-z0-9_.,:$~*@!+-]+|\{[A-Za-z0-9_.:-]+\+?\}")
_TYPES = frozenset({"aws", "aws_proxy", "http", "http_proxy", "mock"})
_RESPONSE_TYPES = frozenset(shape_of("apigateway PutGatewayResponse.responseType").enum)  # type: ignore[attr-defined]
# Models are JSON schema draft 4 and what it does not know is refused ("Unsupported keyword(s)").
_KEYWORDS = frozenset(
    [
        "discriminator",
        "example",
        "examples",
        "nullable",
        "const",
        "readOnly",
        "writeOnly",
        "dependentRequired",
        "dependentSchemas",
        "if",
        "then",
        "else",
        "contains",
        "propertyNames",
        "$defs",
        "unevaluatedProperties",
        "prefixItems",
    ]
)
_SUBSCHEMAS = ("items", "additionalProperties", "not")
_LISTS = ("allOf", "anyOf", "oneOf")
_SOURCE = re.compile(r"method\.request\.(header|querystring|path)\.([\w.$-]+)")
_IDENTITY = re.compile(r"(method\.request\.(header|querystring)|context|stageVariables)\.[\w.-]+")
_LAMBDA = re.compile(
    r"arn:aws[a-z-]*:apigateway:(?P<region>[a-z0-9-]+):lambda:path/2015-03-31/functions/"
    r"(?P<function>arn:aws[a-z-]*:lambda:(?P<own>[a-z0-9-]+):(\d{12}):function:[\w$.{}-]+(:[\w$.{}-]+)?)/invocations"
)


@lru_cache(8)
def _parsed(text: str) -> tuple[Document | None, str]:
    try:
        return parse(text), ""
    except ValueError as error:
        return None, str(error)


type _Body = Callable[[Document, Place], Iterator[str]]


def _body(name: str, find: _Body, what: str, limit: str = "", source: str = "") -> Check:
    def violations(inputs: Inputs, place: Place) -> Iterator[Violation]:
        body = _parsed(str(inputs["body"]))[0] if inputs.get("body") else None
        if body is not None and isinstance(body.get("paths"), dict):
            yield from (("body", reason) for reason in find(body, place))

    return _API.rule(f"body-{name}", "body", violations, what, limit, source)


def _readable(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if not inputs.get("body"):
        return
    text = str(inputs["body"])
    if len(text.encode()) > _BYTES:
        yield "body", f"the body has {len(text.encode())} bytes; AWS takes {_BYTES}"
    body, fault = _parsed(text)
    if body is None:
        yield "body", fault
        return
    version = str(body.get("openapi") or body.get("swagger") or "")
    if not version.startswith(("3.0.", "2.0")):
        yield "body", f"unsupported OpenAPI version {version or 'none'!r}: API Gateway takes 3.0.x and 2.0, not 3.1"
    if not isinstance(body.get("info"), dict) or not isinstance(body.get("paths"), dict):
        yield "body", "info and paths are required"


def _paths(body: Document, _: Place) -> Iterator[str]:
    siblings: dict[str, set[str]] = {}
    for path in body["paths"]:
        yield from (f"path {path!r} {reason}" for reason in _path(path))
        segments = [part for part in path.split("/") if part]
        for at, segment in enumerate(segments):
            if segment.startswith("{"):
                siblings.setdefault("/".join(segments[:at]), set()).add(segment.strip("{+}"))
    for parent, variables in sorted(siblings.items()):
        if len(variables) > 1:
            yield f"/{parent}: only one path variable is allowed beside another: {', '.join(sorted(variables))}"
    if len(body["paths"]) > 300:
        yield f"{len(body['paths'])} paths; AWS takes 300 resources an API (quota, can be raised)"


def _path(path: str) -> Iterator[str]:
    if not path.startswith("/"):
        yield "must begin with a slash"
        return
    names = re.findall(r"\{([^}+]+)\+?\}", path)
    if len(names) != len(set(names)):
        yield "names a path parameter twice"
    segments = [part for part in path.split("/") if part]
    for at, segment in enumerate(segments):
        if not _SEGMENT.fullmatch(segment):
            yield f"has the part {segment!r}, which is none: a variable stands alone between slashes"
        if segment.endswith("+}") and at < len(segments) - 1:
            yield "has a greedy variable that is not its last part"


def _parameters(body: Document, _: Place) -> Iterator[str]:
    for path, item in body["paths"].items():
        shared = item.get("parameters", []) if isinstance(item, dict) else []
        for key, operation in (item or {}).items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            rows = [row for row in [*shared, *operation.get("parameters", [])] if "$ref" not in row]
            named = [(row.get("in"), row.get("name")) for row in operation.get("parameters", []) if "$ref" not in row]
            for pair in sorted({pair for pair in named if named.count(pair) > 1}, key=str):
                yield f"{key.upper()} {path} declares the {pair[0]} parameter {pair[1]!r} twice"
            declared = {row.get("name") for row in rows if row.get("in") == "path"}
            for name in sorted(map(str, declared - set(re.findall(r"\{([^}+]+)\+?\}", path)))):
                yield f"{key.upper()} {path} declares the path parameter {name!r}, which the path does not have"


def _integrations(body: Document, _: Place) -> Iterator[str]:
    for path, method, operation in operations(body):
        given = operation.get(INTEGRATION)
        if given is None:
            continue
        where, kind = f"{method} {path}", str(given.get("type", "")).lower()
        if kind not in _TYPES:
            yield f"{where}: integration type {kind!r} is not one of {', '.join(sorted(_TYPES))}"
            continue
        if kind != "mock" and not given.get("uri"):
            yield f"{where}: an integration of type {kind} needs a uri"
        if kind != "mock" and not given.get("httpMethod"):
            yield f"{where}: an integration of type {kind} needs an httpMethod"
        if "timeoutInMillis" in given and not 50 <= int(given["timeoutInMillis"]) <= 29_000:
            yield f"{where}: timeoutInMillis {given['timeoutInMillis']} is outside 50 to 29000"
        if str(given.get("passthroughBehavior", "never")).lower() not in {
            "never",
            "when_no_match",
            "when_no_templates",
        }:
            yield f"{where}: passthroughBehavior {given['passthroughBehavior']!r} is none"
        if kind.startswith("aws") and ":lambda:" in str(given.get("uri", "")):
            yield from (f"{where}: {reason}" for reason in _lambda_uri(given))


def _lambda_uri(given: Mapping[str, Any]) -> Iterator[str]:
    match = _LAMBDA.fullmatch(str(given["uri"]))
    if match is None:
        yield f"{given['uri']} is no function's invocation URI (use invoke_arn)"
    elif match["region"] != match["own"]:
        yield f"the integration's region {match['region']} is not the function's, {match['own']}"
    if given.get("httpMethod") not in {None, "POST"}:
        yield f"Lambda is invoked by POST, not {given['httpMethod']}"


def _mappings(body: Document, _: Place) -> Iterator[str]:
    for path, method, operation in operations(body):
        shared = body["paths"][path].get("parameters", [])
        rows = [*shared, *operation.get("parameters", [])]
        if any("$ref" in row for row in rows):
            continue
        places = {"query": "querystring"}
        declared = {(places.get(str(row.get("in")), row.get("in")), row.get("name")) for row in rows}
        for target, source in (operation.get(INTEGRATION, {}).get("requestParameters") or {}).items():
            found = _SOURCE.fullmatch(str(source))
            if not str(target).startswith("integration.request."):
                yield f"{method} {path}: {target!r} is no integration.request.… parameter"
            elif found and (found[1], found[2]) not in declared:
                yield f"{method} {path}: invalid mapping expression: {source} is no parameter of the method"


def _schemas(body: Document, _: Place) -> Iterator[str]:
    models = (body.get("components") or {}).get("schemas") or body.get("definitions") or {}
    for name, schema in models.items():
        if not str(name).isalnum() or not str(name).isascii():
            yield f"model name must be alphanumeric: {name!r}"
        for keyword, at in _unsupported(schema, ""):
            yield f"model {name}{at}: unsupported keyword {keyword!r} (models are JSON schema draft 4)"


def _unsupported(schema: Any, at: str) -> Iterator[tuple[str, str]]:
    if not isinstance(schema, dict):
        return
    for keyword in sorted(_KEYWORDS & schema.keys()):
        yield keyword, at
    for keyword in ("exclusiveMinimum", "exclusiveMaximum"):
        if keyword in schema and not isinstance(schema[keyword], bool):
            yield keyword, at
    for name, inner in (schema.get("properties") or {}).items():
        yield from _unsupported(inner, f"{at}.{name}")
    for key in _SUBSCHEMAS:
        yield from _unsupported(schema.get(key), f"{at}.{key}")
    for key in _LISTS:
        for inner in schema.get(key) or ():
            yield from _unsupported(inner, f"{at}.{key}")


def _security(body: Document, _: Place) -> Iterator[str]:
    defined = (body.get("components") or {}).get("securitySchemes") or body.get("securityDefinitions") or {}
    for path, method, operation in operations(body):
        for requirement in operation.get("security", body.get("security", [])):
            for scheme in sorted(requirement.keys() - defined.keys()):
                yield f"{method} {path} names the security scheme {scheme!r}, which is not defined"
    for name, scheme in defined.items():
        authorizer = scheme.get("x-amazon-apigateway-authorizer")
        if authorizer is not None:
            yield from (f"authorizer {name}: {reason}" for reason in _authorizer(scheme, authorizer))


def _authorizer(scheme: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    kind, ttl = str(given.get("type", "")).lower(), given.get("authorizerResultTtlInSeconds", 300)
    if kind not in {"token", "request", "cognito_user_pools"}:
        yield f"type {kind!r} is not token, request or cognito_user_pools"
        return
    if not 0 <= int(ttl) <= 3600:
        yield f"authorizerResultTtlInSeconds {ttl} is outside 0 to 3600"
    sources = [part.strip() for part in str(given.get("identitySource", "")).split(",") if part.strip()]
    if kind == "request" and int(ttl) > 0 and not sources:
        yield "caching (TTL above 0) needs an identitySource, or set authorizerResultTtlInSeconds to 0"
    for source in sources:
        if kind == "request" and not _IDENTITY.fullmatch(source):
            yield f"identitySource {source!r} is no header, querystring, context or stage variable"
    if kind != "cognito_user_pools" and not _LAMBDA.fullmatch(str(given.get("authorizerUri", ""))):
        yield f"authorizerUri {given.get('authorizerUri')!r} is no function's invocation URI"
    if kind == "cognito_user_pools" and not given.get("providerARNs"):
        yield "needs providerARNs"
    if kind == "token" and scheme.get("in", "header") != "header":
        yield "a token is in a header"


def _validators(body: Document, _: Place) -> Iterator[str]:
    defined = body.get("x-amazon-apigateway-request-validators") or {}
    named = [("the API", body.get("x-amazon-apigateway-request-validator"))]
    named += [(f"{m} {p}", o.get("x-amazon-apigateway-request-validator")) for p, m, o in operations(body)]
    for where, name in named:
        if name is not None and name not in defined:
            yield f"{where} names the request validator {name!r}, which is not defined"


def _responses(body: Document, _: Place) -> Iterator[str]:
    for kind in (body.get("x-amazon-apigateway-gateway-responses") or {}).keys() - _RESPONSE_TYPES:
        yield f"gateway response {kind!r} is no response type of API Gateway"


RULES = (
    _API.rule(
        "body-readable",
        "body",
        _readable,
        "a body too large, neither JSON nor YAML, OpenAPI 3.1, without info or paths",
        "6 MB; OpenAPI 3.0.x, Swagger 2.0",
        "API Gateway quotas; known issues",
    ),
    _body(
        "paths",
        _paths,
        "paths with misformed or repeated variables, variables that compete, too many",
        "300 resources",
        "API Gateway CreateResource; quotas",
    ),
    _body("parameters", _parameters, "parameters twice, path parameters that the path has not"),
    _body(
        "integrations",
        _integrations,
        "integrations of no type, without uri or method, too slow, of a function in another region",
        "50 to 29000 ms",
        f"{_EXTENSIONS}; quotas: integration timeout",
    ),
    _body(
        "mappings",
        _mappings,
        "request mappings from parameters that the method has not",
        "",
        "API Gateway: request parameter mapping",
    ),
    _body(
        "models",
        _schemas,
        "model names that are not alphanumeric, schema keywords that draft 4 has not",
        "JSON schema draft 4",
        _KNOWN,
    ),
    _body(
        "security",
        _security,
        "authorizers that are not defined, of no type, with a wrong TTL or no identity source",
        "TTL 0 to 3600 s",
        "API Gateway CreateAuthorizer",
    ),
    _body("validators", _validators, "request validators that are not defined", "", _EXTENSIONS),
    _body(
        "responses",
        _responses,
        "gateway responses of no type",
        "",
        "botocore apigateway PutGatewayResponse.responseType",
    ),
)
