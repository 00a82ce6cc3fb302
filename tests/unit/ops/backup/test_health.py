"""When backups may be relied on, and what waiting for AWS means."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.backup.creation import create
from ops.backup.estate import Estate, Vault
from ops.backup.health import (
    Facts,
    FrameworkFacts,
    VaultFacts,
    gaps,
    of_framework,
    of_table,
    of_vault,
    retention_problem,
)
from ops.backup.inspection import denies_deletion
from ops.backup.points import RecoveryPoint, newest
from ops.backup.show import age, size
from ops.backup.waiting import Patience, StoppedError
from ops.errors import Refused

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
HOME = VaultFacts("home", "eu-central-1", "home-key", locked=True, denies_deletion=True)
DR = VaultFacts("dr", "eu-west-1", "dr-key", locked=True, denies_deletion=True)
OPEN = (NOW - timedelta(days=3), NOW - timedelta(minutes=5))


def point(hours: float, region: str = "eu-central-1", key: str | None = "home-key", **changes: Any) -> RecoveryPoint:
    given: dict[str, Any] = {
        "arn": f"arn:{hours}:{region}",
        "table": "t",
        "vault": "v",
        "region": region,
        "status": "COMPLETED",
        "created_at": NOW - timedelta(hours=hours),
        "completed_at": None,
        "size_bytes": 1,
        "expires_at": None,
        "key_arn": key,
    }
    return RecoveryPoint(**given | changes)


GOOD = Facts("t", "home-key", OPEN, [point(2)], [point(2, "eu-west-1", "dr-key")])


def problems(**changes: Any) -> list[str]:
    facts = Facts(**{**vars(GOOD), **changes})
    return [one.what for one in of_table("orders", facts, (HOME, DR), NOW)]


def test_a_table_with_recent_encrypted_recovery_points_in_both_regions_is_in_order() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"window": None}, "point-in-time recovery is off"),
        ({"window": (OPEN[0], NOW - timedelta(hours=2))}, "ends 2 h ago"),
        ({"key_arn": None}, "not encrypted by a key of ours"),
        ({"home": []}, "no recovery point in eu-central-1"),
        ({"home": [point(2, status="PARTIAL")]}, "no recovery point in eu-central-1"),
        ({"home": [point(2, table="other")]}, "no recovery point in eu-central-1"),
        ({"home": [point(27)]}, "is 27 h old, more than the plan's 26 h"),
        ({"home": [point(2, key="other")]}, "not encrypted by the vault's key"),
        ({"dr": []}, "no recovery point in eu-west-1"),
        ({"dr": [point(31, "eu-west-1", "dr-key")]}, "more than the plan's 30 h"),
        ({"dr": [point(2, "eu-west-1", "home-key")]}, "not encrypted by the vault's key"),
    ],
)
def test_each_weakness_of_a_table_s_backups_is_named(changes: dict[str, Any], said: str) -> None:
    found = problems(**changes)
    assert len(found) == 1
    assert said in found[0]


def test_a_vault_that_must_hold_is_locked_and_denies_deletion() -> None:
    weak = VaultFacts("v", "r", "other", locked=False, denies_deletion=False)
    assert of_vault(HOME, "home-key", must_hold=True) == []
    assert len(of_vault(weak, "key", must_hold=True)) == 3
    assert len(of_vault(weak, "key", must_hold=False)) == 1


@pytest.mark.parametrize(
    ("deployment", "status", "said"),
    [
        ("FAILED", None, "its deployment failed"),
        ("COMPLETED", "INACTIVE", "AWS Config does not record"),
        ("COMPLETED", "PARTIALLY_ACTIVE", "AWS Config does not record"),
    ],
)
def test_a_framework_that_judges_nothing_is_named(deployment: str, status: str | None, said: str) -> None:
    (problem,) = of_framework(FrameworkFacts("omnix_ai_prod_tables", deployment, status))
    assert said in problem.what


@pytest.mark.parametrize(
    ("deployment", "status"),
    [("COMPLETED", "ACTIVE"), ("UPDATE_IN_PROGRESS", "INACTIVE"), ("COMPLETED", "UNAVAILABLE")],
)
def test_a_framework_that_judges_or_soon_will_is_in_order(deployment: str, status: str) -> None:
    assert of_framework(FrameworkFacts("omnix_ai_prod_tables", deployment, status)) == []


def test_a_locked_vault_takes_only_what_is_kept_as_long_as_its_lock_says() -> None:
    vault = replace(HOME, least_days=7, most_days=365)
    assert [retention_problem(vault, days) for days in (7, 30, 365)] == [None] * 3
    assert "7 days at least" in str(retention_problem(vault, 6))
    assert "365 days at most" in str(retention_problem(vault, 366))
    assert retention_problem(replace(vault, locked=False), 1) is None
    assert retention_problem(HOME, 1) is None


def test_a_retention_that_a_lock_does_not_take_is_refused_before_the_first_job() -> None:
    clients = {region: _Vault(least) for region, least in (("eu-central-1", 7), ("eu-west-1", 14))}
    home, dr = Vault("home", "eu-central-1", "key"), Vault("dr", "eu-west-1", "key")
    aws: Any = SimpleNamespace(client=lambda _service, region: clients[region])
    estate = Estate("dev", "100000000001", {"orders": "t"}, home, dr, "role", None, aws)

    def made(keep_days: int, *, copy: bool) -> None:
        create(estate, estate.tables, keep_days=keep_days, copy=copy, patience=Patience(1), say=lambda _: None)

    with pytest.raises(Refused, match=r"dr \(eu-west-1\) is locked and takes what is kept 14 days at least"):
        made(7, copy=True)
    assert not any(one.begun for one in clients.values())
    with pytest.raises(Refused, match="no new recovery point"):
        made(7, copy=False)
    assert clients["eu-central-1"].begun


class _Vault:
    """AWS Backup in a region with one locked vault, where every job fails."""

    def __init__(self, least: int) -> None:
        self.least, self.begun = least, False

    def describe_backup_vault(self, **_: str) -> dict[str, Any]:
        return {"Locked": True, "MinRetentionDays": self.least, "MaxRetentionDays": 365}

    def get_backup_vault_access_policy(self, **_: str) -> dict[str, Any]:
        return {"Policy": "{}"}

    def start_backup_job(self, **_: Any) -> dict[str, Any]:
        self.begun = True
        return {"BackupJobId": "job"}

    def describe_backup_job(self, **_: str) -> dict[str, Any]:
        return {"State": "FAILED"}


def test_only_a_policy_that_denies_everybody_denies_deletion() -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint"}
    assert denies_deletion({"Statement": deny})
    assert denies_deletion({"Statement": [{}, deny | {"Principal": {"AWS": "*"}, "Action": ["backup:*"]}]})
    weaker: dict[str, Any]
    for weaker in ({"Effect": "Allow"}, {"Principal": {"AWS": "arn"}}, {"Action": "backup:List*"}, {"Condition": {}}):
        assert not denies_deletion({"Statement": [deny | weaker]})


def test_gaps_are_times_without_a_recovery_point_since_the_first_one() -> None:
    days = [point(24 * day + 1) for day in (0, 1, 4, 5)]
    assert gaps(days, "t", NOW) == [(days[2].created_at, days[1].created_at)]
    assert gaps([], "t", NOW) == []
    assert gaps([point(50)], "t", NOW) == [(NOW - timedelta(hours=50), NOW)]


def test_the_newest_recovery_point_is_one_that_can_be_restored() -> None:
    assert newest([point(5), point(3), point(1, status="CREATING")], "t") == point(3)


def test_ages_and_sizes_are_told_in_their_own_units() -> None:
    assert [age(one) for one in (30, 5400, 3 * 3600, 9 * 86400)] == ["0 min", "90 min", "3 h", "9 d"]
    assert [size(one) for one in (1536, 3 << 20)] == ["1.5 KiB", "3.0 MiB"]


def throttled(code: str = "ThrottlingException") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "slow down"}}, "ListTables")


def test_throttling_is_borne_for_a_while_and_then_told() -> None:
    answers = [throttled(), throttled("LimitExceededException"), None]

    def call() -> str:
        if error := answers.pop(0):
            raise error
        return "done"

    assert Patience(5, 5).insist(call) == "done"
    answers[:] = [throttled()] * 50
    with pytest.raises(ClientError):
        Patience(5, 0.3).insist(call)


def test_what_does_not_pass_by_itself_is_raised_at_once() -> None:
    answers = [throttled("AccessDeniedException"), None]

    def call() -> None:
        if error := answers.pop(0):
            raise error

    with pytest.raises(ClientError):
        Patience().insist(call)
    assert len(answers) == 1


def test_waiting_ends_at_its_time_or_when_it_is_stopped() -> None:
    with pytest.raises(Refused, match="the thing has not ended after"):
        Patience(0.1).until(lambda: None, "the thing")
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        Patience(60, stop=stop).until(lambda: None, "the thing")
