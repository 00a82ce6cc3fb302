"""An export placed file by file: parts that continue, sums that come out even, and what does not is refused."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from omnix.migration import exported
from omnix.migration.deciding import Fate, Loss
from omnix.migration.exported import Run, RunError
from omnix.migration.files import Files
from omnix.migration.mapping import digest
from omnix.migration.moving import Mover
from omnix.migration.placing import Placer
from omnix.migration.reading import Legacy
from omnix.migration.record import Key, Stamp
from omnix.migration.store import DynamoStore
from omnix.migration.wire import Wire

REGION, BUCKET, RUN = "eu-central-1", "runs-of-migrations", "r1"
EXPORT = "01700000000000-0123abcd"
SOURCE = f"arn:aws:dynamodb:{REGION}:123456789012:table/legacy-notes"
MAPPING = """
version: 1
name: notes
sources:
  - table: legacy-notes
    key: [id]
    newer: at
    tenant: shop
    records:
      - name: note
        duplicates: newest
        items:
          - table: workspaces
            key: {pk: "TENANT#{tenant}#NOTE", sk: "NOTE#{slug}"}
            fields: {text: text, updated_at: at}
"""


def note(number: int, slug: str | None = None, at: int = 0) -> dict[str, Any]:
    item = {"id": {"S": f"n{number:04}"}, "text": {"S": f"text {number}"}, "at": {"N": str(1_700_000_000 + at)}}
    return {**item, "shop": {"S": "t1"}, "slug": {"S": slug or f"s{number}"}}


class Bench:
    """A run's bucket with an export in it, and an empty target."""

    def __init__(self, *files: list[dict[str, Any]]) -> None:
        session: Any = boto3.session.Session()  # the stubs want literals for regions and kinds of keys
        self.s3 = session.client("s3", REGION)
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.dynamodb = session.client("dynamodb", REGION)
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        self.dynamodb.create_table(
            TableName="workspaces-table",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        self.files = Files(self.s3, BUCKET)
        self.put(f"runs/{RUN}/mapping.yaml", MAPPING.encode())
        self.keys = [f"{self.root}/data/f{number}.json.gz" for number in range(len(files))]
        for key, items in zip(self.keys, files, strict=True):
            lines = "".join(json.dumps({"Item": item}) + "\n" for item in items)
            self.put(key, gzip.compress(lines.encode()))
        self.describe([len(items) for items in files])

    @property
    def root(self) -> str:
        return f"runs/{RUN}/AWSDynamoDB/{EXPORT}"

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def describe(self, counts: list[int], total: int | None = None) -> None:
        rows = [
            json.dumps({"itemCount": count, "dataFileS3Key": key}) for count, key in zip(counts, self.keys, strict=True)
        ]
        self.put(f"{self.root}/manifest-files.json", "\n".join(rows).encode())
        summary = {"itemCount": sum(counts) if total is None else total}
        summary["manifestFilesS3Key"] = f"{self.root}/manifest-files.json"  # type: ignore[assignment]
        self.put(f"{self.root}/manifest-summary.json", json.dumps(summary).encode())

    def event(self, **more: Any) -> dict[str, Any]:
        return {
            "run": RUN,
            "prefix": f"runs/{RUN}",
            "mapping": {"key": f"runs/{RUN}/mapping.yaml", "sha256": digest(MAPPING)},
            "table_arn": SOURCE,
            "export_arn": f"{SOURCE}/export/{EXPORT}",
            **more,
        }

    def run(self, **more: Any) -> Run:
        return Run.of(self.event(**more), self.files)

    def mover(self) -> Mover:
        wire = Wire(REGION)
        store = DynamoStore(wire, {"workspaces": "workspaces-table"})
        file = self.run().mapping()
        placer = Placer(
            store, {"workspaces": "updated_at"}, announce=lambda losses: exported.announce(self.run(), losses)
        )
        return Mover(file, Legacy(wire, {"legacy-notes": ("id",)}), placer)

    def finish(self) -> dict[str, Any]:
        return exported.finish(self.run(), DynamoStore(Wire(REGION), {"workspaces": "workspaces-table"}).read)

    def exceptions(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.files.text(f"runs/{RUN}/exceptions.ndjson").splitlines()]

    def place(self, key: str, line: int = 0, left: Iterator[int] | None = None) -> exported.Placed:
        clock = left or iter(lambda: 900_000, 0)
        return exported.place(self.run(), self.event(key=key, line=line), self.mover(), lambda: next(clock))

    def stored(self) -> dict[str, str]:
        items = self.dynamodb.scan(TableName="workspaces-table")["Items"]
        return {item["sk"]["S"]: item["text"]["S"] for item in items}


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield


def test_every_line_is_placed_and_the_report_adds_up() -> None:
    bench = Bench([note(number) for number in range(150)], [note(number) for number in range(150, 230)])
    assert exported.begin(bench.run())["items"] == 230
    for key in bench.keys:
        assert bench.place(key).done
    report = bench.finish()
    assert report["fates"] == {"written": 230}
    assert bench.stored() == {f"NOTE#s{number}": f"text {number}" for number in range(230)}
    assert bench.files.document(f"runs/{RUN}/report.json")["items"] == 230


def test_a_file_that_takes_longer_than_an_invocation_is_continued_where_it_stopped() -> None:
    bench = Bench([note(number) for number in range(250)])
    first = bench.place(bench.keys[0], left=iter([1_000]))
    assert (first.next_line, first.done) == (100, False)
    with pytest.raises(RunError, match="has 250 items, and 100 were looked at"):
        bench.finish()
    second = bench.place(bench.keys[0], line=100)
    assert (second.next_line, second.done) == (250, True)
    assert bench.finish()["fates"] == {"written": 250}


def test_a_step_that_is_done_again_changes_nothing() -> None:
    bench = Bench([note(number) for number in range(120)])
    bench.place(bench.keys[0], left=iter([1_000]))
    first = bench.stored()
    for key in list(bench.files.keys(f"runs/{RUN}/parts/")):
        bench.files.s3.delete_object(Bucket=BUCKET, Key=key)  # killed before it wrote its part
    assert bench.place(bench.keys[0]).done
    assert first.items() <= bench.stored().items()
    assert len(bench.stored()) == 120
    assert bench.finish()["fates"] == {"written": 120}


def test_what_an_earlier_execution_placed_is_not_placed_again() -> None:
    bench = Bench([note(number) for number in range(150)])
    bench.place(bench.keys[0], left=iter([1_000]))
    moved: list[int] = []
    moving = bench.mover()
    move = moving.move

    def counted(table: str, items: Any) -> Any:
        moved.append(len(items))
        return move(table, items)

    moving.move = counted  # type: ignore[method-assign,assignment]
    for _ in range(2):
        placed = exported.place(bench.run(), bench.event(key=bench.keys[0], line=0), moving, lambda: 900_000)
        assert (placed.next_line, placed.done) == (150, True)
    assert moved == [50]
    assert bench.finish()["fates"] == {"written": 150}


@pytest.mark.parametrize("older_first", [True, False])
def test_of_several_that_want_one_place_the_newest_has_it_and_each_is_accounted_for(*, older_first: bool) -> None:
    older, newer = note(1, "same", at=1), note(2, "same", at=2)
    bench = Bench(*([older], [newer]) if older_first else ([newer], [older]))
    for key in bench.keys:
        bench.place(key)
    assert bench.stored() == {"NOTE#same": "text 2"}
    assert bench.finish()["fates"] == {"duplicate": 1, "written": 1}


def test_who_lost_its_place_to_a_step_that_was_killed_is_known() -> None:
    bench = Bench([note(1, "same", at=1)], [note(2, "same", at=2)])
    for key in bench.keys:
        bench.place(key)
    for key in bench.files.keys(f"runs/{RUN}/parts/"):
        if bench.files.document(key)["exceptions"]:  # the second file's: as if it had been killed before it wrote it
            bench.files.s3.delete_object(Bucket=BUCKET, Key=key)
    bench.place(bench.keys[1])
    assert bench.finish()["fates"] == {"duplicate": 1, "written": 1}


def test_a_loss_that_was_announced_and_did_not_happen_is_none() -> None:
    bench = Bench([note(1)], [note(2)])
    for key in bench.keys:
        bench.place(key)
    at = Key("workspaces", "TENANT#t1#NOTE", "NOTE#s1")
    loss = Loss('legacy-notes/note {"id":["S","n0001"]}', Fate.DUPLICATE, "newer", at)
    stamp = Stamp.read(bench.dynamodb.get_item(TableName="workspaces-table", Key=at.wire())["Item"])
    assert stamp
    assert stamp.source == loss.source
    exported.announce(bench.run(), [loss])
    assert bench.finish()["fates"] == {"written": 2}


def test_what_cannot_be_placed_is_named_with_its_reason() -> None:
    bad = {name: value for name, value in note(7).items() if name != "slug"}
    bench = Bench([note(1), bad])
    bench.place(bench.keys[0])
    assert bench.finish()["fates"] == {"quarantined": 1, "written": 1}
    (found,) = bench.exceptions()
    assert (found["source"], found["fate"]) == ('legacy-notes {"id":["S","n0007"]}', "quarantined")
    assert "slug is missing" in found["reasons"][0]


def test_an_export_whose_files_do_not_add_up_is_not_begun() -> None:
    bench = Bench([note(1), note(2)])
    bench.describe([2], total=3)
    with pytest.raises(RunError, match="3 items, and its files 2"):
        exported.begin(bench.run())


def test_a_file_with_fewer_lines_than_the_export_says_fails_the_run() -> None:
    bench = Bench([note(1), note(2)])
    bench.describe([3])
    bench.place(bench.keys[0])
    with pytest.raises(RunError, match="has 3 items, and 2 were looked at"):
        bench.finish()


def test_a_mapping_that_changed_since_or_lacks_the_table_is_refused() -> None:
    bench = Bench([note(1)])
    with pytest.raises(RunError, match="no source legacy-others"):
        bench.run(table_arn=f"{SOURCE[: SOURCE.rindex('/')]}/legacy-others").mapping()
    bench.put(f"runs/{RUN}/mapping.yaml", (MAPPING + "# reviewed again\n").encode())
    with pytest.raises(RunError, match="changed since the run was started"):
        exported.begin(bench.run())
