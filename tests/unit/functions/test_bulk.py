"""Import and export: each line for itself, nothing lost between the two, nothing that a spreadsheet would run."""

import csv
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from omnix import deadline
from omnix.bulk import cells, exporting, importing, lines
from omnix.bulk.model import Format
from omnix.errors import ConflictError, InvalidRequestError, ValidationFailedError

from .conftest import Answer, Cloud, caller

type Call = Callable[..., Answer]

pytestmark = pytest.mark.usefixtures("atomic_writes")  # an import writes from several threads

HEADER = "sku,name,category,price_amount,price_currency,description,status\r\n"
TEA = "TEA-1,Earl Grey,tea,1299,EUR,,\r\n"
CSV, NDJSON = "text/csv", "application/x-ndjson"


def bring(api: Call, text: str, what: str = "products", media: str = CSV, **changes: Any) -> Answer:
    headers = {"Content-Type": media, **changes.pop("headers", {})}
    return api("POST", f"/{what}/import", body=text, headers=headers, **changes)


def outcome(answer: Answer) -> tuple[int, int, int, int]:
    assert answer.status == 200, answer.text
    report = answer.json
    assert report["lines"] == sum(report[name] for name in ("created", "updated", "unchanged", "failed"))
    return report["created"], report["updated"], report["unchanged"], report["failed"]


def named(api: Call, tenant: str = "t1") -> dict[str, Any]:
    page = api("GET", "/products", query={"limit": "100"}, authorizer=caller(tenant=tenant))
    return {item["sku"]: item for item in page.json["items"]}


def test_a_csv_makes_products_and_again_changes_nothing(api: Call, cloud: Cloud) -> None:
    text = f'\ufeff{HEADER}{TEA}TEA-2,"Assam, ""strong""\r\nleaf",tea,900,CHF,Malty,draft\r\n'.replace(
        "\r\nleaf", " leaf"
    )
    assert outcome(bring(api, text)) == (2, 0, 0, 0)
    found = named(api)
    assert found["TEA-2"]["name"] == 'Assam, "strong" leaf'
    assert found["TEA-2"]["price"] == {"amount": 900, "currency": "CHF"}
    before = cloud.everything()
    assert outcome(bring(api, text)) == (0, 0, 2, 0)
    assert cloud.everything() == before


def test_a_line_changes_only_what_it_names(api: Call) -> None:
    bring(api, HEADER + "TEA-1,Earl Grey,tea,1299,EUR,Bergamot,draft\r\n")
    assert outcome(bring(api, "price_amount;sku\n999;TEA-1\n")) == (0, 1, 0, 0)
    changed = named(api)["TEA-1"]
    assert (changed["price"], changed["description"]) == ({"amount": 999, "currency": "EUR"}, "Bergamot")
    assert outcome(bring(api, '{"sku":"TEA-1","description":""}', media=NDJSON)) == (0, 1, 0, 0)
    assert named(api)["TEA-1"]["description"] == ""


def test_each_wrong_line_is_reported_and_the_others_are_imported(api: Call) -> None:
    text = HEADER + (
        "TEA-1,Earl Grey,tea,1299,EUR,,\r\n"
        '"TEA-2","two\r\nlines",tea,1,EUR,,\r\n'
        "TEA-3,No price,tea,,,,\r\n"
        "TEA-4,Wrong price,tea,12.50,EUR,,\r\n"
        "TEA-5,short\r\n"
        "\r\n"
        "TEA-1,Again,tea,1,EUR,,\r\n"
        "with space,X,tea,1,EUR,,\r\n"
        "TEA-6,Sold,tea,1,EUR,,sold\r\n"
        ",No sku,tea,1,EUR,,\r\n"
        "TEA-7,Last,tea,1,EUR,,active\r\n"
    )
    answer = bring(api, text)
    assert outcome(answer) == (2, 0, 0, 8)
    errors = {error["line"]: error for error in answer.json["errors"]}
    assert sorted(errors) == [3, 5, 6, 7, 9, 10, 11, 12]
    assert errors[9]["code"] == "conflict"
    assert errors[7]["code"] == "invalid_request"
    assert errors[6]["details"][0]["location"] == "price.amount"
    assert sorted(named(api)) == ["TEA-1", "TEA-7"]


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "5",
        "null",
        "{",
        '{"sku":NaN}',
        '{"sku":"\\ud800"}',
        '{"sku":[]}',
        '{"sku":"TEA-1","price":null}',
        "[" * 2000,
        '{"sku":"TEA-1","tenant_id":"t2"}',
        '{"sku":"TEA-1","name":"x","price_amount":{}}',
    ],
)
def test_a_line_of_ndjson_that_is_no_product_is_reported(api: Call, line: str) -> None:
    good = '{"sku":"TEA-9","name":"T","category":"tea","price":{"amount":1,"currency":"EUR"}}'
    answer = bring(api, f"{line}\n\n{good}\n", media=NDJSON)
    assert outcome(answer) == (1, 0, 0, 1)
    assert answer.json["errors"][0]["line"] == 1


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 422),
        ("\r\n", 422),
        ("sku,colour\r\n", 422),
        ("sku,sku\r\n", 422),
        (HEADER + '"TEA-1\r\n', 400),
        (HEADER + 'TEA-1,"a"b\r\n', 400),
        ("x" * 200_000, 400),
        (HEADER + TEA * 1001, 422),
        (HEADER + "\ufffd", 400),
        ("x" * (1024 * 1024 + 1), 413),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(api: Call, cloud: Cloud, text: str, status: int) -> None:
    assert bring(api, text).status == status
    assert not any(cloud.everything().values())


@pytest.mark.parametrize("media", [CSV, NDJSON])
@pytest.mark.parametrize("what", ["products", "inventory"])
def test_an_import_without_a_body_is_refused(api: Call, what: str, media: str) -> None:
    assert bring(api, "", what, media).status == 422


@pytest.mark.parametrize("media", ["application/json", "text/plain", "", "text/csv; charset=latin1"])
def test_a_file_of_another_type_is_415(api: Call, media: str) -> None:
    answer = bring(api, HEADER + TEA, media=media)
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


def test_lines_are_for_imports_only(api: Call) -> None:
    assert api("POST", "/products", body=HEADER, headers={"Content-Type": CSV}).status == 415
    assert outcome(bring(api, HEADER, media="Text/CSV; charset=UTF-8")) == (0, 0, 0, 0)


@pytest.mark.parametrize("what", ["products", "inventory"])
@pytest.mark.parametrize("role", ["staff", "device"])
def test_staff_and_devices_do_not_import(api: Call, cloud: Cloud, what: str, role: str) -> None:
    assert bring(api, HEADER + TEA, what, authorizer=caller(role)).status == 403
    assert not any(cloud.everything().values())


def test_a_key_imports_once_and_gives_the_same_report(api: Call, cloud: Cloud) -> None:
    first = bring(api, HEADER + TEA, headers={"Idempotency-Key": "k1"})
    before = cloud.everything()
    again = bring(api, HEADER + TEA, headers={"Idempotency-Key": "k1"})
    assert (again.status, again.json, again.headers["Idempotency-Replayed"]) == (200, first.json, "true")
    assert first.json["created"] == 1
    assert cloud.everything() == before
    other = bring(api, HEADER + TEA.replace("1299", "1"), headers={"Idempotency-Key": "k1"})
    assert (other.status, other.code) == (422, "validation_failed")


def test_a_key_whose_import_is_under_way_is_409(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = importing.run
    met: list[Answer] = []

    def slow(*arguments: Any) -> Any:
        if not met:
            with ThreadPoolExecutor(1) as pool:
                met.append(pool.submit(bring, api, HEADER + TEA, headers={"Idempotency-Key": "k1"}).result())
        return plain(*arguments)

    monkeypatch.setattr(importing, "run", slow)
    assert bring(api, HEADER + TEA, headers={"Idempotency-Key": "k1"}).status == 200
    assert (met[0].status, met[0].code) == (409, "conflict")


def test_a_key_whose_import_was_refused_is_free(api: Call) -> None:
    assert bring(api, "colour\r\n", headers={"Idempotency-Key": "k1"}).status == 422
    assert bring(api, "colour\r\n", headers={"Idempotency-Key": "k1"}).status == 422
    assert outcome(bring(api, HEADER + TEA, headers={"Idempotency-Key": "k1"})) == (1, 0, 0, 0)


def test_lines_for_which_there_is_no_time_are_named(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "remaining", lambda: importing.LEFT_SECONDS - 0.1)  # and no call is refused
    answer = bring(api, HEADER + TEA)
    assert outcome(answer) == (0, 0, 0, 1)
    assert answer.json["errors"][0] | {"message": ""} == {
        "line": 2,
        "code": "not_processed",
        "message": "",
        "details": [],
    }


def test_lines_overlap_their_waits_and_are_reported_in_their_order() -> None:
    together = Barrier(importing.THREADS, timeout=30)

    def apply(line: lines.Line) -> importing.Outcome:
        together.wait()  # passes only while as many lines are under way
        if line.number % 2:
            raise ConflictError("odd")
        return "created"

    found = [lines.Line(number, {}) for number in range(1, 4 * importing.THREADS + 1)]
    report = importing.run(found, lambda line: str(line.number), apply)
    assert report.created == len(found) // 2
    assert [error.line for error in report.errors] == list(range(1, len(found), 2))


def test_a_database_that_throttles_ends_the_import_and_says_where(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = BaseClient._make_api_call  # type: ignore[attr-defined]

    def throttled(self: Any, operation: str, arguments: Any) -> Any:
        if operation == "TransactWriteItems":
            error: Any = {"Error": {"Code": "ThrottlingException", "Message": ""}}
            raise ClientError(error, operation)
        return plain(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", throttled)
    answer = bring(api, HEADER + "".join(f"TEA-{n},Tea,tea,1,EUR,,\r\n" for n in range(40)))
    assert outcome(answer) == (0, 0, 0, 40)
    codes = [error["code"] for error in answer.json["errors"]]
    assert set(codes) == {"unavailable", "not_processed"}
    assert codes.count("unavailable") <= importing.THREADS


def export(api: Call, what: str, **query: str) -> str:
    """Every page, one after the other."""
    parts = []
    while True:
        answer = api("GET", f"/{what}/export", query=query)
        assert answer.status == 200, answer.text
        parts.append(answer.text)
        if "Next-Cursor" not in answer.headers:
            return "".join(parts)
        query["cursor"] = answer.headers["Next-Cursor"]


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_what_is_exported_in_pages_is_imported_into_another_tenant_as_it_was(api: Call, form: str) -> None:
    names = [
        "=1+1",
        "+49 tea",
        "-5 °C",
        "@home",
        "'=x",
        "'plain",
        'quo"te',
        "com,ma",
        "semi;colon",
        "émile",
        "\uff1dx",
        "x",
    ]
    text = "".join(
        json.dumps(
            {
                "sku": f"S-{n}",
                "name": name,
                "category": "tea",
                "price": {"amount": n, "currency": "EUR"},
                "description": f"{name}\r\nline, two\t\x01" * (n % 2),
                "status": ("draft", "active", "archived")[n % 3],
            }
        )
        + "\n"
        for n, name in enumerate(names)
    )
    assert outcome(bring(api, text, media=NDJSON)) == (len(names), 0, 0, 0)
    written = export(api, "products", format=form, limit="5")
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(written, newline="")))
        assert len(rows) == len(names)
        assert not any(cell.startswith(("=", "+", "-", "@", "\uff1d")) for row in rows for cell in row.values())
    media = CSV if form == "csv" else NDJSON
    assert outcome(bring(api, written, media=media, authorizer=caller(tenant="t2"))) == (len(names), 0, 0, 0)
    theirs = named(api, "t2")
    for sku, mine in named(api).items():
        for field in ("name", "category", "price", "description", "status"):
            assert theirs[sku][field] == mine[field]


def test_an_export_says_what_it_is(api: Call) -> None:
    bring(api, HEADER + TEA)
    answer = api("GET", "/products/export")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="products.csv"'
    assert api("GET", "/inventory/export", query={"format": "ndjson"}).headers["Content-Type"] == NDJSON
    assert api("GET", "/inventory/export").text == (
        "product_id,sku,location_id,on_hand,reserved,available,reorder_point,updated_at\r\n"
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [({"format": "xlsx"}, 422), ({"limit": "1001"}, 422), ({"limit": "0"}, 422), ({"cursor": "x"}, 400)],
)
@pytest.mark.parametrize("what", ["products", "inventory"])
def test_an_export_of_the_wrong_shape_is_refused(api: Call, what: str, query: dict[str, str], status: int) -> None:
    assert api("GET", f"/{what}/export", query=query).status == status


def test_stock_is_imported_by_sku_or_id_and_exported(api: Call) -> None:
    bring(api, HEADER + TEA + TEA.replace("TEA-1", "TEA-2"))
    ids = {sku: item["product_id"] for sku, item in named(api).items()}
    text = f"sku,product_id,location_id,on_hand,reorder_point\r\nTEA-1,,,10,3\r\n,{ids['TEA-2']},north,4,\r\n"
    assert outcome(bring(api, text, "inventory")) == (0, 2, 0, 0)
    assert outcome(bring(api, text, "inventory")) == (0, 0, 2, 0)
    read = api("GET", f"/inventory/{ids['TEA-1']}").json["levels"][0]
    assert (read["on_hand"], read["available"], read["reorder_point"], read["location_id"]) == (10, 10, 3, "main")
    (entry,) = api("GET", f"/inventory/{ids['TEA-2']}/adjustments").json["items"]
    assert (entry["reason"], entry["quantity"]) == ("imported", 4)
    written = export(api, "inventory", limit="1")
    assert written.count("\r\n") == 3
    assert outcome(bring(api, written, "inventory")) == (0, 0, 2, 0)
    assert outcome(bring(api, export(api, "inventory", format="ndjson"), "inventory", NDJSON)) == (0, 0, 2, 0)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("TEA-1,,,", "validation_failed"),
        (",,5,", "validation_failed"),
        ("TEA-9,,5,", "not_found"),
        ("TEA-1,,-5,", "validation_failed"),
        ("TEA-1,,1.5,", "validation_failed"),
        ("TEA-1,North,5,", "validation_failed"),
        ("TEA-1,,99999999999,", "validation_failed"),
    ],
)
def test_a_line_of_stock_that_cannot_be_is_reported(api: Call, line: str, code: str) -> None:
    bring(api, HEADER + TEA)
    answer = bring(api, f"sku,location_id,on_hand,reorder_point\r\n{line}\r\n", "inventory")
    assert outcome(answer) == (0, 0, 0, 1)
    assert answer.json["errors"][0]["code"] == code


def test_an_import_does_not_take_what_orders_were_promised(api: Call, cloud: Cloud) -> None:
    from .test_inventory import move

    bring(api, HEADER + TEA)
    bring(api, "sku,on_hand\r\nTEA-1,10\r\n", "inventory")
    move(cloud, "reserve", named(api)["TEA-1"]["product_id"], 6)
    answer = bring(api, "sku,on_hand\r\nTEA-1,5\r\n", "inventory")
    assert answer.json["errors"][0]["code"] == "conflict"
    assert outcome(bring(api, "sku,on_hand\r\nTEA-1,6\r\n", "inventory")) == (0, 1, 0, 0)


@given(st.text(max_size=30))
def test_a_guarded_cell_is_no_formula_and_is_read_as_it_was(text: str) -> None:
    written = cells.guarded(text)
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
    assert cells.plain(written) == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=5))
def test_rows_that_were_written_are_read_back(texts: list[str]) -> None:
    def page(_: int, __: str | None) -> tuple[list[exporting.Row], None]:
        return [{"a": text, "b": "x"} for text in texts], None

    written, following = exporting.export(page, ["a", "b"], Format.CSV, 100, None)
    assert following is None
    read = lines.read(written, CSV, ["a", "b"])
    assert [line.fields.get("a", "") for line in read] == texts


@given(st.text(max_size=200), st.sampled_from([CSV, NDJSON]))
def test_no_text_is_more_than_refused(text: str, media: str) -> None:
    with suppress(InvalidRequestError, ValidationFailedError):
        assert all(line.number > 0 for line in lines.read(f"sku,name\n{text}", media, ["sku", "name"]))


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("text", ["\x01" * 5000, "\U0001f600" * 5000, '"' * 5000])
def test_an_export_stays_below_what_lambda_may_answer(form: Format, text: str) -> None:
    asked: list[int] = []

    def page(size: int, after: str | None) -> tuple[list[exporting.Row], str]:
        asked.append(size)
        return [{"a": text}] * size, f"{after}+"

    written, following = exporting.export(page, ["a"], form, 1000, None)
    assert following == f"None{'+' * len(asked)}"
    assert len(json.dumps({"body": written})) < 6 * 1024 * 1024
    assert set(asked) == {exporting.CHUNK}


def test_an_export_gives_no_more_rows_than_were_asked_for() -> None:
    def page(size: int, _: str | None) -> tuple[list[exporting.Row], str]:
        return [{"a": "x"}] * size, "more"

    written, _ = exporting.export(page, ["a"], Format.NDJSON, 120, None)
    assert written.count("\n") == 120
