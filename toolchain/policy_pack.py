"""The policy pack in local runs: the real engine enforces the real pack before it changes anything.

The official Python language host starts a pack of `runtime: python` by itself. The one that can be built from Go modules
(`engine.py`) is too old for that, and an engine that finds a language host asks nobody else. For a runtime without a
language host it starts `pulumi-analyzer-policy-{runtime}` from PATH instead (sdk/go/common/resource/plugin/
analyzer_plugin.go), in the pack's folder, with its own address and ".". So a local run gets a copy of the pack's project
file with a runtime of ours, and that program, which starts the pack where it lies.
"""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from toolchain.workspace import ROOT, Workspace, write_atomically

PACK: Final = ROOT / "policy"
RUNTIME: Final = "venv"
OFF: Final = "OMNIX_POLICY"
REPORT_VARIABLE: Final = "OMNIX_POLICY_REPORT"
# the engine's commands that take --policy-pack
COMMANDS: Final = frozenset({"preview", "up"})


class PolicyPackError(RuntimeError):
    """The pack did not run although it was asked for."""


def is_on() -> bool:
    """Say whether local runs are judged: always, except for `OMNIX_POLICY=off`."""
    return os.environ.get(OFF, "").lower() != "off"


@dataclass(frozen=True)
class LocalPack:
    """The pack of one local environment, prepared under its folder."""

    workspace: Workspace

    @property
    def folder(self) -> Path:
        """What `--policy-pack` names."""
        return self.workspace.folder / "policy"

    @property
    def report(self) -> Path:
        """Where the pack writes what it has evaluated."""
        return self.folder / "report.json"

    @property
    def programs(self) -> Path:
        """The folder that goes on PATH."""
        return self.folder / "bin"

    def prepare(self) -> None:
        """Write the overlay project file and the program that starts the pack; forget the last report."""
        project: dict[str, Any] = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
        text = yaml.safe_dump({**project, "runtime": RUNTIME}, sort_keys=True)
        write_atomically(self.folder / "PulumiPolicy.yaml", text)
        program = self.programs / f"pulumi-analyzer-policy-{RUNTIME}"
        command = shlex.join([sys.executable, "-u", "-m", "pulumi.policy"])
        write_atomically(program, f'#!/bin/sh\nexec {command} "$1" {shlex.quote(str(PACK))}\n')
        program.chmod(0o700)
        self.report.unlink(missing_ok=True)

    def arguments(self, command: str, *, unprotect: bool = False) -> list[str]:
        """Return what an engine command takes for the pack to judge it; nothing for one that takes no pack.

        `unprotect` is the deployment that takes protection away on purpose: the rule that asks for it rests.
        """
        if command not in COMMANDS or not is_on():
            return []
        self.prepare()
        config = ["--policy-pack-config", str(PACK / "unprotect.json")] if unprotect else []
        return ["--policy-pack", str(self.folder), *config]

    def environment(self) -> Mapping[str, str]:
        """Return what an engine run's environment needs more."""
        return {REPORT_VARIABLE: str(self.report)}

    def result(self) -> dict[str, Any]:
        """Return the report of the run that has ended, as `python -m policy check --json` prints one.

        Raises PolicyPackError when there is none: an `up` that nobody judged must not look like one that passed.
        """
        try:
            report: dict[str, Any] = json.loads(self.report.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise PolicyPackError(
                f"the policy pack {PACK} left no report: the engine did not run it to its end. "
                f"{OFF}=off deploys without it"
            ) from None
        return report
