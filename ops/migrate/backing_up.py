"""A backup of both sides first: made here on demand, or one that is named and looked at."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ops.migrate.account import Account

_DYNAMODB_BACKUP = re.compile(r"arn:aws[a-z-]*:dynamodb:[^:]*:[0-9]+:table/(?P<table>[^/]+)/backup/.+")
_OLDEST = timedelta(hours=26)  # as long as a daily one is young
_POLL_SECONDS = 2.0
_MOST_SECONDS = 3600.0


def made(account: Account, tables: Iterable[str], run: str, say: Callable[[str], None]) -> dict[str, str]:
    """By table ARN, the ARN of a backup that is complete. Raises Refused when one fails."""
    client = account.client("dynamodb")
    begun: dict[str, str] = {}
    for table in tables:
        arn = client.describe_table(TableName=table)["Table"]["TableArn"]
        answer = client.create_backup(TableName=table, BackupName=f"omnix-migrate-{run}"[:255])
        begun[arn] = answer["BackupDetails"]["BackupArn"]
    for table, backup in begun.items():
        say(f"backup of {table.rpartition('/')[2]}")
        _complete(client, backup)
    return begun


def _complete(client: Any, backup: str) -> None:
    until = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < until:
        try:
            status = client.describe_backup(BackupArn=backup)["BackupDescription"]["BackupDetails"]["BackupStatus"]
        except ClientError as error:  # a new backup is not seen at once everywhere
            if error.response["Error"]["Code"] != "BackupNotFoundException":
                raise
            status = "CREATING"
        if status == "AVAILABLE":
            return
        if status == "DELETED":
            break
        time.sleep(_POLL_SECONDS)
    raise Refused(f"{backup} did not become available", "see its state in DynamoDB, then try again; nothing was moved")


def named(account: Account, tables: Iterable[str], arns: Sequence[str], now: datetime | None = None) -> dict[str, str]:
    """By table ARN, which of the named backups brings it back. Raises Refused for a table without one."""
    moment = now or datetime.now(UTC)
    found: dict[str, str] = {}
    missing: list[str] = []
    for table in tables:
        arn = account.client("dynamodb").describe_table(TableName=table)["Table"]["TableArn"]
        backup = next((one for one in arns if _of_table(account, one, table, arn, moment)), None)
        if backup:
            found[arn] = backup
        else:
            missing.append(table)
    if missing:
        raise Refused(
            f"no backup that is complete and younger than 26 h was named for {', '.join(missing)}",
            "name one with --backup-verified, or leave that out: then backups are made",
        )
    return found


def _of_table(account: Account, backup: str, table: str, arn: str, now: datetime) -> bool:
    match = _DYNAMODB_BACKUP.fullmatch(backup)
    if match:
        return match["table"] == table and _recent(_dynamodb_backup(account, backup), arn, now)
    pages = account.client("backup").get_paginator("list_recovery_points_by_resource").paginate(ResourceArn=arn)
    return any(
        one["RecoveryPointArn"] == backup and one["Status"] == "COMPLETED" and now - one["CreationDate"] <= _OLDEST
        for page in pages
        for one in page["RecoveryPoints"]
    )


def _dynamodb_backup(account: Account, backup: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = account.client("dynamodb").describe_backup(BackupArn=backup)["BackupDescription"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "BackupNotFoundException":
            return None
        raise
    return found


def _recent(found: Mapping[str, Any] | None, arn: str, now: datetime) -> bool:
    if found is None or found["SourceTableDetails"]["TableArn"] != arn:
        return False
    details = found["BackupDetails"]
    return bool(details["BackupStatus"] == "AVAILABLE" and now - details["BackupCreationDateTime"] <= _OLDEST)
