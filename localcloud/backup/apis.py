"""All operations that are answered here, put together."""

import functools
from collections.abc import Callable
from typing import Any

from moto.backup.models import backup_backends

from localcloud.backup import (
    backup_jobs,
    copy_jobs,
    exports,
    native,
    points,
    protected,
    restore_jobs,
    state,
    vaults,
    writes,
)
from localcloud.backup.frameworks import Frameworks
from localcloud.backup.plans import Plans
from localcloud.backup.service import Backup
from localcloud.enforcement.acting import Acting
from localcloud.persistence.lock import StateLock
from localcloud.registry import Registry

_BACKUP = (vaults, points, protected, backup_jobs, copy_jobs, restore_jobs)
_DYNAMODB = (native, exports)


def opened(acting: Acting, lock: StateLock, changed: Callable[[], None], registry: Registry) -> Backup:
    """The service, ready to answer."""
    writes.install()
    made = Backup(acting, lock, changed)
    for module in _BACKUP:
        made.add("backup", module.OPERATIONS)
    made.add("backup", Plans(registry).operations())
    made.add("backup", Frameworks(registry).operations())
    for module in _DYNAMODB:
        made.add("dynamodb", module.OPERATIONS)
    return made


def resume(backup: Backup) -> None:
    """Go on with the jobs that the last stop cut off."""
    with backup.lock.hold():
        backends: Any = dict.values(backup_backends[backup.account.id])
        for backend in list(backends):
            region, held = backend.region_name, state.of(backend)
            for run, jobs, name in (
                (backup_jobs.run, held.backup_jobs, "State"),
                (copy_jobs.run, held.copy_jobs, "State"),
                (restore_jobs.run, held.restore_jobs, "Status"),
            ):
                for id_, job in jobs.items():
                    if job[name] not in backup_jobs.ENDED:
                        backup.jobs.start(functools.partial(run, backup, region, id_))
