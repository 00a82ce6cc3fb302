import base64
import contextlib
import json
import logging
import pathlib
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from omnix import cors, request_body
from omnix.errors import InvalidJsonError, InvalidRequestError, UnsupportedMediaTypeError
from omnix.system import service

from .conftest import ORIGIN, TABLES, Cloud, caller, event

PRODUCT = {"sku": "TEA-1", "name": "Tea", "category": "tea", "price": {"amount": 100, "currency": "EUR"}}


def test_an_allowed_origin_gets_credentials_and_its_own_name(api: Any) -> None:
    answer = api("GET", "/system/health", headers={"origin": ORIGIN})
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    "origin", [None, "https://evil.example", "null", "*", ORIGIN + ".evil.example", ORIGIN.upper()]
)
def test_no_or_a_foreign_origin_gets_no_cors_header(api: Any, origin: str | None) -> None:
    answer = api("GET", "/system/health", headers={"Origin": origin} if origin else {})
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("path", ["/products", "/auth/login", "/products/x", "/nowhere"])
def test_a_preflight_of_any_path_names_every_method_and_header(api: Any, path: str) -> None:
    answer = api("OPTIONS", path, headers={"Origin": ORIGIN}, authorizer=None)
    assert (answer.status, answer.text) == (204, "")
    assert answer.headers["Access-Control-Allow-Methods"] == "GET,POST,PUT,PATCH,DELETE,OPTIONS"
    allowed = set(answer.headers["Access-Control-Allow-Headers"].split(","))
    credentials, conditions = {"Authorization", "X-API-Key"}, {"If-Match", "If-None-Match", "Idempotency-Key"}
    protocol = {"MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"}
    more = {"Content-Type", "X-Client-Type", "X-Correlation-Id", "traceparent"}
    assert allowed == credentials | conditions | protocol | more


def test_a_wildcard_in_the_parameter_allows_nobody() -> None:
    assert cors.headers("*", ("*",), preflight=True) == {}
    assert cors.headers(ORIGIN, ("*",), preflight=False) == {}


def test_errors_carry_cors_headers_too(api: Any) -> None:
    answer = api("GET", "/products/unknown", headers={"Origin": ORIGIN})
    assert answer.status == 404
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_an_unknown_path_is_404_and_an_unknown_method_405_with_allow(api: Any) -> None:
    assert (api("GET", "/nowhere").status, api("GET", "/nowhere").code) == (404, "not_found")
    answer = api("DELETE", "/products")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, OPTIONS, POST"


BAD_BODIES = {
    "malformed": ('{"sku": ', 400, "invalid_json"),
    "empty": ("", 400, "invalid_json"),
    "nan": ('{"price": {"amount": NaN}}', 400, "invalid_json"),
    "lone surrogate": ('{"name": "\\ud800"}', 400, "invalid_json"),
    "endless number": ('{"price": {"amount": %s}}' % ("9" * 5000), 400, "invalid_json"),
    "deep nesting": ("[" * 100_000, 400, "invalid_json"),
    "deep object": ('{"a":' * 100_000, 400, "invalid_json"),
    "array": (json.dumps([PRODUCT]), 400, "invalid_request"),
    "string": ('"tea"', 400, "invalid_request"),
    "null": ("null", 400, "invalid_request"),
    "empty object": ("{}", 422, "validation_failed"),
    "too large": ('{"name": "%s"}' % ("x" * 1024 * 1024), 413, "payload_too_large"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
@pytest.mark.parametrize(("method", "path"), [("POST", "/products"), ("PUT", "/products/a"), ("PATCH", "/products/a")])
def test_a_bad_body_is_the_documented_error_and_writes_nothing(
    api: Any, cloud: Cloud, name: str, method: str, path: str
) -> None:
    body, status, code = BAD_BODIES[name]
    answer = api(method, path, body=body)
    assert (answer.status, answer.code) == (status, code)
    assert answer.json["error"]["request_id"] == "request-1" == answer.headers["X-Request-Id"]
    assert not any(cloud.everything().values())


@pytest.mark.parametrize("name", BAD_BODIES)
@pytest.mark.parametrize("path", ["/auth/register", "/auth/login", "/auth/refresh", "/auth/logout"])
def test_a_bad_body_never_reaches_identity(auth: Any, cloud: Cloud, name: str, path: str) -> None:
    body, status, code = BAD_BODIES[name]
    answer = auth("POST", path, body=body)
    assert (answer.status, answer.code) == (status, code)
    assert not any(cloud.everything().values())


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_of_another_media_type_is_415(api: Any, kind: str) -> None:
    answer = api("POST", "/products", body=json.dumps(PRODUCT), headers={"Content-Type": kind})
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", None])
def test_json_is_taken_however_it_is_spelled(api: Any, kind: str | None) -> None:
    headers = {"cOntent-type": kind} if kind else {}
    assert api("POST", "/products", body=json.dumps(PRODUCT), headers=headers).status == 201


def test_a_base64_body_is_decoded_and_a_broken_one_is_400(api: Any) -> None:
    encoded = base64.b64encode(json.dumps(PRODUCT).encode()).decode()
    assert api("POST", "/products", body=encoded, isBase64Encoded=True).status == 201
    for broken in ("%%%", base64.b64encode(b"\xff\xfe{").decode()):
        assert api("POST", "/products", body=broken, isBase64Encoded=True).status == 400


def test_a_body_of_exactly_one_megabyte_is_read() -> None:
    text = '{"a":"%s"}' % ("x" * (1024 * 1024 - 8))
    assert request_body.checked(event("POST", "/x", body=text))["body"] == text


def test_validation_errors_never_repeat_the_input(auth: Any) -> None:
    body = {"email": "nobody", "password": "short-secret", "name": 7, "tenant_name": "", "surprise": "s3cret-value"}
    answer = auth("POST", "/auth/register", body=body | {"password": "hunter2"})
    assert answer.status == 422
    assert "hunter2" not in answer.text
    assert "s3cret-value" not in answer.text
    places = {detail["location"] for detail in answer.json["error"]["details"]}
    assert places == {"body.email", "body.password", "body.name", "body.tenant_name", "body.surprise"}


def test_a_protected_route_without_the_authorizers_context_is_401(api: Any, auth: Any) -> None:
    for call, method, path in (
        (api, "GET", "/products"),
        (api, "GET", "/dashboard/summary"),
        (auth, "GET", "/auth/me"),
    ):
        answer = call(method, path, authorizer=None, headers={"tenant_id": "t1", "X-Tenant": "t1"})
        assert (answer.status, answer.code) == (401, "unauthorized")


@pytest.mark.parametrize("broken", [{"role": "root"}, {"tenant_id": ""}, {"user_id": None}, {"auth": None}])
def test_a_broken_authorizer_context_is_401(api: Any, broken: dict[str, Any]) -> None:
    assert api("GET", "/products", authorizer=caller() | broken).status == 401


@pytest.mark.parametrize("error", [ReadTimeoutError, ConnectTimeoutError, EndpointConnectionError])
def test_a_dependency_that_is_away_is_503_with_retry_after(
    api: Any, monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    api("GET", "/products")  # parameters are cached now

    def away(*_: Any) -> Any:
        raise error(endpoint_url="https://dynamodb")

    monkeypatch.setattr(BaseClient, "_make_api_call", away)
    answer = api("GET", "/products")
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "unavailable", "1")


def test_a_defect_of_ours_is_500_in_the_error_shape_and_says_nothing(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KeyError("a secret detail")

    monkeypatch.setattr("omnix.catalogue.routes.catalogue", broken)
    answer = api("GET", "/products")
    assert (answer.status, answer.code) == (500, "internal_error")
    assert "secret detail" not in answer.text


def test_a_response_that_breaks_the_contract_is_500_not_422(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omnix.dashboard.routes.dashboard", lambda: SimpleNamespace(summary=lambda _: {"products": -1}))
    assert api("GET", "/dashboard/summary").status == 500


def test_a_request_is_logged_with_its_route_and_nothing_personal(auth: Any, caplog: pytest.LogCaptureFixture) -> None:
    body = {"email": "ada@shop.example", "password": "correct horse battery", "name": "Ada", "tenant_name": "Shop"}
    assert auth("POST", "/auth/register", body=body).status == 201
    (record,) = [record for record in caplog.records if record.getMessage() == "request"]
    assert (record.__dict__["route"], record.__dict__["status"]) == ("/auth/register", 201)
    printed = str([record.__dict__ for record in caplog.records])
    assert not [secret for secret in ("ada@", "correct horse", "Ada", "Shop") if secret in printed]


def test_the_log_level_follows_parameter_store(api: Any, cloud: Cloud) -> None:
    from omnix.http import logger
    from omnix.parameters import parameters

    for level in ("ERROR", "INFO"):
        cloud.set_parameter("monitoring/log-level", level)
        parameters.cache_clear()
        api("GET", "/system/health")
        assert logger.log_level == getattr(logging, level)


def test_health_version_and_contract_answer(api: Any) -> None:
    assert api("GET", "/system/health", authorizer=None).json == {"status": "ok", "environment": "dev"}
    version = api("GET", "/system/version", authorizer=None).json
    assert version["function_version"] == "$LATEST"
    assert api("GET", "/openapi.json", authorizer=None).json["info"]["version"] == version["version"]


def test_readiness_is_503_with_every_check_when_a_table_is_gone(api: Any, cloud: Cloud) -> None:
    ready = api("GET", "/system/readiness", authorizer=None)
    assert (ready.status, ready.json["ok"]) == (200, True)
    tables = {"analytics", "customer-profiles", "inventory", "orders", "products", "recommendations", "sessions"}
    assert {check["name"] for check in ready.json["checks"]} == {"parameters", *(f"table:{name}" for name in tables)}
    assert all(check["ms"] >= 0 for check in ready.json["checks"])
    asked = {check["name"] for check in ready.json["checks"]}
    assert asked == {"parameters", *(f"table:{name}" for name in TABLES if name != "users")}
    cloud.client("dynamodb").delete_table(TableName="omnix-ai-dev-analytics")
    answer = api("GET", "/system/readiness", authorizer=None)
    assert answer.status == 503
    failed = [check["name"] for check in answer.json["error"]["details"] if not check["ok"]]
    assert failed == ["table:analytics"]


@pytest.mark.usefixtures("cloud")
def test_both_http_functions_answer_the_readiness_event() -> None:
    import api.handler
    import auth.handler

    for name, handler in (("api", api.handler.handler), ("auth", auth.handler.handler)):
        report = handler({"source": "omnix.readiness"}, None)
        assert (report["ok"], report["function"]) == (True, name), report
        assert {"name", "ok", "detail", "ms"} == set(report["checks"][0])


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_refused_and_nothing_else(text: str) -> None:
    with contextlib.suppress(InvalidJsonError):
        request_body.parse(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5), st.booleans())
def test_any_body_is_checked_or_refused_as_the_callers_error(value: Any, encoded: bool) -> None:
    with contextlib.suppress(InvalidJsonError, InvalidRequestError):
        request_body.checked(event("POST", "/x", body=json.dumps(value), isBase64Encoded=encoded))


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Content-Type": "application/json; charset=iso-8859-1"}, "Send the body in UTF-8."),
        ({"Content-Type": 'application/json;charset="UTF-16"'}, "Send the body in UTF-8."),
        ({"content-encoding": "gzip"}, "Send the body without a content encoding."),
        ({"Content-Type": "application/json", "Content-Encoding": "br"}, "Send the body without a content encoding."),
    ],
)
def test_a_body_in_another_charset_or_coding_is_415(headers: dict[str, str], message: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError, match=message):
        request_body.checked({"httpMethod": "POST", "headers": headers, "body": "{}"})


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": 'Application/JSON; Charset="UTF-8"'},
        {"Content-Type": "application/json;charset=utf-8;profile=x"},
        {"content-encoding": "Identity"},
    ],
)
def test_utf8_without_a_coding_is_read(headers: dict[str, str]) -> None:
    assert request_body.checked({"httpMethod": "POST", "headers": headers, "body": "{}"})["body"] == "{}"


def test_text_that_the_gateway_had_to_repair_is_refused_and_an_escaped_character_is_not() -> None:
    with pytest.raises(InvalidJsonError, match="UTF-8"):
        request_body.checked({"httpMethod": "POST", "headers": {}, "body": '{"name": "caf\ufffd"}'})
    escaped = '{"name": "caf\\ufffd"}'
    assert request_body.checked({"httpMethod": "POST", "headers": {}, "body": escaped})["body"] == escaped


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
@pytest.mark.parametrize("body", ["x" * (2 * 1024 * 1024), "{", "\ufffd"])
def test_a_body_where_none_belongs_is_no_error(method: str, body: str) -> None:
    found = request_body.checked({"httpMethod": method, "headers": {"Content-Type": "text/plain"}, "body": body})
    assert (found["body"], found["isBase64Encoded"]) == (None, False)


def test_an_integer_is_an_integer_however_it_is_written() -> None:
    parsed: Any = request_body.parse('{"a": 5.0, "b": 1e3, "c": 5.5, "d": 1e300, "e": 1e999}')
    assert [type(value) for value in parsed.values()] == [int, int, float, float, float]
    assert (parsed["a"], parsed["b"]) == (5, 1000)


def test_a_body_full_of_faults_gets_a_short_answer(api: Any) -> None:
    body = json.dumps({"n" * 5000: 1} | {f"f{number}": 1 for number in range(50_000)})
    answer = api("POST", "/products", body=body)
    assert (answer.status, answer.code) == (422, "validation_failed")
    assert len(answer.json["error"]["details"]) == 20
    assert len(answer.text) < 10_000


def test_an_idempotency_key_is_printable_ascii(api: Any) -> None:
    for key in ("caf\ufffd", "a\tb"):
        answer = api("POST", "/products", body=json.dumps(PRODUCT), headers={"Idempotency-Key": key})
        assert (answer.status, answer.code) == (422, "validation_failed")


@pytest.mark.parametrize("name", ["a\x00b", "a\r\nb", "a\x7fb", "a\tb", "   "])
def test_a_name_is_one_line_with_something_in_it(api: Any, name: str) -> None:
    answer = api("POST", "/products", body=json.dumps(PRODUCT | {"name": name}))
    assert (answer.status, answer.code) == (422, "validation_failed")
    assert answer.json["error"]["details"][0]["location"] == "body.name"


def test_the_version_names_the_build_of_the_zip(
    api: Any, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api("GET", "/system/version", authorizer=None).json["build"] is None
    build = {"function": "api", "inputs": "ab" * 32, "python": "3.13", "target": "aws"}
    (tmp_path / "omnix_build.json").write_text(json.dumps(build))
    service.contract()
    monkeypatch.setattr(service, "_ROOT", tmp_path)
    service.build.cache_clear()
    try:
        found = api("GET", "/system/version", authorizer=None).json["build"]
    finally:
        service.build.cache_clear()
    assert found == {"inputs": "ab" * 32, "python": "3.13", "target": "aws"}


def test_the_version_names_the_commit_or_none_when_nobody_can_say(api: Any, cloud: Cloud) -> None:
    from omnix.parameters import parameters

    assert api("GET", "/system/version", authorizer=None).json["commit"] == "c0ffee" * 6 + "beef"
    cloud.client("ssm").delete_parameter(Name="/omnix-ai/dev/release/commit")
    parameters.cache_clear()
    assert api("GET", "/system/version", authorizer=None).json["commit"] is None
