"""The scratch tables of drills and restores: how they are called, and how those that a killed run left are found.

A restore takes no tags, so that a run killed at the wrong moment leaves a table that says nothing but its name. The
name therefore holds everything: when the run began, on which machine and in which process. A run that is dead here, or
older than any run may be, is swept; another's is left alone and told of.
"""

from __future__ import annotations

import os
import re
import socket
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from ops.backup.restoring import delete_table
from ops.backup.settings import Clients, forget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ops.backup.waiting import Patience

TAG = "omnix:drill"
LONGEST_RUN = timedelta(hours=24)
_MOMENT = "%Y%m%dt%H%M%S"
_RUN = re.compile(r"(?P<moment>\d{8}t\d{6})-(?P<host>[0-9a-f]{8})-(?P<process>\d+)")


@dataclass(frozen=True)
class Run:
    """One run of a drill or a restore."""

    started_at: datetime
    host: str
    process: int

    @classmethod
    def now(cls) -> Self:
        """The run that this process is."""
        return cls(datetime.now(UTC).replace(microsecond=0), _this_host(), os.getpid())

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The run in a name; None for a name that no run made."""
        found = _RUN.match(text)
        if found is None:
            return None
        try:
            moment = datetime.strptime(found["moment"], _MOMENT).replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(moment, found["host"], int(found["process"]))

    def __str__(self) -> str:
        return f"{self.started_at.strftime(_MOMENT)}-{self.host}-{self.process}"

    def is_over(self, now: datetime) -> bool:
        """Whether nobody is at it any more: its process has ended, or it is older than a run may be."""
        if now - self.started_at > LONGEST_RUN:
            return True
        return self.host == _this_host() and not _alive(self.process)


@dataclass(frozen=True)
class Scratch:
    """The scratch tables of an environment: `omnix-ai-dev-drill-{run}-{what}`."""

    prefix: str

    @classmethod
    def of(cls, environment: str) -> Self:
        """The prefix is the environment's own: a drill of dev never sees a table of prod."""
        return cls(f"omnix-ai-{environment}-drill-")

    def name(self, run: Run, what: str) -> str:
        """The name of a run's table; `what` is a logical table and the road it comes by."""
        return f"{self.prefix}{run}-{what}"

    def run_of(self, table: str) -> Run | None:
        """The run that a table is of; None for every other table."""
        return Run.parse(table.removeprefix(self.prefix)) if table.startswith(self.prefix) else None

    def present(self, client: Any, patience: Patience) -> dict[str, Run]:
        """The scratch tables of a region and their runs."""

        def ask() -> list[str]:
            pages = client.get_paginator("list_tables").paginate()
            return [name for page in pages for name in page["TableNames"]]

        runs = {name: self.run_of(name) for name in patience.insist(ask)}
        return {name: run for name, run in runs.items() if run is not None}


def left_over(present: dict[str, Run], now: datetime) -> tuple[list[str], list[str]]:
    """Tables of runs that are over, and tables of others that may still be at work."""
    over = sorted(name for name, run in present.items() if run.is_over(now))
    return over, sorted(set(present) - set(over))


def remove(
    client: Callable[[str], Any], tables: Iterable[str], patience: Patience, say: Callable[[str], None]
) -> list[str]:
    """Delete scratch tables and what was made beside them; the reasons for those that are still there.

    One that cannot be deleted does not keep the others from it.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from ops.errors import Refused

    clients, problems = Clients.of(client), []
    for table in tables:
        try:
            forget(clients, table, patience)
            if delete_table(clients.dynamodb, table, patience):
                say(f"removed {table}")
        except (BotoCoreError, ClientError, Refused) as error:
            problems.append(f"{table}: {error}")
    return problems


def settled(client: Any, role_arn: str, patience: Patience) -> None:
    """Wait until every restore of the role has its table, or has ended: a later one would appear after we have looked.

    AWS Backup has no way to stop a restore job. Those of its own restore tests make no table of ours, and are left out.
    """

    def none_without_a_table() -> bool | None:
        pages = client.get_paginator("list_restore_jobs")
        # in this order, so that one that begins meanwhile is seen as running
        jobs = (
            job
            for status in ("PENDING", "RUNNING")
            for page in pages.paginate(ByStatus=status, ByResourceType="DynamoDB")
            for job in page["RestoreJobs"]
        )
        return None if any(_may_make_a_table(job, role_arn) for job in jobs) else True

    patience.until(none_without_a_table, "restore jobs that have no table yet")


def _may_make_a_table(job: Mapping[str, Any], role_arn: str) -> bool:
    by_test = (job.get("CreatedBy") or {}).get("RestoreTestingPlanArn")
    return job.get("IamRoleArn") == role_arn and not job.get("CreatedResourceArn") and not by_test


def _this_host() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
