"""DynamoDB's own backups and restores: on demand, to a point in time, and the one that a deleted table leaves.

Source: DynamoDB API reference; developer guide, "Point-in-time backups", "Restoring tables", "Deleting a table with
point-in-time recovery enabled".
"""

import datetime
import functools
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localcloud.backup import access, contents, items, journal, listing, overrides, tables
from localcloud.backup.contents import Contents, Definition
from localcloud.backup.items import PlainItem
from localcloud.backup.refused import Refused
from localcloud.backup.restore_jobs import CONCURRENT_RESTORES
from localcloud.backup.service import Backup
from localcloud.backup.state import Document
from localcloud.backup.table_backup import SYSTEM, TableBackup, begun
from localcloud.endpoint.call import Call


def table_of(backup: Backup, name: str, region: str) -> Any:
    """A table by name or ARN. Raises `Refused`."""
    found = backup.account.backend("dynamodb", region).tables.get(name.rpartition(":table/")[2])
    if found is None:
        raise Refused("TableNotFoundException", f"Table not found: {name.rpartition(':table/')[2]}")
    return found


def _create(backup: Backup, call: Call) -> Document:
    table = table_of(backup, str(call.parameters["TableName"]), call.region)
    made = begun(backup.account.backend("dynamodb", call.region), table, str(call.parameters["BackupName"]))
    taken = contents.held(table)
    backup.jobs.start(functools.partial(_fill, backup, made, taken))
    return {"BackupDetails": made.details}


def _fill(backup: Backup, made: TableBackup, taken: list[Any]) -> None:
    made.contents = Contents.of(map(items.plain, taken))
    backup.changed()


def _backup(backup: Backup, arn: str) -> TableBackup:
    found: TableBackup | None = backup.account.backend("dynamodb", access.region_of(arn)).backups.get(arn)
    if found is None:
        raise Refused("BackupNotFoundException", f"Backup not found: {arn}")
    return found


def _described(backup: TableBackup) -> Document:
    definition = backup.definition
    source = {
        "TableName": definition.name,
        "TableArn": definition.arn,
        "TableId": table_id(definition),
        "KeySchema": definition.schema,
        "TableCreationDateTime": definition.created,
        "ProvisionedThroughput": definition.throughput,
        "BillingMode": definition.billing_mode,
        "ItemCount": backup.contents.count if backup.contents else 0,
        "TableSizeBytes": backup.contents.size if backup.contents else 0,
    }
    features = {
        "GlobalSecondaryIndexes": [one.describe() for one in definition.global_indexes],
        "LocalSecondaryIndexes": [one.describe() for one in definition.indexes],
    }
    described = {"BackupDetails": backup.details, "SourceTableDetails": source, "SourceTableFeatureDetails": features}
    return {"BackupDescription": described}


def table_id(definition: Definition) -> str:
    """One of its own for each table that was ever made; moto has none."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{definition.arn} {definition.created}"))


def _delete(backup: Backup, call: Call) -> Document:
    found = _backup(backup, str(call.parameters["BackupArn"]))
    if found.type == SYSTEM:
        raise Refused("ValidationException", "System backups cannot be deleted by a user.")
    if found.contents is None:
        raise Refused("BackupInUseException", f"Backup is being created: {found.arn}")
    del backup.account.backend("dynamodb", call.region).backups[found.arn]
    described = _described(found)
    described["BackupDescription"]["BackupDetails"]["BackupStatus"] = "DELETED"
    return described


def _list(backup: Backup, call: Call) -> Document:
    parameters = call.parameters
    wanted, kind = parameters.get("TableName"), parameters.get("BackupType") or "USER"
    lower, upper = parameters.get("TimeRangeLowerBound"), parameters.get("TimeRangeUpperBound")
    rows = [
        one
        for one in backup.account.backend("dynamodb", call.region).backups.values()
        if (not wanted or wanted in (one.definition.name, one.definition.arn))
        and kind in ("ALL", one.type)
        and (lower is None or one.created >= listing.time(lower))
        and (upper is None or one.created < listing.time(upper))
    ]
    arns = [one.arn for one in rows]
    start = arns.index(after) + 1 if (after := parameters.get("ExclusiveStartBackupArn")) in arns else 0
    page = rows[start : start + int(parameters.get("Limit") or 100)]
    named = [
        {**one.details, "TableName": one.definition.name, "TableArn": one.definition.arn,
         "TableId": table_id(one.definition)}
        for one in page
    ]  # fmt: skip
    last = {"LastEvaluatedBackupArn": page[-1].arn} if page and page[-1] is not rows[-1] else {}
    return {"BackupSummaries": named, **last}


def _from_backup(backup: Backup, call: Call) -> Document:
    found = _backup(backup, str(call.parameters["BackupArn"]))
    if found.contents is None:
        raise Refused("BackupInUseException", f"Backup is being created: {found.arn}")
    return _restore(backup, call, found.definition, found.arn, found.created, found.contents.rows)


def _to_point_in_time(backup: Backup, call: Call) -> Document:
    parameters = call.parameters
    named = str(parameters.get("SourceTableName") or parameters.get("SourceTableArn") or "")
    table = table_of(backup, named, call.region)
    moment = restorable(table, None if parameters.get("UseLatestRestorableTime") else parameters.get("RestoreDateTime"))
    kept = journal.of(table)
    if kept is None:
        raise _unavailable(table)
    # the settings are those of now, the items those of then (developer guide, "Restoring a table to a point in time")
    past = journal.PastItems(table, kept, moment.timestamp())
    return _restore(backup, call, Definition.of(table), None, moment, past.rows)


def restorable(table: Any, wanted: Any) -> datetime.datetime:
    """The second that is asked for, or the latest one. Raises `Refused`."""
    kept = journal.of(table)
    if kept is None:
        raise _unavailable(table)
    earliest, latest = kept.window()
    moment = latest if wanted is None else float(int(listing.time(wanted).timestamp()))
    # a whole second in which point-in-time recovery began counts as restorable from then on
    if not int(earliest) <= moment <= latest:
        begins, ends = (datetime.datetime.fromtimestamp(one, datetime.UTC).isoformat() for one in (earliest, latest))
        raise Refused("InvalidRestoreTimeException", f"Invalid restore time: it must be from {begins} to {ends}.")
    return datetime.datetime.fromtimestamp(max(moment, earliest), datetime.UTC)


def _unavailable(table: Any) -> Refused:
    message = f"Point in time recovery is not enabled for table '{table.name}'"
    return Refused("PointInTimeRecoveryUnavailableException", message)


def _restore(
    backup: Backup,
    call: Call,
    definition: Definition,
    source: str | None,
    moment: datetime.datetime,
    rows: Callable[[], Iterator[PlainItem]],
) -> Document:
    name, backend = str(call.parameters["TargetTableName"]), backup.account.backend("dynamodb", call.region)
    if name in backend.tables:
        raise Refused("TableAlreadyExistsException", f"Table already exists: {name}")
    if tables.restoring(backend) >= CONCURRENT_RESTORES:
        message = f"Subscriber limit exceeded: {CONCURRENT_RESTORES} restores are in progress."
        raise Refused("LimitExceededException", message)
    wanted, encryption = (
        overrides.overridden(definition, call.parameters),
        overrides.encryption(definition, call.parameters),
    )
    for key in dict.fromkeys((definition.key_arn, _key(encryption))):
        if why := access.key_state(backup.account, key):
            raise Refused("ValidationException", f"KMS validation error: {why}")
    table = tables.made(backend, name, wanted, encryption, source, moment)
    backup.jobs.start(functools.partial(_finish, backup, table, wanted, rows))
    described: Document = table.describe()
    return described


def _key(encryption: Mapping[str, Any]) -> str | None:
    return encryption.get("KMSMasterKeyId") if encryption.get("Enabled") else None


def _finish(backup: Backup, table: Any, definition: Definition, rows: Callable[[], Iterator[PlainItem]]) -> None:
    stored = tables.stored(definition, rows())
    with backup.lock.hold():
        table.items, table.restoring = stored, False
    backup.changed()


OPERATIONS = {
    "CreateBackup": _create,
    "DescribeBackup": lambda backup, call: _described(_backup(backup, str(call.parameters["BackupArn"]))),
    "DeleteBackup": _delete,
    "ListBackups": _list,
    "RestoreTableFromBackup": _from_backup,
    "RestoreTableToPointInTime": _to_point_in_time,
}
