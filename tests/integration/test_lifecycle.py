"""What an operator does to a whole environment: stop, kill, interrupt, break by hand, destroy, adopt."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.conftest import Environment, free_port
from tests.integration.test_determinism import UNEXPECTED_CHANGES
from tests.sessions import await_end, kill_session
from toolchain import cloud as clouds
from toolchain.progress import Progress
from toolchain.pulumi_cli import PulumiError
from toolchain.up import deploy, destroy, open_session, summarise, unprotect
from toolchain.workspace import ROOT, Workspace, WorkspaceError

Scratch = Callable[[str], Environment]


def register(environment: Environment, email: str) -> str:
    answer = environment.http().post(
        "/auth/register",
        json={"email": email, "password": "correct horse battery", "name": "Owner", "tenant_name": "Shop"},
    )
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["access_token"]
    return token


def add_product(environment: Environment, token: str, sku: str) -> str:
    product = {"sku": sku, "name": "Oat milk", "category": "dairy", "price": {"amount": 249, "currency": "EUR"}}
    answer = environment.http(token).post("/products", json=product)
    assert answer.status_code == 201, answer.text
    identity: str = answer.json()["product_id"]
    return identity


def again(environment: Environment) -> Environment:
    """Open the environment anew, as `make up` after `make down` does."""
    session = open_session(environment.workspace, Progress(), ports=(free_port(), free_port()))
    deploy(session, Progress())
    return Environment(environment.workspace, summarise(session, Progress()))


def test_what_was_written_survives_down_and_up_on_other_ports(scratch: Scratch) -> None:
    environment = scratch("dev")
    token = register(environment, "survivor@shop.example")
    product = add_product(environment, token, "OAT-1")
    clouds.stop(environment.workspace)
    later = again(environment)
    assert later.summary["api_url"] != environment.summary["api_url"]
    assert later.http(token).get(f"/products/{product}").json()["sku"] == "OAT-1"
    assert later.engine("preview", "--expect-no-changes").returncode == 0


def test_a_port_that_is_taken_is_replaced_and_said(scratch: Scratch, capfd: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = scratch("dev")
        clouds.stop(environment.workspace)
        cloud = clouds.start(environment.workspace, environment.summary["region"], (port, free_port()))
        assert f":{port}" not in cloud.endpoint_url
        assert str(port) in capfd.readouterr().err


def test_an_interrupted_up_is_finished_by_the_next(scratch: Scratch) -> None:
    environment = scratch("dev")
    destroy(environment.workspace, Progress())
    session = open_session(environment.workspace, Progress())
    for _attempt in range(3):
        process = subprocess.Popen(
            session.engine.command(["up", "--yes", "--skip-preview", "--non-interactive"]),
            env=session.engine.environment(), stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        time.sleep(4)
        kill_session(process.pid)
        process.wait()
    later = again(environment)
    register(later, "after@shop.example")
    assert later.engine("preview", "--expect-no-changes").returncode == 0


def test_a_killed_cloud_comes_back_with_what_it_held(scratch: Scratch) -> None:
    import json

    environment = scratch("dev")
    token = register(environment, "kill@shop.example")
    open_session(environment.workspace, Progress()).cloud.ask("snapshot", post=True)
    pid = json.loads((environment.workspace.cloud / "cloud.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    await_end(pid)
    later = again(environment)
    assert later.http(token).get("/auth/me").status_code == 200


def test_a_table_deleted_by_hand_is_noticed_by_refresh_and_made_again_by_up(scratch: Scratch) -> None:
    environment = scratch("dev")
    environment.client("dynamodb").delete_table(TableName=environment.outputs["tables"]["recommendations"])
    noticed = environment.engine("refresh", "--preview-only", "--expect-no-changes")
    assert noticed.returncode == UNEXPECTED_CHANGES, noticed.stdout
    assert environment.engine("refresh", "--yes", "--skip-preview").returncode == 0
    later = again(environment)
    table = later.client("dynamodb").describe_table(TableName=later.outputs["tables"]["recommendations"])
    assert table["Table"]["TableStatus"] == "ACTIVE"


def test_destroying_dev_leaves_nothing_behind(scratch: Scratch) -> None:
    environment = scratch("dev")
    register(environment, "gone@shop.example")
    left = destroy(environment.workspace, Progress())
    assert left == {}


def test_destroying_prod_is_refused_until_it_is_unprotected_and_its_data_is_adopted(scratch: Scratch) -> None:
    environment = scratch("prod")
    token = register(environment, "keeper@shop.example")
    with pytest.raises(PulumiError, match="destroy"):
        destroy(environment.workspace, Progress())
    assert environment.http(token).get("/auth/me").status_code == 200
    unprotect(environment.workspace, Progress())
    left = destroy(environment.workspace, Progress())
    assert len(left["dynamodb"]["tables"]) == 9
    later = again(environment)
    assert later.http(token).get("/auth/me").status_code == 200
    assert later.engine("preview", "--expect-no-changes").returncode == 0


def test_two_commands_on_one_environment_do_not_meet(tmp_path: Path) -> None:
    workspace = Workspace("dev", tmp_path)
    with (
        workspace.alone(),
        pytest.raises(WorkspaceError, match=f"process {os.getpid()}"),
        Workspace("dev", tmp_path).alone(),
    ):
        pass


def test_the_commands_leave_the_working_tree_as_it_was(environments: dict[str, Environment]) -> None:
    del environments  # they are up: all three deployed from this tree
    status = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True)
    overlays = [line for line in status.stdout.splitlines() if "Pulumi." in line or "openapi" in line]
    assert overlays == []
