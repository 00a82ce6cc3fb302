"""All operations that are answered here, put together."""

from collections.abc import Callable

from localcloud.backup import backup_jobs, copy_jobs, exports, native, points, restore_jobs, vaults, writes
from localcloud.backup.service import Backup
from localcloud.enforcement.acting import Acting
from localcloud.persistence.lock import StateLock

_BACKUP = (vaults, points, backup_jobs, copy_jobs, restore_jobs)
_DYNAMODB = (native, exports)


def opened(acting: Acting, lock: StateLock, changed: Callable[[], None]) -> Backup:
    """The service, ready to answer."""
    writes.install()
    made = Backup(acting, lock, changed)
    for module in _BACKUP:
        made.add("backup", module.OPERATIONS)
    for module in _DYNAMODB:
        made.add("dynamodb", module.OPERATIONS)
    return made
