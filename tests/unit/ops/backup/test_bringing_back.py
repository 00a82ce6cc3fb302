"""What a restored table gives back to the live one: decided on items alone, and written under conditions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ops.backup.bringing_back import Change, Kind, belongs, changes, unchanged
from ops.backup.waiting import Patience
from ops.backup.writing import live_items, undone, write_back
from ops.errors import Refused

TABLE = "orders"
PATIENCE = Patience(5, 1)


def item(key: str = "a", **attributes: Any) -> dict[str, Any]:
    kinds = {int: "N", str: "S"}
    plain = {name: {kinds[type(value)]: str(value)} for name, value in attributes.items()}
    return {"pk": {"S": "TENANT#t1"}, "sk": {"S": key}, **plain}


def keyed(*items: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(one["pk"]["S"], one["sk"]["S"]): one for one in items}


@pytest.fixture
def table() -> Iterator[Any]:
    with mock_aws():
        client: Any = boto3.client(
            "dynamodb", region_name="eu-central-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        keys = [{"AttributeName": name, "KeyType": kind} for name, kind in (("pk", "HASH"), ("sk", "RANGE"))]
        attributes = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
        client.create_table(
            TableName=TABLE, KeySchema=keys, AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST"
        )
        yield client


def put(client: Any, *items: dict[str, Any]) -> None:
    for one in items:
        client.put_item(TableName=TABLE, Item=one)


def stored(client: Any) -> dict[tuple[str, str], dict[str, Any]]:
    return keyed(*client.scan(TableName=TABLE)["Items"])


@pytest.mark.parametrize(
    ("restored", "live", "kind"),
    [
        (item(version=2), None, Kind.MISSING),
        (item(version=2, name="x"), item(version=2, name="y"), Kind.DAMAGED),
        (item(version=2), item(version=1), Kind.DAMAGED),
        (item(version=9), item(version=10), Kind.NEWER),
        (item(updated_at="2026-01-02"), item(updated_at="2026-01-01"), Kind.DAMAGED),
        (item(updated_at="2026-01-01"), item(updated_at="2026-01-02"), Kind.NEWER),
        (item(name="x"), item(name="y"), Kind.NEWER),
    ],
)
def test_what_was_written_since_is_newer_and_so_is_what_nobody_can_tell(
    restored: dict[str, Any], live: dict[str, Any] | None, kind: Kind
) -> None:
    found = changes(keyed(restored), keyed(live) if live else {})
    assert [one.kind for one in found] == [kind]


def test_items_that_are_the_same_or_only_live_are_no_change() -> None:
    numbers = item(total=1) | {"total": {"N": "1.0"}}
    assert changes(keyed(item(total=1)), keyed(numbers, item("b"))) == []


@pytest.mark.parametrize(
    ("pk", "tenant", "own"),
    [
        ("TENANT#t1", None, True),
        ("TENANT#t1#LOCATION#main", None, True),
        ("TENANT#t12", None, False),
        ("TENANT#t2", "t1", False),
        ("FAMILY#f", "t1", True),
        ("FAMILY#f", "t2", False),
        ("LIMIT#x", None, False),
    ],
)
def test_a_tenant_s_items_are_those_of_its_keys_and_those_that_say_so(pk: str, tenant: str | None, own: bool) -> None:
    found: dict[str, Any] = {"pk": {"S": pk}, "sk": {"S": "x"}, **({"tenant_id": {"S": tenant}} if tenant else {})}
    assert belongs(found, "t1") is own


def test_what_is_written_back_can_be_undone(table: Any, tmp_path: Path) -> None:
    before = [item("lost", version=1), item("spoiled", version=3, name="good")]
    live = item("spoiled", version=3, name="bad")
    put(table, live, item("other"))
    found = changes(keyed(*before), live_items(table, TABLE, sorted(keyed(*before)), PATIENCE))
    done = write_back(table, TABLE, found, tmp_path / "undo", PATIENCE)
    assert len(done.written) == 2
    assert stored(table) == keyed(*before, item("other"))
    assert undone(table, tmp_path / "undo", {TABLE}, PATIENCE, apply=False)[0] == done.written[::-1]
    assert stored(table) == keyed(*before, item("other"))
    undone(table, tmp_path / "undo", {TABLE}, PATIENCE, apply=True)
    assert stored(table) == keyed(live, item("other"))


def test_an_item_that_changes_between_read_and_write_stays(table: Any, tmp_path: Path) -> None:
    read = Change(("TENANT#t1", "a"), Kind.DAMAGED, item(version=1), item(version=1, name="read"))
    lost = Change(("TENANT#t1", "b"), Kind.MISSING, item("b", version=1), None)
    now = [item(version=2, name="since"), item("b", name="made since")]
    put(table, *now)
    done = write_back(table, TABLE, [read, lost], tmp_path / "undo", PATIENCE)
    assert done.written == []
    assert len(done.passed_over) == 2
    assert stored(table) == keyed(*now)


def test_undo_leaves_what_was_changed_since_the_restore(table: Any, tmp_path: Path) -> None:
    write_back(
        table, TABLE, [Change(("TENANT#t1", "a"), Kind.MISSING, item(version=1), None)], tmp_path / "undo", PATIENCE
    )
    put(table, item(version=2))
    back, changed = undone(table, tmp_path / "undo", {TABLE}, PATIENCE, apply=True)
    assert (back, changed) == ([], [("TENANT#t1", "a")])
    assert stored(table) == keyed(item(version=2))


def test_an_undo_file_of_another_table_or_of_nothing_is_refused(table: Any, tmp_path: Path) -> None:
    foreign = {"table": "users", "key": ["a", "b"], "before": None, "after": item()}
    for text in (json.dumps(foreign), "{}", "no json"):
        (tmp_path / "undo").write_text(text, encoding="utf-8")
        with pytest.raises(Refused):
            undone(table, tmp_path / "undo", {TABLE}, PATIENCE, apply=True)


def test_nothing_is_written_when_the_undo_file_cannot_be_made(table: Any, tmp_path: Path) -> None:
    (tmp_path / "undo").write_text("an earlier one", encoding="utf-8")
    with pytest.raises(FileExistsError):
        write_back(table, TABLE, [Change(("TENANT#t1", "a"), Kind.MISSING, item(), None)], tmp_path / "undo", PATIENCE)
    assert stored(table) == {}


def test_the_condition_of_a_write_names_every_attribute_that_was_read() -> None:
    condition = unchanged(item(version=1))
    assert set(condition["ExpressionAttributeNames"].values()) == {"pk", "sk", "version"}
    assert unchanged(None) == {"ConditionExpression": "attribute_not_exists(pk)"}
