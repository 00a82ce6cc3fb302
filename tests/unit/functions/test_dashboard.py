from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient
from hypothesis import given
from hypothesis import strategies as st

from omnix import clock
from omnix.dashboard.rollup import Counted, catalogue_delta, category_delta

from .conftest import Answer, Cloud, caller
from .worker import Worker

type Call = Callable[..., Answer]


@pytest.fixture
def worker(cloud: Cloud) -> Worker:
    return Worker(cloud)


def add(api: Call, sku: str, category: str = "tea", amount: int = 100, currency: str = "EUR", **more: Any) -> str:
    price = {"amount": amount, "currency": currency}
    body = {"sku": sku, "name": sku, "category": category, "price": price, **more}
    return str(api("POST", "/products", body=body).json["product_id"])


def summary(api: Call, worker: Worker, tenant: str = "t1") -> Any:
    worker.catch_up()
    answer = api("GET", "/dashboard/summary", authorizer=caller("staff", tenant))
    assert answer.status == 200
    return answer.json


def test_a_summary_that_is_not_kept_is_two_reads(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    plain = BaseClient._make_api_call  # type: ignore[attr-defined]

    def counted(self: Any, operation: str, arguments: Any) -> Any:
        asked.append(operation)
        return plain(self, operation, arguments)

    api("GET", "/dashboard/summary")  # parameters are read once
    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    assert api("GET", "/dashboard/summary").status == 200
    assert sorted(asked) == ["BatchGetItem", "Query"]


def test_a_new_tenant_has_an_empty_summary(api: Call, worker: Worker) -> None:
    today = clock.iso_now()[:10]
    assert summary(api, worker) == {
        "products": 0,
        "by_status": [],
        "by_category": [],
        "categories": 0,
        "prices": [],
        "orders": [],
        "today": {"date": today, "orders": 0, "units": 0, "revenue": [], "events": {}},
        "stock": {"on_hand": 0, "reserved": 0, "low": 0},
        "updated_at": None,
    }


def test_the_summary_follows_every_write(api: Call, worker: Worker) -> None:
    tea = add(api, "A", amount=100)
    add(api, "B", amount=301, status="draft")
    coffee = add(api, "C", category="coffee", amount=500, currency="USD")
    found = summary(api, worker)
    assert found["products"] == 3
    assert found["by_status"] == [{"status": "active", "products": 2}, {"status": "draft", "products": 1}]
    assert found["by_category"] == [{"category": "tea", "products": 2}, {"category": "coffee", "products": 1}]
    assert found["prices"] == [
        {"currency": "EUR", "products": 2, "total": 401, "average": 200},
        {"currency": "USD", "products": 1, "total": 500, "average": 500},
    ]
    api("PATCH", f"/products/{tea}", body={"category": "cake", "price": {"amount": 50, "currency": "USD"}})
    api("DELETE", f"/products/{coffee}")
    found = summary(api, worker)
    assert found["by_category"] == [{"category": "cake", "products": 1}, {"category": "tea", "products": 1}]
    assert [(price["currency"], price["total"]) for price in found["prices"]] == [("EUR", 301), ("USD", 50)]


def test_a_refused_write_counts_nothing(api: Call, cloud: Cloud, worker: Worker) -> None:
    add(api, "A")
    worker.catch_up()
    before = cloud.items("analytics")
    assert api("POST", "/products", body={"sku": "A"}).status == 422
    add_again = {"sku": "A", "name": "A", "category": "tea", "price": {"amount": 1, "currency": "EUR"}}
    assert api("POST", "/products", body=add_again).status == 409
    worker.catch_up()
    assert cloud.items("analytics") == before


def test_tenants_do_not_see_each_others_numbers(api: Call, worker: Worker) -> None:
    add(api, "A")
    assert summary(api, worker, "t2")["products"] == 0


counted = st.none() | st.builds(
    Counted,
    st.just("p"),
    st.sampled_from(["tea", "coffee"]),
    st.sampled_from(["draft", "active"]),
    st.integers(0, 10**6),
    st.sampled_from(["EUR", "USD"]),
)


@given(st.lists(counted, min_size=1, max_size=8))
def test_the_differences_of_any_life_sum_to_its_end(life: list[Counted | None]) -> None:
    totals: dict[str, int] = {}
    categories: dict[str, int] = {}
    for before, after in zip([None, *life], life, strict=False):
        for sums, delta in ((totals, catalogue_delta(before, after)), (categories, category_delta(before, after))):
            for name, amount in delta.items():
                sums[name] = sums.get(name, 0) + amount
    end = life[-1]
    assert {name: n for name, n in totals.items() if n} == ({n: a for n, a in end.totals().items() if a} if end else {})
    assert {name: n for name, n in categories.items() if n} == ({end.category: 1} if end else {})
