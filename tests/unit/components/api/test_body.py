import json
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from components.api.body import GatewaySettings, canonical_json, digest, gateway_body
from components.api.contract import operations, read_contract
from components.api.functions import ROUTED
from tests.unit.components.api.contracts import contract

ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
SETTINGS = GatewaySettings(
    name="omnix-ai-dev-api",
    invoke_arns={name: f"arn:invoke:{name}:live" for name in ("api", "assistant", "auth")},
    authorizer_uri="arn:invoke:authorizer:live",
    origin="https://shop.example",
)
PUBLIC_CONTRACT = Path(__file__).parents[4] / "openapi.json"


@pytest.fixture(params=["fixture", "public"])
def source(request):
    """The small fixture, and the contract that is really published."""
    return contract() if request.param == "fixture" else read_contract(PUBLIC_CONTRACT)


def _nodes(value):
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from _nodes(child)
    elif isinstance(value, list):
        for child in value:
            yield from _nodes(child)


def test_the_body_is_valid_openapi_3_0(source):
    body = gateway_body(source, SETTINGS)
    assert body["openapi"] == "3.0.1"
    OpenAPIV30SpecValidator(body).validate()


def test_every_route_of_the_contract_is_in_the_body_with_its_function_security_and_timeout(source):
    body = gateway_body(source, SETTINGS)
    routes = operations(source, ROUTED)
    assert routes
    for route in routes:
        method = body["paths"][route.path][route.method]
        assert method["operationId"] == route.operation_id
        assert method["security"] == ([] if route.public else [{"authorizer": []}, {"usage_key": []}])
        assert method[INTEGRATION] == {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": f"arn:invoke:{route.function}:live",
            "passthroughBehavior": "when_no_match",
            "timeoutInMillis": 29_000,
        }


def test_the_body_has_no_route_that_the_contract_does_not_have(source):
    methods = {"get", "put", "post", "delete", "head", "patch", "trace"}
    served = {(p, m) for p, item in gateway_body(source, SETTINGS)["paths"].items() for m in item if m in methods}
    assert served == {(route.path, route.method) for route in operations(source, ROUTED)}


def test_nothing_that_api_gateway_refuses_or_ignores_is_shown_to_it(source):
    body = gateway_body(source, SETTINGS)
    assert "schemas" not in body["components"]
    unsupported = {"$ref", "anyOf", "oneOf", "const", "discriminator", "example", "examples", "exclusiveMinimum"}
    for node in _nodes(body):
        assert not unsupported & node.keys()
        assert node.get("in") != "cookie"


def test_preflight_reaches_the_function_without_a_credential(source):
    body = gateway_body(source, SETTINGS)
    for route in operations(source, ROUTED):
        preflight = body["paths"][route.path]["options"]
        assert preflight["security"] == []
        assert preflight[INTEGRATION]["uri"] == "arn:invoke:api:live"


def test_a_method_that_a_path_does_not_have_is_answered_405_with_allow():
    refusal = gateway_body(contract(), SETTINGS)["paths"]["/products"][ANY]
    response = refusal[INTEGRATION]["responses"]["default"]
    assert response["statusCode"] == "405"
    assert response["responseParameters"]["method.response.header.Allow"] == "'GET, OPTIONS, POST'"
    assert response["responseParameters"]["method.response.header.Access-Control-Allow-Origin"] == (
        "'https://shop.example'"
    )
    error = json.loads(response["responseTemplates"]["application/json"])["error"]
    assert error["code"] == "method_not_allowed"
    assert error["details"] == []
    assert error["request_id"] == "$context.requestId"


def test_every_header_that_a_refusal_maps_is_declared_by_its_method(source):
    # API Gateway: "Invalid mapping expression specified" for a header that the method response lacks.
    for item in gateway_body(source, SETTINGS)["paths"].values():
        refusal = item[ANY]
        response = refusal[INTEGRATION]["responses"]["default"]
        mapped = {name.removeprefix("method.response.header.") for name in response["responseParameters"]}
        assert mapped == refusal["responses"][response["statusCode"]]["headers"].keys()


def test_a_refusal_answers_the_usual_media_types_and_lets_the_gateway_refuse_others():
    mock = gateway_body(contract(), SETTINGS)["paths"]["/products"][ANY][INTEGRATION]
    assert mock["type"] == "mock"
    assert mock["passthroughBehavior"] == "never"
    assert {"application/json", "text/plain", "multipart/form-data"} <= mock["requestTemplates"].keys()
    assert set(mock["requestTemplates"].values()) == {'{"statusCode":405}'}


def test_a_refusal_answers_every_media_type_that_the_contract_takes():
    public = read_contract(PUBLIC_CONTRACT)
    taken = {
        media for item in public["paths"].values() for method in item.values()
        for media in method.get("requestBody", {}).get("content", {})
    }  # fmt: skip
    assert "text/csv" in taken
    mock = gateway_body(public, SETTINGS)["paths"]["/products/import"][ANY][INTEGRATION]
    assert taken <= mock["requestTemplates"].keys()


def test_an_unknown_path_is_a_404_even_with_a_bearer_credential():
    # Without a method of its own it would be read as a broken SigV4 signature: 403.
    paths = gateway_body(contract(), SETTINGS)["paths"]
    for path in ("/", "/{proxy+}"):
        response = paths[path][ANY][INTEGRATION]["responses"]["default"]
        assert response["statusCode"] == "404"
        assert json.loads(response["responseTemplates"]["application/json"])["error"]["code"] == "not_found"
        assert paths[path][ANY]["security"] == []


def test_the_authorizer_has_no_identity_source_and_no_cache():
    schemes = gateway_body(contract(), SETTINGS)["components"]["securitySchemes"]
    assert schemes["authorizer"]["x-amazon-apigateway-authorizer"] == {
        "type": "request",
        "authorizerUri": "arn:invoke:authorizer:live",
        "authorizerResultTtlInSeconds": 0,
    }
    # a header's name here would be a token authorizer's identity source: 401 for whoever sends X-API-Key
    assert schemes["authorizer"]["name"] == "Unused"
    assert schemes["usage_key"] == {"type": "apiKey", "name": "x-api-key", "in": "header"}


def test_the_usage_key_comes_from_the_authorizer():
    assert gateway_body(contract(), SETTINGS)["x-amazon-apigateway-api-key-source"] == "AUTHORIZER"


def test_the_same_contract_makes_the_same_bytes_in_any_order():
    first = canonical_json(gateway_body(contract(), SETTINGS))
    turned = contract()
    turned["paths"] = dict(reversed(turned["paths"].items()))
    assert canonical_json(gateway_body(turned, SETTINGS)) == first
    assert digest(first) == digest(canonical_json(gateway_body(turned, SETTINGS)))


def test_a_changed_route_changes_the_digest():
    changed = contract()
    del changed["paths"]["/products"]["post"]
    before, after = (canonical_json(gateway_body(source, SETTINGS)) for source in (contract(), changed))
    assert digest(before) != digest(after)


def test_without_an_origin_no_gateway_answer_has_cors_headers():
    settings = GatewaySettings(SETTINGS.name, SETTINGS.invoke_arns, SETTINGS.authorizer_uri, origin=None)
    assert "Access-Control" not in canonical_json(gateway_body(contract(), settings))
