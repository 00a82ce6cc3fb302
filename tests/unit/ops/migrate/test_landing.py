"""What an export's execution did, in a run's folder: each exception looked at again, and nothing twice."""

import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from omnix.migration.mapping import read
from omnix.migration.record import source_name
from ops.migrate import landing
from ops.migrate.account import Account
from ops.migrate.engine import Engine, Speed, assembled
from ops.migrate.exporting import SUCCEEDED, Run, State
from ops.migrate.folder import Folder, SourceTable
from ops.migrate.preparing import Prepared

ACCOUNT, REGION = "123456789012", "eu-central-1"
STREAM = "arn:aws:dynamodb:eu-central-1:123456789012:table/goods/stream/1"
TEXT = """
version: 1
name: shop
sources:
  - table: goods
    key: [id]
    newer: at
    records:
      - name: note
        duplicates: newest
        items:
          - {table: workspaces, key: {pk: NOTES, sk: "NOTE#{slug}"}, fields: {text: text, updated_at: at}}
  - table: others
    key: [id]
    leave_out:
      - {when: [{attribute: id, missing: false}], because: nobody needs them}
"""


def good(id_: str, slug: str | None, at: int = 0) -> dict[str, Any]:
    item = {"id": {"S": id_}, "text": {"S": f"text of {id_}"}, "at": {"N": str(1_700_000_000 + at)}}
    return item | ({"slug": {"S": slug}} if slug else {})


def name(id_: str) -> str:
    return source_name("goods", {"id": {"S": id_}})


def record(id_: str) -> str:
    return name(id_).replace("goods ", "goods/note ")


def quarantined(id_: str) -> dict[str, Any]:
    return {"source": name(id_), "fate": "quarantined", "reasons": ["slug is missing"], "losses": []}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        found = Account(ACCOUNT, REGION, None, boto3.Session(region_name=REGION))
        for table, keys in (("goods", ["id"]), ("others", ["id"]), ("the-workspaces", ["pk", "sk"])):
            found.client("dynamodb").create_table(
                TableName=table, BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
                KeySchema=[{"AttributeName": k, "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"), strict=False)],
            )  # fmt: skip
        yield found


@pytest.fixture
def engine(account: Account, tmp_path: Any) -> Engine:
    folder = Folder(tmp_path / "run")
    sources = {
        one: SourceTable(one, ["id"], 3, 300, 1, STREAM if one == "goods" else None) for one in ("goods", "others")
    }
    ready = Prepared(read(TEXT), TEXT, sources, {"workspaces": "the-workspaces"})
    landing.opened(folder, ready, account, "dev")
    return assembled(folder, folder.load(), ready.file, account, account, Speed(1, patience=5))


def put(account: Account, *items: dict[str, Any]) -> None:
    for item in items:
        account.client("dynamodb").put_item(TableName="goods", Item=item)


def ended(table: str, began: float = 5.0) -> State:
    run = Run(f"shop-{table}", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}", "shop", "5", 1, began)
    run.backups = {table: f"backup of {table}"}
    return State(run, SUCCEEDED, report={"items": 3, "table": table})


def quarantine(engine: Engine) -> dict[str, dict[str, Any]]:
    lines = engine.folder.quarantine.read_text(encoding="utf-8").splitlines()
    return {one["item"]: one for one in map(json.loads, lines)}


def targets(account: Account) -> dict[str, str]:
    items = account.client("dynamodb").scan(TableName="the-workspaces")["Items"]
    return {item["sk"]["S"]: item["text"]["S"] for item in items}


def test_the_folder_is_finished_when_each_of_its_sources_was_exported(account: Account, engine: Engine) -> None:
    assert landing.landed(engine, ended("goods", began=7.0), []) == ["others"]
    assert engine.folder.load().finished is None
    assert landing.landed(engine, ended("others"), []) == []
    run = engine.folder.load()
    assert run.finished is not None
    assert run.backups == {"goods": "backup of goods", "others": "backup of others"}
    assert (run.sources["goods"].position, run.sources["others"].position) == (7.0, None)
    assert account.client("dynamodb").scan(TableName="the-workspaces")["Count"] == 0


def test_what_has_no_place_is_in_the_quarantine_whole_and_with_its_reason(account: Account, engine: Engine) -> None:
    put(account, good("a", None))
    landing.landed(engine, ended("goods"), [quarantined("a")])
    (found,) = quarantine(engine).values()
    assert (found["fate"], found["image"]) == ("quarantined", good("a", None))
    assert "slug" in found["reason"]


def test_what_was_mended_since_the_export_goes_over_and_what_is_gone_is_forgotten(
    account: Account, engine: Engine
) -> None:
    put(account, good("a", "now"))
    landing.landed(engine, ended("goods"), [quarantined("a"), quarantined("deleted")])
    assert targets(account) == {"NOTE#now": "text of a"}
    assert quarantine(engine) == {}


def lost_by_the_old_one() -> dict[str, Any]:
    """A loss of the item `old` to a newer one, as a child of the map tells it."""
    key = ["workspaces", "NOTES", "NOTE#same"]
    return {"source": record("old"), "fate": "duplicate", "reason": "newer", "key": key}


def test_the_loser_of_a_place_is_told_with_who_has_it(account: Account, engine: Engine) -> None:
    put(account, good("old", "same", 1), good("new", "same", 2))
    engine.mover.move("goods", [good("new", "same", 2)])
    said = {"source": name("new"), "fate": "written", "reasons": [], "losses": [lost_by_the_old_one()]}
    landing.landed(engine, ended("goods"), [said])
    assert targets(account) == {"NOTE#same": "text of new"}
    (found,) = quarantine(engine).values()
    assert (found["item"], found["fate"], found["image"]) == (name("old"), "duplicate", good("old", "same", 1))


def test_a_place_that_became_free_is_given_to_who_lost_it(account: Account, engine: Engine) -> None:
    """Two children of the map: each lost to a third, which is gone meanwhile."""
    put(account, good("old", "same", 1))
    said = {"source": name("old"), "fate": "duplicate", "reasons": [], "losses": [lost_by_the_old_one()]}
    landing.landed(engine, ended("goods"), [said])
    assert targets(account) == {"NOTE#same": "text of old"}
    assert quarantine(engine) == {}


def test_landing_twice_changes_nothing(account: Account, engine: Engine) -> None:
    put(account, good("a", None), good("b", "free"))
    said = [quarantined("a"), quarantined("b")]
    landing.landed(engine, ended("goods"), said)
    first = (quarantine(engine), targets(account), engine.folder.load().backups)
    assert landing.landed(engine, ended("goods"), said) == ["others"]
    assert (quarantine(engine), targets(account), engine.folder.load().backups) == first
    assert first[1] == {"NOTE#free": "text of b"}


def test_what_breaks_off_in_the_middle_is_not_landed_and_the_next_one_is(account: Account, engine: Engine) -> None:
    put(account, good("a", None))

    def broken() -> Any:
        yield from (quarantined("a") for _ in range(500))
        raise OSError("connection reset")

    with pytest.raises(OSError, match="reset"):
        landing.landed(engine, ended("goods"), broken())
    assert engine.folder.load().backups == {}
    assert landing.landed(engine, ended("others"), []) == ["goods"]
    assert landing.landed(engine, ended("goods"), [quarantined("a")]) == []
    assert quarantine(engine).keys() == {name("a")}


def test_a_folder_that_is_there_is_opened_as_it_is(account: Account, engine: Engine) -> None:
    before = engine.folder.load()
    other: Any = SimpleNamespace()
    landing.opened(engine.folder, other, account, "prod")
    assert engine.folder.load() == before
