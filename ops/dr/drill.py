"""A drill: every table restored beside the live ones, set up again, compared, checked, timed, and taken away.

It covers all that the stack protects, whoever serves: before a cut-over the standard tables may be empty, and to prove
them alone would prove nothing. The data layer's checks are of what serves: a table that a migration still fills, or
that a cut-over left behind, is held against its own point-in-time recovery only, and the report says so.
"""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from omnix.integrity.check import MOST_FINDINGS, Check, Resolution
from omnix.integrity.finding import Weight
from omnix.migration.checksum import Buckets
from ops.backup import reading, restoring
from ops.backup.points import RecoveryPoint, newest, points
from ops.backup.settings import Clients, Reapplication, read
from ops.backup.waiting import Patience, StoppedError
from ops.dr.proof import blur, proven
from ops.dr.report import OBJECTIVE_HOURS, DrillReport, Step, TableReport
from ops.dr.scratch import TAG, Run, Scratch
from ops.dr.sweeping import Sweeper
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from omnix.migration.checksum import WireItem
    from ops.backup.estate import Estate, Vault

# Nine tables, and as many that may serve in their place: none waits for another, which would be told as its RTO. The
# fifty restores that a region runs at once leave room for those of other people.
_TABLES_AT_ONCE = 18


@dataclass
class Wishes:
    """What was asked for. `point`: this one of its table, not the newest. `keep`: leave the scratch tables."""

    tables: Sequence[str] | None = None
    point: RecoveryPoint | None = None
    from_dr: bool = False
    keep: bool = False
    rpo_hours: float = OBJECTIVE_HOURS
    rto_hours: float = OBJECTIVE_HOURS


@dataclass
class _Restored:
    """A table that is back, before it has been read. `judged`: whether the data layer's checks are of its items."""

    logical: str
    name: str
    keys: tuple[str, ...]
    judged: bool
    point: RecoveryPoint
    again: Reapplication
    sums: Buckets | None = None


@dataclass
class Drill:
    """One run. `say` tells people what happens; it is called from several threads.

    Raises Refused when it shall come from a recovery region that there is not.
    """

    estate: Estate
    wishes: Wishes
    patience: Patience
    say: Callable[[str], None]
    run: Run = field(default_factory=Run.now)
    _began: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _check: Check = field(init=False)

    def __post_init__(self) -> None:
        self._vault = self.estate.recovery() if self.wishes.from_dr else self.estate.home
        self._scratch = Scratch.of(self.estate.environment)
        self._check = Check(int(time.time()))
        self._sweeper = Sweeper(self.estate, self._scratch, self.say)

    def perform(self) -> DrillReport:
        """Everything, and always the clean-up; what went wrong is in the report. Ctrl-C ends it as an interrupted one.

        Raises Refused where there is nothing to drill, nobody can say what serves, or another drill is at work.
        """
        chosen = self.estate.chosen(self.wishes.tables)
        self.estate.serving.known()
        swept = self._sweeper.sweep_left_over(self.patience)
        report = self._report(swept)
        report.tables = [
            TableReport(label, physical=physical, serves=self.estate.serving.serves(self.estate.protected[label]))
            for label, physical in chosen.items()
        ]
        if not self.wishes.tables:
            report.unprotected = self.estate.unprotected()
        try:
            self._recover(report, chosen)
        except (KeyboardInterrupt, StoppedError):
            self.patience.stop.set()
            report.interrupted = True
        except (BotoCoreError, ClientError, Refused) as error:
            report.problems.append(str(error))
        finally:
            self.patience.stop.set()
            if not self.wishes.keep:
                with _undisturbed(self.say):
                    report.left = self._sweeper.remove_run(self.run)
        report.ended_at = datetime.now(UTC)
        return report

    def _report(self, swept: list[str]) -> DrillReport:
        return DrillReport(
            environment=self.estate.environment,
            account_id=self.estate.account_id,
            region=self._vault.region,
            road=self._vault.name,
            run=str(self.run),
            started_at=datetime.now(UTC),
            swept=swept,
            rpo_hours=self.wishes.rpo_hours,
            rto_hours=self.wishes.rto_hours,
        )

    def _recover(self, report: DrillReport, chosen: Mapping[str, str]) -> None:
        found = self.patience.insist(points, estate=self.estate, vault=self._vault)
        originals = found if self._vault == self.estate.home else points(self.estate, self.estate.home)
        with ThreadPoolExecutor(_TABLES_AT_ONCE, thread_name_prefix="drill") as pool:
            runs = [
                pool.submit(self._table, one, chosen[one.table], self._point(found, chosen[one.table]), originals)
                for one in report.tables
            ]
            try:
                restored = [done for one in runs if (done := one.result()) is not None]
            except BaseException:
                self.patience.stop.set()  # the others stop waiting, or leaving this block would wait for them
                raise
        self._run_checks(report, restored)

    def _point(self, found: Sequence[RecoveryPoint], physical: str) -> RecoveryPoint | None:
        wanted = self.wishes.point
        return wanted if wanted and wanted.table == physical else newest(found, physical)

    def _table(
        self, report: TableReport, physical: str, point: RecoveryPoint | None, originals: Sequence[RecoveryPoint]
    ) -> _Restored | None:
        """One table's recovery; what fails is the table's problem and no other's."""
        if point is None:
            report.problems.append(f"{self._vault.name} holds no recovery point of it")
            return None
        report.point, report.point_at, report.bytes = point.arn, point.created_at, point.size_bytes
        try:
            back = self._restored(report, physical, point)
            window = (point.created_at, _ended(point, originals))
            self._proven(report, physical, back, window)
        except StoppedError:
            raise
        except (BotoCoreError, ClientError, Refused) as error:
            report.problems.append(str(error))
            self.say(f"{report.table}: {error}")
            return None
        return back

    def _restored(self, report: TableReport, physical: str, point: RecoveryPoint) -> _Restored:
        name = self._scratch.name(self.run, report.table)
        logical = self.estate.protected[report.table].logical
        with self._step(report, "read settings"):
            settings = read(self._clients(self.estate.home), physical, self.patience)
            window = restoring.window(self.estate, physical)
            keys = reading.key_names(self.estate.client("dynamodb"), physical, self.patience)
        report.unjudged = _unjudged(report, keys)
        self._ages(report, point, window)
        with self._step(report, "restore"):
            arn = restoring.restore_point(self.estate, point, self._vault, name, self.patience)
        again = Reapplication(self._clients(self._vault), physical, settings, name, arn, self.patience)
        with self._step(report, "set up again"):
            # before anything else, so that the table says what it is even when this run ends here
            tags = [{"Key": TAG, "Value": str(self.run)}]
            self.patience.insist(again.clients.dynamodb.tag_resource, ResourceArn=arn, Tags=tags)
            again.before_use()
        report.usable_after_seconds = time.monotonic() - self._began
        self.say(f"{report.table}: usable after {report.usable_after_seconds:.1f} s")
        return _Restored(logical, name, keys, report.unjudged is None, point, again)

    def _ages(self, report: TableReport, point: RecoveryPoint, window: tuple[datetime, datetime] | None) -> None:
        """How old the data is. At home the table's own point-in-time recovery is the shorter road, if it is on."""
        now = datetime.now(UTC)
        report.rpo_seconds = point.age_seconds(now)
        if window is not None:
            report.window_lag_seconds = max(0.0, (now - window[1]).total_seconds())
            if not self.wishes.from_dr:
                report.rpo_seconds = min(report.rpo_seconds, report.window_lag_seconds)

    def _proven(self, report: TableReport, physical: str, back: _Restored, window: tuple[datetime, datetime]) -> None:
        client = self.estate.client("dynamodb", self._vault)
        with self._step(report, "read"):
            back.sums = self._read(client, back)
        report.items, report.checksum = back.sums.count, f"{back.sums.checksum:032x}"
        with self._step(report, "compare with point-in-time recovery"):
            name = self._scratch.name(self.run, f"{report.table}-pitr")
            restored = (client, back.name, back.keys, back.sums)
            proof = proven(self.estate, physical, restored, window, name, self.patience)
        report.differing, report.changed_meanwhile = proof.told(), proof.changed_meanwhile
        if proof.differing:
            report.problems.append(
                f"{len(proof.differing)} items of the recovery point are not those of point-in-time recovery "
                f"({proof.restored:,} against {proof.source:,}): the backup is damaged"
            )
        else:
            report.proven = True
        with self._step(report, "set up again after reading"):
            back.again.after_reading()
        report.reapplied = back.again.done

    def _read(self, client: object, back: _Restored) -> Buckets:
        """Checksums and the checks' first pass in one reading."""

        def make() -> tuple[Buckets, Check]:
            return Buckets(reading.BITS), Check(self._check.now)

        def take(part: tuple[Buckets, Check], item: WireItem) -> None:
            part[0].add(reading.key_of(item, back.keys), item)
            if back.judged:
                part[1].add(back.logical, item)

        whole = Buckets(reading.BITS)
        for sums, check in reading.read(client, back.name, make, take, self.patience):
            whole.merge(sums)
            with self._lock:
                self._check.merge(check)
        return whole

    def _run_checks(self, report: DrillReport, restored: Sequence[_Restored]) -> None:
        """What the first pass found, and the second pass over what did not settle."""
        readable = [one for one in restored if one.judged and one.sums is not None]
        found = list(self._check.findings)
        counts = self._check.found
        report.items_checked = sum(self._check.items.values())
        doubts = self._check.doubts()
        if doubts and readable:
            self.say("looking at what does not settle")
            second = Resolution(doubts, self._check.now, frozenset(one.logical for one in readable))
            client = self.estate.client("dynamodb", self._vault)
            for one in readable:
                for page in reading.scanned(client, one.name, self.patience):
                    for item in page:
                        second.add(one.logical, item)
            since = min(one.point.created_at for one in readable) - blur(self.estate) - timedelta(seconds=2)
            more = second.findings(since.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
            counts.update(one.weight for one in more)
            found += more
        report.broken, report.behind = counts[Weight.BROKEN], counts[Weight.BEHIND]
        report.findings = [asdict(one) for one in sorted(found, key=lambda one: one.weight.value)[::-1][:MOST_FINDINGS]]

    def _clients(self, vault: Vault) -> Clients:
        return Clients.of(lambda service: self.estate.client(service, vault))

    @contextlib.contextmanager
    def _step(self, report: TableReport, name: str) -> Iterator[None]:
        started = time.monotonic()
        step = Step(name, started - self._began, 0.0)
        report.steps.append(step)
        self.say(f"{report.table}: {name}")
        try:
            yield
        except BaseException as error:
            step.failed = str(error) or type(error).__name__
            raise
        finally:
            step.seconds = time.monotonic() - started


def _unjudged(report: TableReport, keys: tuple[str, ...]) -> str | None:
    """Why the data layer's checks say nothing of a table; None where they do."""
    if keys != reading.STANDARD:
        return f"its keys are {', '.join(keys)}: its shape was not judged"
    return None if report.serves else "it does not serve: its items were not judged"


def _ended(point: RecoveryPoint, originals: Sequence[RecoveryPoint]) -> datetime:
    """When the data of a recovery point was complete. Of a copy that is its original's, while that is still there."""
    same = (one for one in originals if one.table == point.table and one.created_at == point.created_at)
    original = next(same, point)
    return original.completed_at or original.created_at


@contextlib.contextmanager
def _undisturbed(say: Callable[[str], None]) -> Iterator[None]:
    """Clean up even when Ctrl-C comes again: it is told, and only a third one ends it."""
    import signal

    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def once(_number: int, _frame: object) -> None:
        say("cleaning up; once more ends it and leaves scratch tables to the next drill")
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
