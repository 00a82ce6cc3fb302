"""The real engine against the provider, with a program that has one of nearly every resource type.

These tests fail where the engine cannot be had: `make setup` provides it.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.cloud import Cloud
from localcloud.provider.catalogue import CATALOGUE
from localcloud.provider.server import serve
from tests.sessions import kill_session
from toolchain import engine as toolchain_engine

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

PROGRAM = Path(__file__).parent / "program.py"
# Types whose own tests create, change and delete them.
ELSEWHERE = (
    *("aws:iam/openId", "aws:scheduler/", "aws:cloudwatch/event", "aws:wafv2/", "aws:sqs/queuePolicy"),
    *("aws:lambda/eventSource", "aws:lambda/functionEventInvoke", "aws:backup/framework", "aws:backup/reg"),
    *("aws:backup/report", "aws:backup/restoreTesting", "aws:backup/vaultLock", "aws:s3/bucketReplication"),
)
# These run a function, which takes the Lambda runtime that this provider only calls.
NEED_A_RUNTIME = {"aws:lambda/invocation:Invocation", "aws:secretsmanager/secretRotation:SecretRotation"}


class Stack:
    """A project of its own with a file backend, attached to one provider server."""

    def __init__(self, folder: Path, cloud: Cloud, port: int) -> None:
        self.folder = folder
        self.cloud = cloud
        engine_folder = toolchain_engine.provide(lambda _: None)
        path = f"{engine_folder}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        (folder / "state").mkdir()
        (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (folder / "Pulumi.dev.yaml").write_text('config:\n  pulumi:disable-default-providers: ["aws"]\n')
        (folder / "artefact.zip").write_bytes(_zip(folder))
        shutil.copy(PROGRAM, folder / "__main__.py")
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PULUMI_"))},
            "PATH": path,
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "local",
            "PULUMI_DEBUG_PROVIDERS": f"aws:{port}",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
        }
        self.run("stack", "init", "dev")
        self.run("config", "set", "account", cloud.account_id)

    def run(self, *arguments: str, code: int = 0) -> str:
        command = ["pulumi", *arguments, "--stack", "dev"] if arguments[0] != "stack" else ["pulumi", *arguments]
        result = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert result.returncode == code, f"{command}: {result.returncode}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["pulumi", *arguments, "--stack", "dev"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def unlock(self) -> None:
        """What a user of a file backend does after a kill: drop the lock and what is half written."""
        shutil.rmtree(self.folder / "state/.pulumi/locks", ignore_errors=True)
        for attributes in (self.folder / "state/.pulumi/stacks/shop").glob("*.attrs"):
            attributes.unlink()
        state = self.folder / "state/.pulumi/stacks/shop/dev.json"
        if not state.read_bytes():
            shutil.copy(state.with_name("dev.json.bak"), state)

    def resources(self) -> list[dict[str, Any]]:
        exported = json.loads(self.run("stack", "export"))
        return [row for row in exported["deployment"]["resources"] if row["type"].startswith("aws:")]


def _zip(folder: Path) -> bytes:
    source = folder / "handler.py"
    source.write_text("def handler(event, context):\n    return {}\n")
    return Path(shutil.make_archive(str(folder / "made"), "zip", folder, "handler.py")).read_bytes()


@pytest.fixture
def stack(tmp_path: Path, cloud: Cloud) -> Iterator[Stack]:
    server, port = serve(cloud)
    yield Stack(tmp_path, cloud, port)
    server.stop(grace=1).wait()


def test_a_program_with_every_type_goes_up_stays_still_is_watched_and_goes_down(stack: Stack) -> None:
    stack.run("up", "--yes", "--skip-preview")
    held = {row["type"] for row in stack.resources()}
    assert held == {kind for kind in CATALOGUE if not kind.startswith(ELSEWHERE)} - NEED_A_RUNTIME

    stack.run("preview", "--expect-no-changes")
    stack.run("refresh", "--preview-only", "--expect-no-changes")
    for row in stack.resources():
        schema = CATALOGUE[row["type"]].schema
        assert {key for key in row["inputs"] if not key.startswith("__")} <= set(schema.inputs), row["urn"]
        assert {key for key in row["outputs"] if not key.startswith("__")} <= schema.outputs | {"id"}, row["urn"]
        assert schema.empty.keys() <= row["outputs"].keys(), row["urn"]

    stack.cloud.client("dynamodb").delete_table(TableName="shop-users")
    assert "users" in stack.run("refresh", "--preview-only", "--expect-no-changes", code=7)
    stack.run("refresh", "--yes")
    assert "aws:dynamodb:Table" in stack.run("up", "--yes", "--skip-preview")
    assert "shop-users" in stack.cloud.client("dynamodb").list_tables()["TableNames"]

    stack.run("destroy", "--yes")
    registry = stack.cloud.registry
    left = {kind: registry.all(kind) for kind in registry.kinds() if registry.all(kind)}
    assert left == {}
    assert stack.cloud.client("dynamodb").list_tables()["TableNames"] == []
    assert stack.cloud.client("apigateway").get_rest_apis()["items"] == []


def test_an_up_that_is_killed_is_finished_by_the_next_one_without_doubles(stack: Stack) -> None:
    registry = stack.cloud.registry
    killed = stack.start("up", "--yes", "--skip-preview")
    deadline = time.monotonic() + 120
    while len(registry.all("resource")) < 8 and time.monotonic() < deadline:
        time.sleep(0.02)
    kill_session(killed.pid)
    killed.wait()
    made = len(registry.all("resource"))

    stack.unlock()
    stack.run("up", "--yes", "--skip-preview")
    stack.run("refresh", "--yes", "--clear-pending-creates")
    stack.run("preview", "--expect-no-changes")
    assert 8 <= made < len(stack.resources())
    assert len(stack.cloud.client("kms").list_keys()["Keys"]) == 1
    assert len(stack.cloud.client("apigateway").get_rest_apis()["items"]) == 1
    assert len(stack.cloud.client("apigateway").get_api_keys()["items"]) == 1
    assert len(registry.all("resource")) == len(stack.resources())


def test_what_the_state_lets_go_of_is_left_as_it_is(stack: Stack) -> None:
    stack.run("up", "--yes", "--skip-preview")
    gone = next(row["urn"] for row in stack.resources() if row["type"] == "aws:sqs/queue:Queue")
    stack.run("state", "delete", gone, "--yes")
    assert gone not in {row["urn"] for row in stack.resources()}
    assert [url.rpartition("/")[2] for url in stack.cloud.client("sqs").list_queues()["QueueUrls"]] == ["shop-q"]
