"""The phases of `make up`, as it reports them itself, over repeated runs."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Phases:
    """`seconds` is phase → median seconds over `runs` runs; `missing` says what to do where there is nothing."""

    seconds: dict[str, float]
    runs: int
    missing: str | None = None


def phases(root: Path, stack: str, runs: int, progress: Callable[[str], None]) -> Phases:
    """Run `up` of `stack` `runs` times (0: read the last run's report only) and return the medians."""
    found: list[dict[str, float]] = []
    for turn in range(runs):
        progress(f"make up STACK={stack}: run {turn + 1} of {runs}")
        done = subprocess.run(
            [sys.executable, "-m", "toolchain", "up", "--stack", stack],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no output"])[-1]
            return Phases({}, 0, f"`up` of {stack} failed ({last}): run `make up STACK={stack}` and see")
        report = _report(root, stack)
        found += [report] if report else []
    if not runs and (report := _report(root, stack)):
        found.append(report)
    if not found:
        return Phases({}, 0, f"no phases of {stack} recorded: run `make up STACK={stack}` first")
    names = list(dict.fromkeys(name for report in found for name in report))
    return Phases({n: statistics.median(r[n] for r in found if n in r) for n in names}, len(found))


def _report(root: Path, stack: str) -> dict[str, float] | None:
    try:
        document = json.loads((root / ".local" / f"{stack}.json").read_text(encoding="utf-8"))
        return {str(name): float(seconds) for name, seconds in document["phases"].items()}
    except (FileNotFoundError, json.JSONDecodeError, KeyError, AttributeError, TypeError, ValueError):
        return None
