"""Starts, asks and stops the local cloud of one environment, through its own command line."""

import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from typing import Any

from toolchain import switches
from toolchain.overlay import LOCAL_ACCOUNTS
from toolchain.workspace import ROOT, Workspace

START_SECONDS = 90
PREFERRED_PORTS = {"dev": (4510, 4511), "staging": (4520, 4521), "prod": (4530, 4531)}


class CloudError(RuntimeError):
    """The local cloud did not do as asked; the message is its own."""


@dataclass(frozen=True)
class Cloud:
    """A running local cloud: where it answers."""

    endpoint_url: str
    gateway_url: str
    provider_port: int
    account_id: str
    region: str
    # what is done about calls that no policy allows: enforced, or off
    permissions: str

    def ask(self, path: str, *, post: bool = False) -> Any:
        """Ask the cloud's own interface (`/_localcloud/…`) and return the JSON answer."""
        request = urllib.request.Request(f"{self.endpoint_url}/_localcloud/{path}", method="POST" if post else "GET")  # noqa: S310  always http to the loopback
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)


def _localcloud(workspace: Workspace, *arguments: str) -> str:
    command = [sys.executable, "-m", "localcloud", *arguments, "--state-dir", str(workspace.cloud)]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=START_SECONDS)
    if result.returncode:
        raise CloudError(f"the local cloud of {workspace.stack} did not {arguments[0]}; its message is above")
    return result.stdout


def start(workspace: Workspace, region: str, ports: tuple[int, int] | None = None) -> Cloud:
    """Start the environment's cloud, or find it running; it outlives this process.

    `ports` are the ones wished for the AWS endpoint and the gateway; a taken one is replaced, which is said on stderr.
    `OMNIX_PERMISSIONS=off` starts it without enforcement, to see whether a permission is the cause of a failure.
    """
    endpoint, gateway = ports or PREFERRED_PORTS[workspace.stack]
    permissions = "on" if switches.is_on(switches.PERMISSIONS) else "off"
    document = json.loads(
        _localcloud(
            workspace, "start", "--account-id", LOCAL_ACCOUNTS[workspace.stack], "--region", region,
            "--port", str(endpoint), "--gateway-port", str(gateway), "--permissions", permissions,
        )
    )  # fmt: skip
    return _cloud(document)


def _cloud(document: dict[str, Any]) -> Cloud:
    return Cloud(
        endpoint_url=document["endpoint_url"],
        gateway_url=document["gateway_url"],
        provider_port=int(document["provider_port"]),
        account_id=document["account_id"],
        region=document["region"],
        permissions=document["permissions"],
    )


def stop(workspace: Workspace) -> None:
    """Stop the environment's cloud after it has saved its state; nothing to do when it is not running."""
    if workspace.cloud.exists():
        _localcloud(workspace, "stop")
