"""Runs on moto: everything goes and comes back, and what may not go is left with everything else untouched."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.audit.model import Kind
from ops.cleanup.account import Account
from ops.cleanup.allow_list import Allowed
from ops.cleanup.inventory import AuditInventory
from ops.cleanup.kinds.function import FunctionRemoval
from ops.cleanup.ledger import Ledger, Phase
from ops.cleanup.run import Fate, Outcome, Run
from ops.cleanup.undo import Return, undo
from ops.errors import Refused
from tests.unit.ops.cleanup.conftest import approved, run_of
from tests.unit.ops.cleanup.legacy_account import (
    BUCKET,
    FUNCTION,
    LOG_GROUP,
    ROLE,
    SECRET,
    TABLE,
    LegacyAccount,
    package,
)

GOING = set(Kind) - {Kind.WEBSOCKET_API, Kind.DISTRIBUTION}


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.ndjson"


def fates(outcomes: list[Outcome]) -> dict[Kind, Fate]:
    return {one.entry.kind: one.fate for one in outcomes}


VOLATILE = frozenset(
    {
        "LastModified",
        "TableId",
        "creationTime",
        "CreationDate",
        "stages",
        "invokers",
        "aliases",
        "api",
        "EventSourceArn",
        "RoleId",
        "UUID",
    }
)


def facts(legacy: LegacyAccount) -> dict[str, Any]:
    """The account's resources by what outlives new ids and new times."""
    found = {}
    for one in (finding.resource for finding in legacy.audit().findings):
        name = "" if one.kind is Kind.EVENT_SOURCE_MAPPING else one.label or one.name
        found[f"{one.kind} {name}"] = {key: value for key, value in one.facts.items() if key not in VOLATILE}
    return found


def test_everything_is_removed_in_order_and_the_second_run_finds_it_done(
    legacy: LegacyAccount, account: Account, ledger_path: Path
) -> None:
    plan = approved(legacy)
    with Ledger(ledger_path) as ledger:
        outcomes = run_of(plan, account).apply(ledger)
    assert fates(outcomes) == dict.fromkeys(GOING, Fate.REMOVED)
    assert legacy.left() == []
    assert legacy.client("iam").list_instance_profiles()["InstanceProfiles"][0]["Roles"] == []
    assert legacy.client("secretsmanager").describe_secret(SecretId=SECRET)["DeletedDate"] > datetime.now(
        UTC
    ) + timedelta(29)
    lines = ledger_path.read_bytes()
    with Ledger(ledger_path) as ledger:
        again = run_of(plan, account).apply(ledger)
    assert fates(again) == dict.fromkeys(GOING, Fate.REMOVED)
    assert ledger_path.read_bytes().startswith(lines)
    assert len(ledger_path.read_bytes().splitlines()) == len(lines.splitlines()) + 1


def test_undo_brings_everything_back_as_it_was(legacy: LegacyAccount, account: Account, ledger_path: Path) -> None:
    before, items = facts(legacy), legacy.items()
    with Ledger(ledger_path) as ledger:
        run_of(approved(legacy), account).apply(ledger)
        assert [one.state for one in undo(ledger, account, apply=False)] == [Return.WOULD] * len(GOING)
        assert legacy.left() == []
        assert {one.state for one in undo(ledger, account, apply=True)} == {Return.BACK}
        assert undo(ledger, account, apply=True) == []
    after = facts(legacy)
    assert {name: (before[name], after.get(name)) for name in before if before[name] != after.get(name)} == {}
    assert legacy.items() == items
    assert legacy.client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"] == "not to be seen"
    role = legacy.client("iam").list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    assert [one["PolicyName"] for one in role] == ["legacy-extra"]
    assert legacy.client("dynamodb").describe_table(TableName=TABLE)["Table"]["DeletionProtectionEnabled"]
    mapping = legacy.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert [one["BatchSize"] for one in mapping] == [7]


def test_an_undone_ledger_takes_no_more_removals(legacy: LegacyAccount, account: Account, ledger_path: Path) -> None:
    plan = approved(legacy)
    with Ledger(ledger_path) as ledger:
        run_of(plan, account).apply(ledger)
        undo(ledger, account, apply=True)
        with pytest.raises(Refused, match="was undone"):
            run_of(plan, account).apply(ledger)


def test_another_plans_ledger_is_refused(legacy: LegacyAccount, account: Account, ledger_path: Path) -> None:
    with Ledger(ledger_path) as ledger:
        run_of(approved(legacy), account).apply(ledger)
        with pytest.raises(Refused, match="another plan's ledger"):
            run_of(approved(legacy), account).apply(ledger)


def test_a_dry_run_touches_nothing(legacy: LegacyAccount, account: Account) -> None:
    plan, before = approved(legacy), legacy.picture()
    assert set(fates(run_of(plan, account).check()).values()) == {Fate.READY}
    assert legacy.picture() == before


def _rotate_code(legacy: LegacyAccount) -> None:
    legacy.client("lambda").update_function_code(FunctionName=FUNCTION, ZipFile=package("def handler(e, c): return 2"))


def _turn_off_recovery(legacy: LegacyAccount) -> None:
    legacy.client("dynamodb").update_continuous_backups(
        TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )


def _edit_role(legacy: LegacyAccount) -> None:
    legacy.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="tables")


def _replace_table(legacy: LegacyAccount) -> None:
    dynamodb = legacy.client("dynamodb")
    dynamodb.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=TABLE)
    legacy.table()


def _log(legacy: LegacyAccount) -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    legacy.client("logs").put_log_events(
        logGroupName=LOG_GROUP, logStreamName="old", logEvents=[{"timestamp": now, "message": "alive"}]
    )


def _fill_bucket(legacy: LegacyAccount) -> None:
    s3 = legacy.client("s3")
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    s3.delete_object(Bucket=BUCKET, Key="a")


def _new_user(legacy: LegacyAccount) -> None:
    legacy.client("lambda").create_function(
        FunctionName="someone-new", Runtime="python3.13", Role=f"arn:aws:iam::123456789012:role/{ROLE}",
        Handler="index.handler", Code={"ZipFile": package()}, Environment={"Variables": {"OLD": TABLE}},
    )  # fmt: skip


def _tag_as_pulumis(legacy: LegacyAccount) -> None:
    legacy.client("secretsmanager").tag_resource(SecretId=SECRET, Tags=[{"Key": "ManagedBy", "Value": "pulumi"}])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_rotate_code, "it changed since the audit"),
        (_turn_off_recovery, "it changed since the audit"),
        (_edit_role, "it changed since the audit"),
        (_replace_table, "it was deleted and made again since the audit"),
        (_log, "used since the audit"),
        (_fill_bucket, "not empty: 1 object versions, 1 delete markers, 0 unfinished uploads"),
        (_new_user, "referred to by what stays: function someone-new: variable OLD"),
        (_tag_as_pulumis, "the pulumi stack (not said) owns it"),
    ],
)
def test_what_changed_since_the_audit_is_refused_and_nothing_is_touched(
    legacy: LegacyAccount,
    account: Account,
    ledger_path: Path,
    change: Callable[[LegacyAccount], None],
    said: str,
) -> None:
    plan = approved(legacy)
    change(legacy)
    before = legacy.picture()
    with Ledger(ledger_path) as ledger, pytest.raises(Refused) as refused:
        run_of(plan, account).apply(ledger)
    assert said in refused.value.message
    assert legacy.picture() == before


def _refused(run: Run, ledger_path: Path) -> str:
    with Ledger(ledger_path) as ledger, pytest.raises(Refused) as refused:
        run.apply(ledger)
    return refused.value.message


def test_an_expired_plan_a_waiting_one_and_an_allow_listed_one_touch_nothing(
    legacy: LegacyAccount, account: Account, ledger_path: Path
) -> None:
    plan, young, before = approved(legacy), approved(legacy, seen_days=8), legacy.picture()
    inventory = AuditInventory(account.clients, plan)
    later = Run(plan, account, inventory, now=lambda: datetime.now(UTC) + timedelta(days=8))
    assert "the plan expired" in _refused(later, ledger_path)
    allowed = [Allowed(match=FUNCTION, owner="ada", until=date(2100, 1, 1), reason="needed")]
    assert "allow-listed by ada until 2100-01-01: needed" in _refused(
        Run(plan, account, inventory, allowed), ledger_path
    )
    assert "its waiting period ends" in _refused(run_of(young, account), ledger_path.with_name("other"))
    assert legacy.picture() == before


def _without_backups(monkeypatch: pytest.MonkeyPatch, legacy: LegacyAccount, operation: str) -> None:
    dynamodb, real = legacy.client("dynamodb"), getattr(legacy.client("dynamodb"), operation)

    def refuse(**arguments: Any) -> Any:
        if operation == "describe_backup" and not arguments:
            return real(**arguments)
        error = {"Error": {"Code": "LimitExceededException", "Message": "no backup for you"}}
        raise ClientError(error, operation)  # type: ignore[arg-type]

    monkeypatch.setattr(dynamodb, operation, refuse)


@pytest.mark.parametrize("operation", ["create_backup", "restore_table_from_backup"])
def test_without_a_verified_backup_nothing_is_removed(
    legacy: LegacyAccount, account: Account, ledger_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    plan, before = approved(legacy), legacy.picture()
    _without_backups(monkeypatch, legacy, operation)
    said = _refused(run_of(plan, account), ledger_path)
    assert "it could not be secured" in said
    assert "no backup for you" in said
    assert legacy.picture()["resources"] == before["resources"]
    assert legacy.items() == before["items"]


def test_a_backup_that_does_not_hold_what_the_table_holds_is_refused(
    legacy: LegacyAccount, account: Account, ledger_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, dynamodb = approved(legacy), legacy.client("dynamodb")
    before, restore = legacy.picture(), dynamodb.restore_table_from_backup

    def corrupt(**arguments: Any) -> Any:
        answer = restore(**arguments)
        dynamodb.delete_item(TableName=arguments["TargetTableName"], Key={"id": {"S": "o-7"}})
        return answer

    monkeypatch.setattr(dynamodb, "restore_table_from_backup", corrupt)
    said = _refused(run_of(plan, account), ledger_path)
    assert "the restored backup holds 59 items, the table 60; 1 of 1024 buckets differ" in said
    # the scratch table is gone, and everything else is there
    assert legacy.picture()["resources"] == before["resources"]


def test_a_backup_that_vanished_after_it_was_verified_saves_its_table(
    legacy: LegacyAccount, account: Account, ledger_path: Path
) -> None:
    plan, dynamodb = approved(legacy), legacy.client("dynamodb")

    def lose(text: str) -> None:
        if text.endswith("delete alarm"):
            for one in dynamodb.list_backups()["BackupSummaries"]:
                dynamodb.delete_backup(BackupArn=one["BackupArn"])

    run = run_of(plan, account)
    run.tell = lose
    with Ledger(ledger_path) as ledger:
        outcomes = run.apply(ledger)
    table = next(one for one in outcomes if one.entry.kind is Kind.TABLE)
    assert table.fate is Fate.REFUSED
    assert "its backup is missing" in table.reasons[0]
    assert len(legacy.items()) == 60
    assert legacy.client("dynamodb").describe_table(TableName=TABLE)["Table"]["DeletionProtectionEnabled"]


def test_a_write_after_the_backup_saves_the_table(legacy: LegacyAccount, account: Account, ledger_path: Path) -> None:
    def write(text: str) -> None:
        if text.endswith("delete role"):
            legacy.client("dynamodb").put_item(TableName=TABLE, Item={"id": {"S": "late"}})

    run = run_of(approved(legacy), account)
    run.tell = write
    with Ledger(ledger_path) as ledger:
        outcomes = {one.entry.kind: one for one in run.apply(ledger)}
    assert "60 items then, 61 now" in outcomes[Kind.TABLE].reasons[0]
    assert len(legacy.items()) == 61


@pytest.mark.parametrize("damage", ["delete", "change"])
def test_a_missing_or_changed_archive_saves_its_resource(
    legacy: LegacyAccount, account: Account, ledger_path: Path, damage: str
) -> None:
    def spoil(text: str) -> None:
        if text.endswith("delete alarm"):
            for file in account.archive.folder.glob("function-*.zip"):
                file.unlink() if damage == "delete" else file.write_bytes(b"PK")

    run = run_of(approved(legacy), account)
    run.tell = spoil
    with Ledger(ledger_path) as ledger:
        outcomes = {one.entry.kind: one for one in run.apply(ledger)}
    assert outcomes[Kind.FUNCTION].fate is Fate.REFUSED
    assert "the archive" in outcomes[Kind.FUNCTION].reasons[0]
    assert legacy.client("lambda").get_function(FunctionName=FUNCTION)


def test_one_failure_stops_what_depends_on_it_and_nothing_else(
    legacy: LegacyAccount, account: Account, ledger_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: FunctionRemoval, _known: Any) -> None:
        raise OSError("the network is down")

    plan = approved(legacy)
    with monkeypatch.context() as broken, Ledger(ledger_path) as ledger:
        broken.setattr(FunctionRemoval, "_delete", fail)
        outcomes = fates(run_of(plan, account).apply(ledger))
    assert {kind for kind, fate in outcomes.items() if fate is not Fate.REMOVED} == {
        Kind.FUNCTION, Kind.ROLE, Kind.LOG_GROUP, Kind.TABLE,
    }  # fmt: skip
    assert (outcomes[Kind.FUNCTION], outcomes[Kind.TABLE]) == (Fate.FAILED, Fate.BLOCKED)
    with Ledger(ledger_path) as ledger:
        assert fates(run_of(plan, account).apply(ledger)) == dict.fromkeys(GOING, Fate.REMOVED)


def test_with_skip_refused_the_rest_goes_and_what_leads_to_the_refused_stays(
    legacy: LegacyAccount, account: Account, ledger_path: Path
) -> None:
    plan = approved(legacy)
    _rotate_code(legacy)
    with Ledger(ledger_path) as ledger:
        outcomes = fates(run_of(plan, account).apply(ledger, skip_refused=True))
    assert outcomes[Kind.FUNCTION] is Fate.REFUSED
    assert {outcomes[kind] for kind in (Kind.ROLE, Kind.TABLE, Kind.LOG_GROUP)} == {Fate.BLOCKED}
    assert {outcomes[kind] for kind in (Kind.REST_API, Kind.BUCKET, Kind.SECRET)} == {Fate.REMOVED}


def test_no_value_of_a_secret_is_in_the_archive_or_the_ledger(
    legacy: LegacyAccount, account: Account, ledger_path: Path
) -> None:
    with Ledger(ledger_path) as ledger:
        run_of(approved(legacy), account).apply(ledger)
    written = b"".join(one.read_bytes() for one in (ledger_path, *account.archive.folder.iterdir()))
    assert b"not to be seen" not in written
    assert all(one.stat().st_mode & 0o077 == 0 for one in account.archive.folder.iterdir())


class Killed(BaseException):
    """SIGKILL leaves no handler running; this is as near as one process comes."""


class Dying(Ledger):
    """A ledger whose process dies at its nth line: before it is written, or right after."""

    def __init__(self, path: Path, lines: int, *, written: bool) -> None:
        super().__init__(path)
        self._left, self._written = lines, written

    def add(self, *arguments: Any, **more: Any) -> None:
        self._left -= 1
        if self._left == 0:
            if self._written:
                super().add(*arguments, **more)
            raise Killed
        super().add(*arguments, **more)


def test_a_run_killed_at_every_step_ends_as_one_that_was_not(
    legacy: LegacyAccount, account: Account, ledger_path: Path
) -> None:
    """Every process gets two lines further than the one before: each line is once the last of a process."""
    plan, kills = approved(legacy), 0
    outcomes: list[Outcome] = []
    while not outcomes:
        # the first line of a process says that it runs; the next is the step where the last one died
        for lines, written in ((2, False), (2, True), (3, False), (3, True)):
            try:
                with Dying(ledger_path, lines, written=written) as ledger:
                    outcomes = run_of(plan, account).apply(ledger)
                break
            except Killed:
                kills += 1
    assert kills > 100
    assert fates(outcomes) == dict.fromkeys(GOING, Fate.REMOVED)
    assert legacy.left() == []
    backups = legacy.client("dynamodb").list_backups()["BackupSummaries"]
    # not what a table with point-in-time recovery leaves by itself when it is deleted
    assert [one["BackupType"] for one in backups if one["BackupType"] != "SYSTEM"] == ["USER"]
    with Ledger(ledger_path) as ledger:
        done = [(one.phase, one.arn, one.step) for one in ledger.lines if one.phase and one.state == "done"]
        assert len(done) == len(set(done))
        assert {one.state for one in undo(ledger, account, apply=True)} == {Return.BACK}
        assert all(ledger.done(Phase.UNDO, one.arn, "finished") for one in plan.entries)
    assert len(legacy.items()) == 60
