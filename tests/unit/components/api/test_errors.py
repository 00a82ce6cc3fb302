import json
import re

import pytest

from components.api.errors import GATEWAY_ERRORS, gateway_responses, header_parameters

# "Gateway response types for API Gateway", developer guide.
ALL_TYPES = {
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
}


def test_every_gateway_response_type_is_ours_once():
    types = [error.type for error in GATEWAY_ERRORS]
    assert len(types) == len(set(types))
    assert set(types) == ALL_TYPES


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("MISSING_AUTHENTICATION_TOKEN", "404", "not_found"),
        ("INVALID_SIGNATURE", "404", "not_found"),
        ("UNAUTHORIZED", "401", "unauthorized"),
        ("ACCESS_DENIED", "403", "forbidden"),
        ("THROTTLED", "429", "too_many_requests"),
        ("QUOTA_EXCEEDED", "429", "too_many_requests"),
        ("REQUEST_TOO_LARGE", "413", "payload_too_large"),
        ("AUTHORIZER_FAILURE", "503", "unavailable"),
        ("AUTHORIZER_CONFIGURATION_ERROR", "503", "unavailable"),
        ("INTEGRATION_FAILURE", "503", "unavailable"),
        ("INTEGRATION_TIMEOUT", "504", "timeout"),
    ],
)
def test_a_gateway_error_has_the_documented_status_and_code(kind, status, code):
    response = gateway_responses("https://shop.example")[kind]
    assert response["statusCode"] == status
    assert json.loads(response["responseTemplates"]["application/json"])["error"]["code"] == code


def test_every_error_is_the_json_error_with_no_text_of_the_caller():
    for response in gateway_responses(None).values():
        template = response["responseTemplates"]["application/json"]
        error = json.loads(template)["error"]
        assert error.keys() == {"code", "message", "details", "request_id"}
        assert re.fullmatch(r"[a-z_]+", error["code"])
        assert set(re.findall(r"\$[\w.]+", template)) == {"$context.requestId"}


def test_a_function_that_died_is_unavailable_and_the_callers_default_leaves_awss_own_status():
    responses = gateway_responses(None)
    # A status here would replace that of every type without one ("DEFAULT_4XX", developer guide).
    assert "statusCode" not in responses["DEFAULT_4XX"]
    assert responses["DEFAULT_5XX"]["statusCode"] == "503"


def test_a_browser_of_the_stacks_origin_can_read_every_gateway_error():
    for response in gateway_responses("https://shop.example").values():
        parameters = response["responseParameters"]
        assert parameters["gatewayresponse.header.Access-Control-Allow-Origin"] == "'https://shop.example'"
        assert parameters["gatewayresponse.header.Access-Control-Allow-Credentials"] == "'true'"
        assert parameters["gatewayresponse.header.Vary"] == "'Origin'"


def test_a_401_names_its_scheme():
    responses = gateway_responses(None)
    assert responses["UNAUTHORIZED"]["responseParameters"] == {"gatewayresponse.header.WWW-Authenticate": "'Bearer'"}


def test_whoever_is_throttled_or_meets_an_outage_hears_when_to_return():
    responses = gateway_responses(None)
    soon = {kind for kind, response in responses.items() if "gatewayresponse.header.Retry-After" in str(response)}
    assert soon == {"THROTTLED"} | {kind for kind, response in responses.items() if response.get("statusCode") == "503"}
    assert responses["THROTTLED"]["responseParameters"] == {"gatewayresponse.header.Retry-After": "'1'"}


def test_a_header_value_with_a_quote_is_refused():
    with pytest.raises(ValueError, match="single quote"):
        header_parameters("gatewayresponse.header", {"X": "it's"})
