"""What a region's vaults hold: recovery points, jobs, policies. Kept on moto's Backup backend, so snapshots have it."""

import datetime
from dataclasses import dataclass, field
from typing import Any

from localcloud.backup.contents import Contents, Definition

type Document = dict[str, Any]  # in the shape of botocore's output


@dataclass
class RecoveryPoint:
    """`document`: what DescribeRecoveryPoint says. `contents` is None until the job is done."""

    document: Document
    definition: Definition
    contents: Contents | None = None

    @property
    def arn(self) -> str:
        """Its own ARN, in the region of its vault."""
        return str(self.document["RecoveryPointArn"])

    @property
    def vault(self) -> str:
        """The vault's name."""
        return str(self.document["BackupVaultName"])


@dataclass
class RegionState:
    """Jobs and points by id or ARN, in the order in which they were made."""

    points: dict[str, RecoveryPoint] = field(default_factory=dict)
    backup_jobs: dict[str, Document] = field(default_factory=dict)
    copy_jobs: dict[str, Document] = field(default_factory=dict)
    restore_jobs: dict[str, Document] = field(default_factory=dict)
    restore_metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[tuple[str, str], Document] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)
    notifications: dict[str, Document] = field(default_factory=dict)
    settings: Document = field(default_factory=dict)


def of(backend: Any) -> RegionState:
    """The state on a region's moto backend."""
    found: RegionState = vars(backend).setdefault("localcloud", RegionState())
    return found


def now() -> datetime.datetime:
    """UTC."""
    return datetime.datetime.now(datetime.UTC)
