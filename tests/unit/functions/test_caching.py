"""What may be kept, what 304 says, and that no caller is shown another's."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnix import caching, etag
from omnix.caching import Recent
from omnix.dashboard import service

from .conftest import ORIGIN, Answer, Cloud, caller
from .worker import Worker

PRODUCT = {"sku": "TEA-1", "name": "Tea", "category": "tea", "price": {"amount": 100, "currency": "EUR"}}
SHARED = ("/openapi.json", "/system/version")
ROLLUPS = ("/dashboard/summary", "/dashboard/trends")

type Call = Callable[..., Answer]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for recent in (service.recent_summaries, service.recent_trends):
        monkeypatch.setattr(recent, "seconds", caching.ROLLUP_SECONDS)


def read(api: Call, path: str, tag: str | None = None, **changes: Any) -> Answer:
    headers = {"Origin": ORIGIN, **({"If-None-Match": tag} if tag else {})}
    return api("GET", path, headers=headers, **changes)


@pytest.mark.parametrize("path", [*SHARED, *ROLLUPS])
def test_what_has_not_changed_is_304_with_the_headers_of_the_200_and_no_body(api: Call, path: str) -> None:
    first = read(api, path)
    assert (first.status, bool(first.text)) == (200, True)
    again = read(api, path, first.headers["ETag"])
    assert (again.status, again.text) == (304, "")
    assert again.headers == {name: value for name, value in first.headers.items() if name != "Content-Type"}


def test_a_product_is_304_until_it_changes(api: Call) -> None:
    path = f"/products/{api('POST', '/products', body=PRODUCT).json['product_id']}"
    tag = read(api, path).headers["ETag"]
    assert read(api, path, tag).status == 304
    assert api("PATCH", path, body={"name": "Green tea"}).status == 200
    answer = read(api, path, tag)
    assert (answer.status, answer.json["name"]) == (200, "Green tea")
    assert read(api, path, f'"x", W/{answer.headers["ETag"]}').status == 304


def test_whoever_may_not_read_it_gets_no_304(api: Call) -> None:
    path = f"/products/{api('POST', '/products', body=PRODUCT).json['product_id']}"
    assert read(api, path, "*").status == 304
    assert read(api, path, "*", authorizer=caller(tenant="t2")).status == 404
    assert read(api, path, "*", authorizer=None).status == 401
    assert read(api, "/dashboard/summary", "*", authorizer=caller("device")).status == 403


def test_only_a_read_is_conditional(api: Call) -> None:
    made = api("POST", "/products", body=PRODUCT, headers={"If-None-Match": "*"})
    assert made.status == 201
    path = f"/products/{made.json['product_id']}"
    assert api("PATCH", path, body={"name": "Green tea"}, headers={"If-None-Match": "*"}).status == 200


@pytest.mark.parametrize("given_tags", ['"1"', 'W/"1"', ' "0" , "1"', "*", '"0", W/"1"'])
def test_tags_are_compared_weakly(given_tags: str) -> None:
    answer = {"statusCode": 200, "multiValueHeaders": {"ETag": ['"1"'], "Content-Type": ["x"]}, "body": "b"}
    assert etag.conditional(answer, given_tags)["statusCode"] == 304


@given(st.text(max_size=30))
def test_no_other_text_is_a_match(text: str) -> None:
    answer = {"statusCode": 200, "multiValueHeaders": {"ETag": ['"version-1"']}, "body": "b"}
    assert etag.conditional(answer, text)["statusCode"] == (304 if "*" in {p.strip() for p in text.split(",")} else 200)


def test_each_route_says_who_may_keep_its_answer(api: Call) -> None:
    path = f"/products/{api('POST', '/products', body=PRODUCT).json['product_id']}"
    assert {read(api, shared).headers["Cache-Control"] for shared in SHARED} == {"public, max-age=60"}
    for rollup in ROLLUPS:
        headers = read(api, rollup).headers
        assert headers["Cache-Control"] == "private, max-age=5"
        assert headers["Vary"] == "Origin, Authorization, X-API-Key"
    for other in (path, "/products", "/system/health", "/system/readiness", "/products/unknown", "/customers"):
        assert read(api, other).headers["Cache-Control"] == "no-store"


def test_a_refused_read_of_the_dashboard_is_kept_by_nobody(api: Call) -> None:
    answer = read(api, "/dashboard/trends", query={"days": "0"})
    assert (answer.status, answer.headers["Cache-Control"], "ETag" in answer.headers) == (422, "no-store", False)


@pytest.mark.usefixtures("kept")
def test_the_dashboard_is_seconds_old_at_most_and_each_tenants_own(
    api: Call, cloud: Cloud, later: Callable[[float], None]
) -> None:
    worker = Worker(cloud)
    assert read(api, "/dashboard/summary").json["products"] == 0
    api("POST", "/products", body=PRODUCT)
    worker.catch_up()
    assert read(api, "/dashboard/summary").json["products"] == 0
    assert read(api, "/dashboard/summary", authorizer=caller(tenant="t2")).json["products"] == 0
    later(caching.ROLLUP_SECONDS)
    assert read(api, "/dashboard/summary").json["products"] == 1
    assert read(api, "/dashboard/summary", authorizer=caller(tenant="t2")).json["products"] == 0


@pytest.mark.usefixtures("kept")
def test_a_kept_dashboard_is_shown_to_no_device(api: Call) -> None:
    for path in ROLLUPS:
        assert read(api, path).status == 200
        assert read(api, path, authorizer=caller("device")).status == 403


def test_a_cache_holds_so_many_and_keeps_no_failure() -> None:
    made: list[int] = []

    def make(value: int) -> int:
        made.append(value)
        return value

    recent: Recent[int] = Recent(60, 2)
    for key in (1, 2, 1, 3, 1):
        assert recent.get(key, lambda key=key: make(key)) == key  # type: ignore[misc]
    assert made == [1, 2, 3, 1]
    with pytest.raises(ZeroDivisionError):
        recent.get("x", lambda: 1 // 0)
    assert recent.get("x", lambda: 7) == 7
