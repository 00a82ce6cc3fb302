"""The gateway over HTTP, in front of a real function process."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.unit.localcloud.api_documents import API, STAGE, admit, documents
from tests.unit.localcloud.conftest import Running, create_echo


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Running]) -> Running:
    running = launch(documents())
    create_echo(running)
    admit(running)
    running.client("logs").create_log_group(logGroupName="access")
    return running


@pytest.fixture
def http(cloud: Running) -> httpx.Client:
    return httpx.Client(base_url=f"{cloud.info['gateway_url']}/{API}/{STAGE}", timeout=35)


def _event(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    event: dict[str, Any] = response.json()
    return event


def test_a_request_becomes_the_event_that_api_gateway_builds(http: httpx.Client) -> None:
    response = http.get(
        "/open/caf%C3%A9%20au%2Flait",
        params=[("tag", "a b"), ("tag", "ü"), ("empty", "")],
        headers=[("X-Thing", "one"), ("X-Thing", "two"), ("User-Agent", "tester")],
    )
    event = _event(response)
    assert event["resource"] == "/open/{name}"
    assert event["path"] == "/open/caf%C3%A9%20au%2Flait"
    assert event["pathParameters"] == {"name": "café au/lait"}
    assert event["queryStringParameters"] == {"tag": "ü", "empty": ""}
    assert event["multiValueQueryStringParameters"] == {"tag": ["a b", "ü"], "empty": [""]}
    assert event["headers"]["X-Thing"] == "two"
    assert event["multiValueHeaders"]["X-Thing"] == ["one", "two"]
    assert event["stageVariables"] == {"colour": "blue"}
    assert (event["body"], event["isBase64Encoded"]) == (None, False)
    context = event["requestContext"]
    assert context["path"] == f"/{STAGE}{event['path']}"
    assert context["resourcePath"] == "/open/{name}"
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "tester"
    assert context["requestId"] == response.headers["x-amzn-requestid"]
    assert context["extendedRequestId"] == response.headers["x-amz-apigw-id"]
    assert (context["apiId"], context["stage"], context["protocol"]) == (API, STAGE, "HTTP/1.1")
    assert "authorizer" not in context


def test_a_request_without_query_has_null_where_api_gateway_has_null(http: httpx.Client) -> None:
    event = _event(http.post("/any", content="text"))
    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None
    assert event["pathParameters"] is None
    assert event["body"] == "text"


def test_a_binary_body_reaches_the_function_as_base64_and_comes_back_as_bytes(http: httpx.Client) -> None:
    event = _event(http.post("/any", content=b"\x00\xff", headers={"Content-Type": "image/png"}))
    assert (event["body"], event["isBase64Encoded"]) == ("AP8=", True)
    assert http.get("/any?answer=base64", headers={"Accept": "image/png"}).content == b"\x00\x01\x02"
    assert http.get("/any?answer=base64", headers={"Accept": "text/plain"}).text == "AAEC"


def test_the_functions_headers_come_through_repeated_and_reserved_ones_renamed(http: httpx.Client) -> None:
    response = http.get("/any?answer=headers")
    assert response.status_code == 201
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert response.headers["x-amzn-remapped-server"] == "mine"
    assert response.headers["x-amzn-remapped-date"] == "today"
    assert response.headers["x-amzn-remapped-www-authenticate"] == "Bearer"
    assert "mine" not in response.headers["server"]
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_head_is_answered_without_a_body(http: httpx.Client) -> None:
    response = http.head("/any")
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("answer", ["malformed", "fail"])
def test_a_function_that_fails_or_answers_badly_is_502_in_the_apis_own_words(http: httpx.Client, answer: str) -> None:
    response = http.get(f"/any?answer={answer}")
    assert (response.status_code, response.json()) == (502, {"code": "DEFAULT_5XX"})
    assert response.headers["x-amzn-errortype"] == "InternalServerErrorException"


def test_an_integration_that_takes_longer_than_its_timeout_is_504(http: httpx.Client) -> None:
    response = http.get("/slow?answer=slow")
    # the function's own time-out, a second later, would be a 502
    assert (response.status_code, response.json()) == (504, {"code": "INTEGRATION_TIMEOUT"})


def test_an_unknown_path_asks_for_a_token_as_api_gateway_does(http: httpx.Client) -> None:
    response = http.get("/nothing/here")
    assert (response.status_code, response.json()) == (403, {"message": "Missing Authentication Token"})
    assert http.post("/slow").status_code == 403


def test_an_unknown_stage_is_forbidden(cloud: Running) -> None:
    response = httpx.get(f"{cloud.info['gateway_url']}/{API}/prod/any")
    assert (response.status_code, response.json()) == (403, {"message": "Forbidden"})


def test_a_mock_method_answers_by_itself_with_its_headers(http: httpx.Client) -> None:
    response = http.delete("/open/x")
    assert (response.status_code, response.headers["allow"]) == (405, "GET")
    assert response.json() == {"id": response.headers["x-amzn-requestid"]}
    refused = http.put("/open/x", content="x", headers={"Content-Type": "text/csv"})
    assert refused.status_code == 415


def test_a_payload_over_ten_megabytes_is_refused(http: httpx.Client) -> None:
    assert http.post("/any", content=b"x" * (10 * 1024 * 1024 + 1)).status_code == 413


def test_an_integration_that_is_not_executed_is_a_configuration_error(http: httpx.Client) -> None:
    response = http.get("/broken")
    assert (response.status_code, response.json()) == (500, {"code": "API_CONFIGURATION_ERROR"})


def test_the_authorizers_findings_reach_the_function_as_strings(http: httpx.Client) -> None:
    event = _event(http.get("/uncached", headers={"Authorization": "good"}))
    found = event["requestContext"]["authorizer"]
    assert (found["tenant"], found["admin"], found["level"]) == ("t1", "true", "3")
    assert found["principalId"] == "someone"
    assert isinstance(found["integrationLatency"], int)
    assert event["requestContext"]["identity"]["apiKeyId"] == "key-id"


@pytest.mark.parametrize(
    ("token", "status"), [("nobody", 401), ("denied", 403), ("broken", 500), ("malformed", 500), ("keyless", 403)]
)
def test_what_an_authorizer_refuses_never_reaches_the_function(http: httpx.Client, token: str, status: int) -> None:
    response = http.get("/uncached", headers={"Authorization": token})
    assert response.status_code == status
    assert "requestContext" not in response.text


def test_an_authorizer_without_identity_source_is_called_without_credentials(http: httpx.Client) -> None:
    assert http.get("/uncached").status_code == 200


def test_a_gateway_response_has_the_apis_status_body_and_headers(http: httpx.Client) -> None:
    response = http.get("/uncached", headers={"Authorization": "nobody"})
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json() == {"code": "no", "request": response.headers["x-amzn-requestid"]}


def test_a_missing_identity_source_is_401_without_asking_the_authorizer(http: httpx.Client) -> None:
    assert http.get("/cached").status_code == 401


def test_a_verdict_is_kept_per_identity_only_where_the_api_asks_for_it(http: httpx.Client) -> None:
    def decided_at(path: str, token: str) -> str:
        event = _event(http.get(path, headers={"Authorization": token}))
        return str(event["requestContext"]["authorizer"]["at"])

    assert decided_at("/cached", "first") == decided_at("/cached", "first")
    assert decided_at("/cached", "first") != decided_at("/cached", "second")
    assert decided_at("/uncached", "first") != decided_at("/uncached", "first")


def test_a_throttled_method_refuses_what_exceeds_its_burst(http: httpx.Client) -> None:
    statuses = [http.get("/limited").status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]


def test_every_request_leaves_a_line_in_the_access_log(cloud: Running, http: httpx.Client) -> None:
    http.get("/uncached", headers={"Authorization": "good"})
    http.get("/nothing/at/all")
    logs = cloud.client("logs")
    wanted = {("200", "/uncached", "t1"), ("403", "-", "-")}
    deadline = time.monotonic() + 10
    seen: set[tuple[str, str, str]] = set()
    while not wanted <= seen and time.monotonic() < deadline:
        events = logs.filter_log_events(logGroupName="access")["events"]
        lines = [json.loads(event["message"]) for event in events]
        seen = {(line["status"], line["route"], line["user"]) for line in lines}
    assert wanted <= seen


def test_a_function_that_did_not_admit_the_gateway_is_a_500(launch: Callable[..., Running]) -> None:
    closed = launch(documents())
    create_echo(closed)
    admit(closed, source_arn="arn:aws:execute-api:eu-central-1:100000000009:other/*")
    response = httpx.get(f"{closed.info['gateway_url']}/{API}/{STAGE}/any")
    assert (response.status_code, response.json()) == (500, {"code": "API_CONFIGURATION_ERROR"})
