"""A run on moto from its checks to its ledger, and everything that is refused before anything is touched."""

import json
import os
import re
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from omnix.migration.deciding import Fate
from omnix.migration.patience import Patience, StalledError
from omnix.migration.record import STAMP
from ops.errors import Refused
from ops.migrate import backing_up, preparing, running, show
from ops.migrate.account import Account
from ops.migrate.engine import Speed
from ops.migrate.folder import Folder
from ops.migrate.following import require_time
from tests.integration.legacy.seeding import rows, write
from tests.integration.legacy.tables import BY_NAME, standard_tables

ITEMS = 16
ACCOUNT, REGION = "123456789012", "eu-central-1"
PRODUCTS, OLD = "omnix-ai-cdk-products", "omnixai-products"
NAMES = {"products": "omnix-ai-dev-products", "workspaces": "omnix-ai-dev-workspaces"}
_ESTATE = Path(__file__).parents[3] / "integration/migration/legacy.yaml"
# moto in a process is not for threads: a transaction copies the whole table
SPEED = Speed(threads=1, patience=5)


def _mapping(*tables):
    import yaml

    document = yaml.safe_load(_ESTATE.read_text(encoding="utf-8"))
    document["sources"] = [one for one in document["sources"] if one["table"] in tables]
    return yaml.safe_dump(document)


TEXT = _mapping(PRODUCTS)


@pytest.fixture
def own(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        account = Account(ACCOUNT, REGION, None, boto3.Session(region_name=REGION))
        db = account.client("dynamodb")
        for table in standard_tables():
            if table["TableName"] in NAMES.values():
                db.create_table(**table)
        db.create_table(**BY_NAME[PRODUCTS].definition())
        items = list(rows(BY_NAME[PRODUCTS], ITEMS))
        nameless = {**items[0], "id": {"S": "nameless"}, "sku": {"S": "SKU-X"}, "name": {"S": ""}}
        write(db, PRODUCTS, [*items, nameless])
        yield account


def _ready(own, text=TEXT):
    return preparing.prepared(text, own, own, NAMES, 1)


def _begun(own, folder, text=TEXT, *, follow=True, backups=()):
    ready = _ready(own, text)
    samples = preparing.sampled(ready, own, own, 20, idle=False)
    expected = preparing.estimate(ready, samples, 2, read_rate=None, write_rate=None, prices=None)
    running.begin(
        folder, ready, own, own, expected, environment="dev", role_arn=None, idle=False, follow=follow,
        backups=backups, say=lambda _: None,
    )  # fmt: skip
    return running.opened(folder, own, own, SPEED)


def _targets(own):
    items = own.client("dynamodb").scan(TableName=NAMES["products"])["Items"]
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in items}


def _silent(*_):
    pass


def test_a_run_moves_verifies_and_accounts_for_every_item(own, tmp_path):
    folder = Folder(tmp_path / "run")
    engine = _begun(own, folder)
    running.snapshot(engine, _silent, again=False, follow=True)
    document = running.verify(engine, _silent)
    assert document["state"] == running.VERIFIED, document["problems"]
    assert document["targets"] == [NAMES["products"]]
    ledger = show.ledger_document(folder)
    assert ledger["adds_up"]
    assert ledger["read"] == {PRODUCTS: ITEMS + 1}
    assert ledger["ledger"][PRODUCTS] == {"written": ITEMS, "quarantined": 1}
    (line,) = [json.loads(one) for one in folder.quarantine.read_text(encoding="utf-8").splitlines()]
    assert (line["fate"], line["image"]["id"]["S"]) == (Fate.QUARANTINED, "nameless")
    assert "name" in line["reason"]
    assert show.status_document(folder)["verified"] == running.VERIFIED


def test_what_is_wrong_later_leaves_what_was_right_in_its_place(own, tmp_path):
    engine = _begun(own, Folder(tmp_path / "run"))
    running.snapshot(engine, _silent, again=False, follow=True)
    before = _targets(own)
    first = next(iter(rows(BY_NAME[PRODUCTS], 1)))
    own.client("dynamodb").put_item(TableName=PRODUCTS, Item=first | {"name": {"S": ""}})
    running.snapshot(engine, _silent, again=True, follow=True)
    assert _targets(own) == before
    found = running.verify(engine, _silent)
    assert found["state"] == running.VERIFIED, found["problems"]
    assert found["ledger"][PRODUCTS] == {"written": ITEMS - 1, "quarantined": 2}


def test_a_second_pass_changes_nothing(own, tmp_path):
    engine = _begun(own, Folder(tmp_path / "run"))
    running.snapshot(engine, _silent, again=False, follow=True)
    before = _targets(own)
    running.snapshot(engine, _silent, again=True, follow=True)
    assert _targets(own) == before
    assert engine.run.passes == 2


def test_verification_finds_what_is_missing_different_and_extra(own, tmp_path):
    engine = _begun(own, Folder(tmp_path / "run"))
    running.snapshot(engine, _silent, again=False, follow=True)
    db = own.client("dynamodb")
    (one, other) = list(_targets(own))[:2]
    db.delete_item(TableName=NAMES["products"], Key={"pk": {"S": one[0]}, "sk": {"S": one[1]}})
    lost = next(iter(rows(BY_NAME[PRODUCTS], 1)))
    db.delete_item(TableName=PRODUCTS, Key={"id": lost["id"]})
    found = running.verify(engine, _silent)
    assert found["state"] == running.DIFFERS
    assert {problem["what"] for problem in found["problems"]} >= {"missing or different", "extra"}
    assert other


def test_what_users_changed_in_the_target_stays_and_is_in_the_ledger(own, tmp_path):
    engine = _begun(own, Folder(tmp_path / "run"))
    running.snapshot(engine, _silent, again=False, follow=True)
    db = own.client("dynamodb")
    key, item = next((key, item) for key, item in _targets(own).items() if item["entity"]["S"] == "product")
    own_item = {name: value for name, value in item.items() if name != STAMP}
    own_item |= {"name": {"S": "by hand"}, "updated_at": {"S": "2026-06-01T00:00:00.000Z"}}
    db.put_item(TableName=NAMES["products"], Item=own_item)
    running.snapshot(engine, _silent, again=True, follow=True)
    assert _targets(own)[key]["name"]["S"] == "by hand"
    found = running.verify(engine, _silent)
    assert found["state"] == running.VERIFIED, found["problems"]
    assert found["ledger"][PRODUCTS]["superseded"] == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("key:\n  - id", "key:\n  - sku"), "its key is \\['id'\\]"),
        (("table: omnix-ai-cdk-products", "table: not-there"), "there is no such table"),
        (("entity: product", "entity: produce"), "'produce' is none of"),
        (("version: 1", "version: 9"), "version"),
    ],
)
def test_a_wrong_mapping_is_refused_and_nothing_is_touched(own, change, said):
    text = TEXT.replace(*change)
    assert text != TEXT
    with pytest.raises(Refused, match=said):
        _ready(own, text)
    assert not _targets(own)


def test_a_table_of_another_account_is_refused(own):
    with pytest.raises(Refused, match="belongs to account"):
        preparing.prepared(TEXT, replace(own, account_id="999999999999"), own, NAMES, 1)


def test_a_standard_table_is_no_source(own):
    with pytest.raises(Refused, match="is a standard table"):
        preparing.prepared(TEXT, own, own, NAMES | {"orders": PRODUCTS}, 2)


def test_a_changed_mapping_ends_a_run(own, tmp_path):
    folder = Folder(tmp_path / "run")
    _begun(own, folder)
    with pytest.raises(Refused, match="not the one that this run began with"):
        running.opened(folder, own, own, SPEED, TEXT + "\n# reviewed\n")
    (folder.path / "mapping.yaml").write_text(TEXT + " ", encoding="utf-8")
    with pytest.raises(Refused, match="not the one"):
        running.opened(folder, own, own, SPEED)


def test_a_run_goes_on_in_its_own_account_only(own, tmp_path):
    folder = Folder(tmp_path / "run")
    _begun(own, folder)
    with pytest.raises(Refused, match="this run writes to"):
        running.opened(folder, own, replace(own, account_id="999999999999"), SPEED)


def test_both_sides_are_backed_up_first(own, tmp_path):
    engine = _begun(own, Folder(tmp_path / "run"))
    backups = own.client("dynamodb").list_backups()["BackupSummaries"]
    assert {one["TableName"] for one in backups} == {PRODUCTS, NAMES["products"]}
    assert set(engine.run.backups.values()) == {one["BackupArn"] for one in backups}


def test_named_backups_must_be_of_every_table(own, tmp_path):
    db = own.client("dynamodb")
    of_source = db.create_backup(TableName=PRODUCTS, BackupName="mine")["BackupDetails"]["BackupArn"]
    with pytest.raises(Refused, match=NAMES["products"]):
        _begun(own, Folder(tmp_path / "run"), backups=[of_source])
    assert not (tmp_path / "run" / "run.json").exists()
    of_target = db.create_backup(TableName=NAMES["products"], BackupName="mine")["BackupDetails"]["BackupArn"]
    engine = _begun(own, Folder(tmp_path / "run"), backups=[of_source, of_target])
    assert set(engine.run.backups.values()) == {of_source, of_target}


def test_an_old_backup_is_none(own):
    db = own.client("dynamodb")
    arn = db.create_backup(TableName=PRODUCTS, BackupName="mine")["BackupDetails"]["BackupArn"]
    created = db.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupCreationDateTime"]
    with pytest.raises(Refused, match="younger than 26 h"):
        backing_up.named(own, [PRODUCTS], [arn], created.replace(year=created.year + 1))


def test_a_source_without_a_stream_is_refused_unless_nobody_writes_to_it(own, tmp_path):
    db = own.client("dynamodb")
    db.create_table(**BY_NAME[OLD].definition())
    write(db, OLD, rows(BY_NAME[OLD], 5))
    text = _mapping(PRODUCTS, OLD)
    with pytest.raises(Refused, match=f"{OLD}: no stream"):
        _begun(own, Folder(tmp_path / "run"), text)
    engine = _begun(own, Folder(tmp_path / "run"), text, follow=False)
    running.snapshot(engine, _silent, again=False, follow=False)
    with pytest.raises(Refused, match="follows no stream"):
        running.follow(engine, own, _silent, 0.1)


def test_changes_that_a_stream_no_longer_keeps_are_refused_loudly(own, tmp_path):
    engine = _begun(own, Folder(tmp_path / "run"))
    now = time.time()
    require_time(engine, now + 23 * 3600)
    with pytest.raises(Refused, match="its stream keeps 24 h"):
        require_time(engine, now + 25 * 3600)
    engine.journal.remember("followed", now + 20 * 3600)
    require_time(engine, now + 40 * 3600)


def test_a_snapshot_that_cannot_end_inside_a_stream_is_refused(own, tmp_path):
    ready = _ready(own)
    slow: Any = SimpleNamespace(seconds=30 * 3600)
    with pytest.raises(Refused, match="streams keep 24 h"):
        running.begin(
            Folder(tmp_path / "run"), ready, own, own, slow, environment="dev", role_arn=None, idle=False, follow=True,
            backups=[], say=_silent,
        )  # fmt: skip
    assert not own.client("dynamodb").list_backups()["BackupSummaries"]


def test_an_unfinished_run_is_neither_followed_nor_verified(own, tmp_path):
    engine = _begun(own, Folder(tmp_path / "run"))
    with pytest.raises(Refused, match="not finished"):
        running.verify(engine, _silent)
    with pytest.raises(Refused, match="not finished"):
        running.follow(engine, own, _silent, 0.1)


@pytest.fixture
def people(own):
    """A source whose key is an e-mail address; one of its items cannot go over."""
    db = own.client("dynamodb")
    name = BY_NAME["omnix-serverless-customers"].name
    db.create_table(**BY_NAME[name].definition())
    ada = {"email": {"S": "ada@shop.example"}, "nick": {"S": "Ada Lovelace"}, "hash": {"S": "$2b$12$abcdefghijkl"}}
    write(
        db,
        name,
        [{**ada, "n": {"N": "1"}}, {**ada, "email": {"S": "bob@shop.example"}, "n": {"S": "bob@shop.example"}}],
    )
    item = {"table": "products", "key": {"pk": "PEOPLE", "sk": "EMAIL#{email}"}, "keep": "all"}
    item["fields"] = {"fullName": "nick", "count": {"from": "n", "as": "integer"}}
    records = [{"name": "person", "items": [item]}]
    return json.dumps({"version": 1, "name": "p", "sources": [{"table": name, "key": ["email"], "records": records}]})


def test_samples_show_the_shape_and_nothing_of_anybody_unless_it_is_asked_for(own, people):
    ready = _ready(own, people)
    (safe,) = preparing.sampled(ready, own, own, 20, idle=False)
    (whole,) = preparing.sampled(ready, own, own, 20, idle=False, show_values=True)
    assert not re.search("(?i)ada|lovelace|bob|shop[.]example|[$]2b", json.dumps([safe.shown, safe.refused]))
    assert safe.shown[0]["from"]["n"] == {"N": "1"}
    (became,) = safe.shown[0]["becomes"]
    assert became["item"]["hash"] == safe.shown[0]["from"]["hash"]
    assert safe.refused[0]["reasons"][0].endswith("is no integer")
    assert whole.shown[0]["from"]["nick"] == {"S": "Ada Lovelace"}
    assert whole.refused[0]["item"] == {"email": {"S": "bob@shop.example"}}
    assert (safe.fates, safe.written_units) == (whole.fates, whole.written_units)


def test_a_run_s_folder_is_its_owner_s_alone_whatever_it_was_before(own, tmp_path):
    place = tmp_path / "run"
    place.mkdir(mode=0o755)
    (place / "quarantine.new").touch(0o644)
    before = os.umask(0)
    try:
        folder = Folder(place)
        with folder.alone(may_begin=True):
            engine = _begun(own, folder)
            running.snapshot(engine, _silent, again=False, follow=True)
            running.verify(engine, _silent)
    finally:
        os.umask(before)
    assert place.stat().st_mode & 0o777 == 0o700
    found = {one.name: one.stat().st_mode & 0o777 for one in place.iterdir()}
    assert found.keys() >= {"run.json", "mapping.yaml", "journal.sqlite", "quarantine.ndjson", "verify.json", "lock"}
    assert set(found.values()) == {0o600}, found


def test_a_folder_belongs_to_one_process_at_a_time(tmp_path):
    folder = Folder(tmp_path / "run")
    second = Folder(tmp_path / "run").alone(may_begin=True)
    with folder.alone(may_begin=True), pytest.raises(Refused, match="another process"), second:
        pass


@pytest.mark.parametrize("may_begin", [False, True])
def test_a_folder_in_which_no_run_began_is_left_as_it_is_by_a_mistyped_path(tmp_path, may_begin):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o775)
    (shared / "budget.ods").touch()
    said = "it holds budget.ods" if may_begin else "no migration began"
    with pytest.raises(Refused, match=said), Folder(shared).alone(may_begin=may_begin):
        pass
    assert shared.stat().st_mode & 0o777 == 0o775
    assert [one.name for one in shared.iterdir()] == ["budget.ods"]
    with pytest.raises(Refused, match="no migration began"), Folder(tmp_path / "none").alone():
        pass
    assert not (tmp_path / "none").exists()


def test_a_colleague_s_folder_is_neither_begun_in_nor_closed(own, tmp_path, monkeypatch):
    mine, run = tmp_path / "run", tmp_path / "begun"
    mine.mkdir()
    _begun(own, Folder(run))
    run.chmod(0o770)
    monkeypatch.setattr(os, "geteuid", lambda: mine.stat().st_uid + 1)
    with pytest.raises(Refused, match="somebody else's"), Folder(mine).alone(may_begin=True):
        pass
    with Folder(run).alone():
        assert run.stat().st_mode & 0o777 == 0o770


def test_what_a_killed_beginning_left_is_no_obstacle(tmp_path):
    place = tmp_path / "run"
    place.mkdir()
    for name in ("lock", "mapping.yaml", "run.new", "journal.sqlite-wal"):
        (place / name).touch()
    with Folder(place).alone(may_begin=True):
        assert (place / "lock").exists()


def test_the_estimate_counts_both_halves_of_a_transaction_and_each_index(own):
    ready = _ready(own)
    costs = []
    for idle in (True, False):
        samples = preparing.sampled(ready, own, own, 50, idle=idle)
        costs.append(
            preparing.estimate(ready, samples, 2, read_rate=None, write_rate=10, prices=preparing.list_prices(REGION))
        )
    once, double = costs
    assert once.items == ITEMS + 1
    assert once.written_items == 5 * ITEMS
    assert double.write_units > once.write_units > once.written_items
    assert double.seconds >= double.write_units / 10
    assert double.usd is not None
    assert once.usd is not None
    assert double.usd > once.usd > 0
    assert preparing.list_prices("ap-south-2") is None


def test_patience_ends_and_says_what_it_waited_for(own):
    from botocore.exceptions import ClientError

    def throttled():
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "PutItem")

    with pytest.raises(StalledError, match="slow down"):
        Patience(0.05).insist(throttled)
    with pytest.raises(ClientError):
        Patience(5).insist(lambda: own.client("dynamodb").describe_table(TableName="nothing-here"))
