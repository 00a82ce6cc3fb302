"""A table's migration by export: one state machine's execution, begun here and followed from anywhere.

What a run was told and which executions it had is `run.json` in the environment's bucket, written before an execution
is started; its name and its input are in it. So a killed command loses nothing: the next one starts what was not
started, or follows what runs. An execution that failed is followed by another one, which uses the same export and goes
on in each file where the last part of it ends.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from omnix.migration.files import Files
from ops.errors import Refused
from ops.migrate import backing_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ops.migrate.account import Account
    from ops.migrate.preparing import Prepared
    from ops.stack import StackOutputs

NOT_STARTED, RUNNING, SUCCEEDED = "NOT_STARTED", "RUNNING", "SUCCEEDED"
_GONE_ON = frozenset({NOT_STARTED, RUNNING, "PENDING_REDRIVE"})


@dataclass(frozen=True)
class Machine:
    """What the stack deployed for it: the state machine, its bucket, and the tables that it may export."""

    arn: str
    bucket: str
    sources: frozenset[str]

    @classmethod
    def of(cls, outputs: StackOutputs) -> Machine:
        """Raises Refused where the stack has none."""
        arn, bucket = outputs.migration_state_machine_arn, outputs.migration_bucket
        if not arn or not bucket:
            raise Refused(
                f"{outputs.environment} has no state machine for migrations",
                "name the tables in the stack's config (`omnix-ai:migration: {sources: […]}`) and deploy it",
            )
        return cls(arn, bucket, frozenset(outputs.migration_sources))

    def execution(self, name: str) -> str:
        """The ARN of an execution."""
        return f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"


@dataclass(frozen=True)
class Pace:
    """`concurrency`: files at once. `write_units`: capacity a second, of all of them. `poll`: seconds between looks."""

    concurrency: int = 20
    write_units: float = 4000.0
    poll: int = 15


@dataclass
class Run:
    """All passes of one mapping over one table. `executions`: of the last pass, their names, and `input` of the last.

    `backups`: by table ARN, what brings it back as it was before the last pass, which `began` then (epoch seconds).
    """

    id: str
    table_arn: str
    mapping: str
    mapping_sha256: str
    number: int = 0
    began: float = 0.0
    backups: dict[str, str] = field(default_factory=dict)
    executions: list[str] = field(default_factory=list)
    input: dict[str, Any] = field(default_factory=dict)

    @property
    def table(self) -> str:
        """Its name."""
        return self.table_arn.rpartition("/")[2]

    @property
    def prefix(self) -> str:
        """Where the last pass has its files."""
        return f"runs/{self.id}/{self.number}"


@dataclass(frozen=True)
class State:
    """How far a run is. `files`: of its map, by state (`total`, `succeeded`, …); empty until the export is there.

    `why`: of a failed one, its error and cause. `report`: of one that succeeded, the sums.
    """

    run: Run
    status: str
    files: dict[str, int] = field(default_factory=dict)
    why: str = ""
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def goes_on(self) -> bool:
        """Whether there is something to wait for."""
        return self.status in _GONE_ON

    def document(self) -> dict[str, Any]:
        """As JSON shows it."""
        kept = {name: value for name, value in asdict(self.run).items() if name != "input"}
        return {**kept, "status": self.status, "files": self.files, "why": self.why, "report": self.report}


@dataclass
class Exporting:
    """The runs of one stack's machine."""

    account: Account
    machine: Machine

    @property
    def files(self) -> Files:
        """The bucket."""
        return Files(self.account.client("s3"), self.machine.bucket)

    def require(self, ready: Prepared, table: str) -> None:
        """Raises Refused for what could not be exported, or not be read beside the export; nothing was touched."""
        if table not in ready.sources:
            known = ", ".join(sorted(ready.sources))
            raise Refused(f"the mapping has no source {table}", f"name one of {known}")
        source = ready.file.source(table)
        beside = {one.table for one in (*source.join, *source.lookup)} | {source.merged_into or table}
        if unknown := {table, *beside} - self.machine.sources:
            raise Refused(
                f"the stack's config does not name {', '.join(sorted(unknown))}",
                "add what is missing to `omnix-ai:migration: {sources: […]}` and deploy it",
            )
        place = ready.sources[table].arn.split(":")[3:5]
        if place != self.machine.arn.split(":")[3:5]:
            raise Refused(
                f"{table} is in {' of account '.join(place)}, where the state machine is not",
                "move it with `omnix migrate run`, which reads other accounts through a role",
            )
        if not self._restorable(table):
            raise Refused(
                f"{table} has no point-in-time recovery, and only a table that has it can be exported",
                f"turn it on: `aws dynamodb update-continuous-backups --table-name {table} "
                "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`",
            )

    def _restorable(self, table: str) -> bool:
        found = self.account.client("dynamodb").describe_continuous_backups(TableName=table)
        recovery = found["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        return bool(recovery.get("PointInTimeRecoveryStatus") == "ENABLED")

    def run_of(self, ready: Prepared, table: str) -> Run:
        """The run as the bucket knows it, or a new one that has no pass yet."""
        arn = ready.sources[table].arn
        id_ = f"{ready.file.name[:32]}-{sha256(f'{ready.sha256} {arn}'.encode()).hexdigest()[:12]}"
        known = f"runs/{id_}/run.json"
        if known in self.files.keys(known):
            try:
                return Run(**self._document(known))
            except TypeError:
                raise self._altered(known, "is of another version of omnix, or was altered") from None
        return Run(id_, arn, ready.file.name, ready.sha256)

    def begin(self, run: Run, ready: Prepared, pace: Pace, backups: Sequence[str], say: Callable[[str], None]) -> None:
        """A new pass: back up both sides, put the mapping where the machine finds it, start."""
        run.number += 1
        run.began = time.time()
        tables = [run.table, *ready.targets.values()]
        name = f"{run.id}-{run.number}"
        run.backups = (
            backing_up.named(self.account, tables, backups)
            if backups
            else backing_up.made(self.account, tables, name, say)
        )
        run.executions = []
        key = f"{run.prefix}/mapping.yaml"
        self.files.s3.put_object(Bucket=self.machine.bucket, Key=key, Body=ready.text.encode())
        run.input = {
            "run": name,
            "table_arn": run.table_arn,
            "prefix": run.prefix,
            "mapping": {"key": key, "sha256": run.mapping_sha256},
        }
        self.execute(run, pace)

    def execute(self, run: Run, pace: Pace) -> None:
        """Another execution of the pass, with the export that an earlier one made."""
        name = f"{run.id}-{run.number}-{len(run.executions) + 1}"
        run.executions.append(name)
        found = self._export_of(run)
        known = {one: value for one, value in run.input.items() if one != "export"}
        run.input = {
            **known,
            **({"export": {"ExportArn": found}} if found else {}),
            "token": name,
            "concurrency": pace.concurrency,
            "units": pace.write_units / pace.concurrency,
            "poll_seconds": pace.poll,
        }
        self.files.write(f"runs/{run.id}/run.json", asdict(run))
        self.start(run)

    def start(self, run: Run) -> None:
        """Start the execution that the run says; of the same name and input there is one, however often it is said."""
        self.account.client("stepfunctions").start_execution(
            stateMachineArn=self.machine.arn, name=run.executions[-1], input=json.dumps(run.input, sort_keys=True)
        )

    def _export_of(self, run: Run) -> str | None:
        """An export of this pass that is there or on its way."""
        client = self.account.client("dynamodb")
        arguments: dict[str, Any] = {"TableArn": run.table_arn}
        while True:
            answer = client.list_exports(**arguments)
            for one in answer["ExportSummaries"]:
                if one["ExportStatus"] != "FAILED":
                    found = client.describe_export(ExportArn=one["ExportArn"])["ExportDescription"]
                    if found.get("S3Prefix") == run.prefix:
                        return str(found["ExportArn"])
            if not answer.get("NextToken"):
                return None
            arguments["NextToken"] = answer["NextToken"]

    def state(self, run: Run) -> State:
        """How far it is. Reads only."""
        if not run.executions:
            return State(run, NOT_STARTED)
        states = self.account.client("stepfunctions")
        arn = self.machine.execution(run.executions[-1])
        try:
            found = states.describe_execution(executionArn=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return State(run, NOT_STARTED)
        maps = states.list_map_runs(executionArn=arn)["mapRuns"]
        files: dict[str, int] = {}
        if maps:
            counts = states.describe_map_run(mapRunArn=maps[0]["mapRunArn"])["itemCounts"]
            files = {name: counts[name] for name in ("total", "succeeded", "running", "pending", "failed")}
        if found["status"] == SUCCEEDED:
            report = self._document(f"{run.prefix}/report.json")
            return State(run, SUCCEEDED, files, report=report)
        return State(run, found["status"], files, self._why(maps) or _said(found))

    def _why(self, maps: Sequence[dict[str, Any]]) -> str:
        """What a failed child says: of its map it is only said that a child failed."""
        states = self.account.client("stepfunctions")
        for one in maps:
            failed = states.list_executions(mapRunArn=one["mapRunArn"], statusFilter="FAILED", maxResults=1)
            for child in failed["executions"]:
                return _said(states.describe_execution(executionArn=child["executionArn"]))
        return ""

    def follow(self, run: Run, seconds: float) -> Iterator[State]:
        """States until it ends, the last one included."""
        while True:
            state = self.state(run)
            yield state
            if not state.goes_on:
                return
            time.sleep(seconds)

    def exceptions(self, run: Run) -> Iterator[dict[str, Any]]:
        """What has no place as the mapping wants it, and why (`omnix.migration.exported`, exceptions)."""
        key = f"{run.prefix}/exceptions.ndjson"
        for line in self._text(key).split("\n"):  # splitlines ends a line at U+2028 too, which JSON may hold as it is
            if line:
                yield self._read(key, line)

    def _document(self, key: str) -> Any:
        return self._read(key, self._text(key))

    def _text(self, key: str) -> str:
        try:
            return self.files.text(key)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            raise self._altered(key, "is not there") from None
        except UnicodeDecodeError:
            raise self._altered(key, "is no text") from None

    def _read(self, key: str, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            raise self._altered(key, "is no JSON") from None

    def _altered(self, key: str, what: str) -> Refused:
        run = "/".join(key.split("/")[:2])
        return Refused(
            f"s3://{self.machine.bucket}/{key} {what}",
            f"bring its earlier version back; or delete {run}/run.json, and the table is exported anew",
        )


def _said(found: Mapping[str, Any]) -> str:
    return ": ".join(str(found[name]) for name in ("error", "cause") if found.get(name))
