"""`omnix cleanup` on a local cloud with the legacy estate: refused untouched, removed exactly, brought back."""

import json

import httpx
import pytest

from ops.cleanup import plan as plans
from tests.integration.cleanup.conftest import Site

pytestmark = [pytest.mark.process, pytest.mark.timeout(900)]


@pytest.fixture
def ready(site: Site) -> Site:
    """Planned and approved."""
    site.audited()
    site.planned()
    site.approved()
    return site


def entries(site: Site) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(site.plan.read_text())["entries"]
    return found


def test_what_the_issue_forbids_is_refused_with_the_reason_and_nothing_is_touched(site: Site) -> None:
    site.audited()
    site.planned()
    before = site.picture()
    assert "the plan is not approved" in site.run(fails=True)
    site.approved()
    assert "not this account" in site.run(alias="new-shop", fails=True)

    approved = site.plan.read_text()
    document = json.loads(approved)
    site.plan.write_text(json.dumps(document | {"expires_at": "2020-01-01T00:00:00Z"}))
    assert "was altered" in site.run(fails=True)
    site.plan.write_text(approved)

    old = plans.read(site.plan).model_copy(update={"expires_at": plans.read(site.plan).created_at})
    old = plans.sealed(old)
    plans.write(old, site.plan)
    assert "the plan expired" in site.run(fails=True)
    site.plan.write_text(approved)

    looping = json.loads((site.folder / "audit.json").read_text())
    names = [one for one in looping["findings"] if one["verdict"] == "remove"][:2]
    for one, other in (names, reversed(names)):
        one["resource"]["references"] = [{"where": "a variable", "arn": other["resource"]["arn"]}]
    (site.folder / "loop.json").write_text(json.dumps(looping))
    out = ("--out", str(site.folder / "loop-plan.json"))
    assert "cyclic dependency" in site.omnix("cleanup", "plan", str(site.folder / "loop.json"), *out, fails=True)
    assert not (site.folder / "loop-plan.json").exists()

    assert site.picture() == before


def test_a_resource_that_changed_since_the_audit_stops_the_run_before_its_first_step(ready: Site) -> None:
    table = next(one["name"] for one in entries(ready) if one["kind"] == "table")
    ready.client("dynamodb").update_table(TableName=table, DeletionProtectionEnabled=True)
    before = ready.picture()
    said = ready.run(fails=True)
    assert f"table {table}: it changed since the audit" in said
    assert ready.picture() == before


def test_a_backup_that_cannot_be_made_saves_everything(ready: Site) -> None:
    before = ready.picture()
    fault = {"kind": "fail", "service": "dynamodb", "operation": "CreateBackup", "caller": "anyone"}
    answer = httpx.post(f"{ready.endpoint}/_localcloud/faults", json=fault)
    assert answer.status_code < 300, answer.text
    said = ready.run(fails=True)
    assert "it could not be secured: back up" in said
    assert ready.picture() == before


def test_a_run_that_is_killed_again_and_again_removes_exactly_the_plan_and_undo_brings_it_back(ready: Site) -> None:
    before, planned = ready.picture(), {one["arn"] for one in entries(ready)}
    assert {one["kind"] for one in entries(ready)} >= {"table", "function", "rest-api", "role", "distribution"}
    kills = sum(ready.killed_at(lines) for lines in range(4, 400, 23))
    assert kills > 5
    ready.run()
    after = ready.picture()
    gone = set(before["resources"]) - set(after["resources"])
    secrets = {one["arn"] for one in entries(ready) if one["kind"] == "secret"}
    assert gone | secrets == planned
    assert set(after["resources"]) <= set(before["resources"])
    tables = {one["name"] for one in entries(ready) if one["kind"] == "table"}
    assert after["counts"] == {name: count for name, count in before["counts"].items() if name not in tables}
    assert len(after["backups"]) == len(tables)

    ready.omnix("cleanup", "undo", str(ready.ledger), "--apply", "--endpoint-url", ready.endpoint)
    assert ready.picture()["counts"] == before["counts"]
    assert "back" in ready.omnix("cleanup", "status", str(ready.plan), "--ledger", str(ready.ledger))
