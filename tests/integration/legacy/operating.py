"""Somebody with the command line and a browser, in front of the legacy estate beside a deployed stack."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from ops.finding import LOCAL_DIR
from tests.integration.conftest import Environment
from tests.integration.legacy.building import REGION
from toolchain.workspace import ROOT

MAPPING = Path(__file__).parent / "mappings" / "estate.yaml"
PASSWORD = "correct horse battery staple"
_OMNIX = str(Path(sys.executable).with_name("omnix"))

type Item = dict[str, Any]


@dataclass
class Operator:
    """`folder` is where reports, plans and runs go; `seconds` says how long each phase took."""

    environment: Environment
    folder: Path
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 1)

    @property
    def endpoint(self) -> str:
        return str(self.environment.summary["aws_endpoint_url"])

    def client(self, service: str, region: str | None = None) -> Any:
        make: Any = boto3.client
        return make(
            service, endpoint_url=self.endpoint, region_name=region or REGION,
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip

    def past(self, document: Mapping[str, Any]) -> None:
        """Give the estate its age and its metrics."""
        answer = httpx.post(f"{self.endpoint}/_localcloud/past", content=json.dumps(document), timeout=60)
        assert answer.status_code == 200, answer.text

    def omnix(self, *arguments: str | Path, fails: bool = False) -> str:
        """What a command says, white space folded; it succeeds, or it `fails`."""
        done = subprocess.run(
            self._command(arguments), cwd=ROOT, env=self._environ, capture_output=True, text=True, check=False
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return " ".join((done.stdout + done.stderr).split())

    def document(self, *arguments: str | Path) -> Any:
        """What a command that succeeds answers as JSON."""
        target = self.folder / "answer.json"
        self.omnix(*arguments, "--json", target)
        return json.loads(target.read_text(encoding="utf-8"))

    def killed(self, *arguments: str | Path, when: Callable[[], bool]) -> None:
        """Begin a command and SIGKILL it as soon as something is so, which must come before its end."""
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(self._command(arguments), cwd=ROOT, env=self._environ, stdout=quiet, stderr=quiet)
        while not when():
            assert process.poll() is None, "it ended before"
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()

    @property
    def _environ(self) -> dict[str, str]:
        return os.environ | {LOCAL_DIR: str(self.environment.workspace.home)}

    def _command(self, arguments: Sequence[str | Path]) -> list[str]:
        return [_OMNIX, "--stack", "dev", *map(str, arguments)]

    def tables(self) -> list[str]:
        pages = self.client("dynamodb").get_paginator("list_tables").paginate()
        return sorted(name for page in pages for name in page["TableNames"])

    def scan(self, table: str) -> list[Item]:
        """All items in DynamoDB's JSON."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]

    def register(self, shop: str) -> str:
        """The tenant that the shop's owner registers."""
        owner = {
            "email": f"{shop}@legacy.example", "password": PASSWORD, "name": "Ada Owner", "tenant_name": f"Tea {shop}"
        }  # fmt: skip
        answer = self.environment.http().post("/auth/register", json=owner)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["user"]["tenant_id"])

    def browser(self, shop: str) -> httpx.Client:
        """The shop's owner, signed in."""
        answer = self.environment.http().post(
            "/auth/login", json={"email": f"{shop}@legacy.example", "password": PASSWORD}
        )
        assert answer.status_code == 200, answer.text
        return self.environment.http(answer.json()["access_token"])


def listed(browser: httpx.Client, path: str) -> list[Item]:
    """Every row of a list, page by page."""
    rows: list[Item] = []
    cursor: str | None = None
    while True:
        answer = browser.get(path, params={"limit": 100} | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows


def acknowledged(run: Path) -> int:
    """Items of a migration's acknowledged pages so far."""
    try:
        with closing(sqlite3.connect(f"file:{run / 'journal.sqlite'}?mode=ro", uri=True)) as journal:
            rows = journal.execute("SELECT counts FROM segment").fetchall()
    except sqlite3.OperationalError:  # it has not begun yet
        return 0
    return sum(sum(json.loads(counts).values()) for (counts,) in rows)


def put(dynamodb: Any, table: str, key: Item, **changes: Any) -> None:
    """What the legacy application does: change some attributes of an item, or make one that has them."""
    encode, decode = TypeSerializer().serialize, TypeDeserializer().deserialize
    encoded = {name: encode(value) for name, value in key.items()}
    found = dynamodb.get_item(TableName=table, Key=encoded, ConsistentRead=True).get("Item", {})
    item = {name: decode(value) for name, value in found.items()} | key | changes
    dynamodb.put_item(TableName=table, Item={name: encode(value) for name, value in item.items()})
