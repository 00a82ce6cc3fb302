"""The audit on a terminal: counts, what was not answered, and what is to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from ops.audit.model import Audit, Verdict
from ops.audit.report.html import gaps, kinds, money

if TYPE_CHECKING:
    from rich.console import Console

_COLOURS = {
    Verdict.KEEP: "green", Verdict.ADOPT: "blue", Verdict.MIGRATE: "magenta", Verdict.REMOVE: "red",
    Verdict.UNKNOWN: "yellow",
}  # fmt: skip
_HEADS = ("remove", "migrate", "adopt", "unknown", "keep")


def show(audit: Audit, console: Console) -> None:
    """Print what a person decides on; everything else is in the page and the JSON."""
    table = Table("Kind", *(_head(name) for name in _HEADS), "all", "a month")
    for row in kinds(audit):
        table.add_row(
            row["kind"], *(str(count or "") for count in row["counts"]), str(row["total"]), money(row["cost"])
        )
    console.print(table)
    for verdict in (Verdict.REMOVE, Verdict.MIGRATE, Verdict.ADOPT):
        for finding in audit.of(verdict):
            one = finding.resource
            console.print(
                f"[{_COLOURS[verdict]}]{verdict}[/] {one.kind}", one.label or one.name, f"({one.region}):",
                finding.evidence[0], markup=True, soft_wrap=True,
            )  # fmt: skip
    for gap in gaps(audit):
        console.print(
            f"[bold red]not answered[/] {gap['what']} in {gap['where']}: {gap['code']} ({gap['count']}x)",
            soft_wrap=True,
        )


def _head(name: str) -> str:
    return f"[{_COLOURS[Verdict(name)]}]{name}[/]"
