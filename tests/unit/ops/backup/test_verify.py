"""What `list` and `verify` say of backups: a table that is gone, a restore that failed, and one that never began."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

from components.naming import Names
from ops.backup import inspection
from ops.backup.estate import Estate, estate_of
from ops.backup.restoring import restore_at, window
from ops.backup.tables import Serving
from ops.backup.waiting import Patience
from ops.commands import backup
from ops.dr.drill import Drill
from ops.dr.report import DrillReport, TableReport
from ops.errors import Refused
from ops.stack import Place, Stack, StackOutputs

REGION, ACCOUNT = "eu-central-1", "123456789012"
NOW = datetime.now(UTC)
TABLES = {"orders": "omnix-ai-dev-orders", "users": "omnix-ai-dev-users"}
OUTPUTS: dict[str, Any] = {
    "environment": "dev", "region": REGION, "account_id": ACCOUNT, "api_url": "https://x",
    "parameter_prefix": "/omnix-ai/dev", "tables": TABLES, "backup_role_arn": "role",
    "backup_vault_name": "omnix-ai-dev-backup", "key_arn": "key", "dr_vault_name": "omnix-ai-dev-backup-dr",
    "dr_region": "eu-west-1", "dr_key_arn": "key",
}  # fmt: skip


def refused(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, operation)


def point(table: str) -> dict[str, Any]:
    return {
        "RecoveryPointArn": f"arn:{table}", "ResourceArn": f"arn:table/{table}", "Status": "COMPLETED",
        "BackupVaultName": "omnix-ai-dev-backup", "CreationDate": NOW, "EncryptionKeyArn": "key",
    }  # fmt: skip


class Account:
    """AWS whose backups are in order. `gone` tables are not there, and `lost_code` is how a service says so."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.lost_code = "TableNotFoundException"
        vaults, tables = MagicMock(), MagicMock()
        vaults.describe_backup_vault.return_value = {"EncryptionKeyArn": "key", "Locked": True}
        vaults.get_backup_vault_access_policy.return_value = {"Policy": "{}"}
        vaults.describe_framework.side_effect = refused("ResourceNotFoundException", "DescribeFramework")
        vaults.get_paginator.return_value.paginate.return_value = [{"RecoveryPoints": [*map(point, TABLES.values())]}]
        vaults.describe_recovery_point.return_value = point(TABLES["orders"])
        tables.describe_table.side_effect = self.table
        tables.describe_continuous_backups.side_effect = self.backups
        self.clients = {"backup": vaults, "dynamodb": tables}

    def client(self, service: str, _region: str = REGION) -> Any:
        return self.clients[service]

    def table(self, TableName: str) -> dict[str, Any]:  # noqa: N803
        if TableName in self.gone:
            raise refused("ResourceNotFoundException", "DescribeTable")
        return {"Table": {"SSEDescription": {"KMSMasterKeyArn": "key"}}}

    def backups(self, TableName: str) -> dict[str, Any]:  # noqa: N803
        if TableName in self.gone:
            raise refused(self.lost_code, "DescribeContinuousBackups")
        times = {"EarliestRestorableDateTime": NOW, "LatestRestorableDateTime": NOW}
        found = {"PointInTimeRecoveryStatus": "ENABLED", **times}
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": found}}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()
    monkeypatch.setattr("ops.backup.estate.serving", lambda *_: Serving(TABLES))
    monkeypatch.setattr(backup, "aws_of", lambda _: made)
    return made


@pytest.fixture
def estate(account: Account) -> Estate:
    aws: Any = account
    return estate_of(Stack(Place("dev", ACCOUNT, REGION, None), StackOutputs.model_validate(OUTPUTS)), aws)


def ran(tmp_path: Path, *arguments: str) -> Result:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(OUTPUTS), encoding="utf-8")
    return CliRunner().invoke(backup.app, [*arguments, "--outputs", str(file), "--cloud", "aws"])


def drilled(monkeypatch: pytest.MonkeyPatch, *tables: TableReport, refusal: Exception | None = None) -> None:
    """What the restores of `verify` end in."""

    def perform(_: Drill) -> DrillReport:
        if refusal:
            raise refusal
        return DrillReport("dev", ACCOUNT, REGION, "vault", "run", NOW, NOW, list(tables))

    monkeypatch.setattr(Drill, "perform", perform)


def whole(label: str) -> TableReport:
    return TableReport(label, "arn", NOW, rpo_seconds=1, usable_after_seconds=1, proven=True)


def problems(result: Result) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in json.loads(result.stdout)["problems"]:
        found.setdefault(one["subject"], []).append(one["what"])
    return found


def state_of(result: Result, physical: str) -> str:
    (line,) = [line for line in result.stdout.splitlines() if physical in line]
    return line.strip("│ ").rsplit("│", 1)[-1].strip()


@pytest.mark.parametrize("code", ["TableNotFoundException", "ResourceNotFoundException"])
def test_the_recovery_points_of_a_table_that_is_gone_are_listed_to_be_restored(
    account: Account, tmp_path: Path, code: str
) -> None:
    """Its ARN is what `restore --point` takes, and nowhere else to be had."""
    account.gone, account.lost_code = {TABLES["orders"]}, code
    told = ran(tmp_path, "list", "--json", "-")
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    assert "arn:omnix-ai-dev-orders" in {one["arn"] for one in document["points"]}
    assert document["windows"]["orders"] is None
    assert document["windows"]["users"]
    assert "off, or no such table" in ran(tmp_path, "list").stdout


def test_a_table_that_is_gone_is_a_problem_and_its_recovery_points_are_looked_at_all_the_same(
    account: Account, tmp_path: Path
) -> None:
    account.gone = {TABLES["orders"]}
    account.clients["backup"].get_paginator().paginate.return_value = [{"RecoveryPoints": [point(TABLES["users"])]}]
    assert problems(ran(tmp_path, "verify", "--json", "-")) == {
        "orders": [
            "the table is gone; restore it from a recovery point (`omnix backup list`)",
            "no recovery point in eu-central-1",
            "no recovery point in eu-west-1",
        ]
    }
    shown = ran(tmp_path, "verify")
    assert [state_of(shown, one) for one in TABLES.values()] == ["see below", "in order"]


@pytest.mark.usefixtures("account")
def test_a_table_that_may_not_be_looked_at_is_not_taken_for_one_that_is_gone(account: Account, estate: Estate) -> None:
    denied = refused("AccessDeniedException", "Describe")
    account.clients["dynamodb"].describe_table.side_effect = denied
    account.clients["dynamodb"].describe_continuous_backups.side_effect = denied
    with pytest.raises(ClientError, match="AccessDenied"):
        window(estate, TABLES["orders"])
    with pytest.raises(ClientError, match="AccessDenied"):
        inspection.table_facts(estate, TABLES["orders"], [], [])


def test_a_time_of_a_table_that_is_gone_is_refused_with_the_way_that_is_left(account: Account, estate: Estate) -> None:
    account.gone = {TABLES["orders"]}
    with pytest.raises(Refused, match="or is gone") as stopped:
        restore_at(estate, TABLES["orders"], NOW, "target", Patience(5))
    assert "--point" in stopped.value.remedy


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("arguments", [("--point", "arn:omnix-ai-dev-orders"), ("--deep", "--table", "orders")])
@pytest.mark.parametrize("damaged", [TableReport("orders", problems=["the backup is damaged"]), TableReport("orders")])
def test_a_table_whose_restore_failed_is_never_shown_to_be_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: tuple[str, ...], damaged: TableReport
) -> None:
    drilled(monkeypatch, damaged)
    found = ran(tmp_path, "verify", *arguments, "--json", "-")
    assert found.exit_code == 1
    assert problems(found)["orders"] == (damaged.problems or ["not proven"])
    assert json.loads(found.stdout)["proven"] == []
    assert state_of(ran(tmp_path, "verify", *arguments), TABLES["orders"]) == "see below"


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("arguments", [("--point", "arn:omnix-ai-dev-orders"), ("--deep", "--table", "orders")])
def test_a_table_that_a_restore_proved_is_said_to_be_restored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    drilled(monkeypatch, whole("orders"))
    shown = ran(tmp_path, "verify", *arguments)
    assert shown.exit_code == 0, shown.output
    assert state_of(shown, TABLES["orders"]) == "restored and compared"


@pytest.mark.parametrize("refusal", [Refused("nobody can say", "mend it"), refused("AccessDenied", "ListTables")])
def test_what_looking_found_is_told_also_where_nothing_could_be_restored(
    monkeypatch: pytest.MonkeyPatch, account: Account, tmp_path: Path, refusal: Exception
) -> None:
    account.gone = {TABLES["orders"]}
    drilled(monkeypatch, refusal=refusal)
    found = problems(ran(tmp_path, "verify", "--deep", "--json", "-"))
    assert set(found) == {"orders", "restore"}
    assert "nothing was restored" in found["restore"][0]
    shown = ran(tmp_path, "verify", "--deep")
    assert isinstance(shown.exception, Refused)
    assert [state_of(shown, one) for one in TABLES.values()] == ["see below", "looked at, not restored"]


@pytest.mark.usefixtures("account")
def test_a_table_that_nobody_looked_at_and_that_was_not_restored_is_not_shown_to_be_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    drilled(monkeypatch, refusal=Refused("nobody can say", "mend it"))
    shown = ran(tmp_path, "verify", "--point", "arn:omnix-ai-dev-orders")
    assert isinstance(shown.exception, Refused)
    assert state_of(shown, TABLES["orders"]) == "not looked at"


def test_the_framework_is_asked_for_by_the_environment_s_own_names(
    monkeypatch: pytest.MonkeyPatch, estate: Estate
) -> None:
    asked: list[Names] = []

    def names(*given: str) -> Names:
        asked.append(Names(*given))
        return asked[-1]

    monkeypatch.setattr(inspection, "Names", names)
    assert inspection.framework_facts(estate) is None
    assert asked == [Names(environment="dev", account_id=ACCOUNT, region=REGION)]
