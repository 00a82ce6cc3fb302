"""`python -m bench.migration_work MOVER ENDPOINT ITEMS SECONDS SCRATCH`: one mover, measured from inside."""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import boto3

from ops.migrate.account import Account
from ops.migrate.engine import Speed
from ops.migrate.folder import Folder, Run, SourceTable

REGION, ACCOUNT = "eu-central-1", "000000000000"
SOURCE = "bench-legacy"
NAIVE, CAREFUL, IDLE = "naive scan and put", "omnix, live target", "omnix, idle target"
MOVERS = (NAIVE, CAREFUL, IDLE)
THREADS = 8
_MAPPING = """
version: 1
name: bench
sources:
  - table: bench-legacy
    key: [id]
    newer: updatedAt
    records:
      - name: record
        items:
          - table: workspaces
            key: {pk: "TENANT#{shop}", sk: "RECORD#{id}"}
            keep: [title, note, amount, tags, address]
            fields:
              updated_at: {from: updatedAt, as: time}
"""


def prepare(endpoint: str, size: int) -> None:
    """The source with its items, and a target for each mover."""
    client = _account(endpoint).client("dynamodb")
    _create(client, SOURCE, {"id": "HASH"})
    for mover in MOVERS:
        _create(client, _target(mover), {"pk": "HASH", "sk": "RANGE"})
    for start in range(0, size, 25):
        asked = {SOURCE: [{"PutRequest": {"Item": _item(i)}} for i in range(start, min(start + 25, size))]}
        while asked:
            asked = client.batch_write_item(RequestItems=asked).get("UnprocessedItems") or {}


def naive(client: Any, seconds: float) -> tuple[int, float]:
    """As in a hundred repositories: a page, and then one item after the other. Items, and seconds after its first page.

    DynamoDB Local takes 20 s for the first page of a million items that are scanned without segments: counted in a run
    that is stopped after as many, that would make the naive mover look thousands of times slower than it is.
    """
    page, began, moved = client.scan(TableName=SOURCE), time.monotonic(), 0
    while True:
        for item in page["Items"]:
            new = {name: value for name, value in item.items() if name not in {"id", "shop", "updatedAt"}}
            new |= {"pk": {"S": f"TENANT#{item['shop']['S']}"}, "sk": {"S": f"RECORD#{item['id']['S']}"}}
            client.put_item(TableName=_target(NAIVE), Item=new | {"updated_at": item["updatedAt"]})
            moved += 1
            if time.monotonic() - began > seconds:
                return moved, time.monotonic() - began
        if "LastEvaluatedKey" not in page:
            return moved, time.monotonic() - began
        page = client.scan(TableName=SOURCE, ExclusiveStartKey=page["LastEvaluatedKey"])


def ours(account: Account, mover: str, size: int, scratch: Path) -> tuple[int, float]:
    """As `omnix migrate run` after its backups. Items, and seconds from the first request to the last."""
    from omnix.migration.mapping import digest
    from ops.migrate import running

    folder = Folder(scratch / mover.replace(" ", "-"))
    source = SourceTable("arn", ["id"], size, size * 400, THREADS)
    targets = {"workspaces": _target(mover)}
    run = Run(
        "bench", "bench", digest(_MAPPING), "dev", ACCOUNT, REGION, None, targets, {SOURCE: source}, mover == IDLE
    )
    folder.create(run, _MAPPING)
    engine = running.opened(folder, account, account, Speed(THREADS))
    began = time.monotonic()
    running.snapshot(engine, lambda *_: None, again=False, follow=False)
    return sum(engine.journal.counts(1)[SOURCE].values()), time.monotonic() - began


def main() -> None:
    mover, endpoint, size, seconds, scratch = sys.argv[1:]
    account = _account(endpoint)
    client = account.client("dynamodb")
    client.describe_table(TableName=SOURCE)  # connected
    cpu = time.process_time()
    items, elapsed = naive(client, float(seconds)) if mover == NAIVE else ours(account, mover, int(size), Path(scratch))
    figures = {
        "items": items,
        "seconds": elapsed,
        "cpu_seconds": time.process_time() - cpu,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }
    held = client.describe_table(TableName=_target(mover))["Table"]["ItemCount"]
    print(json.dumps({**figures, "exact": held == int(size) == items}))


def _account(endpoint: str) -> Account:
    session = boto3.Session(aws_access_key_id="bench", aws_secret_access_key="bench", region_name=REGION)  # noqa: S106
    return Account(ACCOUNT, REGION, endpoint, session)


def _target(mover: str) -> str:
    return "bench-" + "".join(letter if letter.isalnum() else "-" for letter in mover)


def _create(client: Any, name: str, keys: dict[str, str]) -> None:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
    )


def _item(number: int) -> dict[str, Any]:
    return {
        "id": {"S": f"{number:09}"},
        "shop": {"S": f"shop-{number % 50}"},
        "title": {"S": f"Record {number}"},
        "note": {"S": "as it was written by hand " * 4},
        "amount": {"N": str(number * 7 % 10_000)},
        "tags": {"SS": ["legacy", f"tag-{number % 9}"]},
        "address": {"M": {"street": {"S": f"Street {number % 999}"}, "zip": {"S": f"{10_000 + number % 80_000}"}}},
        "updatedAt": {"N": str(1_700_000_000 + number)},
    }


if __name__ == "__main__":
    main()
