"""Core operations: a product's whole life in a throw-away tenant, and everything that must be refused on the way."""

from __future__ import annotations

import secrets
from typing import Any

from ops.readiness.answers import answered, json_error, json_object
from ops.readiness.authentication import registration
from ops.readiness.checks import Check, Failed, Site, Skipped, eventually, require
from ops.readiness.verdict import Category

# DynamoDB's indexes follow their table within a second as a rule; lists are read from one.
# The summary comes from the streams' consumer: a batch waits a second, and the first one finds it cold.
_INDEX_SECONDS = 5.0
_POLL_SECONDS = 0.2
_PAGE = 2


def checks() -> list[Check]:
    """The category's checks, in order: the product made first is the one that later checks use."""
    named: list[tuple[str, Any]] = [
        ("create a product", _create),
        ("creating with the same Idempotency-Key creates once", _idempotent),
        ("the same SKU again is refused", _same_sku),
        ("read a product", _read),
        ("list products", _list),
        ("page through products", _paginate),
        ("replace a product under If-Match", _replace),
        ("change a product under If-Match", _change),
        ("a stale If-Match is refused", _stale),
        ("delete a product under If-Match", _delete),
        ("the dashboard's summary matches the products", _summary),
        ("values out of range, of wrong type or unknown are refused, and nothing is written", _invalid),
        ("malformed JSON is refused", _malformed),
        ("a bad limit or a changed cursor is refused", _bad_query),
        ("an unknown product is not found", _unknown_product),
        ("an unknown route is not found", _unknown_route),
        ("a wrong method is refused", _wrong_method),
        ("another tenant's product is invisible and untouchable", _other_tenant),
        ("the platform's read-only API key may not write", _read_only),
    ]
    return [Check(Category.CORE_OPERATIONS, name, run) for name, run in named]


def clean_up(site: Site) -> None:
    """Delete every product that was made; the two throw-away tenants stay, no route deletes one."""
    for product_id in site.kept.pop("made", []):
        site.api.send("DELETE", f"/products/{product_id}", token=site.kept.get("access_token"))


def _product(name: str, cents: int = 1299) -> dict[str, Any]:
    return {
        "sku": f"READINESS-{secrets.token_hex(4).upper()}",
        "name": name,
        "category": "readiness",
        "price": {"amount": cents, "currency": "EUR"},
        "description": "Made by a readiness check, deleted by the same.",
    }


def _made(site: Site, body: dict[str, Any], **options: Any) -> tuple[dict[str, Any], str]:
    """A created product and its ETag; remembered for the clean-up before anything else is looked at."""
    response = site.api.send("POST", "/products", token=site.need("access_token"), body=body, **options)
    made = json_object(answered(response, 201))
    remembered = site.kept.setdefault("made", [])
    if made["product_id"] not in remembered:
        remembered.append(made["product_id"])
    _same(made, body)
    return made, _etag(response.headers)


def _same(product: dict[str, Any], expected: dict[str, Any]) -> None:
    wrong = [name for name, value in expected.items() if product.get(name) != value]
    require(not wrong, f"other values than were sent: {', '.join(wrong)}")


def _etag(headers: Any) -> str:
    etag = headers.get("etag")
    if not etag:
        raise Failed("the answer has no ETag")
    return str(etag)


def _create(site: Site) -> None:
    body = _product("Readiness A")
    made, etag = _made(site, body)
    site.kept |= {"product_id": made["product_id"], "etag": etag, "product": body}


def _idempotent(site: Site) -> None:
    body, key = _product("Readiness B", 250), {"Idempotency-Key": f"readiness-{secrets.token_hex(8)}"}
    first, _ = _made(site, body, headers=key)
    again, _ = _made(site, body, headers=key)
    require(again["product_id"] == first["product_id"], "the same Idempotency-Key made two products")


def _same_sku(site: Site) -> None:
    body = _product("Readiness twin") | {"sku": site.need("product")["sku"]}
    json_error(site.api.send("POST", "/products", token=site.need("access_token"), body=body), 409, "conflict")


def _path(site: Site) -> str:
    return f"/products/{site.need('product_id')}"


def _get(site: Site) -> tuple[dict[str, Any], str]:
    response = answered(site.api.send("GET", _path(site), token=site.need("access_token")), 200)
    return json_object(response), _etag(response.headers)


def _read(site: Site) -> None:
    product, etag = _get(site)
    _same(product, site.need("product"))
    require(etag == site.need("etag"), "the ETag is another than at creation, though nothing changed")


def _page(site: Site, query: dict[str, str] | None = None) -> dict[str, Any]:
    response = site.api.send("GET", "/products", token=site.need("access_token"), query=query)
    return json_object(answered(response, 200))


def _ids(page: dict[str, Any]) -> set[str]:
    return {item["product_id"] for item in page["items"]}


def _list(site: Site) -> None:
    made = set(site.need("made"))

    def complete() -> None:
        listed = _ids(_page(site))
        require(listed == made, f"{len(listed & made)} of {len(made)} products, {len(listed - made)} foreign ones")

    eventually(complete, _INDEX_SECONDS, _POLL_SECONDS)


def _paginate(site: Site) -> None:
    _made(site, _product("Readiness C", 99))
    made = set(site.need("made"))

    def complete() -> None:
        seen: list[str] = []
        query = {"limit": str(_PAGE)}
        for _ in range(len(made)):
            page = _page(site, query)
            require(len(page["items"]) <= _PAGE, f"a page of {len(page['items'])} where {_PAGE} were asked for")
            seen += _ids(page)
            if page.get("next_cursor") is None:
                break
            query = {"limit": str(_PAGE), "cursor": page["next_cursor"]}
        require(len(seen) == len(set(seen)), "a product is on two pages")
        require(set(seen) == made, f"the pages hold {len(set(seen) & made)} of {len(made)} products")
        require(len(made) <= _PAGE or "cursor" in query, "there was no next_cursor")

    eventually(complete, _INDEX_SECONDS, _POLL_SECONDS)


def _write(site: Site, method: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"If-Match": site.need("etag")}
    response = site.api.send(method, _path(site), token=site.need("access_token"), headers=headers, body=body)
    product = json_object(answered(response, 200))
    etag = _etag(response.headers)
    require(etag != site.need("etag"), "the ETag did not change with the product")
    site.kept |= {"old_etag": site.need("etag"), "etag": etag, "product": site.need("product") | body}
    return product


def _replace(site: Site) -> None:
    body = site.need("product") | {"name": "Readiness A, replaced", "price": {"amount": 1499, "currency": "EUR"}}
    _same(_write(site, "PUT", body), body)
    _same(_get(site)[0], body)


def _change(site: Site) -> None:
    before = site.need("product")
    changes = {"price": {"amount": 999, "currency": "EUR"}}
    _same(_write(site, "PATCH", changes), before | changes)
    _same(_get(site)[0], before | changes)


def _stale(site: Site) -> None:
    headers, token = {"If-Match": site.need("old_etag")}, site.need("access_token")
    body = site.need("product") | {"name": "Readiness, lost update"}
    for method, sent in (("PUT", body), ("PATCH", {"name": "Readiness, lost update"}), ("DELETE", None)):
        response = site.api.send(method, _path(site), token=token, headers=headers, body=sent)
        json_error(response, 412, "precondition_failed")
    _same(_get(site)[0], site.need("product"))


def _delete(site: Site) -> None:
    made, etag = _made(site, _product("Readiness D"))
    token, path = site.need("access_token"), f"/products/{made['product_id']}"
    answered(site.api.send("DELETE", path, token=token, headers={"If-Match": etag}), 204)
    site.need("made").remove(made["product_id"])
    json_error(site.api.send("GET", path, token=token), 404, "not_found")
    json_error(site.api.send("DELETE", path, token=token), 404, "not_found")


def _summary(site: Site) -> None:
    token = site.need("access_token")

    def matches() -> None:
        body = json_object(answered(site.api.send("GET", "/dashboard/summary", token=token), 200))
        items = _page(site)["items"]
        total = sum(item["price"]["amount"] for item in items)
        require(body["products"] == len(items), f"{body['products']} products, the list has {len(items)}")
        euros = [price["total"] for price in body["prices"] if price["currency"] == "EUR"]
        require(euros == [total], f"prices sum up to {euros}, the list's to {total}")

    eventually(matches, _INDEX_SECONDS, _POLL_SECONDS)


def _invalid(site: Site) -> None:
    good = _product("Readiness, never written")
    bad: list[dict[str, Any]] = [
        good | {"price": {"amount": -1, "currency": "EUR"}},
        good | {"price": {"amount": "12.99", "currency": "EUR"}},
        good | {"name": "x" * 10_000},
        good | {"name": 7},
        good | {"sku": None},
        good | {"no_such_field": True},
        {"name": "Readiness, incomplete"},
    ]
    token = site.need("access_token")
    for body in bad:
        error = json_error(site.api.send("POST", "/products", token=token, body=body), 422, "validation_failed")
        require(bool(error.get("details")), "the error names no field")
    changes = {"price": {"amount": -1, "currency": "EUR"}}
    json_error(site.api.send("PATCH", _path(site), token=token, body=changes), 422, "validation_failed")
    _same(_get(site)[0], site.need("product"))
    _list(site)


def _malformed(site: Site) -> None:
    for raw in (b'{"name": ', b"", b"\xff\xfe"):
        response = site.api.send("POST", "/products", token=site.need("access_token"), raw=raw)
        json_error(response, 400, "invalid_json", "invalid_request")


def _bad_query(site: Site) -> None:
    token = site.need("access_token")
    for limit in ("0", "-1", "100000", "many"):
        response = site.api.send("GET", "/products", token=token, query={"limit": limit})
        json_error(response, 422, "validation_failed")
    response = site.api.send("GET", "/products", token=token, query={"cursor": "bm90LWEtY3Vyc29y"})
    json_error(response, 400, "invalid_request")


def _unknown_product(site: Site) -> None:
    for product_id in ("0" * 32, "no-such-product"):
        response = site.api.send("GET", f"/products/{product_id}", token=site.need("access_token"))
        json_error(response, 404, "not_found")


def _unknown_route(site: Site) -> None:
    """With and without a credential: a gateway reads an unknown path with one as a broken signature (403)."""
    for token in (site.need("access_token"), None):
        json_error(site.api.send("GET", "/no-such-route", token=token), 404, "not_found")


def _wrong_method(site: Site) -> None:
    for token in (site.need("access_token"), None):
        json_error(site.api.send("PATCH", "/products", token=token, body={}), 405, "method_not_allowed")


def _other_tenant(site: Site) -> None:
    response = site.api.send("POST", "/auth/register", body=registration("b"))
    other = json_object(answered(response, 201))["access_token"]
    json_error(site.api.send("GET", _path(site), token=other), 404, "not_found")
    attempts: tuple[tuple[str, Any], ...] = (
        ("PUT", site.need("product")),
        ("PATCH", {"name": "Stolen"}),
        ("DELETE", None),
    )
    for method, body in attempts:
        json_error(site.api.send(method, _path(site), token=other, body=body), 404, "not_found")
    page = json_object(answered(site.api.send("GET", "/products", token=other), 200))
    require(page["items"] == [], f"a new tenant sees {len(page['items'])} products of others")
    _same(_get(site)[0], site.need("product"))


def _read_only(site: Site) -> None:
    if "api_key_closed" in site.kept:
        raise Skipped("these credentials may not read API_KEY_1")
    key = site.need("api_key")
    answered(site.api.send("GET", "/products", token=key), 200)
    json_error(site.api.send("POST", "/products", token=key, body=_product("Readiness, forbidden")), 403, "forbidden")
