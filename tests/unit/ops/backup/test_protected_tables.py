"""Which tables backups and drills know, and which of them a name means while one under an old name may serve."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import boto3
import pytest
from moto import mock_aws

from omnix.table_names import PARAMETER, TableNames
from ops.backup import reading
from ops.backup.estate import Estate, Vault, estate_of
from ops.backup.partial import Part, Source, bring_back
from ops.backup.points import points
from ops.backup.show import tables_document
from ops.backup.verification import of_serving
from ops.backup.waiting import Patience
from ops.errors import Refused, WrongUse
from ops.stack import Place, Stack, StackOutputs

REGION = "eu-central-1"
STANDARD = {"orders": "omnix-ai-dev-orders", "users": "omnix-ai-dev-users"}
LEGACY = {"orders": "old-orders"}


def client(service: str, region: str = REGION) -> Any:
    make: Any = boto3.client
    return make(service, region_name=region, aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def estate() -> Iterator[Estate]:
    """With a table under an old name beside the standard one; what serves is for the tests to `write`."""
    with mock_aws():
        outputs = StackOutputs.model_validate(
            {"environment": "dev", "region": REGION, "account_id": "123456789012", "api_url": "https://x",
             "parameter_prefix": "/omnix-ai/dev", "tables": STANDARD, "legacy_tables": LEGACY,
             "backup_vault_name": "home", "dr_vault_name": "dr", "dr_region": "eu-west-1", "backup_role_arn": "role",
             "key_arn": "key", "dr_key_arn": "dr-key"}
        )  # fmt: skip
        aws: Any = SimpleNamespace(client=client)
        yield estate_of(Stack(Place("dev", "123456789012", REGION, None), outputs), aws)


def write(names: TableNames) -> None:
    client("ssm").put_parameter(Name=f"/omnix-ai/dev/{PARAMETER}", Value=names.text(), Type="String", Overwrite=True)


def test_the_standard_tables_and_those_under_old_names_are_all_protected(estate: Estate) -> None:
    assert estate.chosen() == {
        "orders": "omnix-ai-dev-orders", "orders-legacy": "old-orders", "users": "omnix-ai-dev-users",
    }  # fmt: skip


def test_a_logical_name_is_every_table_under_it_and_any_other_name_is_that_table(estate: Estate) -> None:
    assert list(estate.chosen(["orders"])) == ["orders", "orders-legacy"]
    assert list(estate.chosen(["old-orders", "users"])) == ["orders-legacy", "users"]
    with pytest.raises(WrongUse, match="no table baskets"):
        estate.chosen(["orders", "baskets"])


@pytest.mark.parametrize("serving", [STANDARD, {**STANDARD, **LEGACY}])
def test_to_restore_a_logical_name_means_what_serves_now(estate: Estate, serving: dict[str, str]) -> None:
    write(TableNames(serving))
    assert estate.meant("orders").physical == serving["orders"]
    assert estate.meant("old-orders").physical == "old-orders"
    assert estate.meant("omnix-ai-dev-orders").physical == "omnix-ai-dev-orders"
    assert tables_document(estate, estate.chosen(["orders"])) == {
        "tables": {
            "orders": {"name": "omnix-ai-dev-orders", "serves": serving == STANDARD},
            "orders-legacy": {"name": "old-orders", "serves": serving != STANDARD},
        },
        "serving_unknown": None,
        "unprotected": {},
    }


def test_until_the_moment_of_a_cut_over_the_table_of_before_serves(estate: Estate) -> None:
    moment = (datetime.now(UTC) + timedelta(minutes=1)).replace(microsecond=0).timestamp()
    write(TableNames(STANDARD, LEGACY, moment))
    assert estate.meant("orders").label == "orders-legacy"


def test_where_nobody_can_say_what_serves_only_a_table_s_own_name_is_certain(estate: Estate) -> None:
    with pytest.raises(Refused, match="nobody can say which table serves as orders") as refused:
        estate.meant("orders")
    assert refused.value.remedy == "name the table itself: omnix-ai-dev-orders or old-orders"
    assert estate.meant("old-orders").label == "orders-legacy"
    assert estate.meant("users").physical == "omnix-ai-dev-users"
    told = tables_document(estate, estate.chosen(["orders"]))
    assert [one["serves"] for one in told["tables"].values()] == [None, None]
    assert "ParameterNotFound" in told["serving_unknown"]
    (problem,) = of_serving(estate)
    assert "nobody can say which tables serve" in problem.what


def test_a_table_that_serves_and_is_in_no_backup_is_a_problem(estate: Estate) -> None:
    write(TableNames({**STANDARD, "orders": "somebody-s"}))
    (problem,) = of_serving(estate)
    assert (problem.subject, problem.what) == ("orders", "somebody-s serves, and no backup covers it")
    with pytest.raises(Refused, match="somebody-s serves as orders"):
        estate.meant("orders")


def test_recovery_points_of_tables_under_old_names_are_listed_and_those_of_strangers_are_not(estate: Estate) -> None:
    listed = [
        {
            "RecoveryPointArn": f"arn:{name}",
            "ResourceArn": f"arn:aws:dynamodb:{REGION}:1:table/{name}",
            "BackupVaultName": "home",
            "Status": "COMPLETED",
            "CreationDate": datetime(2026, 11, 21, tzinfo=UTC),
        }
        for name in ("old-orders", "omnix-ai-dev-orders", "strange")
    ]
    backup = MagicMock()
    backup.get_paginator().paginate.return_value = [{"RecoveryPoints": listed}]
    aws: Any = SimpleNamespace(client=lambda *_: backup)
    home = Vault("home", REGION, "key")
    mine = Estate("dev", "1", STANDARD, home, estate.dr, "role", None, aws, LEGACY)
    assert {one.table for one in points(mine, home)} == {"old-orders", "omnix-ai-dev-orders"}


def test_a_part_of_a_table_with_other_keys_is_refused_before_anything_is_restored(estate: Estate) -> None:
    keys = [{"AttributeName": "when", "KeyType": "RANGE"}, {"AttributeName": "id", "KeyType": "HASH"}]
    types = [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "when", "AttributeType": "N"}]
    client("dynamodb").create_table(
        TableName="old-orders", KeySchema=keys, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST"
    )
    with pytest.raises(Refused, match="the keys of old-orders are id, when, not pk, sk"):
        bring_back(
            estate, estate.meant("old-orders"), Source(moment=datetime(2026, 11, 21, tzinfo=UTC)), Part("t1"),
            undo=None, overwrite=False, patience=Patience(5, 1), say=lambda _: None,
        )  # fmt: skip
    assert client("dynamodb").list_tables()["TableNames"] == ["old-orders"]


def test_items_are_summed_and_found_by_the_keys_that_their_table_has() -> None:
    names = ("id", "when")
    item: dict[str, Any] = {"id": {"S": "a"}, "when": {"N": "7"}, "total": {"N": "1"}}
    assert reading.key_of(item, names) == {"id": {"S": "a"}, "when": {"N": "7"}}
    assert reading.key_text(item, names) == ("a", "7")
