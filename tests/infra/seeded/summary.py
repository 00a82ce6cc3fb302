"""The figure of what was seeded and caught at the end of a run, under xdist too; with `-v` the table."""

from collections import Counter
from typing import Any

import pytest

from tests.infra.seeded.seed import GATES

_EXCERPT = 100


def summarise(terminalreporter: pytest.TerminalReporter) -> None:
    """Nothing where no seed was run. Reports carry their seed's row as a property, from xdist's workers too."""
    rows = [row for report in terminalreporter.getreports("passed") for row in _rows(report)]
    missed = [report for report in terminalreporter.getreports("failed") if "a_mistake_is_caught" in report.nodeid]
    if not rows and not missed:
        return
    terminalreporter.section("seeded misconfigurations")
    if terminalreporter.config.get_verbosity() > 0:
        for name, stack, gate, rule, text, also in sorted(rows, key=lambda row: (GATES.index(row[2]), row[0])):
            others = f" (+ {', '.join(also)})" if also else ""
            terminalreporter.line(f"{stack:7} {name}")
            terminalreporter.line(f"        {gate}{others} · {rule.rpartition(':')[2]} · {_excerpt(text)}")
    first = Counter(row[2] for row in rows)
    by_gate = ", ".join(f"{gate} {first[gate]}" for gate in GATES if first[gate])
    twice = sum(bool(row[5]) for row in rows)
    terminalreporter.line(
        f"{len(rows)} of {len(rows) + len(missed)} caught before up; by gate: {by_gate}; "
        f"{twice} of them by more than one"
    )


def _rows(report: Any) -> list[list[Any]]:
    return [value for key, value in getattr(report, "user_properties", ()) if key == "seed"]


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1]}…"
