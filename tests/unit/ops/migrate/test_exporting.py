"""A table's migration by export: what is refused, what a killed command leaves, and what is told of a failure."""

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.errors import Refused
from ops.migrate import backing_up
from ops.migrate.exporting import NOT_STARTED, RUNNING, SUCCEEDED, Exporting, Machine, Pace, Run, State
from tests.unit.ops.migrate.stub_account import StubAccount, refused

PLACE = "eu-central-1:123456789012"
STATES = f"arn:aws:states:{PLACE}:stateMachine:mover"
GOODS = f"arn:aws:dynamodb:{PLACE}:table/goods"
EXPORT = f"{GOODS}/export/01"
ENABLED = {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}}}


class Bucket:
    """S3 as far as a run's files use it."""

    def __init__(self, **files: str) -> None:
        self.held: dict[str, bytes] = {key: text.encode() for key, text in files.items()}
        self.refuse: Exception | None = None

    def get_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803 - boto3's names
        del Bucket
        if Key not in self.held:
            raise refused("NoSuchKey", "GetObject")
        return {"Body": io.BytesIO(self.held[Key])}

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> None:  # noqa: N803
        if self.refuse:
            raise self.refuse
        self.held[Key] = Body

    def get_paginator(self, _operation: str) -> Any:
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Any:  # noqa: N803
        del Bucket
        return [{"Contents": [{"Key": key} for key in sorted(self.held) if key.startswith(Prefix)]}]


class Site(Exporting):
    """The machine of an account that answers as a test says, with a bucket."""

    def __init__(self, **answers: list[Any]) -> None:
        self.stub, self.bucket = StubAccount(answers), Bucket()
        super().__init__(self.stub.account, Machine(STATES, "runs", frozenset({"goods", "texts"})))

    @property
    def files(self) -> Any:
        from omnix.migration.files import Files

        return Files(self.bucket, "runs")


def ready(arn: str = GOODS, lookup: tuple[str, ...] = ()) -> Any:
    source = SimpleNamespace(join=(), lookup=[SimpleNamespace(table=one) for one in lookup], merged_into=None)
    return SimpleNamespace(
        file=SimpleNamespace(name="shop", source=lambda _table: source), text="mapping", sha256="5" * 64,
        sources={"goods": SimpleNamespace(arn=arn)}, targets={"orders": "omnix-ai-dev-orders"},
    )  # fmt: skip


def run(number: int = 1, *executions: str, **more: Any) -> Run:
    return Run("shop-1", GOODS, "shop", "5" * 64, number, executions=list(executions), **more)


def test_a_table_that_may_be_exported_is_not_refused() -> None:
    Site(describe_continuous_backups=[ENABLED]).require(ready(lookup=("texts",)), "goods")


@pytest.mark.parametrize(
    ("prepared", "table", "said"),
    [
        (ready(), "texts", "the mapping has no source texts"),
        (ready(lookup=("prices",)), "goods", "config does not name prices"),
        (ready(GOODS.replace("eu-central-1", "us-east-1")), "goods", "where the state machine is not"),
        (
            ready(GOODS.replace("123456789012", "999999999999")),
            "goods",
            "of account 999999999999|in eu-central-1 of account 9999",
        ),
    ],
)
def test_what_cannot_be_exported_is_refused_before_anything_is_asked(prepared: Any, table: str, said: str) -> None:
    site = Site()
    with pytest.raises(Refused, match=said):
        site.require(prepared, table)
    assert site.stub.asked == []


@pytest.mark.parametrize(
    "description", [{}, {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}]
)
def test_a_table_without_point_in_time_recovery_is_refused_with_the_command_that_turns_it_on(description: Any) -> None:
    with pytest.raises(Refused) as error:
        Site(describe_continuous_backups=[{"ContinuousBackupsDescription": description}]).require(ready(), "goods")
    assert "update-continuous-backups --table-name goods" in error.value.remedy


def test_a_stack_without_the_machine_is_refused() -> None:
    outputs: Any = SimpleNamespace(environment="dev", migration_state_machine_arn=None, migration_bucket=None)
    with pytest.raises(Refused, match="dev has no state machine"):
        Machine.of(outputs)


def test_a_denied_permission_reaches_the_command_line_and_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = refused("AccessDeniedException", "CreateBackup")
    site = Site(describe_table=[{"Table": {"TableArn": GOODS}}], create_backup=[denied], list_exports=[])
    with pytest.raises(ClientError, match="CreateBackup"):
        site.begin(run(0), ready(), Pace(), [], print)
    assert (site.stub.said("start_execution"), site.bucket.held) == ([], {})

    monkeypatch.setattr(backing_up, "made", lambda *_: {})
    site = Site(list_exports=[refused("AccessDeniedException", "ListExports")])
    with pytest.raises(ClientError, match="ListExports"):
        site.begin(run(0), ready(), Pace(), [], print)
    assert site.stub.said("start_execution") == []
    site = Site(list_exports=[{"ExportSummaries": []}])
    site.bucket.refuse = refused("AccessDenied", "PutObject")
    with pytest.raises(ClientError, match="PutObject"):
        site.begin(run(0), ready(), Pace(), [], print)
    assert site.stub.said("start_execution") == []


def test_a_command_that_is_killed_as_it_starts_leaves_what_the_next_one_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backing_up, "made", lambda *_: {GOODS: "backup"})
    prepared = ready()
    site = Site(list_exports=[{"ExportSummaries": []}], start_execution=[KeyboardInterrupt(), {}])
    site.stub.answers["start_execution"][0] = refused("Killed")
    begun = site.run_of(prepared, "goods")
    with pytest.raises(ClientError, match="Killed"):
        site.begin(begun, prepared, Pace(10, 500), [], print)
    found = site.run_of(prepared, "goods")
    assert found == begun
    site.start(found)
    first, second = site.stub.said("start_execution")
    assert first == second  # Step Functions starts one of them
    sent = json.loads(second["input"])
    assert (sent["concurrency"], sent["units"], sent["token"]) == (10, 50.0, second["name"])
    assert site.bucket.held[sent["mapping"]["key"]] == b"mapping"


def test_what_failed_is_taken_up_with_the_same_export_and_a_failed_one_is_not() -> None:
    other, failed, own = (f"{EXPORT}{end}" for end in "123")
    gone = {"ExportArn": failed, "ExportStatus": "FAILED"}
    pages = [
        {"ExportSummaries": [{"ExportArn": other, "ExportStatus": "COMPLETED"}], "NextToken": "more"},
        {"ExportSummaries": [gone, {"ExportArn": own, "ExportStatus": "COMPLETED"}]},
    ]  # fmt: skip
    seen = [
        {"ExportDescription": {"ExportArn": other, "S3Prefix": "runs/shop-1/7"}},
        {"ExportDescription": {"ExportArn": own, "S3Prefix": "runs/shop-1/1"}},
    ]
    site = Site(list_exports=pages, describe_export=seen, start_execution=[{}])
    begun = run(1, "shop-1-1-1", input={"run": "shop-1-1", "export": {"ExportArn": "old"}})
    site.execute(begun, Pace())
    assert begun.input["export"] == {"ExportArn": own}
    assert begun.executions == ["shop-1-1-1", "shop-1-1-2"]
    assert [one["ExportArn"] for one in site.stub.said("describe_export")] == [other, own]
    site = Site(list_exports=[{"ExportSummaries": [gone]}], start_execution=[{}])
    site.execute(begun, Pace())
    assert "export" not in begun.input  # the next execution makes a new one


def test_an_export_that_failed_says_so() -> None:
    found = {"status": "FAILED", "error": "ExportFailed", "cause": "DynamoDB could not export the table"}
    state = Site(describe_execution=[found], list_map_runs=[{"mapRuns": []}]).state(run(1, "a"))
    assert (state.status, state.why, state.goes_on) == (
        "FAILED",
        "ExportFailed: DynamoDB could not export the table",
        False,
    )


def test_a_batch_whose_function_was_killed_is_named_by_its_own_error_and_what_is_placed_is_counted() -> None:
    counts = {"total": 9, "succeeded": 6, "running": 0, "pending": 2, "failed": 1, "aborted": 0}
    map_ = {"status": "FAILED", "error": "States.ExceedToleratedFailureThreshold", "cause": "a child failed"}
    site = Site(
        describe_execution=[map_, {"status": "FAILED", "error": "Lambda.Unknown", "cause": "signal: killed"}],
        list_map_runs=[{"mapRuns": [{"mapRunArn": "map"}]}], describe_map_run=[{"itemCounts": counts}],
        list_executions=[{"executions": [{"executionArn": "child"}]}],
    )  # fmt: skip
    state = site.state(run(1, "a"))
    assert state.why == "Lambda.Unknown: signal: killed"
    assert state.files == {"total": 9, "succeeded": 6, "running": 0, "pending": 2, "failed": 1}
    assert site.stub.said("list_executions") == [{"mapRunArn": "map", "statusFilter": "FAILED", "maxResults": 1}]
    site.stub.answers |= {"describe_execution": [map_], "list_executions": [{"executions": []}]}
    assert site.state(run(1, "a")).why.startswith("States.ExceedToleratedFailureThreshold")


def test_an_execution_that_nobody_started_is_not_started_and_a_denied_question_is_no_answer() -> None:
    assert Site().state(run(0)).status == NOT_STARTED
    assert Site(describe_execution=[refused("ExecutionDoesNotExist")]).state(run(1, "a")).status == NOT_STARTED
    with pytest.raises(ClientError, match="AccessDenied"):
        Site(describe_execution=[refused("AccessDeniedException")]).state(run(1, "a"))


def test_it_is_followed_to_its_end_with_the_report() -> None:
    site = Site(describe_execution=[{"status": RUNNING}, {"status": SUCCEEDED}], list_map_runs=[{"mapRuns": []}])
    site.bucket.held["runs/shop-1/1/report.json"] = b'{"items": 3}'
    first, last = site.follow(run(1, "a"), 0)
    assert (first.status, first.goes_on, first.report) == (RUNNING, True, {})
    assert (last.status, last.report) == (SUCCEEDED, {"items": 3})
    assert "input" not in last.document()


@pytest.mark.parametrize(
    ("content", "said"), [(None, "is not there"), (b"{", "is no JSON"), (b"\xff\xfe", "is no text")]
)
def test_a_report_that_is_missing_or_corrupt_is_refused_by_its_place(content: bytes | None, said: str) -> None:
    site = Site(describe_execution=[{"status": SUCCEEDED}], list_map_runs=[{"mapRuns": []}])
    if content is not None:
        site.bucket.held["runs/shop-1/1/report.json"] = content
    with pytest.raises(Refused, match=said) as error:
        site.state(run(1, "a"))
    assert "s3://runs/runs/shop-1/1/report.json" in error.value.message
    assert "runs/shop-1/run.json" in error.value.remedy


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"id": "x", "colour": "red"}'])
def test_a_run_that_is_corrupt_is_refused_and_never_begun_anew_beside_the_old_one(content: bytes) -> None:
    site = Site()
    site.bucket.held[f"runs/{site.run_of(ready(), 'goods').id}/run.json"] = content
    with pytest.raises(Refused, match=r"run\.json is "):
        site.run_of(ready(), "goods")


def test_exceptions_are_read_line_by_line_whatever_is_in_them_and_a_corrupt_one_is_refused() -> None:
    site, lines = Site(), [{"source": "goods \u2028 \u0085"}, {"source": "b"}]
    site.files.write_lines("runs/shop-1/1/exceptions.ndjson", lines)
    assert list(site.exceptions(run())) == lines
    site.bucket.held["runs/shop-1/1/exceptions.ndjson"] += b'{"source": '
    with pytest.raises(Refused, match=r"exceptions\.ndjson is no JSON"):
        list(site.exceptions(run()))
    assert State(run(), NOT_STARTED).goes_on
