"""Shows a readiness report: the table by category, the failures with their exchange, and JUnit for CI."""

from __future__ import annotations

import re
from textwrap import indent
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ops.readiness.verdict import Category, Gate, Outcome, Score, Status

if TYPE_CHECKING:
    from rich.console import Console

    from ops.readiness.suite import Report

_SLOWEST = 5


def show(report: Report, console: Console) -> None:
    """The whole report for people: failures first in detail, the verdict last, where the eye lands."""
    for outcome in report.outcomes:
        if outcome.status is Status.FAIL:
            _show_failure(outcome, console)
    skipped = [o for o in report.outcomes if o.status is Status.SKIP]
    for outcome in skipped:
        console.print(f"[yellow]skipped[/] {escape(outcome.name)}: {escape(outcome.reason)}")
    if skipped:
        console.print()
    console.print(_categories(report))
    console.print(_gates(report))
    if any(route.average_ms is not None for route in report.verdict.routes):
        console.print(_slowest(report))
    if report.throttled:
        console.print(f"[yellow]{report.throttled} requests were throttled (429) and sent again later.[/]")
    _show_verdict(report, console)


def _show_failure(outcome: Outcome, console: Console) -> None:
    console.print(f"[bold red]failed[/] [bold]{escape(outcome.name)}[/] ({outcome.category.label})")
    _show_indented(console, outcome.reason, 2)
    for title, excerpt in (("request", outcome.request), ("response", outcome.response)):
        if excerpt:
            console.print(f"  [dim]{title}[/]")
            _show_indented(console, excerpt, 4, style="dim")
    console.print()


def _show_indented(console: Console, text: str, columns: int, style: str = "") -> None:
    """Each line indented and whole: a wrapped or padded line cannot be copied from a log."""
    console.print(Text(indent(text, " " * columns), style=style), soft_wrap=True)


def _categories(report: Report) -> Table:
    table = Table(title=f"Readiness of {report.stack.name}", title_justify="left", show_footer=False)
    table.add_column("Category")
    for heading in ("Passed", "Failed", "Skipped", "Score", "Must exceed"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for score in report.verdict.categories:
        _add_score(table, score)
    table.add_section()
    _add_score(table, report.verdict.overall)
    return table


def _add_score(table: Table, score: Score) -> None:
    percent = "nothing ran" if score.percent is None else f"{score.percent:.1f} %"
    threshold = "see below" if score.threshold is None else f"{score.threshold} %"
    table.add_row(
        score.title,
        str(score.passed),
        str(score.failed),
        str(score.skipped),
        percent,
        threshold,
        _mark(score.ok),
    )


def _gates(report: Report) -> Table:
    table = Table()
    table.add_column("Measured")
    table.add_column("Value", justify="right")
    table.add_column("Must be below", justify="right")
    table.add_column("")
    for gate in report.verdict.gates:
        detail = f" ({gate.detail})" if gate.detail else ""
        table.add_row(escape(gate.name + detail), _value(gate), f"{gate.limit:g} {gate.unit}", _mark(gate.ok))
    return table


def _value(gate: Gate) -> str:
    return "nothing measured" if gate.value is None else f"{gate.value:.1f} {gate.unit}"


def _slowest(report: Report) -> Table:
    timed = [r for r in report.verdict.routes if r.average_ms is not None and r.p95_ms is not None]
    table = Table(title="Slowest routes", title_justify="left")
    for heading in ("Route", "Average", "p95", "Requests", "Errors"):
        table.add_column(heading, justify="left" if heading == "Route" else "right")
    for route in sorted(timed, key=lambda r: -(r.average_ms or 0))[:_SLOWEST]:
        table.add_row(
            escape(route.route),
            f"{route.average_ms:.0f} ms",
            f"{route.p95_ms:.0f} ms",
            str(route.requests),
            str(route.errors),
        )
    return table


def _mark(ok: bool) -> str:
    return "[green]ok[/]" if ok else "[bold red]FAILED[/]"


def _show_verdict(report: Report, console: Console) -> None:
    time = f"{len(report.outcomes)} checks in {report.seconds:.1f} s"
    if report.verdict.ready:
        console.print(f"[bold green]{report.stack.name} is ready[/] ({time})")
        return
    console.print(
        f"[bold red]{report.stack.name} is not ready[/] ({time}): put right what failed above and run it again"
    )


def junit(report: Report) -> str:
    """JUnit XML: one suite per category and one for thresholds, so that CI shows a missed gate as a failure."""
    root = ET.Element("testsuites", name=f"readiness {report.stack.name}", time=f"{report.seconds:.3f}")
    for category in Category:
        _add_suite(root, category, [o for o in report.outcomes if o.category is category])
    scores = [*report.verdict.categories, report.verdict.overall]
    suite = ET.SubElement(root, "testsuite", name="thresholds")
    parts: list[tuple[str, bool, str]] = [
        (s.title, s.ok, f"{s.passed} of {s.passed + s.failed} passed") for s in scores
    ]
    parts += [(g.name, g.ok, f"{_value(g)}, limit {g.limit:g} {g.unit} {g.detail}") for g in report.verdict.gates]
    for name, ok, message in parts:
        case = ET.SubElement(suite, "testcase", classname="readiness.thresholds", name=name)
        if not ok:
            ET.SubElement(case, "failure", message=message)
    suite.set("tests", str(len(parts)))
    suite.set("failures", str(sum(not ok for _, ok, _ in parts)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_suite(root: ET.Element, category: Category, outcomes: list[Outcome]) -> None:
    statuses = [o.status for o in outcomes]
    suite = ET.SubElement(
        root,
        "testsuite",
        name=str(category),
        tests=str(len(outcomes)),
        failures=str(statuses.count(Status.FAIL)),
        skipped=str(statuses.count(Status.SKIP)),
        time=f"{sum(o.seconds for o in outcomes):.3f}",
    )
    for outcome in outcomes:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=f"readiness.{category}",
            name=outcome.name,
            time=f"{outcome.seconds:.3f}",
        )
        if outcome.status is Status.FAIL:
            failure = ET.SubElement(case, "failure", message=_printable(outcome.reason))
            failure.text = _printable(f"{outcome.request}\n\n{outcome.response}".strip())
        elif outcome.status is Status.SKIP:
            ET.SubElement(case, "skipped", message=_printable(outcome.reason))


# XML 1.0 has no way to write these, not even escaped; an answer may hold anything.
_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
