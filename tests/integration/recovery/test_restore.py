"""Bringing back one item, one tenant and a whole table of a running environment."""

import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.recovery.conftest import Operator

Wire = dict[str, Any]


def products(operator: Operator) -> dict[tuple[str, str], Wire]:
    pages = operator.client("dynamodb").get_paginator("scan").paginate(TableName=operator.table, ConsistentRead=True)
    return {(one["pk"]["S"], one["sk"]["S"]): one for page in pages for one in page["Items"]}


def a_product(operator: Operator) -> tuple[tuple[str, str], Wire]:
    return next((key, item) for key, item in products(operator).items() if item["entity"]["S"] == "product")


def two_of_a_tenant(operator: Operator) -> tuple[tuple[str, str], tuple[str, str], str]:
    """Keys of two products of one tenant, and whose; other tests' tenants may have a single one."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key, item in products(operator).items():
        if item["entity"]["S"] == "product":
            found[item["tenant_id"]["S"]].append(key)
    return next((keys[0], keys[1], tenant) for tenant, keys in found.items() if len(keys) > 1)


def lose(operator: Operator, key: tuple[str, str]) -> None:
    operator.client("dynamodb").delete_item(TableName=operator.table, Key={"pk": {"S": key[0]}, "sk": {"S": key[1]}})


def test_a_lost_item_is_shown_then_written_back_then_undone(operator: Operator, points: dict[str, str]) -> None:
    key, before = a_product(operator)
    lose(operator, key)
    arguments = ("backup", "restore", "--table", "products", "--point", points["eu-central-1"], "--item", *key)
    shown = operator.document(*arguments)
    assert [one["kind"] for one in shown["changes"]] == ["missing"]
    assert key not in products(operator)

    undo = operator.files / "undo.jsonl"
    done = operator.document(*arguments, "--apply", "--undo", str(undo))
    assert done["written"] == [list(key)]
    assert products(operator)[key] == before
    assert operator.scratch_tables() == []

    operator.document("backup", "undo", str(undo), "--apply")
    assert key not in products(operator)
    operator.document(*arguments, "--apply", "--undo", str(operator.files / "again"))
    assert products(operator)[key] == before


def test_a_tenant_comes_back_as_of_a_time_and_what_it_wrote_since_stays(operator: Operator) -> None:
    key, other, tenant = two_of_a_tenant(operator)
    before = products(operator)[key]
    time.sleep(1.1)  # DynamoDB's times are whole seconds
    moment = datetime.now(UTC).replace(microsecond=0)
    time.sleep(1.1)
    newer = before | {"version": {"N": str(int(before["version"]["N"]) + 1)}, "name": {"S": "written since"}}
    operator.client("dynamodb").put_item(TableName=operator.table, Item=newer)
    lost = products(operator)[other]
    lose(operator, other)

    arguments = ("backup", "restore", "--table", "products", "--at", moment.isoformat(), "--tenant", tenant, "--apply")
    done = operator.document(*arguments, "--undo", str(operator.files / "undo"))
    assert done["written"] == [list(other)]
    assert {one["kind"] for one in done["changes"]} == {"missing", "newer"}
    assert products(operator)[other] == lost
    assert products(operator)[key] == newer

    operator.document(*arguments, "--overwrite", "--undo", str(operator.files / "undo-2"))
    assert products(operator)[key] == before


def test_a_whole_table_is_restored_beside_the_live_one_with_what_a_restore_loses(
    operator: Operator, points: dict[str, str]
) -> None:
    client, live = operator.client("dynamodb"), products(operator)
    done = operator.document("backup", "restore", "--table", "products", "--point", points["eu-central-1"])
    try:
        table = client.describe_table(TableName=done["restored"])["Table"]
        assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
        assert table["SSEDescription"]["KMSMasterKeyArn"] == operator.environment.outputs["key_arn"]
        backups = client.describe_continuous_backups(TableName=done["restored"])["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
        pages = client.get_paginator("scan").paginate(TableName=done["restored"], Select="COUNT")
        assert sum(page["Count"] for page in pages) == len(live)
        assert products(operator) == live
    finally:
        client.delete_table(TableName=done["restored"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--table", "products"), 2),
        (("--table", "products", "--at", "2026-01-01", "--point", "arn"), 2),
        (("--table", "nothing", "--at", "2026-01-01"), 2),
        (("--table", "products", "--at", "yesterday"), 2),
        (("--table", "products", "--at", "2026-01-01", "--apply"), 2),
        (("--table", "products", "--at", "2001-01-01", "--item", "a", "b"), 1),
        (("--table", "products", "--point", "arn:aws:backup:eu-central-1:1:recovery-point:none"), 1),
    ],
)
def test_a_restore_that_cannot_be_is_refused_before_anything_is_made(
    operator: Operator, arguments: tuple[str, ...], code: int
) -> None:
    done = operator.run("backup", "restore", *arguments)
    assert done.returncode == code, done.stderr
    assert "→" in done.stderr
    assert operator.scratch_tables() == []


def test_backups_are_listed_and_verified(operator: Operator) -> None:
    operator.document("backup", "create")
    listed = operator.document("backup", "list")
    assert {one["region"] for one in listed["points"]} == {"eu-central-1", "eu-west-1"}
    assert all(listed["windows"].values())
    verified = operator.document("backup", "verify")
    assert (verified["ok"], verified["problems"], verified["serving_unknown"]) == (True, [], None)
    assert [one["serves"] for one in verified["tables"].values()] == [True] * 9
    deep = operator.document("backup", "verify", "--deep", "--table", "orders")
    assert deep["ok"]
    client = operator.client("dynamodb")
    client.update_continuous_backups(
        TableName=operator.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    try:
        weak = operator.document("backup", "verify", "--table", "products", code=1)
        assert weak["problems"] == [{"subject": "products", "what": "point-in-time recovery is off"}]
    finally:
        client.update_continuous_backups(
            TableName=operator.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
