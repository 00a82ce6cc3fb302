import json

from components.api.access_log import access_log_format


def test_the_access_log_is_one_line_of_json_with_quoted_variables():
    line = access_log_format()
    assert "\n" not in line
    assert all(value.startswith("$context.") for value in json.loads(line).values())


def test_the_access_log_tells_who_what_how_long_and_why_it_failed():
    line = json.loads(access_log_format())
    assert {"request_id", "tenant_id", "user_id", "route", "status", "latency_ms", "function_error"} <= line.keys()


def test_the_access_log_never_holds_a_credential_or_a_query():
    # the key itself, the Authorization header and the query string; the key's id is no secret
    assert not {"$context.identity.apiKey"} & set(json.loads(access_log_format()).values())
    for secret in ("header", "querystring", "authorizer.claims"):
        assert secret not in access_log_format()


def test_the_access_log_names_the_route_and_not_what_the_caller_put_into_its_path():
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
    logged = set(json.loads(access_log_format()).values())
    assert "$context.resourcePath" in logged
    assert not logged & {
        "$context.path",
        "$context.customDomain.basePathMatched",
        "$context.error.validationErrorString",
    }
