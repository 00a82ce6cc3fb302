"""The command line against a running environment, and what is left of its scratch tables."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from tests.integration.conftest import Environment
from tests.integration.faults.switch import Switch
from toolchain.workspace import ROOT

DR_REGION = "eu-west-1"


@dataclass(frozen=True)
class Operator:
    """Somebody with the command line; `files` is where reports go."""

    environment: Environment
    files: Path

    @property
    def _outputs(self) -> str:
        path = self.files / "outputs.json"
        path.write_text(json.dumps(self.environment.summary), encoding="utf-8")
        return str(path)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", "from ops.cli import main; main()", *arguments, "--outputs", self._outputs]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
        )

    def document(self, *arguments: str, code: int = 0) -> Any:
        """What the command answers as JSON; it ends with `code`."""
        target = self.files / "answer.json"
        done = self.run(*arguments, "--json", str(target))
        assert done.returncode == code, done.stderr[-3000:]
        return json.loads(target.read_text(encoding="utf-8"))

    def client(self, service: str, region: str | None = None) -> Any:
        make: Any = boto3.client
        summary = self.environment.summary
        return make(
            service, endpoint_url=summary["aws_endpoint_url"], region_name=region or summary["region"],
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip

    def scratch_tables(self) -> list[str]:
        """Scratch tables of both regions."""
        found: list[str] = []
        for region in (None, DR_REGION):
            pages = self.client("dynamodb", region).get_paginator("list_tables").paginate()
            found += [name for page in pages for name in page["TableNames"] if "-drill-" in name]
        return found

    @property
    def table(self) -> str:
        """The physical table of the products."""
        name: str = self.environment.outputs["tables"]["products"]
        return name

    def corrupt(self, point: str) -> None:
        """Damage a recovery point for good: a tenth of its items, and at least one."""
        address = f"{self.environment.summary['aws_endpoint_url']}/_localcloud/faults"
        httpx.post(address, json={"kind": "corrupt", "resource": point, "seed": 7}).raise_for_status()


@pytest.fixture
def operator(dev: Environment, tmp_path: Path) -> Operator:
    return Operator(dev, tmp_path)


@pytest.fixture
def points(operator: Operator) -> dict[str, str]:
    """Recovery points of three tables, made now: region -> ARN of the one of the products."""
    made = operator.document("backup", "create", *_tables("products", "orders", "inventory"))
    return {one["region"]: one["arn"] for one in made["points"] if one["table"] == operator.table}


def _tables(*names: str) -> list[str]:
    return [part for name in names for part in ("--table", name)]


@pytest.fixture
def switch(dev: Environment) -> Switch:
    return Switch(dev)
