import io
from itertools import islice
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from bench import tables
from bench.growth import Grown
from bench.load import MIX, Load, Result, Tally, document, requests
from bench.routes import Measured
from bench.timing import Spread, quantile, spread


def printed(found: dict[str, Any]) -> str:
    console = Console(width=160, file=io.StringIO())
    tables.print_served(console, found)
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


def cell(products: int, items: float, subject: str = "ours", failed: str = "") -> dict[str, Any]:
    figures = {"p50": 2.0, "p99": 3.0, "n": 5, "calls": 1.0, "items": items, "units": items / 10}
    return {"request": "a page", "subject": subject, "products": products, "failed": failed, **figures}


def test_a_quantile_is_a_value_that_was_measured() -> None:
    assert quantile([1, 2, 3, 4], 0.5) == 2
    assert quantile([1, 2, 3, 4], 0.99) == 4
    assert quantile([7], 0.5) == 7


def test_the_99th_of_a_thousand_leaves_out_the_ten_slowest() -> None:
    assert spread(range(1000)) == Spread(p50=499, p99=989, n=1000)


def test_a_route_is_held_against_the_same_route_of_the_twin_and_against_its_read() -> None:
    read = Measured(tables.READ, Spread(9, 9, 1), Spread(10, 10, 1))
    alone = Measured("GET /orders", Spread(20, 30, 1), None)
    first, second = tables.routes_document([read, alone])
    assert (first["ratio_to_twin"], first["ratio_to_twins_read"]) == (0.9, 0.9)
    assert (second["ratio_to_twin"], second["ratio_to_twins_read"]) == (None, 2)


def test_a_route_without_a_figure_says_why() -> None:
    refused = Measured("GET /robots", None, None, "no value for robot_id")
    assert "no value for robot_id" in printed({"routes": tables.routes_document([refused])})


def test_growth_is_the_largest_tenant_over_the_smallest() -> None:
    grown = tables.growth_document(Grown("a store", [cell(1000, 50), cell(100, 25)]))
    assert grown["growth"]["a page, ours"] == {"items": 2, "units": 2, "calls": 1, "p50": 1}


def test_a_size_at_which_one_side_failed_has_no_ratio_and_says_so() -> None:
    cells = [cell(100, 25), cell(1000, 25), cell(100, 100, "twin"), cell(1000, 0, "twin", failed="it timed out")]
    grown = tables.growth_document(Grown("a store", cells))
    assert grown["growth"]["a page, twin"]["items"] is None
    text = printed({"growth": [grown]})
    assert "25 / fails" in text
    assert "1 / -" in text


def test_a_store_that_counts_no_units_as_aws_does_shows_none() -> None:
    grown = tables.growth_document(Grown("a store", [cell(100, 25)], counts_units=False))
    assert "read units" not in printed({"growth": [grown]})


def test_a_store_that_is_not_there_says_why() -> None:
    assert "no java" in printed({"growth": [tables.growth_document(Grown("DynamoDB Local", [], "no java"))]})


def load(a_second: float, failures: dict[str, int]) -> Load:
    return Load(a_second, sum(failures.values()) / 1000, Spread(10, 20, 1000), failures)


def test_a_load_shows_both_sides_their_ratio_and_what_failed() -> None:
    found = document(Result(900, ours=load(90, {}), twin=load(60, {"500": 5})))
    assert found["ratio"] == 1.5
    text = printed({"load": found})
    assert "5 x 500" in text
    assert "0.50" in text
    assert "1.50" in text


def test_what_failed_is_not_counted_as_served() -> None:
    tally = Tally(seconds=2, milliseconds=[1.0] * 10, failures={"503": 3, "TimeoutError": 1})
    assert (tally.failed, tally.a_second) == (4, 3)


def script(client: int, n: int) -> list[Any]:
    shop: Any = SimpleNamespace(values={"token": "t"}, product_ids=["p1", "p2"])
    return list(islice(requests(shop, 0, client), n))


def test_each_client_keeps_to_the_mix_in_an_order_of_its_own() -> None:
    total = sum(MIX.values())
    one, other = script(1, total), script(2, total)
    assert sum(call.method == "POST" for call in one) == MIX["product"] + MIX["order"]
    assert one == script(1, total)
    assert [call.method for call in one] != [call.method for call in other]


def test_no_two_writes_of_a_load_are_the_same_product() -> None:
    made = [call.content for client in range(4) for call in script(client, 100) if call.url == "/products"]
    written = [content for content in made if content]
    assert len(written) == len(set(written)) > 10


@pytest.mark.parametrize(("value", "text"), [(25.0, "25"), (1.5, "1.5"), (1183.4, "1,183")])
def test_a_figure_has_no_more_digits_than_it_is_worth(value: float, text: str) -> None:
    grown = tables.growth_document(Grown("a store", [cell(100, value)]))
    assert f" {text} / -" in printed({"growth": [grown]})
