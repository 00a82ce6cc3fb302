"""DynamoDB's own backups as they are kept: in moto's backend, beside the tables."""

import datetime
import time
import uuid
from dataclasses import dataclass
from typing import Any

from localcloud.backup import items
from localcloud.backup.contents import Contents, Definition, held
from localcloud.backup.state import Document, now

_KEPT_DAYS = 35
SYSTEM = "SYSTEM"


@dataclass
class TableBackup:
    """One of DynamoDB's own backups; in moto's backend, beside the tables."""

    arn: str
    name: str
    definition: Definition
    created: datetime.datetime
    type: str = "USER"
    contents: Contents | None = None

    @property
    def details(self) -> Document:
        """BackupDetails."""
        found = {
            "BackupArn": self.arn,
            "BackupName": self.name,
            "BackupSizeBytes": self.contents.size if self.contents else 0,
            "BackupStatus": "AVAILABLE" if self.contents else "CREATING",
            "BackupType": self.type,
            "BackupCreationDateTime": self.created,
        }
        if self.type == SYSTEM:
            found["BackupExpiryDateTime"] = self.created + datetime.timedelta(days=_KEPT_DAYS)
        return found

    @property
    def summary(self) -> Document:
        """As moto's own ListBackups has it, where these stand beside moto's."""
        return {"TableName": self.definition.name, **self.details}


def begun(backend: Any, table: Any, name: str, kind: str = "USER") -> TableBackup:
    """A backup of a table, still without its items, in the backend."""
    id_ = f"{int(time.time() * 1000):014d}-{uuid.uuid4().hex[:8]}"
    made = TableBackup(f"{table.table_arn}/backup/{id_}", name, Definition.of(table), now(), kind)
    backend.backups[made.arn] = made
    return made


def leave(backend: Any, table: Any) -> None:
    """What a table with point-in-time recovery leaves when it is deleted, for 35 days and at no cost."""
    oldest = now() - datetime.timedelta(days=_KEPT_DAYS)
    for arn, one in list(backend.backups.items()):
        if one.type == SYSTEM and one.created < oldest:
            del backend.backups[arn]
    made = begun(backend, table, f"{table.name}$DeletedTableBackup", SYSTEM)
    made.contents = Contents.of(map(items.plain, held(table)))
