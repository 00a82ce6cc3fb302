"""The policy pack in local runs: the real engine enforces the real pack before it changes anything.

The official Python language host starts a pack of `runtime: python` by itself. The one that can be built from Go
modules (`engine.py`) is too old for that, and an engine that finds a language host asks nobody else. For a runtime
without a language host it starts the analyzer plug-in `policy-{runtime}` instead (sdk/go/common/resource/plugin/
analyzer_plugin.go), in the pack's folder, with its own address and ".". So a local run gets a copy of the pack's
project file with a runtime of ours, and that program, which starts the pack where it lies.
"""

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from toolchain import switches
from toolchain.overlay import NAMESPACE
from toolchain.workspace import ROOT, Workspace, WorkspaceError, write_atomically

PACK: Final = ROOT / "policy"
RUNTIME: Final = "venv"
PROGRAM: Final = f"pulumi-analyzer-policy-{RUNTIME}"
REPORT_VARIABLE: Final = "OMNIX_POLICY_REPORT"
# the engine's commands that take --policy-pack
COMMANDS: Final = frozenset({"preview", "up"})


class PolicyPackError(WorkspaceError):
    """The pack did not run although it was asked for."""


def is_on() -> bool:
    """Say whether local runs are judged: always, except for `OMNIX_POLICY=off`."""
    return switches.is_on(switches.POLICY)


@dataclass(frozen=True)
class LocalPack:
    """The pack in the folder `source`, prepared for one local environment under its folder."""

    workspace: Workspace
    source: Path = PACK

    @property
    def folder(self) -> Path:
        """What `--policy-pack` names."""
        return self.workspace.folder / "policy"

    @property
    def report(self) -> Path:
        """Where the pack writes what it has evaluated."""
        return self.folder / "report.json"

    def prepare(self) -> None:
        """Write the overlay project file and the program that starts the pack; forget the last report."""
        project: dict[str, Any] = yaml.safe_load((self.source / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
        text = yaml.safe_dump({**project, "runtime": RUNTIME}, sort_keys=True)
        write_atomically(self.folder / "PulumiPolicy.yaml", text)
        program = self.folder / PROGRAM
        command = shlex.join([sys.executable, "-u", "-m", "pulumi.policy"])
        write_atomically(program, f'#!/bin/sh\nexec {command} "$1" {shlex.quote(str(self.source))}\n')
        program.chmod(0o700)
        self.report.unlink(missing_ok=True)

    def arguments(self, command: Sequence[str]) -> list[str]:
        """Return what an engine command takes for the pack to judge it; nothing for one that takes no pack.

        The deployment that takes protection away on purpose (`unprotect` in the overlay) is judged by all rules but the
        one that asks for protection.
        """
        if not COMMANDS.intersection(command[:1]):
            return []
        self.prepare()
        config = ["--policy-pack-config", str(self.source / "unprotect.json")] if self._unprotects() else []
        return ["--policy-pack", str(self.folder), *config]

    def _unprotects(self) -> bool:
        try:
            document = yaml.safe_load(self.workspace.config.read_text(encoding="utf-8")) or {}
        except FileNotFoundError:
            return False
        return bool((document.get("config") or {}).get(f"{NAMESPACE}:unprotect"))

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
                f"the policy pack {self.source} left no report: the engine did not run it to its end. "
                f"{switches.POLICY}=off deploys without it"
            ) from None
        return report

    def counts(self) -> dict[str, int]:
        """Return how much was judged, and with what outcome, for the environment's summary."""
        report = self.result()
        lists = {name: len(report[name]) for name in ("violations", "overridden", "unknown")}
        return {"rules": report["rules"], "checked": report["checked"], **lists}


def with_analyzer(project: str, pack: LocalPack) -> str:
    """Return the overlay project's YAML with the program that starts the pack: found by path, it needs no PATH."""
    document: dict[str, Any] = yaml.safe_load(project)
    analyzers = [{"name": f"policy-{RUNTIME}", "path": str(pack.folder)}]
    return yaml.safe_dump({**document, "plugins": {"analyzers": analyzers}}, sort_keys=True)


def sentence(report: Mapping[str, Any]) -> str:
    """Return the outcome in one line: advisory violations do not stop a deployment, and are counted."""
    return (
        f"policy pack: {report['rules']} rules on {report['checked']} resources, "
        f"{len(report['violations'])} violations, {len(report['overridden'])} excepted, "
        f"{len(report['unknown'])} not known yet"
    )
