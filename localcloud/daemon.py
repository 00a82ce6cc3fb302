"""Starting and stopping the service as a daemon of its own session."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from localcloud.service import Settings
from localcloud.state_directory import StateDirectory

_START_SECONDS = 90.0
_STOP_SECONDS = 30.0
_KEPT_LOG = 10 * 1024 * 1024


class DaemonError(Exception):
    """The daemon did not do what it was asked; the message says why."""


def start(settings: Settings) -> tuple[dict[str, Any], list[str]]:
    """Start the daemon unless it runs; its `cloud.json` and what the caller should be told.

    Ports that are not asked for stay those of the last run, so that what remembers them still works.
    """
    directory = StateDirectory(settings.state_dir)
    directory.create()
    if (pid := directory.owner()) is not None:
        return _running(directory, settings, pid)
    last = directory.read_info()
    port = settings.port or _port_of(last.get("endpoint_url"))
    gateway_port = settings.gateway_port or _port_of(last.get("gateway_url"))
    _rotate(directory.daemon_log)
    _rotate(directory.functions_log)
    process = _spawn(directory, settings, port, gateway_port)
    info = _wait_until_healthy(directory, process)
    wanted = {"endpoint_url": port, "gateway_url": gateway_port}
    notes = [
        f"port {number} is taken: {name.removesuffix('_url')} is at {info[name]}"
        for name, number in wanted.items()
        if number and _port_of(info[name]) != number
    ]
    return info, notes


def _running(directory: StateDirectory, settings: Settings, pid: int) -> tuple[dict[str, Any], list[str]]:
    deadline = time.monotonic() + _START_SECONDS
    while not (info := directory.read_info()) or not _healthy(info):
        if time.monotonic() > deadline or directory.owner() is None:
            raise DaemonError(f"process {pid} holds {directory.root} but does not answer: see {directory.daemon_log}")
        time.sleep(0.1)
    if info["account_id"] != settings.account_id or info["region"] != settings.region:
        raise DaemonError(
            f"{directory.root} already serves account {info['account_id']} in {info['region']}: stop it first, "
            "or use another state directory"
        )
    if info.get("permissions") != settings.permissions_state:
        raise DaemonError(f"{directory.root} runs with permissions {info.get('permissions')}: stop it first")
    return info, [f"already running (process {pid})"]


def _spawn(directory: StateDirectory, settings: Settings, port: int, gateway_port: int) -> subprocess.Popen[bytes]:
    arguments = {
        "--state-dir": directory.root,
        "--account-id": settings.account_id,
        "--region": settings.region,
        "--port": port,
        "--gateway-port": gateway_port,
        "--permissions": "on" if settings.permissions else "off",
    }
    command = [sys.executable, "-m", "localcloud", "serve"]
    command += [str(part) for pair in arguments.items() for part in pair]
    with directory.daemon_log.open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parent.parent,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait_until_healthy(directory: StateDirectory, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        info = directory.read_info()
        if info.get("pid") == process.pid and _healthy(info):
            return info
        if process.poll() is not None:
            raise DaemonError(f"the local cloud did not start:\n{tail(directory.daemon_log, 15)}")
        time.sleep(0.05)
    raise DaemonError(f"the local cloud is not healthy after {_START_SECONDS:.0f} s: see {directory.daemon_log}")


def _healthy(info: dict[str, Any]) -> bool:
    try:
        with urllib.request.urlopen(f"{info['endpoint_url']}/_localcloud/health", timeout=5) as answer:  # noqa: S310
            return bool(json.load(answer)["account_id"] == info["account_id"])
    except (OSError, ValueError, KeyError, urllib.error.URLError):
        return False


def stop(directory: StateDirectory) -> str:
    """Ask the daemon to save and end; insist after a while. What was done, as a sentence."""
    pid = directory.owner()
    if pid is None:
        return "not running"
    os.kill(pid, signal.SIGTERM)
    if directory.wait_until_free(_STOP_SECONDS):
        return "stopped"
    os.kill(pid, signal.SIGKILL)
    directory.wait_until_free(_STOP_SECONDS)
    return f"killed: it did not end within {_STOP_SECONDS:.0f} s, changes of the last seconds may be lost"


def status(directory: StateDirectory) -> dict[str, Any]:
    """`{"running": bool}` and, when it runs, `cloud.json` and `healthy`."""
    if directory.owner() is None:
        return {"running": False}
    info = directory.read_info()
    return {"running": True, "healthy": bool(info) and _healthy(info), **info}


def tail(file: Path, lines: int) -> str:
    """The file's last lines; empty when there is none."""
    if not file.exists():
        return ""
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])


def _port_of(url: str | None) -> int:
    return int(url.rpartition(":")[2]) if url else 0


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _KEPT_LOG:
        log.replace(log.with_suffix(".1.log"))
