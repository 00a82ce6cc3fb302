import functools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.awslambda.models import LambdaBackend, LambdaFunction

from localcloud.functions import downloads
from ops.cleanup import consent, planning
from ops.cleanup.account import Account
from ops.cleanup.archive import Archive
from ops.cleanup.inventory import AuditInventory
from ops.cleanup.plan import Plan
from ops.cleanup.planning import Terms
from ops.cleanup.run import Run
from tests.unit.ops.cleanup.legacy_account import LegacyAccount

ACCOUNT = "123456789012"
TERMS = Terms(valid=timedelta(days=7), waiting=timedelta(days=14))


@pytest.fixture
def legacy(monkeypatch: pytest.MonkeyPatch) -> Iterator[LegacyAccount]:
    """A legacy account in moto, in this process."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setattr(LambdaFunction, "get_code", LambdaFunction.get_code)  # put back afterwards
    # moto would start a container for every write to the table
    monkeypatch.setattr(LambdaBackend, "send_dynamodb_items", lambda *_, **__: b"{}")
    with mock_aws():
        downloads.install("http://code.invalid")

        @functools.cache
        def clients(service: str, region: str) -> Any:
            return boto3.client(service, region_name=region)  # type: ignore[call-overload]

        account = LegacyAccount(clients, ACCOUNT)
        account.client("iam").create_account_alias(AccountAlias="old-shop")
        account.build()
        yield account


@pytest.fixture
def account(legacy: LegacyAccount, tmp_path: Path) -> Account:
    def download(url: str) -> bytes:
        return b"".join(downloads.zip_of(url.rpartition("/")[2], lambda *_: None))  # type: ignore[arg-type]

    return Account(ACCOUNT, legacy.clients, Archive(tmp_path / "archive"), download, pause=lambda _: None)


def approved(legacy: LegacyAccount, **audited: Any) -> Plan:
    """A plan of everything that the audit sees, approved."""
    now = datetime.now(UTC)
    return consent.approve(planning.make(legacy.audit(**audited), TERMS, now), "Ada", now)


def run_of(plan: Plan, account: Account) -> Run:
    return Run(plan, account, AuditInventory(account.clients, plan))
