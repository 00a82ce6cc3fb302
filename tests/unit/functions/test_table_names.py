"""One parameter names every table, moves several at once, and says from when on."""

import json
from typing import Any

import pytest

from omnix import table_names
from omnix.dynamodb import dump_item
from omnix.parameters import ParameterMissingError, parameters
from omnix.table_names import TableNames, TableNamesError, parse
from omnix.tables import opened

from .conftest import Cloud, table

MOMENT = 1795251600.0  # 2026-11-21T09:00:00Z
STANDARD = {"orders": "omnix-ai-dev-orders", "users": "omnix-ai-dev-users"}


def test_the_value_is_canonical_and_read_back_as_it_was_written() -> None:
    moving = TableNames(STANDARD, {"orders": "old-orders"}, MOMENT)
    assert TableNames(STANDARD).text() == json.dumps(STANDARD, separators=(",", ":"), sort_keys=True)
    assert '"until":{"at":"2026-11-21T09:00:00.000Z","orders":"old-orders"}' in moving.text()
    assert parse(moving.text()) == moving
    assert parse(TableNames(STANDARD).text()) == TableNames(STANDARD)


def test_the_tables_of_before_serve_until_the_moment_and_the_others_all_along() -> None:
    moving = TableNames(STANDARD, {"orders": "old-orders"}, MOMENT)
    assert [moving.physical("orders", now) for now in (MOMENT - 0.001, MOMENT)] == ["old-orders", STANDARD["orders"]]
    assert [moving.physical("users", now) for now in (MOMENT - 0.001, MOMENT)] == [STANDARD["users"]] * 2


@pytest.mark.parametrize(
    "value",
    ["", "omnix-ai-dev-orders", "[]", "{}", '{"orders":""}', '{"orders":1}', '{"orders":"a","until":"x"}',
     '{"orders":"a","until":{"orders":"b"}}', '{"orders":"a","until":{"at":"never","orders":"b"}}',
     '{"orders":"a","until":{"at":"2026-11-21T09:00:00.000Z","users":"b"}}'],
)  # fmt: skip
def test_any_other_value_is_refused_as_a_whole(value: str) -> None:
    with pytest.raises(TableNamesError):
        parse(value)


def test_the_longest_names_of_nine_tables_fit_a_standard_parameter_at_rest() -> None:
    nine = {f"customer-profiles-{number}": "x" * 255 for number in range(9)}
    assert len(TableNames(nine).text()) <= 4096


def test_a_moved_table_serves_every_function_that_reads_it_after_its_cache(cloud: Cloud, later: Any) -> None:
    assert opened("orders").name == table("orders")
    moved = TableNames({**parse(parameters().get(table_names.PARAMETER)).tables, "orders": table("inventory")})
    cloud.set_parameter(table_names.PARAMETER, moved.text())
    assert opened("orders").name == table("orders")
    later(61)
    found = opened("orders")
    assert (found.name, opened("users").name) == (table("inventory"), table("users"))
    found.client.put_item(TableName=found.name, Item=dump_item({"pk": "TENANT#t1", "sk": "ORDER#1"}))
    assert found.get("TENANT#t1", "ORDER#1") is not None


@pytest.mark.usefixtures("cloud")
def test_a_table_that_nobody_named_is_missing_like_a_parameter() -> None:
    with pytest.raises(ParameterMissingError, match="workspaces"):
        opened("workspaces")


@pytest.mark.usefixtures("cloud")
def test_what_functions_declare_comes_in_one_call() -> None:
    from omnix.parameters import MAX_NAMES

    assert len(parameters()._names) <= MAX_NAMES
