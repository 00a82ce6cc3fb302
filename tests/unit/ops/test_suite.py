"""The readiness suite against a platform in memory: a right one passes, and each defect is noticed by name."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import httpx
import pytest

from ops.errors import Refused
from ops.readiness import authentication as flow
from ops.readiness import core_operations, suite, trading
from ops.readiness.contract import Contract
from ops.readiness.report import junit
from ops.readiness.verdict import Status
from ops.stack import assembled, parsed_outputs
from tests.unit.ops.fake_platform import API_KEY, CONTRACT, JWT_KEY, OUTPUTS, FakePlatform

STACK = assembled(parsed_outputs(OUTPUTS, "test"), "http://127.0.0.1:8")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_operations, "_INDEX_SECONDS", 0.0)
    monkeypatch.setattr(core_operations, "_POLL_SECONDS", 0.0)
    monkeypatch.setattr(trading, "_FOLLOWS_SECONDS", 0.0)
    monkeypatch.setattr(trading, "_POLL_SECONDS", 0.0)
    monkeypatch.setattr(flow, "_LONGEST_GRACE", -1.0)
    monkeypatch.setattr(flow, "_POLL_SECONDS", 0.0)


def run(platform: FakePlatform) -> suite.Report:
    contract = Contract(CONTRACT)
    checks = suite.checks_of(STACK, contract, samples=3)
    return suite.run(STACK, contract, platform.client, checks=checks, transport=httpx.MockTransport(platform))


def failures(report: suite.Report) -> dict[str, str]:
    return {o.name: o.reason for o in report.outcomes if o.status is Status.FAIL}


def test_a_platform_that_keeps_its_contract_is_ready() -> None:
    report = run(FakePlatform())

    assert failures(report) == {}
    assert report.verdict.ready
    assert [o.name for o in report.outcomes if o.status is Status.SKIP] == ["no development address in prod"]


@pytest.mark.parametrize(
    ("defect", "check"),
    [
        ("table away", "GET /system/readiness answers ok"),
        ("wrong environment", "GET /system/version names this environment"),
        ("contract drift", "the served openapi.json is the contract"),
        ("function fails", "function auth: its live version is ready"),
        ("no recovery", "table users: active, with point-in-time recovery"),
        ("parameter missing", "every parameter is in Parameter Store"),
        ("usage key in clear", "every parameter is in Parameter Store"),
        ("no rotation", "secret JWT_SECRET: has a current version and rotates"),
        ("any password", "login with a wrong password is refused"),
        ("replay works", "a replayed refresh token is refused and ends its session"),
        ("alg none works", "a token with alg=none is refused"),
        ("expired works", "an expired token is refused"),
        ("no tenants", "another tenant's product is invisible and untouchable"),
        ("lost updates", "a stale If-Match is refused"),
        ("no paging", "page through products"),
        ("negative prices", "values out of range, of wrong type or unknown are refused, and nothing is written"),
        ("keys forgotten", "create a customer, once for one Idempotency-Key"),
        ("wrong prices", "an order takes its stock and is priced by the server"),
        ("oversold", "an order of more than there is is refused and takes nothing"),
        ("any step", "an order's steps are the documented ones"),
        ("stock kept", "a cancelled order gives its stock back"),
        ("reports behind", "the customer's worth, the sales and the dashboard follow the order"),
        ("import changes", "a product that is exported is imported without a change"),
        ("500 on malformed JSON", "malformed JSON is refused"),
        ("any origin", "a foreign origin is refused"),
        ("one origin", "pre-flight of /products"),
        ("plain gateway errors", "404 made by the gateway has the error shape and CORS"),
    ],
)
def test_a_defect_fails_the_check_that_is_about_it(defect: str, check: str) -> None:
    assert check in failures(run(FakePlatform(defect)))


def test_a_check_whose_prerequisite_failed_fails_too_and_is_not_skipped() -> None:
    platform = FakePlatform("registration down")

    report = run(platform)

    assert "not run" in failures(report)["create a product"]
    assert not report.verdict.ready


def test_an_unreadable_api_key_is_a_skip_and_never_a_pass() -> None:
    report = run(FakePlatform("secrets closed"))

    statuses = {o.name: o.status for o in report.outcomes}
    assert statuses["the platform's API key works in either header"] is Status.SKIP
    assert statuses["the platform's read-only API key may not write"] is Status.SKIP


def test_every_product_is_deleted_afterwards_even_when_the_run_is_interrupted() -> None:
    platform = FakePlatform()
    contract = Contract(CONTRACT)
    checks = suite.checks_of(STACK, contract, samples=1)

    def interrupt(_outcome: object) -> None:
        if platform.products:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        suite.run(
            STACK,
            contract,
            platform.client,
            checks=checks,
            transport=httpx.MockTransport(platform),
            on_outcome=interrupt,
        )

    assert platform.products == {}
    complete = FakePlatform()
    run(complete)
    assert complete.products == {}


def test_throw_away_tenants_are_named_readiness() -> None:
    platform = FakePlatform()

    run(platform)

    assert len(platform.users) == 2
    assert all(email.startswith("readiness-") for email in platform.users)


def test_preflights_are_sent_for_every_origin_and_every_route() -> None:
    platform = FakePlatform()

    run(platform)

    asked = {
        (r.headers["origin"], r.headers["access-control-request-method"], r.url.path)
        for r in platform.requests
        if r.method == "OPTIONS"
    }
    for origin in OUTPUTS["cors_origins"]:
        for route in Contract(CONTRACT).routes:
            path = "/abc/dev" + re.sub(r"\{[^}]+\}", "readiness-none", route.path)
            assert (origin, route.method, path) in asked


def test_a_silent_api_is_reported_not_raised() -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    contract = Contract(CONTRACT)
    report = suite.run(
        STACK,
        contract,
        FakePlatform().client,
        checks=suite.checks_of(STACK, contract, samples=1),
        transport=httpx.MockTransport(silent),
    )

    assert failures(report)["GET /system/health answers ok"].startswith("no answer: ConnectError")
    assert not report.verdict.ready


def test_an_api_where_nobody_listens_is_one_refusal_and_not_a_hundred_failures() -> None:
    def closed(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(Refused, match="nothing answers at http") as refused:
        suite.require_listener(STACK, httpx.MockTransport(closed))
    assert "make up STACK=dev" in refused.value.remedy


@pytest.mark.parametrize("status", [200, 404, 500])
def test_an_api_that_answers_anything_is_for_the_checks_to_judge(status: int) -> None:
    suite.require_listener(STACK, httpx.MockTransport(lambda _: httpx.Response(status)))


def test_no_report_holds_a_secret() -> None:
    platform = FakePlatform("any origin", "no tenants", "alg none works", "any password", "lost updates")

    report = run(platform)

    text = json.dumps(report.document()) + junit(report)
    assert failures(report)
    passwords = {user["password"] for user in platform.users.values()}
    for secret in {API_KEY, JWT_KEY, *platform.families, *platform.used, *passwords, "eyJ"}:
        assert secret not in text


def test_junit_has_a_suite_for_each_category_and_one_for_thresholds() -> None:
    report = run(FakePlatform("no tenants", "oversold"))

    root = ET.fromstring(junit(report))  # noqa: S314 - our own
    names = [s.get("name") for s in root]
    assert names == [
        "service_health",
        "authentication",
        "core_operations",
        "front_end",
        "performance",
        "thresholds",
    ]
    core = root.find("testsuite[@name='core_operations']")
    assert core is not None
    assert int(core.get("failures", "0")) == len(core.findall("testcase/failure")) > 0
    assert root.find("testsuite[@name='thresholds']/testcase[@name='Core operations']/failure") is not None
