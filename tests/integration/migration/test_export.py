"""Two tables of the legacy, joined, exported to S3 and mapped by the deployed state machine: exact whatever ends."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

import bundler
from tests.integration.conftest import Environment, free_port
from tests.integration.faults.switch import Switch
from toolchain import cloud as clouds
from toolchain.progress import Progress
from toolchain.up import deploy, open_session, summarise
from toolchain.workspace import ROOT, Workspace

pytestmark = pytest.mark.timeout(900)

GOODS, TEXTS, OTHER = "shop-old-goods", "shop-old-texts", "shop-old-others"
ITEMS = 1200  # three files of an export
MAPPING = f"""
version: 1
name: shop-notes
sources:
  - table: {GOODS}
    key: [id]
    newer: at
    tenant: shop
    join:
      - {{as: text, table: {TEXTS}, key: {{id: id}}}}
    records:
      - name: note
        duplicates: newest
        items:
          - table: workspaces
            key: {{pk: "TENANT#{{tenant}}#NOTE", sk: "NOTE#{{slug}}"}}
            fields: {{name: name, text: text.text, updated_at: at}}
  - table: {TEXTS}
    key: [id]
    merged_into: {GOODS}
"""


def good(number: int) -> dict[str, Any]:
    """Every hundredth has no slug, and every fiftieth the one of its neighbour, which is older."""
    item = {"id": {"S": f"g{number:05}"}, "shop": {"S": "t1"}, "name": {"S": f"good {number}"}}
    slug = {} if number % 100 == 7 else {"slug": {"S": f"s{number - 1 if number % 50 == 1 else number}"}}
    return {**item, "at": {"N": str(1_700_000_000 + number)}, **slug}


def expected() -> dict[str, tuple[str, str | None]]:
    """Name and text by sort key, as the mapping says it."""
    found: dict[str, tuple[str, str | None]] = {}
    for number in range(ITEMS):
        item = good(number)
        if "slug" in item:
            found[f"NOTE#{item['slug']['S']}"] = (f"good {number}", f"text {number}" if number % 3 == 0 else None)
    return found


LEDGER = {
    GOODS: {"duplicate": ITEMS // 50, "quarantined": ITEMS // 100, "written": ITEMS - ITEMS // 50 - ITEMS // 100},
    TEXTS: {"merged": ITEMS // 3},
}


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """An environment whose config asks for migrations of two tables, and the tables."""
    workspace = Workspace("dev", tmp_path_factory.mktemp("export"))
    bundler.build(ROOT, "local")
    try:
        with workspace.alone():
            session = open_session(workspace, Progress(), ports=(free_port(), free_port()))
            document = yaml.safe_load(workspace.config.read_text(encoding="utf-8"))
            document["config"]["omnix-ai:migration"] = {"sources": [GOODS, TEXTS]}
            workspace.config.write_text(yaml.safe_dump(document), encoding="utf-8")
            deploy(session, Progress())
            environment = Environment(workspace, summarise(session, Progress()))
        fill(environment)
        yield environment
    finally:
        clouds.stop(workspace)


def fill(environment: Environment) -> None:
    database = environment.client("dynamodb")
    for table in (GOODS, TEXTS, OTHER):
        database.create_table(
            TableName=table, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )  # fmt: skip
        database.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    texts = [
        {"id": {"S": f"g{number:05}"}, "text": {"S": f"text {number}"}} for number in range(0, ITEMS, 3)
    ]  # fmt: skip
    for table, items in ((GOODS, [good(number) for number in range(ITEMS)]), (TEXTS, texts)):
        for start in range(0, len(items), 25):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
            assert not database.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]


def migrate(environment: Environment, command: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    """`omnix migrate …`: its exit code and its document."""
    run = subprocess.run(
        [str(Path(sys.executable).parent / "omnix"), "migrate", command, *arguments, "--stack", "dev", "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=400,
        env={**os.environ, "OMNIX_LOCAL_DIR": str(environment.workspace.home)},
    )  # fmt: skip
    assert run.stdout, run.stderr
    return run.returncode, json.loads(run.stdout)


def export(environment: Environment, mapping: Path, table: str, *more: str) -> tuple[int, dict[str, Any]]:
    return migrate(environment, "export", str(mapping), "--table", table, "--apply", "--poll", "1", *more)


def written(tmp_path: Path, more: str = "") -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(MAPPING + more, encoding="utf-8")
    return path


def held(environment: Environment) -> dict[str, tuple[str, str | None]]:
    pages = environment.client("dynamodb").get_paginator("scan").paginate(
        TableName=environment.outputs["tables"]["workspaces"], ConsistentRead=True
    )  # fmt: skip
    items = [item for page in pages for item in page["Items"] if "migration" in item]
    return {item["sk"]["S"]: (item["name"]["S"], item.get("text", {}).get("S")) for item in items}


def empty(environment: Environment) -> None:
    """Nothing was migrated yet, whichever test ran before."""
    table = environment.outputs["tables"]["workspaces"]
    for sort in held(environment):
        key = {"pk": {"S": "TENANT#t1#NOTE"}, "sk": {"S": sort}}
        environment.client("dynamodb").delete_item(TableName=table, Key=key)


def exports_of(environment: Environment, table: str) -> list[str]:
    arn = environment.client("dynamodb").describe_table(TableName=table)["Table"]["TableArn"]
    found = environment.client("dynamodb").list_exports(TableArn=arn)["ExportSummaries"]
    return [one["ExportArn"] for one in found]


@contextmanager
def denied(environment: Environment, role: str, action: str) -> Iterator[None]:
    iam = environment.client("iam")
    (name,) = (one["RoleName"] for one in iam.list_roles()["Roles"] if one["RoleName"].startswith(role))
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="denied", PolicyDocument=policy)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="denied")


def touched(environment: Environment) -> list[Any]:
    """All that a migration by export leaves anywhere."""
    machine = environment.outputs["migration_state_machine_arn"]
    executions = environment.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    backups = environment.client("dynamodb").list_backups(TableName=GOODS)["BackupSummaries"]
    return [len(executions), exports_of(environment, GOODS), len(backups), held(environment)]


def test_what_is_wrong_is_refused_and_nothing_is_touched(dev: Environment, tmp_path: Path) -> None:
    database, before = dev.client("dynamodb"), touched(dev)
    right = written(tmp_path)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(MAPPING.replace("table: workspaces", "table: nowhere"), encoding="utf-8")
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text(MAPPING.replace(TEXTS, OTHER), encoding="utf-8")
    refusals = [
        (wrong, GOODS, "nowhere: the stack has no such table"),
        (right, OTHER, "no source"),
        (elsewhere, GOODS, "does not name"),
    ]
    for mapping, table, reason in refusals:
        code, document = export(dev, mapping, table)
        assert code == 1
        assert reason in document["error"]["message"]
    setting = {"PointInTimeRecoveryEnabled": False}
    database.update_continuous_backups(TableName=GOODS, PointInTimeRecoverySpecification=setting)
    code, document = export(dev, right, GOODS)
    assert (code, "no point-in-time recovery" in document["error"]["message"]) == (1, True)
    setting = {"PointInTimeRecoveryEnabled": True}
    database.update_continuous_backups(TableName=GOODS, PointInTimeRecoverySpecification=setting)

    assert migrate(dev, "export", str(right), "--table", GOODS)[0] == 0  # without --apply it only shows
    assert touched(dev) == before


def test_functions_and_commands_are_killed_and_every_item_is_where_it_belongs(dev: Environment, tmp_path: Path) -> None:
    mapping, switch, killed = written(tmp_path, "# reviewed\n"), Switch(dev), 0
    empty(dev)
    slow = {"kind": "slow", "service": "dynamodb", "caller": "*-migration", "seconds": 0.3}
    with switch.on(slow):
        code, begun = export(dev, mapping, GOODS, "--no-wait")
        assert (code, begun["status"]) == (0, "RUNNING")
        end = time.monotonic() + 120
        while killed < 3 and time.monotonic() < end:
            time.sleep(1)
            if not held(dev):
                continue  # not before something was placed
            killed += len(switch.kill("migration"))
            time.sleep(2)
    assert killed
    code, found = export(dev, mapping, GOODS)
    assert (code, found["status"], found["report"]["items"]) == (0, "SUCCEEDED", ITEMS)
    assert found["executions"] == begun["executions"]  # the one that ran was followed
    assert found["sources_left"] == [TEXTS]
    assert held(dev) == expected()

    assert export(dev, mapping, TEXTS)[1]["sources_left"] == []
    code, verified = migrate(dev, "verify", found["folder"])
    assert (code, verified["state"]) == (0, "verified")
    told = {table: {fate: n for fate, n in counts.items() if n} for table, counts in verified["ledger"].items()}
    assert told == LEDGER
    quarantined = Path(found["folder"], "quarantine.ndjson").read_text(encoding="utf-8")
    assert quarantined.count("slug is missing") == LEDGER[GOODS]["quarantined"]
    assert export(dev, mapping, GOODS)[1]["executions"] == begun["executions"]  # done is done


def test_a_denied_permission_ends_the_run_loudly_and_the_next_one_takes_it_up(dev: Environment, tmp_path: Path) -> None:
    mapping, before = written(tmp_path, "# reviewed again\n"), len(exports_of(dev, GOODS))
    empty(dev)
    role = "omnix-ai-dev-migration"
    for denial in ((f"{role}-machine", "s3:ListBucket"), (f"{role}-{dev.summary['region']}", "s3:PutObject")):
        with denied(dev, *denial):
            code, document = export(dev, mapping, GOODS)
        assert (code, document["status"]) == (1, "FAILED")
        assert "AccessDenied" in document["error"]["message"] or "not authorized" in document["error"]["message"]
        assert migrate(dev, "export-status", str(mapping), "--table", GOODS)[0] == 1
    code, found = export(dev, mapping, GOODS)
    assert (code, found["status"], len(found["executions"])) == (0, "SUCCEEDED", 3)
    assert len(exports_of(dev, GOODS)) == before + 1  # all three of them had the same one
    assert found["report"]["fates"] == LEDGER[GOODS]
    assert held(dev) == expected()
