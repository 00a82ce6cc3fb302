"""The suite's client: what it records, what it retries, and what it never shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from ops.readiness.contract import Contract
from ops.readiness.http import Api
from tests.unit.ops.fake_platform import CONTRACT

if TYPE_CHECKING:
    from collections.abc import Callable


def api(handler: Callable[[httpx.Request], httpx.Response]) -> tuple[Api, list[float]]:
    pauses: list[float] = []
    return Api("http://api.test/x", Contract(CONTRACT), httpx.MockTransport(handler), sleep=pauses.append), pauses


def answers(*responses: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    waiting = iter(responses)
    return lambda _request: next(waiting)


def test_requests_count_under_their_route_of_the_contract() -> None:
    client, _ = api(lambda _: httpx.Response(200))

    for path in ("/products/abc", "/products", "/nowhere", "/products/a/b"):
        client.send("GET", path)

    assert [r.route for r in client.records] == ["GET /products/{product_id}", "GET /products", "other", "other"]


def test_a_throttled_request_is_sent_again_after_the_pause_that_was_asked_for() -> None:
    client, pauses = api(answers(httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200)))

    assert client.send("GET", "/products").status_code == 200
    assert pauses == [7.0]
    assert client.throttled == 1
    assert [r.error for r in client.records] == [False]


def test_a_request_that_stays_throttled_is_an_error() -> None:
    client, pauses = api(lambda _: httpx.Response(429))

    assert client.send("GET", "/products").status_code == 429
    assert len(pauses) == 4
    assert [r.error for r in client.records] == [True]


def test_a_failed_request_is_recorded_and_not_sent_twice() -> None:
    seen: list[httpx.Request] = []

    def broken(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        raise httpx.ReadTimeout("slow", request=request)

    client, _ = api(broken)
    with pytest.raises(httpx.ReadTimeout):
        client.send("POST", "/products", body={})

    assert len(seen) == 1
    assert client.records[0].error


@pytest.mark.parametrize(("status", "expected", "error"), [(404, None, False), (503, None, True), (404, 200, True)])
def test_an_error_is_a_5xx_or_another_status_than_was_expected(status: int, expected: int | None, error: bool) -> None:
    client, _ = api(lambda _: httpx.Response(status))

    client.send("GET", "/products", expected=expected)

    assert client.records[0].error is error


def test_excerpts_show_the_exchange_without_credentials() -> None:
    leak = {
        "access_token": "very-private",
        "user": {"email": "a@b.example", "password": "hunter2hunter2"},
        "note": "Bearer abc.def and omx_1234567890",
    }
    client, _ = api(lambda _: httpx.Response(201, json=leak, headers={"Set-Cookie": "id=1"}))

    client.send("POST", "/auth/register", token="t0ken", headers={"X-API-Key": "omx_abc"}, body={"password": "pw-1"})

    text = client.request_excerpt() + client.response_excerpt()
    assert "POST http://api.test/x/auth/register" in text
    assert "a@b.example" in text
    for secret in ("very-private", "hunter2", "t0ken", "omx_", "pw-1", "id=1", "abc.def"):
        assert secret not in text


def test_a_broken_body_with_a_password_is_masked_too() -> None:
    client, _ = api(lambda _: httpx.Response(400, text='{"password":"hunter2", oops'))

    client.send("POST", "/auth/login", raw=b"{")

    assert "hunter2" not in client.response_excerpt()


def test_the_contract_knows_public_routes_by_their_security() -> None:
    public = {str(r) for r in Contract(CONTRACT).routes if r.public}

    assert "GET /system/health" in public
    assert "GET /products" not in public
    assert {r.public for r in Contract({"paths": {"/a": {"get": {"security": [{}]}}}}).routes} == {True}
    assert {r.public for r in Contract({"paths": {"/a": {"get": {}}}}).routes} == {False}
