"""Real environments for the tests: the real engine, the real program, real zips, real HTTP.

The three stacks run side by side for the whole session in a folder of their own, never in the tree's `.local`.
Tests that stop, kill, destroy or change an environment make one for themselves with `scratch`.
"""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

import bundler
from toolchain import cloud as clouds
from toolchain.progress import Progress
from toolchain.up import Session, deploy, open_session, summarise, up
from toolchain.workspace import ROOT, STACKS, Workspace


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

    def client(self, service: str) -> Any:
        """Return a boto3 client on the environment's AWS endpoint."""
        make: Any = boto3.client  # its overloads want the service as a literal
        return make(
            service, endpoint_url=self.summary["aws_endpoint_url"], region_name=self.summary["region"],
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


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Callable[[str], Environment]]:
    """Give a maker of environments that a test may break; deployed, without demo data, stopped at the end."""
    made: list[Workspace] = []

    def make(stack: str) -> Environment:
        workspace = Workspace(stack, tmp_path / "home")
        made.append(workspace)
        bundler.build(ROOT, "local")
        with workspace.alone():
            session = open_session(workspace, Progress(), ports=(free_port(), free_port()))
            deploy(session, Progress())
            return Environment(workspace, summarise(session, Progress()))

    yield make
    for workspace in made:
        clouds.stop(workspace)
