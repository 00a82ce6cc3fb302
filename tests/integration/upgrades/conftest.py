"""One cloud for all upgrades; each test has an environment, an engine state and names of its own in it."""

import json
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import boto3
import pytest

from tests.integration.conftest import free_port
from tests.integration.upgrades.programs import REGION, VARIABLE
from toolchain import cloud as clouds
from toolchain.cloud import Cloud
from toolchain.engine import provide
from toolchain.pulumi_cli import Engine
from toolchain.workspace import ROOT, Workspace

STATEFUL = frozenset(
    {
        "aws:dynamodb/table:Table",
        "aws:kms/key:Key",
        "aws:secretsmanager/secret:Secret",
        "aws:s3/bucket:Bucket",
        "aws:s3/bucketObjectv2:BucketObjectv2",
        "aws:backup/vault:Vault",
        "aws:cloudwatch/logGroup:LogGroup",
    }
)
PROJECT = """name: omnix-ai
runtime: python
"""
CONFIG = """config:
  pulumi:disable-default-providers: [aws]
"""
PROGRAM = """from tests.integration.upgrades.programs import main

main()
"""


@dataclass(frozen=True)
class Step:
    """One resource in the engine's own account of a deployment, before or after it."""

    operation: str
    urn: str
    changed: frozenset[str]
    replacing: frozenset[str]
    inputs: dict[str, Any]

    @property
    def name(self) -> str:
        return self.urn.rsplit("::", 1)[-1]

    @property
    def kind(self) -> str:
        return self.urn.split("::")[2].rsplit("$", 1)[-1]


@dataclass(frozen=True)
class Plan:
    """What the engine says that it will do, or did."""

    steps: list[Step]

    @classmethod
    def of_preview(cls, output: str) -> Self:
        """From `pulumi preview --json`: one document."""
        return cls([_step(step, step.get("newState")) for step in json.loads(output)["steps"]])

    @classmethod
    def of_update(cls, output: str) -> Self:
        """From `pulumi up --json`: one event a line, of which each step begins with a `resourcePreEvent`."""
        events = (json.loads(line) for line in output.splitlines())
        found = [event["resourcePreEvent"]["metadata"] for event in events if "resourcePreEvent" in event]
        return cls([_step(step, step.get("new")) for step in found])

    def operations(self, kind: str = "aws:") -> dict[str, str]:
        """Operation by logical name of every resource whose type begins with `kind` and that is not the same."""
        return {
            step.name: step.operation for step in self.steps if step.kind.startswith(kind) and step.operation != "same"
        }

    def step(self, name: str) -> Step:
        (found,) = (step for step in self.steps if step.name == name)
        return found

    def lost(self) -> list[str]:
        """Stateful resources that are replaced, deleted or made anew beside what is there."""
        losing = ("delete", "replace", "discard", "create")
        return [
            f"{step.operation} {step.urn}"
            for step in self.steps
            if step.kind in STATEFUL and any(word in step.operation for word in losing)
        ]


def _step(step: dict[str, Any], new: dict[str, Any] | None) -> Step:
    return Step(
        operation=step["op"],
        urn=step["urn"],
        changed=frozenset(step.get("detailedDiff") or ()),
        replacing=frozenset(step.get("replaceReasons") or step.get("keys") or ()),
        inputs=(new or {}).get("inputs") or {},
    )


class RefusedError(Exception):
    """The engine ended with an error; its message."""


@dataclass
class Upgrades:
    """One environment that is deployed again and again."""

    engine: Engine
    cloud: Cloud
    environment: str
    tags: dict[str, str] = field(default_factory=dict)

    def preview(self, program: str, **arguments: Any) -> Plan:
        return Plan.of_preview(self.preview_document(program, **arguments))

    def preview_document(self, program: str, **arguments: Any) -> str:
        return self._run(("preview", "--json"), program, arguments)

    def up(self, program: str, **arguments: Any) -> Plan:
        return Plan.of_update(self._run(("up", "--yes", "--skip-preview", "--json"), program, arguments))

    def assert_settled(self, program: str, **arguments: Any) -> None:
        """A second preview, and a look at the cloud, show nothing left to change."""
        self._run(("preview", "--refresh", "--expect-no-changes"), program, arguments)

    def forget(self, name: str) -> None:
        """Take the resource of that logical name out of the engine's state; it stays in the cloud."""
        exported = json.loads(self.engine.capture("stack", "export"))
        (urn,) = (
            row["urn"] for row in exported["deployment"]["resources"] if row["urn"].endswith(f"::{name}")
        )  # fmt: skip
        self.engine.capture("state", "delete", urn, "--force", "--yes")

    def client(self, service: str) -> Any:
        make: Any = boto3.client  # its overloads want the service as a literal
        return make(
            service, endpoint_url=self.cloud.endpoint_url, region_name=REGION,
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip

    def table(self, logical: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client("dynamodb").describe_table(TableName=self.name(logical))["Table"]
        return found

    def name(self, logical: str) -> str:
        return f"omnix-ai-{self.environment}-{logical}"

    def _run(self, command: tuple[str, ...], program: str, arguments: Mapping[str, Any]) -> str:
        asked = {"environment": self.environment, "tags": self.tags, "program": program, "arguments": arguments}
        environment = {**self.engine.environment(), "PYTHONPATH": str(ROOT), VARIABLE: json.dumps(asked)}
        result = subprocess.run(
            self.engine.command([*command, "--non-interactive"]),
            env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        if result.returncode:
            raise RefusedError(_errors(result.stdout) + result.stderr)
        return result.stdout


def _errors(output: str) -> str:
    """The errors among the events of `--json`, or all of what was printed for people."""
    if not output.startswith('{"sequence"'):
        return output
    events = (json.loads(line) for line in output.splitlines())
    found = (event["diagnosticEvent"] for event in events if "diagnosticEvent" in event)
    return "\n".join(event["message"] for event in found if event["severity"] == "error")


@dataclass
class Writer:
    """Writes items to a table without pause, and remembers those that were acknowledged."""

    client: Any
    table: str
    written: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._stop.wait(0.01):
                key = uuid.uuid4().hex
                item = {name: {"S": key} for name in ("pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk")}
                self.client.put_item(TableName=self.table, Item=item)
                self.written.append(key)
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's to show
            self.failure = error

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def assert_nothing_lost(self) -> None:
        assert self.failure is None
        assert self.written
        for key in self.written:
            found = self.client.get_item(TableName=self.table, Key={"pk": {"S": key}, "sk": {"S": key}})
            assert found.get("Item"), f"{key} was acknowledged and is gone"


@pytest.fixture(scope="session")
def shared_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    workspace = Workspace("dev", tmp_path_factory.mktemp("upgrades"))
    yield clouds.start(workspace, REGION, (free_port(), free_port()))
    clouds.stop(workspace)


@pytest.fixture
def upgrades(shared_cloud: Cloud, tmp_path: Path) -> Upgrades:
    workspace = Workspace("dev", tmp_path)
    workspace.project.mkdir(parents=True)
    workspace.backend.mkdir(parents=True)
    (workspace.project / "Pulumi.yaml").write_text(PROJECT)
    workspace.config.write_text(CONFIG)
    (workspace.project / "__main__.py").write_text(PROGRAM)
    engine = Engine(provide(lambda _: None), workspace, shared_cloud.provider_port)
    engine.ensure_stack()
    return Upgrades(engine, shared_cloud, f"u{uuid.uuid4().hex[:6]}")


@pytest.fixture
def writing(upgrades: Upgrades) -> Callable[[str], Writer]:
    """`with writing("users") as writer:` while an update runs."""
    return lambda logical: Writer(upgrades.client("dynamodb"), upgrades.name(logical))
