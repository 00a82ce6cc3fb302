"""The gateway's pure parts: routing, policies, buckets, templates, answers, permissions."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.functions.definition import split_name
from localcloud.functions.invocation import InvokeRefused
from localcloud.gateway.api import function_of, read
from localcloud.gateway.context import Exchange, UnsupportedTemplateError, render
from localcloud.gateway.errors import GatewayError, answer
from localcloud.gateway.events import is_binary
from localcloud.gateway.integration import mock, proxy_response
from localcloud.gateway.policy import MalformedPolicyError, decide
from localcloud.gateway.routing import Router
from localcloud.gateway.throttle import Throttles, TokenBucket
from localcloud.registry import Registry
from localcloud.wildcard import matches
from tests.unit.localcloud.api_documents import ACCOUNT, API, FUNCTION, REGION, STAGE, URI, documents

ARN = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/{STAGE}/GET/products/7"


def _exchange(verb: str = "GET", path: str = "/any", headers: list[tuple[str, str]] | None = None) -> Exchange:
    deployed = documents()
    exchange = Exchange(
        verb=verb,
        path=path,
        query_string="",
        headers=headers or [],
        body=b"",
        source_ip="10.0.0.1",
        protocol="HTTP/1.1",
        host="127.0.0.1:1",
        api=read(deployed["apigateway:deployment"][f"{API}/one"]),
        stage=deployed["apigateway:stage"][f"{API}/{STAGE}"],
        account_id=ACCOUNT,
        region=REGION,
    )
    match = exchange.api.find(verb, path)
    if match is not None:
        exchange.found(*match)
    return exchange


ROUTES = ["/", "/a", "/a/b", "/a/{x}", "/a/{x}/c", "/{y}/d", "/files/{path+}", "/{proxy+}"]


@pytest.mark.parametrize(
    ("path", "template", "parameters"),
    [
        ("/", "/", {}),
        ("/a", "/a", {}),
        ("/a/", "/a", {}),
        ("/a/b", "/a/b", {}),
        ("/a/z", "/a/{x}", {"x": "z"}),
        ("/a/b/c", "/a/{x}/c", {"x": "b"}),
        ("/a/d", "/a/{x}", {"x": "d"}),
        ("/q/d", "/{y}/d", {"y": "q"}),
        ("/files/x/y%20z", "/files/{path+}", {"path": "x/y z"}),
        ("/files", "/{proxy+}", {"proxy": "files"}),
        ("/a/b/x", "/{proxy+}", {"proxy": "a/b/x"}),
        ("/a/%2F", "/a/{x}", {"x": "/"}),
    ],
)
def test_the_most_specific_resource_wins(path: str, template: str, parameters: dict[str, str]) -> None:
    assert Router(ROUTES).match(path) == (template, parameters)


@pytest.mark.parametrize("path", ["/", "/b", "/a//c", "/a/b/c/d"])
def test_a_path_without_a_resource_matches_nothing(path: str) -> None:
    assert Router(["/a", "/a/{x}/c"]).match(path) is None


@given(st.text(alphabet="ab*?.+[", max_size=8))
def test_a_pattern_without_wildcards_fits_itself_only(text: str) -> None:
    literal = text.replace("*", "").replace("?", "")
    assert matches(literal, literal)
    assert not matches(literal, literal + "x")


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statement(effect: str = "Allow", resource: Any = "*", action: Any = "execute-api:Invoke") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    ("document", "decision"),
    [
        (_policy(_statement()), "allow"),
        (_policy(_statement(resource=ARN)), "allow"),
        (_policy(_statement(resource=[f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/*/GET/*"])), "allow"),
        (_policy(_statement(resource=f"{ARN}?")), "none"),
        (_policy(_statement(resource=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/*/POST/*")), "none"),
        (_policy(_statement(action="EXECUTE-API:*")), "allow"),
        (_policy(_statement(action="s3:GetObject")), "none"),
        (_policy(_statement(), _statement("Deny", ARN)), "deny"),
        (_policy(_statement("Deny", "nothing"), _statement()), "allow"),
        (_policy({"Effect": "Deny", "Action": "execute-api:Invoke", "NotResource": "nothing"}), "deny"),
        (_policy({**_statement(), "Condition": {"StringEquals": {"a": "b"}}}), "none"),
    ],
)
def test_a_policy_decides_by_action_and_method_arn(document: dict[str, Any], decision: str) -> None:
    assert decide(document, ARN) == decision


@pytest.mark.parametrize(
    "document", [None, "text", {}, _policy(), _policy({"Effect": "Maybe"}), _policy({"Effect": "Allow"})]
)
def test_what_is_not_a_policy_is_malformed(document: Any) -> None:
    with pytest.raises(MalformedPolicyError):
        decide(document, ARN)


def test_a_bucket_lets_its_burst_through_and_then_its_rate() -> None:
    now = [0.0]
    bucket = TokenBucket(rate=2, burst=3, clock=lambda: now[0])
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert [bucket.take(), bucket.take()] == [True, False]
    now[0] = 100
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def _throttles(**plan: Any) -> Throttles:
    registry = Registry()
    registry.put("apigateway:usageplan", "plan", {**documents()["apigateway:usageplan"]["plan"], **plan})
    return Throttles(registry)


def test_an_api_key_must_belong_to_a_plan_of_the_stage() -> None:
    exchange = _exchange()
    _throttles().check_key("usage-key-value", exchange)
    assert exchange.api_key == ("key-id", "usage-key-value")
    for value, throttles in (("other", _throttles()), (None, _throttles()), ("usage-key-value", _throttles(stages=[]))):
        with pytest.raises(GatewayError, match="INVALID_API_KEY"):
            throttles.check_key(value, _exchange())


def test_a_usage_plan_limits_rate_and_quota() -> None:
    limited = _throttles(throttle={"rateLimit": 0.001, "burstLimit": 1})
    limited.check_key("usage-key-value", _exchange())
    with pytest.raises(GatewayError, match="THROTTLED"):
        limited.check_key("usage-key-value", _exchange())
    counted = _throttles(quota={"limit": 2, "offset": 0, "period": "MONTH"})
    for _ in range(2):
        counted.check_key("usage-key-value", _exchange())
    with pytest.raises(GatewayError, match="QUOTA_EXCEEDED"):
        counted.check_key("usage-key-value", _exchange())


@pytest.mark.parametrize("path", ["~1orders~1{id}/GET", "orders/{id}/GET"])
def test_a_routes_own_settings_come_before_those_of_every_method(path: str) -> None:
    exchange = _exchange()
    exchange.variables["resourcePath"] = "/orders/{id}"
    wide = {"throttlingRateLimit": 100, "throttlingBurstLimit": 100}
    exchange.stage["method_settings"] = [
        {"methodPath": "*/*", "settings": wide},
        {"methodPath": path, "settings": {"throttlingRateLimit": 0.001, "throttlingBurstLimit": 1}},
    ]
    throttles = _throttles()
    throttles.check_method(exchange)
    with pytest.raises(GatewayError, match="THROTTLED"):
        throttles.check_method(exchange)


def test_a_template_is_filled_from_context_and_stage_variables() -> None:
    exchange = _exchange()
    text = render(
        '{"id":"$context.requestId","c":"$stageVariables.colour","ip":"$context.identity.sourceIp."}', exchange
    )
    assert json.loads(text) == {"id": exchange.request_id, "c": "blue", "ip": "10.0.0.1."}
    assert render("$context.nothing", exchange) == ""
    assert render("$context.nothing", exchange, missing="-") == "-"


@pytest.mark.parametrize("template", ["#set($a = 1)", "#if($a)x#end", "$input.body", "$util.escapeJavaScript($x)"])
def test_a_template_beyond_the_subset_is_an_error_not_a_guess(template: str) -> None:
    with pytest.raises(UnsupportedTemplateError):
        render(template, _exchange())


@pytest.mark.parametrize(
    ("payload", "status"),
    [({"statusCode": 204}, 204), ({"statusCode": "201", "body": "x"}, 201), ({"body": "x"}, 200), ({}, 200)],
)
def test_a_proxy_answer_needs_little_to_be_well_formed(payload: dict[str, Any], status: int) -> None:
    assert proxy_response(json.dumps(payload).encode(), _exchange()).status == status


@pytest.mark.parametrize(
    "payload",
    [
        "text",
        [],
        {"statusCode": "ok"},
        {"statusCode": True},
        {"statusCode": 999},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "unknown": 1},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a": {"b": 1}}},
        {"statusCode": 200, "headers": {"a": "b\r\nc: d"}},
    ],
)
def test_a_malformed_proxy_answer_is_a_502(payload: Any) -> None:
    with pytest.raises(GatewayError) as caught:
        proxy_response(json.dumps(payload).encode(), _exchange())
    assert answer(caught.value, _exchange()).status == 502


def test_a_mock_refuses_media_types_it_has_no_template_for() -> None:
    exchange = _exchange("DELETE", "/open/x", [("content-type", "text/csv")])
    assert exchange.method is not None
    with pytest.raises(GatewayError, match="UNSUPPORTED_MEDIA_TYPE"):
        mock(exchange.method, exchange)


def test_an_error_without_a_response_of_its_own_takes_its_classs_then_awss() -> None:
    of_class = answer(GatewayError("INTEGRATION_TIMEOUT"), _exchange())
    assert (of_class.status, json.loads(of_class.body)) == (504, {"code": "INTEGRATION_TIMEOUT"})
    of_aws = answer(GatewayError("THROTTLED"), _exchange())
    assert (of_aws.status, json.loads(of_aws.body)) == (429, {"message": "Too Many Requests"})


def test_security_schemes_become_authorizer_and_key_requirement() -> None:
    methods = read(documents()["apigateway:deployment"][f"{API}/one"]).methods
    protected = methods["/uncached"]["GET"]
    assert protected.authorizer is not None
    assert (protected.authorizer.ttl, protected.authorizer.sources, protected.key_required) == (0, (), True)
    assert methods["/cached"]["GET"].authorizer is not None
    assert not methods["/cached"]["GET"].key_required
    assert methods["/any"]["ANY"].authorizer is None


def test_a_binary_media_type_may_be_a_pattern() -> None:
    assert is_binary("image/png; q=1", ("image/*",))
    assert is_binary(None, ("*/*",))
    assert not is_binary("application/json", ("image/*",))
    assert not is_binary("image/png", ())


def test_the_function_is_read_from_the_integration_uri() -> None:
    assert function_of(URI) == f"{FUNCTION}:live"
    assert function_of("http://example.com") is None


@pytest.mark.parametrize(
    ("name", "qualifier", "expected"),
    [
        ("f", None, ("f", None, "here")),
        ("f:live", None, ("f", "live", "here")),
        ("f", "2", ("f", "2", "here")),
        ("123456789012:function:f:live", None, ("f", "live", "here")),
        ("arn:aws:lambda:there:1:function:f", "live", ("f", "live", "there")),
        ("arn:aws:lambda:there:1:function:f:live", "live", ("f", "live", "there")),
    ],
)
def test_every_way_to_name_a_function_is_understood(
    name: str, qualifier: str | None, expected: tuple[str, str | None, str]
) -> None:
    assert split_name(name, qualifier, "here") == expected


def test_two_qualifiers_that_differ_are_refused() -> None:
    with pytest.raises(InvokeRefused, match="does not match"):
        split_name("f:live", "1", "here")
