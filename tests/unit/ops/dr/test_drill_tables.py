"""Which tables a drill restores, and of which it judges the items: never only those that serve nobody."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from omnix.table_names import PARAMETER, TableNames
from ops.backup import restoring
from ops.backup.estate import Estate, Vault
from ops.backup.points import RecoveryPoint
from ops.backup.waiting import Patience
from ops.dr import drill as module
from ops.dr.drill import Drill, Wishes
from ops.dr.report import DrillReport, markdown
from ops.dr.sweeping import Sweeper
from ops.errors import Refused
from ops.stack import Cloud

REGION = "eu-central-1"
STANDARD = {"orders": "omnix-ai-dev-orders", "users": "omnix-ai-dev-users"}
LEGACY = {"orders": "old-orders"}
STRANGE = {"entity": {"S": "unheard-of"}}


def client(service: str, region: str = REGION) -> Any:
    make: Any = boto3.client
    return make(service, region_name=region, aws_access_key_id="test", aws_secret_access_key="test")


def create(name: str, keys: tuple[str, str] = ("pk", "sk")) -> None:
    schema = [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=True)]
    types = [{"AttributeName": key, "AttributeType": "S"} for key in keys]
    client("dynamodb").create_table(
        TableName=name, KeySchema=schema, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST"
    )
    client("dynamodb").update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def put(name: str, attributes: dict[str, Any], keys: tuple[str, str] = ("pk", "sk")) -> None:
    item = {keys[0]: {"S": "TENANT#t1"}, keys[1]: {"S": "x"}, **attributes}
    client("dynamodb").put_item(TableName=name, Item=item)


def copied(source: str, target: str) -> str:
    """What a restore makes of a table."""
    found = client("dynamodb").describe_table(TableName=source)["Table"]
    create(target, tuple(one["AttributeName"] for one in found["KeySchema"]))
    for item in client("dynamodb").scan(TableName=source)["Items"]:
        client("dynamodb").put_item(TableName=target, Item=item)
    return str(client("dynamodb").describe_table(TableName=target)["Table"]["TableArn"])


def point(table: str) -> RecoveryPoint:
    now = datetime.now(UTC)
    return RecoveryPoint(f"arn:{table}", table, "home", REGION, "COMPLETED", now, now, 1, None, "key")


@pytest.fixture
def estate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Estate]:
    """An environment in moto; AWS Backup, which moto does not restore with, copies tables instead."""
    with mock_aws():
        aws: Any = SimpleNamespace(client=client, place=SimpleNamespace(cloud=Cloud.LOCAL))
        home, dr = Vault("home", REGION, "key"), Vault("dr", "eu-west-1", "dr-key")
        made = Estate("dev", "123456789012", STANDARD, home, dr, "role", None, aws, LEGACY, "/omnix-ai/dev")
        every = [point(name) for name in (*STANDARD.values(), *LEGACY.values())]
        monkeypatch.setattr(module, "points", lambda **_: every)
        monkeypatch.setattr(restoring, "restore_point", lambda _e, one, _v, target, _p: copied(one.table, target))
        monkeypatch.setattr(restoring, "restore_at", lambda _e, table, _m, target, _p: copied(table, target))
        monkeypatch.setattr(Sweeper, "sweep_left_over", lambda *_: [])
        monkeypatch.setattr(Sweeper, "remove_run", lambda *_: [])
        for name in STANDARD.values():
            create(name)
        yield made


def serve(**tables: str) -> None:
    value = TableNames({**STANDARD, **tables}).text()
    client("ssm").put_parameter(Name=f"/omnix-ai/dev/{PARAMETER}", Value=value, Type="String", Overwrite=True)


def drilled(estate: Estate, *tables: str) -> DrillReport:
    return Drill(estate, Wishes(list(tables) or None), Patience(20, 5), lambda _: None).perform()


def test_before_a_cut_over_the_table_that_serves_is_restored_and_judged(estate: Estate) -> None:
    create("old-orders")
    put("old-orders", STRANGE)
    serve(**LEGACY)
    done = drilled(estate)
    assert [(one.table, one.physical, one.serves, one.items, one.proven) for one in done.tables] == [
        ("orders", "omnix-ai-dev-orders", False, 0, True),
        ("orders-legacy", "old-orders", True, 1, True),
        ("users", "omnix-ai-dev-users", True, 0, True),
    ]
    assert (done.items_checked, done.broken) == (1, 1)
    assert not done.passed


def test_what_does_not_serve_is_proven_by_its_sums_and_the_report_says_that_nothing_judged_its_items(
    estate: Estate,
) -> None:
    create("old-orders")
    put("omnix-ai-dev-orders", STRANGE)
    serve(**LEGACY)
    done = drilled(estate)
    assert done.passed, done.verdicts()
    assert (done.tables[0].items, done.tables[0].proven, done.items_checked) == (1, True, 0)
    assert "orders (`omnix-ai-dev-orders`): it does not serve: its items were not judged" in markdown(done)


def test_a_table_of_another_shape_is_proven_by_its_own_keys_and_its_shape_is_not_judged(estate: Estate) -> None:
    create("old-orders", ("customer", "when"))
    put("old-orders", STRANGE, ("customer", "when"))
    serve(**LEGACY)
    done = drilled(estate)
    assert done.passed, done.verdicts()
    legacy = done.tables[1]
    assert (legacy.items, legacy.proven, done.items_checked) == (1, True, 0)
    assert legacy.unjudged == "its keys are customer, when: its shape was not judged"


def test_damage_to_the_table_that_serves_fails_the_drill_though_the_standard_one_is_whole(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = ("customer", "when")
    create("old-orders", keys)
    put("old-orders", {"total": {"N": "1"}}, keys)

    def damaged(_estate: Estate, one: RecoveryPoint, _vault: Vault, target: str, _patience: Patience) -> str:
        arn = copied(one.table, target)
        if one.table == "old-orders":
            put(target, {"total": {"N": "9"}}, keys)
        return arn

    monkeypatch.setattr(restoring, "restore_point", damaged)
    serve(**LEGACY)
    done = drilled(estate)
    assert done.tables[1].differing == ["TENANT#t1 x: differs in total"]
    assert any("orders-legacy" in one and "the backup is damaged" in one for one in done.verdicts())


def test_a_table_that_serves_and_is_in_no_backup_fails_the_drill(estate: Estate) -> None:
    create("old-orders")
    serve(orders="somebody-s")
    assert drilled(estate).verdicts() == ["somebody-s serves as orders and is in no backup"]


def test_a_drill_of_another_table_is_not_failed_by_one_that_is_in_no_backup(estate: Estate) -> None:
    # Not a second drill of the test above: two runs of one process in one second would be one run, and here
    # nothing removes the first one's tables.
    serve(orders="somebody-s")
    done = drilled(estate, "users")
    assert done.passed, done.verdicts()


def test_where_nobody_can_say_what_serves_nothing_is_restored(estate: Estate) -> None:
    create("old-orders")
    with pytest.raises(Refused, match="nobody can say which tables serve"):
        drilled(estate)
    assert not any("-drill-" in name for name in client("dynamodb").list_tables()["TableNames"])
