"""What an export's execution did, taken into a run's folder: from there it is followed, verified and told like any run.

The folder is the mapping's, not one table's: it is finished when each of its sources was exported.
"""

from __future__ import annotations

import time
from itertools import batched
from typing import TYPE_CHECKING, Any

from omnix.migration.deciding import Fate, Loss
from omnix.migration.moving import Result
from omnix.migration.record import Key
from ops.migrate import folder as folders
from ops.migrate.running import write_quarantine
from ops.migrate.snapshot import again

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ops.migrate.account import Account
    from ops.migrate.engine import Engine
    from ops.migrate.exporting import State
    from ops.migrate.folder import Folder
    from ops.migrate.preparing import Prepared

_FACT = "exported"
_AT_ONCE = 500


def opened(folder: Folder, ready: Prepared, account: Account, environment: str) -> None:
    """Make the folder where there is none yet."""
    if folder.exists():
        return
    run = folders.Run(
        id=f"{ready.file.name}-{ready.sha256[:12]}",
        mapping=ready.file.name,
        mapping_sha256=ready.sha256,
        environment=environment,
        account_id=account.account_id,
        region=account.region,
        role_arn=None,
        targets=ready.targets,
        sources=ready.sources,
        idle=False,
        began=time.time(),
    )
    folder.create(run, ready.text)


def landed(engine: Engine, state: State, exceptions: Iterable[Mapping[str, Any]]) -> list[str]:
    """Take in what has no place, and look at each once more; the sources that were not exported yet.

    Two children of a map that want one place do not know of a third who lost to one of them before: here each has its
    place if that is free, so that the outcome is the same whichever of them came first.
    """
    journal, run, table = engine.journal, engine.run, state.run.table
    for some in batched(exceptions, _AT_ONCE, strict=False):
        journal.note([_result(one) for one in some], {})
    again(engine.mover, engine.legacy, journal)
    done = {**(journal.fact(_FACT) or {}), table: state.report}
    journal.remember(_FACT, done)
    run.backups |= state.run.backups
    run.sources[table].position = state.run.began if run.sources[table].stream_arn else None
    left = sorted(run.sources.keys() - done.keys())
    run.finished = None if left else time.time()
    engine.folder.save(run)
    write_quarantine(engine)
    return left


def _result(one: Mapping[str, Any]) -> Result:
    losses = tuple(
        Loss(loss["source"], Fate(loss["fate"]), loss["reason"], Key(*loss["key"])) for loss in one["losses"]
    )
    return Result(one["source"], Fate(one["fate"]), losses, tuple(one["reasons"]))
