import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from omnix import cursor as cursors
from omnix.authorisation import Principal, Role
from omnix.catalogue import keys
from omnix.catalogue.model import ProductChanges, ProductInput
from omnix.catalogue.service import catalogue

from .conftest import Answer, Cloud, caller

type Call = Callable[..., Answer]

ITEMS_A_PRODUCT = 5  # itself, its SKU and three entries
PRODUCT = {"sku": "TEA-1", "name": "Earl Grey", "category": "tea", "price": {"amount": 1299, "currency": "EUR"}}


def product(number: int, **changes: Any) -> dict[str, Any]:
    return PRODUCT | {"sku": f"SKU-{number}", "name": f"Product {number:03}"} | changes


def create(api: Call, **changes: Any) -> dict[str, Any]:
    answer = api("POST", "/products", body=PRODUCT | changes)
    assert answer.status == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def test_a_created_product_is_read_back_with_its_etag_and_address(api: Call) -> None:
    answer = api("POST", "/products", body=PRODUCT)
    assert (answer.status, answer.headers["ETag"]) == (201, '"1"')
    read = api("GET", answer.headers["Location"])
    assert (read.status, read.json, read.headers["ETag"]) == (200, answer.json, '"1"')
    assert read.json["price"] == {"amount": 1299, "currency": "EUR"}
    assert read.json["updated_at"].endswith("Z")


@pytest.mark.parametrize(
    "change",
    [
        {"price": {"amount": -1, "currency": "EUR"}},
        {"price": {"amount": 12.5, "currency": "EUR"}},
        {"price": {"amount": "1299", "currency": "EUR"}},
        {"price": {"amount": True, "currency": "EUR"}},
        {"price": {"amount": 10**12 + 1, "currency": "EUR"}},
        {"price": {"amount": 1e400, "currency": "EUR"}},
        {"price": {"amount": 1, "currency": "euro"}},
        {"price": [{"amount": 1, "currency": "EUR"}]},
        {"price": None},
        {"name": "x" * 201},
        {"name": 7},
        {"name": [PRODUCT["name"]]},
        {"sku": "x" * 65},
        {"sku": "with space"},
        {"sku": "TEA-1\n"},
        {"category": "Not-A-Slug"},
        {"description": "x" * 5001},
        {"status": "sold"},
        {"tenant_id": "t2"},
        {"version": 7},
    ],
)
def test_a_product_of_the_wrong_shape_is_refused_and_nothing_is_written(
    api: Call, cloud: Cloud, change: dict[str, Any]
) -> None:
    answer = api("POST", "/products", body=json.dumps(PRODUCT | change).replace("Infinity", "1e999"))
    assert (answer.status, answer.code) == (422, "validation_failed")
    assert not any(cloud.everything().values())


def test_a_sku_is_taken_once_in_a_tenant_and_free_in_another(api: Call, cloud: Cloud) -> None:
    create(api)
    before = cloud.everything()
    answer = api("POST", "/products", body=PRODUCT | {"name": "Other"})
    assert (answer.status, answer.code) == (409, "conflict")
    assert cloud.everything() == before
    assert api("POST", "/products", body=PRODUCT, authorizer=caller(tenant="t2")).status == 201


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("where", ["another tenant's", "unknown", "no id", "traversal"])
def test_what_is_not_the_callers_is_404_and_untouched(api: Call, cloud: Cloud, method: str, where: str) -> None:
    made = create(api)["product_id"]
    path = {"another tenant's": made, "unknown": "0" * 32, "no id": "SKU%23TEA-1", "traversal": "..%2F" + made}[where]
    before = cloud.everything()
    body = {"PUT": PRODUCT, "PATCH": {"name": "Mine"}}.get(method)
    authorizer = caller(tenant="t2") if where == "another tenant's" else caller()
    answer = api(method, f"/products/{path}", body=body, authorizer=authorizer)
    assert (answer.status, answer.code) == (404, "not_found")
    assert cloud.everything() == before


@pytest.mark.parametrize("role", ["staff", "device"])
def test_staff_and_devices_read_and_do_not_write(api: Call, cloud: Cloud, role: str) -> None:
    path = f"/products/{create(api)['product_id']}"
    before = cloud.everything()
    writes = [
        ("POST", "/products", product(2)),
        ("PUT", path, PRODUCT),
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
    ]
    for method, target, body in writes:
        answer = api(method, target, body=body, authorizer=caller(role))
        assert (answer.status, answer.code) == (403, "forbidden")
    assert cloud.everything() == before
    assert api("GET", path, authorizer=caller(role)).status == 200


def test_a_put_replaces_everything_and_frees_the_old_sku(api: Call) -> None:
    made = create(api, description="old", status="draft")
    answer = api("PUT", f"/products/{made['product_id']}", body=PRODUCT | {"sku": "TEA-2", "name": "Assam"})
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert (answer.json["description"], answer.json["status"]) == ("", "active")
    assert answer.json["created_at"] == made["created_at"]
    assert api("POST", "/products", body=PRODUCT).status == 201
    assert api("POST", "/products", body=PRODUCT | {"sku": "TEA-2"}).status == 409


def test_a_put_onto_another_products_sku_is_409(api: Call, cloud: Cloud) -> None:
    create(api)
    other = create(api, sku="TEA-2")
    before = cloud.everything()
    assert api("PUT", f"/products/{other['product_id']}", body=PRODUCT).status == 409
    assert cloud.everything() == before


def test_a_patch_changes_only_what_it_names(api: Call) -> None:
    made = create(api, description="kept")
    answer = api("PATCH", f"/products/{made['product_id']}", body={"price": {"amount": 1, "currency": "EUR"}})
    assert answer.status == 200
    changed = {name for name in made if made[name] != answer.json[name]} - {"updated_at"}
    assert changed == {"price", "version"}


@pytest.mark.parametrize("body", [{}, {"name": None}, {"price": {"amount": 5}}, {"unknown": 1}])
def test_a_patch_of_the_wrong_shape_is_422(api: Call, body: dict[str, Any]) -> None:
    made = create(api)
    assert api("PATCH", f"/products/{made['product_id']}", body=body).status == 422


@pytest.mark.parametrize(
    ("method", "body"), [("PUT", PRODUCT | {"name": "x"}), ("PATCH", {"name": "x"}), ("DELETE", None)]
)
def test_if_match_refuses_another_version_and_takes_this_one(api: Call, cloud: Cloud, method: str, body: Any) -> None:
    path = f"/products/{create(api)['product_id']}"
    before = cloud.everything()
    for other in ('"2"', 'W/"1"', "1", '"7", "8"'):
        answer = api(method, path, body=body, headers={"If-Match": other})
        assert (answer.status, answer.code, answer.headers["ETag"]) == (412, "precondition_failed", '"1"')
    assert cloud.everything() == before
    assert api(method, path, body=body, headers={"if-match": '"7", "1"'}).status in (200, 204)


def test_a_deleted_product_is_gone_with_its_sku(api: Call, cloud: Cloud) -> None:
    path = f"/products/{create(api)['product_id']}"
    answer = api("DELETE", path)
    assert (answer.status, answer.text) == (204, "")
    assert (api("GET", path).status, api("DELETE", path).status) == (404, 404)
    assert cloud.items("products") == []


def test_pages_give_every_product_once_in_the_order_of_names(api: Call) -> None:
    for number in range(7):
        create(api, **product(number))
    names: list[str] = []
    query: dict[str, str] = {"limit": "3"}
    while True:
        page = api("GET", "/products", query=query).json
        names += [item["name"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query = {"limit": "3", "cursor": page["next_cursor"]}
    assert names == [f"Product {number:03}" for number in range(7)]


def test_category_and_prefix_filter_alone_and_together(api: Call) -> None:
    for number, (name, category) in enumerate([("Earl Grey", "tea"), ("Espresso", "coffee"), ("éclair", "cake")]):
        create(api, sku=f"S-{number}", name=name, category=category)

    def names(**query: str) -> list[str]:
        return [item["name"] for item in api("GET", "/products", query=query).json["items"]]

    assert names(category="tea") == ["Earl Grey"]
    assert names(prefix="e") == ["Earl Grey", "Espresso"]
    assert names(prefix="ES", category="coffee") == ["Espresso"]
    assert names(prefix="ÉC") == ["éclair"]
    assert names(prefix="es", category="tea") == []


def test_a_list_shows_the_callers_tenant_only(api: Call) -> None:
    create(api)
    assert api("GET", "/products", authorizer=caller(tenant="t2")).json == {"items": [], "next_cursor": None}


def test_a_start_key_that_dynamodb_refuses_is_400(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = BaseClient._make_api_call  # type: ignore[attr-defined]

    def outside(self: Any, operation: str, arguments: Any) -> Any:
        if operation == "Query":
            error: Any = {
                "Code": "ValidationException",
                "Message": "The provided starting key is outside query boundaries",
            }
            raise ClientError({"Error": error}, "Query")
        return plain(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", outside)
    answer = api("GET", "/products", query={"cursor": forged({"sk": "PRODUCT#x", "gsi1sk": "x"})})
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert api("GET", "/products").status == 500


def forged(key: dict[str, str]) -> str:
    return cursors.encode(key, "products:t1::")


def test_a_cursor_of_another_tenant_or_query_is_400(api: Call) -> None:
    for tenant in ("t1", "t2"):
        for number in range(2):
            api("POST", "/products", body=product(number), authorizer=caller(tenant=tenant))
    cursor = api("GET", "/products", query={"limit": "1"}).json["next_cursor"]
    for changed in (
        {"query": {"cursor": cursor}, "authorizer": caller(tenant="t2")},
        {"query": {"cursor": cursor, "category": "tea"}},
        {"query": {"cursor": cursor[:-2] + "xx"}},
        {"query": {"cursor": "TENANT#t2"}},
        {"query": {"cursor": forged({"sk": "", "gsi1sk": ""})}},
        {"query": {"cursor": forged({"sk": "x" * 2000, "gsi1sk": "x"})}},
        {"query": {"cursor": forged({"sk": "PRODUCT#x", "gsi1sk": "x", "gsi1pk": "TENANT#t2#PRODUCTS"})}},
    ):
        answer = api("GET", "/products", **changed)
        assert (answer.status, answer.code) == (400, "invalid_request")


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "101"},
        {"limit": "ten"},
        {"limit": "9" * 400},
        {"limit": "1.5"},
        {"category": "x" * 65},
        {"category": ""},
        {"prefix": "x" * 101},
        {"cursor": ""},
        {"cursor": "x" * 4097},
    ],
)
def test_a_query_of_the_wrong_shape_is_422(api: Call, query: dict[str, str]) -> None:
    assert api("GET", "/products", query=query).status == 422


def test_an_idempotency_key_creates_once_and_answers_the_same(api: Call, cloud: Cloud) -> None:
    first = api("POST", "/products", body=PRODUCT, headers={"Idempotency-Key": "k1"})
    before = cloud.everything()
    again = api("POST", "/products", body=PRODUCT, headers={"idempotency-key": "k1"})
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert cloud.everything() == before


def test_an_idempotency_key_belongs_to_its_caller_and_its_payload(api: Call) -> None:
    headers = {"Idempotency-Key": "k1"}
    assert api("POST", "/products", body=PRODUCT, headers=headers).status == 201
    assert api("POST", "/products", body=product(2), headers=headers).code == "validation_failed"
    other = api("POST", "/products", body=product(3), headers=headers, authorizer=caller(user="u2"))
    assert (other.status, other.json["sku"]) == (201, "SKU-3")


@pytest.mark.usefixtures("atomic_writes")
def test_parallel_writes_to_one_product_lose_nothing(cloud: Cloud) -> None:
    who = Principal("t1", "u1", Role.OWNER, "s1", "jwt")
    made, _ = catalogue().create(who, ProductInput.model_validate_json(json.dumps(PRODUCT)), None)

    def rename(number: int) -> int:
        return catalogue().update(who, made.product_id, ProductChanges(name=f"N{number}"), None).version

    with ThreadPoolExecutor(3) as pool:
        versions = list(pool.map(rename, range(6)))
    assert sorted(versions) == [2, 3, 4, 5, 6, 7]
    assert len(cloud.items("products")) == ITEMS_A_PRODUCT


def cancelled(*codes: str) -> ClientError:
    response: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": ""},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return ClientError(response, "TransactWriteItems")


def test_a_transaction_conflict_is_tried_again(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = BaseClient._make_api_call  # type: ignore[attr-defined]
    failures = [cancelled("None", "TransactionConflict")] * 3

    def conflicting(self: Any, operation: str, arguments: Any) -> Any:
        if operation == "TransactWriteItems" and failures:
            raise failures.pop()
        return plain(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", conflicting)
    assert api("POST", "/products", body=PRODUCT).status == 201
    assert failures == []


def test_an_endless_conflict_is_503(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = BaseClient._make_api_call  # type: ignore[attr-defined]

    def conflicting(self: Any, operation: str, arguments: Any) -> Any:
        if operation == "TransactWriteItems":
            raise cancelled("TransactionConflict")
        return plain(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", conflicting)
    monkeypatch.setattr("omnix.dynamodb.time.sleep", lambda _: None)
    answer = api("POST", "/products", body=PRODUCT)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


def test_no_request_scans_a_table(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = BaseClient._make_api_call  # type: ignore[attr-defined]
    seen = set()

    def watched(self: Any, operation: str, arguments: Any) -> Any:
        seen.add(operation)
        return plain(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", watched)
    path = f"/products/{create(api)['product_id']}"
    for method, target in (("GET", "/products"), ("GET", path), ("DELETE", path), ("GET", "/dashboard/summary")):
        api(method, target)
    assert seen == {"BatchGetItem", "GetParameters", "TransactWriteItems", "Query", "GetItem"}


def test_sort_keys_stay_below_dynamodbs_limit_for_the_longest_names() -> None:
    assert len(keys.by_name("\ufdfa" * 200, "0" * 32).encode()) < 1024
