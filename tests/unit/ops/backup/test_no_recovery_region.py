"""A failover without a recovery region: what backups and drills then say, and that they ask no other region."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from typer.testing import CliRunner

from ops.backup.creation import create
from ops.backup.estate import Estate, Vault, estate_of
from ops.backup.jobs import copy_to_dr
from ops.backup.points import RecoveryPoint, point_of
from ops.backup.tables import Serving
from ops.backup.verification import of_recovery, shallow
from ops.backup.waiting import Patience
from ops.commands import backup, dr
from ops.dr.drill import Drill, Wishes
from ops.dr.scratch import Scratch
from ops.dr.sweeping import Sweeper
from ops.errors import Refused
from ops.stack import Place, Stack, StackOutputs

HERE = "eu-west-1"
NOW = datetime.now(UTC)
OUTPUTS: dict[str, Any] = {
    "environment": "prod", "region": HERE, "account_id": "123456789012", "api_url": "https://x",
    "parameter_prefix": "/omnix-ai/prod", "tables": {"orders": "omnix-ai-prod-orders"}, "backup_role_arn": "role",
    "backup_vault_name": "omnix-ai-prod-backup", "key_arn": "key", "dr_vault_name": None, "dr_region": None,
    "dr_key_arn": None, "file_bucket_dr": None,
}  # fmt: skip
COPIES = {"dr_vault_name": "omnix-ai-prod-backup-dr", "dr_region": "eu-central-1", "dr_key_arn": "dr-key"}
POINT = {
    "RecoveryPointArn": "arn:1", "ResourceArn": "arn:table/omnix-ai-prod-orders", "Status": "COMPLETED",
    "BackupVaultName": "omnix-ai-prod-backup", "CreationDate": NOW, "EncryptionKeyArn": "key",
}  # fmt: skip


class Account:
    """AWS in this region alone, where the backups are as they should be; any other region is the lost one."""

    def __init__(self) -> None:
        deny = {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint"}
        vaults, tables = MagicMock(), MagicMock()
        vaults.describe_backup_vault.return_value = {"EncryptionKeyArn": "key", "Locked": True}
        vaults.get_backup_vault_access_policy.return_value = {"Policy": json.dumps({"Statement": deny})}
        vaults.describe_framework.return_value = {"DeploymentStatus": "COMPLETED", "FrameworkStatus": "ACTIVE"}
        vaults.get_paginator.return_value.paginate.return_value = [{"RecoveryPoints": [POINT]}]
        vaults.describe_recovery_point.return_value = POINT
        vaults.start_backup_job.return_value = {"BackupJobId": "job"}
        vaults.describe_backup_job.return_value = {"State": "COMPLETED", "RecoveryPointArn": "arn:1"}
        tables.describe_table.return_value = {"Table": {"SSEDescription": {"KMSMasterKeyArn": "key"}}}
        window = {"EarliestRestorableDateTime": NOW, "LatestRestorableDateTime": NOW}
        recovery = {"PointInTimeRecoveryStatus": "ENABLED", **window}
        tables.describe_continuous_backups.return_value = {
            "ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery}
        }
        others = ("application-autoscaling", "cloudwatch")
        self.clients = {"backup": vaults, "dynamodb": tables, **{service: MagicMock() for service in others}}

    def client(self, service: str, region: str = HERE) -> Any:
        assert region == HERE
        return self.clients[service]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()
    serving = Serving(OUTPUTS["tables"])
    monkeypatch.setattr("ops.backup.estate.serving", lambda *_: serving)
    for command in (backup, dr):
        monkeypatch.setattr(command, "aws_of", lambda _: made)
    return made


def estate(account: Account, **outputs: str) -> Estate:
    found = StackOutputs.model_validate({**OUTPUTS, **outputs})
    aws: Any = account
    return estate_of(Stack(Place("prod", "123456789012", HERE, None), found), aws)


@pytest.fixture
def alone(account: Account) -> Estate:
    return estate(account)


def ran(app: Any, tmp_path: Path, *arguments: str) -> Any:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(OUTPUTS), encoding="utf-8")
    return CliRunner().invoke(app, [*arguments, "--outputs", str(file), "--cloud", "aws"])


def test_a_stack_without_a_recovery_region_has_one_vault(alone: Estate) -> None:
    assert alone.vaults == (Vault("omnix-ai-prod-backup", HERE, "key"),)


def test_a_stack_with_only_a_part_of_a_recovery_region_is_refused_and_named(account: Account) -> None:
    assert estate(account, **COPIES).dr == Vault("omnix-ai-prod-backup-dr", "eu-central-1", "dr-key")
    with pytest.raises(Refused, match="exports no dr_key_arn, dr_region"):
        estate(account, dr_vault_name="omnix-ai-prod-backup-dr")


def test_verify_names_the_gap_and_nothing_else(alone: Estate, account: Account) -> None:
    (problem,) = shallow(alone, alone.chosen(), NOW)
    assert problem.subject == "recovery region"
    assert "there is none" in problem.what
    assert "set drRegion" in problem.what
    assert of_recovery(estate(account, **COPIES)) == []


def test_a_backup_is_made_and_said_to_stay_here(alone: Estate, account: Account) -> None:
    """The runbook's last step: with nowhere to copy to, the backup itself must not fail."""
    said: list[str] = []
    made = create(alone, alone.tables, keep_days=30, copy=True, patience=Patience(5), say=said.append)
    assert [(one.region, one.vault) for one in made] == [(HERE, "omnix-ai-prod-backup")]
    assert any("no recovery region" in line for line in said)
    account.clients["backup"].start_copy_job.assert_not_called()


def test_a_copy_is_refused_with_what_to_do(alone: Estate) -> None:
    with pytest.raises(Refused, match="prod has no recovery region") as refused:
        copy_to_dr(alone, RecoveryPoint.of(POINT, HERE), 30, Patience(1))
    assert "set drRegion" in refused.value.remedy


def test_a_drill_of_the_copies_is_refused_and_one_at_home_is_not(alone: Estate) -> None:
    with pytest.raises(Refused, match="prod has no recovery region"):
        Drill(alone, Wishes(from_dr=True), Patience(1), lambda _: None)
    assert Drill(alone, Wishes(), Patience(1), lambda _: None)


def test_a_point_is_looked_for_where_there_is_a_vault(alone: Estate) -> None:
    found, vault = point_of(alone, "arn:1")
    assert (found.arn, vault) == ("arn:1", alone.home)


def test_scratch_tables_are_swept_in_this_region_alone(alone: Estate, account: Account) -> None:
    account.clients["dynamodb"].get_paginator.return_value.paginate.return_value = [{"TableNames": []}]
    assert Sweeper(alone, Scratch.of("prod"), lambda _: None).sweep_left_over(Patience(1)) == []


@pytest.mark.usefixtures("account")
def test_the_list_of_backups_says_that_there_is_no_recovery_region(tmp_path: Path) -> None:
    told = ran(backup.app, tmp_path, "list", "--json", "-")
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    assert document["recovery_region"] is None
    assert [one["region"] for one in document["points"]] == [HERE]
    shown = ran(backup.app, tmp_path, "list")
    assert "recovery region: there is none" in " ".join(shown.stdout.split())


@pytest.mark.usefixtures("account")
def test_the_drill_of_the_copies_is_refused_on_the_command_line(tmp_path: Path) -> None:
    told = ran(dr.app, tmp_path, "drill", "--region", "dr")
    assert isinstance(told.exception, Refused)
    assert "pulumi up" in told.exception.remedy
