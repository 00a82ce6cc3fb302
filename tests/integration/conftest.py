"""Real environments for the tests: the real engine, the real program, real zips, real HTTP.

The three stacks run side by side for the whole session in a folder of their own, never in the tree's `.local`.
Tests that stop, kill, destroy or change an environment make one for themselves with `scratch`.
"""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

import bundler
from ops.errors import Refused
from ops.permissions.run import report_of_files
from ops.permissions.show import summary
from ops.permissions.sources import DIRECTORY_VARIABLE
from toolchain import cloud as clouds
from toolchain.progress import Progress
from toolchain.up import Session, deploy, open_session, summarise, up
from toolchain.workspace import ROOT, STACKS, Workspace

_DEPLOYMENTS_SECONDS = 900


def pytest_configure(config: pytest.Config) -> None:
    """Have every cloud of the run leave what was used of its roles' permissions in one folder.

    Set before any worker of xdist starts, so that all of them mean the same one.
    """
    cache: pytest.Cache | None = getattr(config, "cache", None)  # not there with `-p no:cacheprovider`
    if DIRECTORY_VARIABLE not in os.environ and cache is not None:
        os.environ[DIRECTORY_VARIABLE] = str(
            cache.mkdir("iam-usage") / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}"
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a test the time of the three deployments, which whichever comes first waits for."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            own = item.get_closest_marker("timeout")
            item.add_marker(pytest.mark.timeout(_DEPLOYMENTS_SECONDS + (own.args[0] if own else 600)), append=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the run used of what is granted; every cloud is down by now and has written its file."""
    directory = Path(os.environ.get(DIRECTORY_VARIABLE, ""))
    if hasattr(terminalreporter.config, "workerinput") or not any(directory.glob("*.json")):
        return
    terminalreporter.section("permissions of the run")
    try:
        report = report_of_files(directory, together=True)
    except Refused as refused:
        terminalreporter.write_line(f"{refused.message}: {refused.remedy}")
        return
    where = directory.relative_to(ROOT) if directory.is_relative_to(ROOT) else directory
    terminalreporter.write_line(summary(report.totals).plain)
    terminalreporter.write_line(f"what was never used: omnix iam report --usage {where} --together --unused-only")


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Environment:
    """One running environment and the ways into it."""

    workspace: Workspace
    summary: dict[str, Any]

    @property
    def outputs(self) -> dict[str, Any]:
        outputs: dict[str, Any] = self.summary["outputs"]
        return outputs

    def session(self) -> Session:
        """Return the engine and cloud of the environment, starting the cloud if it is down."""
        return open_session(self.workspace, Progress())

    def engine(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run an engine command; its exit code and output are the test's to judge."""
        engine = self.session().engine
        return subprocess.run(
            engine.command([*arguments, "--non-interactive"]),
            env=engine.environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip

    def state(self) -> list[dict[str, Any]]:
        """Return the resources of the engine's state."""
        document = json.loads(self.workspace.state.read_text(encoding="utf-8"))
        resources: list[dict[str, Any]] = document["checkpoint"]["latest"]["resources"]
        return resources

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a boto3 client on the environment's AWS endpoint, for its own region or another."""
        make: Any = boto3.client  # its overloads want the service as a literal
        return make(
            service, endpoint_url=self.summary["aws_endpoint_url"], region_name=region or self.summary["region"],
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip

    def http(self, token: str | None = None) -> httpx.Client:
        """Return an HTTP client on the environment's API, signed in with `token` if given."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.summary["api_url"], headers=headers, timeout=30)

    def sign_in(self) -> str:
        """Return an access token of the demo owner."""
        answer = self.http().post("/auth/login", json=self.summary["demo"])
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Environment]]:
    """Give dev, staging and prod, each up and proven ready by its own `up`."""
    home = tmp_path_factory.mktemp("environments")
    running: dict[str, Environment] = {}
    try:
        for stack in STACKS:
            workspace = Workspace(stack, home)
            running[stack] = Environment(workspace, up(workspace, Progress(), ports=(free_port(), free_port())))
        yield running
    finally:
        for stack in STACKS:
            clouds.stop(Workspace(stack, home))


@pytest.fixture(scope="session")
def dev(environments: dict[str, Environment]) -> Environment:
    return environments["dev"]


@dataclass(frozen=True)
class Prototype:
    """A deployed environment whose cloud is stopped: copied, it starts on its own ports as it was left."""

    home: Path
    ports: tuple[int, int]


@pytest.fixture(scope="session")
def prototype(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Prototype]:
    """Give a maker of deployed environments to copy, one a stack: a deployment takes ten times as long as a copy."""
    home = tmp_path_factory.mktemp("prototypes")
    made: dict[str, Prototype] = {}

    def make(stack: str) -> Prototype:
        if stack not in made:
            workspace, ports = Workspace(stack, home), (free_port(), free_port())
            bundler.build(ROOT, "local")
            with workspace.alone():
                session = open_session(workspace, Progress(), ports=ports)
                deploy(session, Progress())
                summarise(session, Progress())
            clouds.stop(workspace)
            made[stack] = Prototype(home, ports)
        return made[stack]

    return make


@pytest.fixture
def scratch(tmp_path: Path, prototype: Callable[[str], Prototype]) -> Iterator[Callable[[str], Environment]]:
    """Give a maker of environments that a test may break; deployed, without demo data, stopped at the end."""
    made: list[Workspace] = []

    def make(stack: str) -> Environment:
        workspace, original = Workspace(stack, tmp_path / "home"), prototype(stack)
        made.append(workspace)
        shutil.copytree(Workspace(stack, original.home).folder, workspace.folder)
        shutil.copy2(Workspace(stack, original.home).summary, workspace.summary)
        with workspace.alone():
            session = open_session(workspace, Progress(), ports=original.ports)
            if session.cloud.gateway_url != workspace.read_summary()["gateway_url"]:
                deploy(session, Progress())  # somebody has taken a port: the new address is to be everywhere
            return Environment(workspace, summarise(session, Progress()))

    yield make
    for workspace in made:
        clouds.stop(workspace)
