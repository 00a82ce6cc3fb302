"""The audit of a real local cloud that holds the legacy estate beside a deployed dev stack."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from ops.audit.model import Audit, Kind, Tool, Verdict, fingerprint, read
from ops.finding import LOCAL_DIR
from tests.integration.conftest import Environment
from tests.integration.legacy.building import FUNCTIONS, REGION, UNUSED_ROLE
from tests.integration.legacy.estate import ALL_NAMES, CDK_STACK, LEAKED, LEGACY, STANDARD_NAMES, Estate, build
from toolchain.workspace import ROOT

pytestmark = pytest.mark.timeout(900)


@dataclass
class Site:
    """The estate beside the stack, and its first audit."""

    environment: Environment
    estate: Estate
    folder: Path

    def client(self, service: str, region: str | None = None) -> Any:
        make: Any = boto3.client
        return make(
            service, endpoint_url=self.environment.summary["aws_endpoint_url"], region_name=region or REGION,
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip

    def audit(self, *arguments: str) -> tuple[Audit, str]:
        """Run the command as an operator does; the audit and all that it printed."""
        command = [
            str(Path(sys.executable).with_name("omnix")),
            "--stack",
            "dev",
            "audit",
            "--report",
            str(self.folder),
            *arguments,
        ]
        environment = os.environ | {LOCAL_DIR: str(self.environment.workspace.home)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return read(self.folder / "audit.json"), done.stdout + done.stderr


def past(endpoint: str) -> Callable[[Mapping[str, Any]], None]:
    def tell(document: Mapping[str, Any]) -> None:
        answer = httpx.post(f"{endpoint}/_localcloud/past", content=json.dumps(document), timeout=60)
        assert answer.status_code == 200, answer.text

    return tell


@pytest.fixture
def site(scratch: Callable[[str], Environment], tmp_path: Path) -> Site:
    environment = scratch("dev")
    found = Site(environment, Estate(), tmp_path / "report")
    found.estate = build(found.client, past(environment.summary["aws_endpoint_url"]), items=300)
    return found


def test_the_estate_beside_a_stack_is_sorted_and_nothing_of_a_stack_is_proposed_for_removal(
    site: Site, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "handler.py").write_text('TABLE = "omnix-ai-tmp-import"\n', encoding="utf-8")
    before = _contents(site)

    audit, printed = site.audit("--source", str(tree), "--history", str(tmp_path / "history.json"))

    names = {one.resource.name: one for one in audit.findings if one.resource.kind is Kind.TABLE}
    assert set(names) == set(ALL_NAMES)
    assert len(names) == 27
    legacy_gateways = [
        one for one in audit.findings if (one.resource.label or one.resource.name) in site.estate.gateways
    ]
    assert len(legacy_gateways) == 7
    assert not audit.errors, audit.errors

    for name in STANDARD_NAMES:
        assert names[name].verdict is Verdict.KEEP, names[name].evidence
        owner = names[name].resource.owner
        assert owner is not None
        assert owner.tool is Tool.PULUMI
    for table in (one for one in LEGACY if one.stack):
        owner = names[table.name].resource.owner
        assert owner is not None
        assert owner.stack == table.stack
    assert all(one.resource.owner is None for one in audit.of(Verdict.REMOVE))
    # everything that the engine deployed stays as it is
    assert not [
        one.resource.arn for one in audit.findings
        if one.resource.owner and one.resource.owner.tool is Tool.PULUMI and one.verdict is not Verdict.KEEP
    ]  # fmt: skip
    assert {one.stack: one.tool for one in audit.stacks if one.legacy} == {
        CDK_STACK: Tool.CDK, "omnix-serverless-dev": Tool.SERVERLESS,
    }  # fmt: skip

    assert names["orders"].verdict is Verdict.MIGRATE
    assert names["orders"].target == "omnix-ai-dev-orders"
    assert names["test-table"].verdict is Verdict.REMOVE
    assert names["omnix-ai-tmp-import"].verdict is Verdict.UNKNOWN  # the source tree names it
    assert any("handler.py, line 1" in line for line in names["omnix-ai-tmp-import"].evidence)
    functions = {one.resource.name: one.verdict for one in audit.findings if one.resource.kind is Kind.FUNCTION}
    assert {one.name for one in FUNCTIONS if functions[one.name] is Verdict.MIGRATE} == {
        one.name for one in FUNCTIONS if one.used
    }
    roles = {one.resource.name: one.verdict for one in audit.findings if one.resource.kind is Kind.ROLE}
    assert roles[UNUSED_ROLE] is Verdict.REMOVE

    page = (site.folder / "audit.html").read_text(encoding="utf-8")
    for text in (page, printed, (site.folder / "audit.json").read_text(encoding="utf-8")):
        assert LEAKED not in text
    assert _contents(site) == before, "an audit changes nothing"

    again, _ = site.audit("--history", str(tmp_path / "history.json"))
    first = {one.resource.arn: one.resource.first_seen for one in audit.findings}
    assert {one.resource.arn: one.resource.first_seen for one in again.findings} == first
    prints = {one.resource.arn: fingerprint(one.resource) for one in audit.findings}
    assert {one.resource.arn: fingerprint(one.resource) for one in again.findings} == prints

    _what_a_deleted_stack_retained_is_nobodys(site)


def _what_a_deleted_stack_retained_is_nobodys(site: Site) -> None:
    cloudformation = site.client("cloudformation")
    cloudformation.delete_stack(StackName=CDK_STACK)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=CDK_STACK, WaiterConfig={"Delay": 1})
    audit, _ = site.audit("--region", REGION)
    table = next(one.resource for one in audit.findings if one.resource.name == "omnix-ai-cdk-orders")
    assert table.owner is None
    assert not [one for one in audit.stacks if one.stack == CDK_STACK]


def _contents(site: Site) -> dict[str, Any]:
    """Everything in the cloud by service, as it tells it itself."""
    endpoint = site.environment.summary["aws_endpoint_url"]
    counts: dict[str, Any] = httpx.get(f"{endpoint}/_localcloud/inventory", timeout=60).json()
    tables = Counter({name: site.estate.items.get(name, 0) for name in ALL_NAMES})
    return {"inventory": counts, "items": tables}
