"""Imports that meet other writers, themselves and failures: nothing is undone, taken twice or final too early."""

from typing import Any

import pytest

from omnix import deadline
from omnix.bulk import importing, lines
from omnix.bulk.model import ERRORS_SHOWN
from omnix.catalogue.model import ProductChanges
from omnix.catalogue.service import catalogue
from omnix.catalogue.store import ProductStore
from omnix.errors import ApiError, ConflictError, InternalError, UnavailableError
from omnix.inventory.service import stock as stocks

from .conftest import Cloud
from .shop import WHO, product
from .test_bulk import HEADER, NDJSON, TEA, Call, bring, outcome

pytestmark = pytest.mark.usefixtures("cloud", "atomic_writes")

KEY = {"Idempotency-Key": "k1"}


@pytest.mark.parametrize("moment", ["by_sku", "get"])
def test_an_import_leaves_what_others_write_meanwhile(api: Call, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    tea = product("TEA-1")
    plain = getattr(ProductStore, moment)
    met: list[bool] = []

    def read(self: ProductStore, *named: str) -> Any:
        found = plain(self, *named)
        if not met:
            met.append(True)
            catalogue().update(WHO, tea, ProductChanges(name="Renamed meanwhile"), None)
        return found

    monkeypatch.setattr(ProductStore, moment, read)
    assert outcome(bring(api, "sku,price_amount\r\nTEA-1,777\r\n")) == (0, 1, 0, 0)
    found = catalogue().get(WHO, tea)
    assert (found.name, found.price.amount, found.version) == ("Renamed meanwhile", 777, 3)


def test_an_import_does_not_give_a_product_back_the_sku_that_it_lost_meanwhile(
    api: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    tea = product("TEA-1")
    plain = ProductStore.by_sku

    def by_sku(self: ProductStore, tenant_id: str, code: str) -> Any:
        found = plain(self, tenant_id, code)
        catalogue().update(WHO, tea, ProductChanges(sku="TEA-2"), None)
        return found

    monkeypatch.setattr(ProductStore, "by_sku", by_sku)
    answer = bring(api, "sku,price_amount\r\nTEA-1,777\r\n")
    assert answer.json["errors"][0]["code"] == "conflict"
    assert (catalogue().get(WHO, tea).sku, catalogue().get(WHO, tea).price.amount) == ("TEA-2", 100)


def test_a_key_takes_the_same_file_again_when_time_ran_out(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as short:
        short.setattr(deadline, "remaining", lambda: importing.LEFT_SECONDS - 0.1)
        assert outcome(bring(api, HEADER + TEA, headers=KEY)) == (0, 0, 0, 1)
    again = bring(api, HEADER + TEA, headers=KEY)
    assert outcome(again) == (1, 0, 0, 0)
    assert "Idempotency-Replayed" not in again.headers
    replayed = bring(api, HEADER + TEA, headers=KEY)
    assert (replayed.json, replayed.headers["Idempotency-Replayed"]) == (again.json, "true")


def test_a_key_takes_the_same_file_again_when_the_database_was_busy(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: Any) -> None:
        raise UnavailableError

    with monkeypatch.context() as short:
        short.setattr(ProductStore, "create", busy)
        answer = bring(api, HEADER + TEA, headers=KEY)
    assert answer.json["errors"][0]["code"] == "unavailable"
    assert "final" not in answer.text
    assert outcome(bring(api, HEADER + TEA, headers=KEY)) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("last", "final"), [(ConflictError("taken"), True), (UnavailableError(), False), (InternalError(), False)]
)
def test_a_report_is_final_only_when_no_line_failed_for_a_while_shown_or_not(
    monkeypatch: pytest.MonkeyPatch, last: ApiError, final: bool
) -> None:
    monkeypatch.setattr(importing, "THREADS", 1)  # with more, lines before the last are still to come
    count = ERRORS_SHOWN + 1

    def apply(line: lines.Line) -> importing.Outcome:
        raise last if line.number == count else ConflictError("taken")

    found = [lines.Line(number, {}) for number in range(1, count + 1)]
    report = importing.run(found, lambda line: str(line.number), apply)
    assert {error.code for error in report.errors} == {"conflict"}
    assert (report.failed, report.final) == (count, final)


def test_a_level_named_by_id_and_by_sku_is_taken_once(api: Call) -> None:
    tea = product("TEA-1")
    text = f'{{"product_id":"{tea}","on_hand":5}}\n{{"sku":"TEA-1","on_hand":7}}\n'
    answer = bring(api, text + '{"sku":"TEA-1","location_id":"north","on_hand":7}\n', "inventory", NDJSON)
    assert outcome(answer) == (0, 2, 0, 1)
    assert (answer.json["errors"][0]["line"], answer.json["errors"][0]["code"]) == (2, "conflict")
    assert {found.location_id: found.on_hand for found in stocks().of_product(WHO, tea).levels} == {
        "main": 5,
        "north": 7,
    }


def test_a_line_of_stock_whose_sku_is_another_products_is_refused(api: Call, cloud: Cloud) -> None:
    tea, other = product("TEA-1"), product("TEA-2")
    before = cloud.everything()
    answer = bring(api, f"product_id,sku,on_hand\r\n{tea},TEA-2,5\r\n", "inventory")
    assert outcome(answer) == (0, 0, 0, 1)
    assert answer.json["errors"][0]["code"] == "conflict"
    assert cloud.everything() == before
    assert outcome(bring(api, f"product_id,sku,on_hand\r\n{other},TEA-2,5\r\n", "inventory")) == (0, 1, 0, 0)


def test_skus_of_a_whole_file_are_found(api: Call) -> None:
    """More than one batch read takes."""
    ids = {f"TEA-{number}": product(f"TEA-{number}") for number in range(101)}
    text = "sku,on_hand\r\n" + "".join(f"{sku},3\r\n" for sku in ids)
    assert outcome(bring(api, text, "inventory")) == (0, 101, 0, 0)
    assert outcome(bring(api, text, "inventory")) == (0, 0, 101, 0)
