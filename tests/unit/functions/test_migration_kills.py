"""Fifty SIGKILLs at random moments, while the source is written to, on AWS's own DynamoDB Local: exact all the same."""

import multiprocessing
import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from components.data.tables import TABLES
from omnix.migration.mapping import digest, read
from omnix.migration.record import STAMP, Stamp, content
from omnix.migration.transform import Transformer
from ops.migrate import running
from ops.migrate.engine import Speed
from ops.migrate.folder import Folder, Run, SourceTable
from tests.dynamodb_local.distribution import UnavailableError
from tests.dynamodb_local.server import REQUIRED, required
from tests.dynamodb_local.server import running as local
from tests.integration.legacy.seeding import rows, write
from tests.integration.legacy.tables import BY_NAME, LegacyTable
from tests.unit.functions import migration_worker
from tests.unit.functions.migration_worker import ACCOUNT, REGION, account

# a process of it begins in a moment, with all modules imported
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([migration_worker.__name__])
ROOT = Path(__file__).parents[3]
KILLS = 25  # of each of the two ways to place
ITEMS = 900
SOURCES = ("omnix-ai-cdk-products", "omnixai-products", "omnix-ai-cdk-users")
pytestmark = [pytest.mark.dynamodb_local, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def endpoint():
    try:
        with local() as url:
            yield url
    except UnavailableError as error:
        if required():
            pytest.fail(f"{REQUIRED} is set: {error}")
        pytest.skip(str(error))


def _mapping():
    """The estate's own, of the tables that change here."""
    import yaml

    text = (ROOT / "tests/integration/migration/legacy.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    document["sources"] = [one for one in document["sources"] if one["table"] in SOURCES]
    return yaml.safe_dump(document)


def _created(db, table):
    arguments = table.definition() | {
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    }
    return db.create_table(**arguments)["TableDescription"]


def _begun(own, folder, text, targets, *, idle):
    db = own.client("dynamodb")
    sources = {}
    for name in SOURCES:
        found = _created(db, BY_NAME[name])
        write(db, name, rows(BY_NAME[name], ITEMS // 3))
        keys = [key for key, _ in BY_NAME[name].keys]
        sources[name] = SourceTable(found["TableArn"], keys, ITEMS // 3, 0, 4, found["LatestStreamArn"], time.time())
    for logical, name in targets.items():
        definition = LegacyTable(
            name, (("pk", "S"), ("sk", "S")), None, logical,
            indexes={index: ((f"{index}pk", "S"), (f"{index}sk", "S")) for index in TABLES[logical].indexes},
        ).definition()  # fmt: skip
        db.create_table(**definition)
    run = Run(
        "kills", "legacy-estate", digest(text), "dev", ACCOUNT, REGION, None, targets, sources, idle, began=time.time()
    )
    folder.create(run, text)


def _change(db, stop, random_):
    """Writes, rewrites, renames and deletes, as a shop that is open."""
    fresh = {name: list(rows(BY_NAME[name], ITEMS // 3 + 400))[-400:] for name in SOURCES}
    while not stop.is_set():
        name = random_.choice(SOURCES)
        table = BY_NAME[name]
        page = db.scan(TableName=name, Limit=20, Segment=random_.randrange(8), TotalSegments=8)["Items"]
        if not page or random_.random() < 0.2:
            if fresh[name]:
                db.put_item(TableName=name, Item=fresh[name].pop())
            continue
        item = random_.choice(page)
        if random_.random() < 0.3:
            db.delete_item(TableName=name, Key={key: item[key] for key, _ in table.keys})
            continue
        later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 30_000_000))
        match name:
            case "omnix-ai-cdk-products":
                other = random_.choice(page)
                item |= {"updatedAt": {"S": later}, "price": {"N": str(random_.randrange(10_000))}, "sku": other["sku"]}
            case "omnixai-products":
                item |= {"modified": {"S": later}, "title": {"S": f"renamed {random_.random()}"}}
            case _:
                item |= {"email": {"S": f"moved{random_.randrange(10**9)}@omnix.example"}}
        db.put_item(TableName=name, Item=item)
        time.sleep(0.005)


def _expected(own, text):
    """What the target must hold: by key, of all who want it the one with the greatest claim; and who could not."""
    file = read(text)
    wanted: dict[Any, Any] = {}
    refused = count = 0
    for source in file.sources:
        transformer = Transformer(file, source)
        for page in own.client("dynamodb").get_paginator("scan").paginate(TableName=source.table, ConsistentRead=True):
            for item in page["Items"]:
                count += 1
                found = transformer.apply(item)
                refused += bool(found.refused)
                for record in found.records:
                    head = record.keys[0]
                    if head not in wanted or wanted[head].claim < record.claim:
                        wanted[head] = record
    return {target.key: content(target.item) for record in wanted.values() for target in record.targets}, refused, count


def _held(own, targets):
    found = {}
    for logical, name in targets.items():
        for page in own.client("dynamodb").get_paginator("scan").paginate(TableName=name, ConsistentRead=True):
            for item in page["Items"]:
                assert Stamp.read(item), "every item says where it came from"
                found[logical, item["pk"]["S"], item["sk"]["S"]] = {k: v for k, v in item.items() if k != STAMP}
    return found


def _process(endpoint, folder, *, idle_seconds, units):
    """A process that works, and the pipe by which it says how far it is."""
    heard, said = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=migration_worker.work, args=(endpoint, str(folder), idle_seconds, units, said))
    process.start()
    said.close()
    return process, heard


def _killed(endpoint, folder, stage, moment, units):
    """One process, killed a moment after it came to a stage."""
    process, heard = _process(endpoint, folder, idle_seconds=None, units=units)
    while heard.recv() != stage:
        pass
    time.sleep(moment)
    assert process.is_alive()
    process.kill()
    process.join()


@pytest.mark.parametrize("idle", [False, True], ids=["live target", "idle target"])
def test_twenty_five_kills_leave_nothing_lost_and_nothing_doubled(endpoint, tmp_path, idle):
    own, folder, text = account(endpoint), Folder(tmp_path / "run"), _mapping()
    db = own.client("dynamodb")
    targets = {logical: f"{'idle' if idle else 'live'}-{logical}" for logical in ("products", "users")}
    _begun(own, folder, text, targets, idle=idle)
    stop, random_ = threading.Event(), random.Random(7)
    writer = threading.Thread(target=_change, args=(account(endpoint).client("dynamodb"), stop, random_))
    writer.start()
    snapshot_kills = 0
    try:
        for number in range(KILLS):
            if number < KILLS // 2:
                if folder.load().finished is None:
                    _killed(endpoint, folder.path, "at work", random.uniform(0, 0.8), 400.0)
                    snapshot_kills += 1
            else:
                _killed(endpoint, folder.path, "following", random.uniform(0, 0.8), None)
    finally:
        stop.set()
        writer.join()
    process, heard = _process(endpoint, folder.path, idle_seconds=2.0, units=None)
    process.join()
    assert [heard.recv() for _ in range(3)] == ["at work", "following", "done"]
    expected, refused, count = _expected(own, text)
    assert _held(own, targets) == expected
    engine = running.opened(folder, own, own, Speed(threads=3))
    report = running.verify(engine, lambda *_: None)
    assert report["state"] == running.VERIFIED, report["problems"]
    assert sum(report["read"].values()) == count == sum(sum(one.values()) for one in report["ledger"].values())
    assert sum(one.get("quarantined", 0) for one in report["ledger"].values()) == refused
    assert snapshot_kills > KILLS // 4, "enough of the kills met the snapshot"
    for name in SOURCES:
        db.delete_table(TableName=name)
