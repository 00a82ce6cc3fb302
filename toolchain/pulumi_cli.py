"""The real engine's command line, run on one local environment.

The `aws` provider of the run is the local cloud's: `PULUMI_DEBUG_PROVIDERS` attaches it, everything else is what a
user of AWS runs.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from toolchain.cache import cache_dir
from toolchain.policy_pack import LocalPack
from toolchain.workspace import Workspace, write_atomically

# Local state holds local secrets only; the passphrase protects nothing and a prompt would stop `make up`.
LOCAL_PASSPHRASE: Final = "local"  # noqa: S105  as the line above says


class PulumiError(RuntimeError):
    """The engine ended with an error; its own message has been shown or is in this one."""


@dataclass(frozen=True)
class Engine:
    """The engine's programs (`folder`), the environment it works on, and the provider's port on 127.0.0.1.

    `pack` judges every preview and update; None where nothing is judged.
    """

    folder: Path
    workspace: Workspace
    provider_port: int
    pack: LocalPack | None = None

    def environment(self) -> dict[str, str]:
        """Return the environment of an engine run: no credential and no setting of the caller's AWS or Pulumi."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "PULUMI_")) and name not in {"VIRTUAL_ENV", "PYTHONPATH"}
        }
        python = Path(sys.executable).parent
        return {
            **kept,
            "PATH": os.pathsep.join((str(self.folder), str(python), kept.get("PATH", ""))),
            # not the user's ~/.pulumi: its login and plug-ins are none of a local run's business
            "PULUMI_HOME": str(cache_dir() / "pulumi-home"),
            "PULUMI_BACKEND_URL": self.workspace.backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": LOCAL_PASSPHRASE,
            "PULUMI_DEBUG_PROVIDERS": f"aws:{self.provider_port}",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
            **(self.pack.environment() if self.pack else {}),
        }

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Return the command line: the overlay project, the stack, and the pack where one judges, are always named."""
        judged = self.pack.arguments(arguments) if self.pack else []
        head = [str(self.folder / "pulumi"), *arguments, *judged, "--cwd", str(self.workspace.project)]
        if tuple(arguments[:2]) not in (("stack", "init"), ("stack", "ls")):
            head += ["--stack", self.workspace.stack]
        return head

    def run(self, *arguments: str, quiet: bool = False) -> int:
        """Run one command with the terminal's own input and output; returns the engine's exit code.

        With `quiet`, what it prints goes to stderr, so that a `--json` caller's stdout stays clean.
        """
        self.workspace.backend.mkdir(parents=True, exist_ok=True)
        output = sys.stderr if quiet else None
        return subprocess.run(self.command(arguments), env=self.environment(), stdout=output, check=False).returncode

    def capture(self, *arguments: str) -> str:
        """Run one command and return its stdout; raises PulumiError with its message when it fails."""
        self.workspace.backend.mkdir(parents=True, exist_ok=True)
        result = subprocess.run(
            self.command(arguments), env=self.environment(), capture_output=True, text=True, check=False
        )
        if result.returncode:
            message = (result.stderr or result.stdout).strip()
            raise PulumiError(f"`pulumi {' '.join(arguments)}` ended with {result.returncode}: {message[-2000:]}")
        return result.stdout

    def exists(self) -> bool:
        """Say whether the stack is in the backend."""
        return self.workspace.state.exists()

    def ensure_stack(self) -> None:
        """Create the stack in the backend on first use, and free it of the lock of a killed engine.

        The caller holds the workspace's lock, so a lock file that is left belongs to no living run.
        """
        self._restore_state()
        if not self.exists():
            self.capture("stack", "init", self.workspace.stack, "--no-select")
        locks = self.workspace.backend / ".pulumi" / "locks"
        if any(locks.rglob("*.json")):
            self.capture("cancel", "--yes")

    def _restore_state(self) -> None:
        """Put the engine's own backup in place of a state file that a kill left empty or half written.

        The file backend keeps attributes (`.attrs`) beside each file and fails on an empty one with "EOF"; it does
        without them. Raises PulumiError when neither state nor backup can be read: starting from nothing would forget
        what exists.
        """
        stacks = self.workspace.state.parent
        for attributes in (*stacks.glob("*.attrs"), *self.workspace.backend.glob(".pulumi/*.attrs")):
            if not is_json(attributes):
                attributes.unlink()
        state = self.workspace.state
        if not state.exists() or is_json(state):
            return
        backup = state.with_name(f"{state.name}.bak")
        if not backup.exists() or not is_json(backup):
            raise PulumiError(
                f"the engine's state {state} and its backup are damaged. Put an older one from "
                f"{self.workspace.backend / '.pulumi' / 'backups'} in their place, or begin again: `make down`, delete "
                f"{self.workspace.folder} and run `make up`"
            )
        write_atomically(state, backup.read_text(encoding="utf-8"))

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs, secret ones masked."""
        outputs: dict[str, Any] = json.loads(self.capture("stack", "output", "--json"))
        return outputs

    def has_resources(self) -> bool:
        """Say whether the stack's state manages anything but the stack itself and its providers."""
        types = (resource["type"] for resource in self._deployment().get("resources") or [])
        return any(not kind.startswith("pulumi:") for kind in types)

    def pending_operations(self) -> list[Mapping[str, Any]]:
        """Return the operations that an interrupted run left unfinished."""
        return list(self._deployment().get("pending_operations") or [])

    def _deployment(self) -> dict[str, Any]:
        deployment: dict[str, Any] = json.loads(self.capture("stack", "export")).get("deployment") or {}
        return deployment


def is_json(path: Path) -> bool:
    """Say whether the file holds one JSON document."""
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        return False
    return True
