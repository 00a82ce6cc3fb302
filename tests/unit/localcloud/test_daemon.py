"""The daemon's life: start, second start, taken port, kill, damaged state, stop."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.unit.localcloud.conftest import ACCOUNT, REGION, Running, command, create_echo


@pytest.fixture
def cloud(launch: Callable[..., Running]) -> Iterator[Running]:
    running = launch()
    yield running
    running.stop()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def _wait(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_a_started_cloud_is_healthy_and_says_where_it_is(cloud: Running) -> None:
    health = httpx.get(f"{cloud.info['endpoint_url']}/_localcloud/health").json()
    assert health == {"status": "ok", "account_id": ACCOUNT, "region": REGION, "permissions": "enforced"}
    assert json.loads((cloud.directory / "cloud.json").read_text()) == cloud.info
    status = command("status", "--state-dir", cloud.directory)
    assert (status.returncode, json.loads(status.stdout)["healthy"]) == (0, True)


def test_it_listens_on_the_loopback_address_only(cloud: Running) -> None:
    for name in ("endpoint_url", "gateway_url"):
        port = int(cloud.info[name].rpartition(":")[2])
        with socket.socket() as other:
            other.bind(("127.0.0.2", port))  # free: nobody took the port on every address


def test_a_second_start_changes_nothing_and_says_so(cloud: Running) -> None:
    before = cloud.info
    again = cloud.start()
    assert "already running" in again.stderr
    assert cloud.info == before


def test_a_directory_of_another_account_is_refused(cloud: Running) -> None:
    done = command("start", "--state-dir", cloud.directory, "--account-id", "100000000008", "--region", REGION)
    assert done.returncode == 1
    assert "already serves account" in done.stderr


def test_it_runs_in_a_session_of_its_own(cloud: Running) -> None:
    assert os.getsid(cloud.info["pid"]) == cloud.info["pid"] != os.getsid(0)


def test_a_taken_port_is_replaced_by_another_and_reported(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = ["--state-dir", tmp_path, "--account-id", ACCOUNT, "--region", REGION, "--port", port]
        done = command("start", *line)
        try:
            assert done.returncode == 0, done.stderr
            assert f"port {port} is taken" in done.stderr
            url = json.loads(done.stdout)["endpoint_url"]
            assert not url.endswith(f":{port}")
            assert httpx.get(f"{url}/_localcloud/health").status_code == 200
        finally:
            command("stop", "--state-dir", tmp_path)


def test_ports_stay_the_same_from_one_start_to_the_next(cloud: Running) -> None:
    before = cloud.info
    cloud.restart()
    assert cloud.info["pid"] != before["pid"]
    for name in ("endpoint_url", "gateway_url"):
        assert cloud.info[name] == before[name]


def test_a_killed_daemon_takes_its_functions_with_it_and_starts_again_with_its_data(cloud: Running) -> None:
    create_echo(cloud)
    child = cloud.invoke({})["Payload"]["pid"]
    endpoint = cloud.info["endpoint_url"]
    assert httpx.post(f"{endpoint}/_localcloud/snapshot").json() == {"saved": True}
    os.kill(cloud.info["pid"], signal.SIGKILL)
    assert _wait(lambda: not _alive(child))
    assert command("status", "--state-dir", cloud.directory).returncode == 1
    assert cloud.start().returncode == 0
    assert cloud.invoke({"a": 1})["Payload"]["event"] == {"a": 1}


def test_what_changed_is_saved_without_being_asked(cloud: Running) -> None:
    cloud.client("sns").create_topic(Name="kept")
    saved = cloud.directory / "state" / "snapshot"
    before = saved.stat().st_mtime_ns
    assert _wait(lambda: saved.stat().st_mtime_ns > before)
    os.kill(cloud.info["pid"], signal.SIGKILL)
    assert _wait(lambda: not _alive(cloud.info["pid"]))
    assert cloud.start().returncode == 0
    assert cloud.client("sns").list_topics()["Topics"]


def test_a_stale_pid_file_of_a_process_that_is_someone_else_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(str(os.getpid()))
    (tmp_path / "cloud.json").write_text(json.dumps({"pid": os.getpid(), "endpoint_url": "http://127.0.0.1:1"}))
    status = command("status", "--state-dir", tmp_path)
    assert json.loads(status.stdout) == {"running": False}
    assert "not running" in command("stop", "--state-dir", tmp_path).stderr


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_a_damaged_snapshot_is_an_error_with_a_remedy_never_an_empty_cloud(cloud: Running, damage: str) -> None:
    cloud.client("sns").create_topic(Name="kept")
    cloud.stop()
    saved = cloud.directory / "state" / "snapshot"
    content = saved.read_bytes()
    head, _, body = content.partition(b"\n")
    other = json.dumps({**json.loads(head), "moto": "1.0"}).encode()
    saved.write_bytes(content[:-100] if damage == "cut" else other + b"\n" + body)
    done = cloud.start()
    assert done.returncode == 1
    assert "begin with an empty cloud" in done.stderr
    assert "Traceback" not in done.stderr
    saved.write_bytes(content)
    assert cloud.start().returncode == 0
    assert cloud.client("sns").list_topics()["Topics"]


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_PROFILE", "production")]
)
def test_it_refuses_to_start_with_credentials_that_look_real(tmp_path: Path, name: str, value: str) -> None:
    line = [sys.executable, "-m", "localcloud", "start", "--state-dir", str(tmp_path / "state")]
    line += ["--account-id", ACCOUNT, "--region", REGION]
    environ = {**os.environ, name: value}
    done = subprocess.run(line, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert f"unset {name}" in done.stderr
    assert value not in done.stderr
    assert not (tmp_path / "state").exists()


def test_wrong_use_is_exit_code_2(tmp_path: Path) -> None:
    done = command("start", "--state-dir", tmp_path, "--account-id", "12", "--region", REGION)
    assert done.returncode == 2
