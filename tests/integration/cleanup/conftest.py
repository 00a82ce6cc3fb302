"""A local cloud of its own with the legacy estate of the remediation plan, and the command line beside it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from ops.audit.inventory import inventory
from ops.audit.reader import Reader
from tests.integration.legacy.building import REGION
from tests.integration.legacy.estate import build
from toolchain.workspace import ROOT

ACCOUNT, ALIAS = "100000000009", "old-shop"
OMNIX = str(Path(sys.executable).with_name("omnix"))


@dataclass
class Site:
    endpoint: str
    folder: Path

    def client(self, service: str, region: str | None = None) -> Any:
        make: Any = boto3.client
        return make(
            service, endpoint_url=self.endpoint, region_name=region or REGION,
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip

    @property
    def plan(self) -> Path:
        return self.folder / "plan.json"

    @property
    def ledger(self) -> Path:
        return self.folder / "run" / "ledger.ndjson"

    def command(self, *arguments: str) -> list[str]:
        return [OMNIX, *arguments]

    def omnix(self, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(self.command(*arguments), cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return " ".join((done.stdout + done.stderr).split())

    def audited(self) -> None:
        """Audit the account; everything was first seen a month ago."""
        history = self.folder / "history.json"
        arguments = ("audit", "--endpoint-url", self.endpoint, "--region", REGION)
        self.omnix(*arguments, "--history", str(history), "--report", str(self.folder))
        month = (datetime.now(UTC) - timedelta(days=30)).isoformat()
        document = json.loads((self.folder / "audit.json").read_text())
        for finding in document["findings"]:
            finding["resource"]["first_seen"] = month
        (self.folder / "audit.json").write_text(json.dumps(document))

    def planned(self, *arguments: str) -> None:
        self.omnix("cleanup", "plan", str(self.folder / "audit.json"), "--out", str(self.plan), *arguments)

    def approved(self) -> None:
        self.omnix("cleanup", "approve", str(self.plan), "--by", "Ada")

    def run(self, *arguments: str, alias: str = ALIAS, fails: bool = False) -> str:
        return self.omnix(*self.run_arguments(*arguments, alias=alias), fails=fails)

    def run_arguments(self, *arguments: str, alias: str = ALIAS) -> tuple[str, ...]:
        ledger = ("--ledger", str(self.ledger), "--endpoint-url", self.endpoint)
        return ("cleanup", "run", str(self.plan), "--apply", "--account-alias", alias, *ledger, *arguments)

    def killed_at(self, lines: int) -> bool:
        """Run and SIGKILL the process once its ledger has so many lines; False when it ended before."""
        process = subprocess.Popen(
            self.command(*self.run_arguments()), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None:
            if self.ledger.is_file() and self.ledger.read_bytes().count(b"\n") >= lines:
                process.send_signal(signal.SIGKILL)
                process.wait()
                return True
            time.sleep(0.005)
        return False

    def picture(self) -> dict[str, Any]:
        """Everything that the account holds: what its resources are, its backups, and its tables' items."""
        reader = Reader(self.client, ACCOUNT, datetime.now(UTC))
        dynamodb = self.client("dynamodb")
        tables = [name for page in dynamodb.get_paginator("list_tables").paginate() for name in page["TableNames"]]
        return {
            "resources": {one.resource.arn: one.resource.facts for one in inventory(reader, [REGION])},
            "backups": sorted(one["BackupArn"] for one in dynamodb.list_backups()["BackupSummaries"]),
            "counts": {name: dynamodb.scan(TableName=name, Select="COUNT")["Count"] for name in tables},
        }


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    state = ["--state-dir", str(tmp_path / "cloud")]
    cloud = [sys.executable, "-m", "localcloud"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    start = [*cloud, "start", *state, "--account-id", ACCOUNT, "--region", REGION]
    done = subprocess.run(start, cwd=ROOT, env=clean, capture_output=True, text=True, check=True)
    try:
        found = Site(json.loads(done.stdout)["endpoint_url"], tmp_path / "work")
        found.folder.mkdir()
        found.client("iam").create_account_alias(AccountAlias=ALIAS)
        build(found.client, past(found.endpoint), items=120)
        yield found
    finally:
        subprocess.run([*cloud, "stop", *state], cwd=ROOT, check=False, capture_output=True)


def past(endpoint: str) -> Callable[[Mapping[str, Any]], None]:
    """Give the estate its age and its metrics."""

    def tell(document: Mapping[str, Any]) -> None:
        answer = httpx.post(f"{endpoint}/_localcloud/past", content=json.dumps(document), timeout=60)
        assert answer.status_code == 200, answer.text

    return tell
