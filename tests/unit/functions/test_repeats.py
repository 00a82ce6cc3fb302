"""A change that was made and whose answer was lost, sent again by its caller: no error, and nothing happens twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from omnix.orders.service import Orders

from .conftest import Answer, Cloud, caller
from .shop import level, order, product, stock

type Call = Callable[..., Answer]

GRACE = {"name": "Grace Buyer", "email": "grace@example.com"}
TEA = {"sku": "TEA", "name": "TEA", "category": "tea", "price": {"amount": 100, "currency": "EUR"}}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("what", ["product", "customer", "reorder point"])
def test_what_is_so_already_fails_no_condition_and_is_not_written_again(
    api: Call, cloud: Cloud, what: str, method: str
) -> None:
    """RFC 9110, 13.1.1."""
    tea = product("TEA")
    body: dict[str, Any]
    if what == "product":
        path, body = f"/products/{tea}", TEA | {"name": "Green tea"} if method == "PUT" else {"name": "Green tea"}
    elif what == "customer":
        path = api("POST", "/customers", body=GRACE).headers["Location"]
        body = GRACE | {"name": "Ada"} if method == "PUT" else {"name": "Ada"}
    else:
        method, path, body = "PUT", f"/inventory/{tea}/reorder-point", {"reorder_point": 7}
        stock(tea, 5)
    first = api(method, path, body=body, headers={"If-Match": '"1"'})
    assert (first.status, first.headers["ETag"]) == (200, '"2"'), first.text
    before = cloud.everything()
    again = api(method, path, body=body, headers={"If-Match": '"1"'})
    assert (again.status, again.headers["ETag"], again.json) == (200, '"2"', first.json)
    assert cloud.everything() == before
    other = {**body, "reorder_point": 8} if what == "reorder point" else {**body, "name": "Other"}
    assert api(method, path, body=other, headers={"If-Match": '"1"'}).status == 412


@pytest.mark.parametrize("status", ["paid", "cancelled"])
def test_a_step_with_a_key_is_taken_once_and_answered_again(api: Call, cloud: Cloud, status: str) -> None:
    tea = product("TEA")
    stock(tea, 5)
    path = f"/orders/{order((tea, 2))}"
    headers = {"If-Match": '"1"', "Idempotency-Key": "till-1"}
    first = api("PATCH", path, body={"status": status}, headers=headers)
    assert (first.status, "Idempotency-Replayed" in first.headers) == (200, False)
    before = cloud.everything()
    again = api("PATCH", path, body={"status": status}, headers=headers)
    assert (again.status, again.json, again.headers["Idempotency-Replayed"]) == (200, first.json, "true")
    assert (cloud.everything(), level(tea)[1]) == (before, 2 if status == "paid" else 0)


def test_another_callers_step_is_no_repetition_and_a_key_is_of_one_step(api: Call, cloud: Cloud) -> None:  # noqa: ARG001
    tea = product("TEA")
    stock(tea, 5)
    path, key = f"/orders/{order((tea, 2))}", {"Idempotency-Key": "k"}
    assert api("PATCH", path, body={"status": "paid"}, headers=key).status == 200
    # two tills that both take the money must not both be told that it was them
    assert api("PATCH", path, body={"status": "paid"}, headers=key, authorizer=caller(user="u2")).status == 409
    assert api("PATCH", path, body={"status": "paid"}).status == 409
    assert api("PATCH", path, body={"status": "paid"}, headers={"If-Match": '"1"'}).status == 412
    reused = api("PATCH", path, body={"status": "refunded"}, headers=key)
    assert (reused.status, reused.json["error"]["details"][0]["reason"]) == (422, "reused")
    # what the key did stays done when the order has gone on
    assert api("PATCH", path, body={"status": "fulfilled"}).status == 200
    late = api("PATCH", path, body={"status": "paid"}, headers=key)
    assert (late.status, late.json["status"]) == (200, "fulfilled")


def test_a_step_whose_twin_is_taken_after_the_read_is_answered_with_the_order_as_it_is(
    api: Call,
    cloud: Cloud,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tea = product("TEA")
    stock(tea, 5)
    path, answers = f"/orders/{order((tea, 2))}", []
    plain = Orders.get

    def pay() -> Answer:
        return api("PATCH", path, body={"status": "paid"}, headers={"If-Match": '"1"', "Idempotency-Key": "k"})

    def overtaken(*arguments: Any) -> Any:
        found = plain(*arguments)
        monkeypatch.setattr(Orders, "get", plain)
        answers.append(pay())
        return found

    monkeypatch.setattr(Orders, "get", overtaken)
    late = pay()
    assert (late.status, late.json["status"], late.headers["Idempotency-Replayed"]) == (200, "paid", "true")
    assert (late.json, late.headers["ETag"]) == (answers[0].json, '"2"')


@pytest.mark.usefixtures("atomic_writes")
def test_repetitions_that_overtake_each_other_take_one_step(api: Call, cloud: Cloud) -> None:  # noqa: ARG001
    tea = product("TEA")
    stock(tea, 5)
    path = f"/orders/{order((tea, 2))}"

    def cancel(_: int) -> Any:
        return api("PATCH", path, body={"status": "cancelled"}, headers={"Idempotency-Key": "k"})

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(cancel, range(6)))
    assert {answer.status for answer in answers} <= {200, 503}
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers if answer.status == 200].count(None) == 1
    assert level(tea) == (5, 0, 5)
