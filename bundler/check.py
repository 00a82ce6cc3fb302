"""The proof that every handler string resolves inside its own zip."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bundler.build import build
from bundler.isolated import import_problems
from bundler.project import discover
from bundler.static_check import static_problems
from bundler.target import TargetName, target


@dataclass(frozen=True)
class Finding:
    """What `check` found of one function's zip: no problems means that Lambda can start it."""

    function: str
    target: TargetName
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problems

    def document(self) -> Mapping[str, Any]:
        """Return the finding as JSON types."""
        return {**asdict(self), "ok": self.ok}


def check(
    root: Path,
    target_name: TargetName,
    functions: Sequence[str] | None = None,
    *,
    progress: Callable[[str], None] | None = None,
) -> list[Finding]:
    """Build `functions` if needed and examine each zip; raises BundleError where one cannot be built.

    Both targets are read statically; `local` is also imported, in a process that sees nothing but the zip and
    the standard library (binaries for arm64 cannot be loaded here).
    """
    manifest = build(root, target_name, functions, progress=progress)
    wanted = target(target_name)
    findings = []
    for function in discover(root, functions):
        archive = root / manifest.functions[function.name].path
        problems = static_problems(archive, function.handler, wanted)
        if target_name == "local" and not problems:
            problems = import_problems(archive, function.handler, function.check_environment or {})
        findings.append(Finding(function.name, target_name, tuple(problems)))
    return findings
