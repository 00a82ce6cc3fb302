"""Live progress of a run: one moving line on a terminal, a line per check in a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from ops.readiness.verdict import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ops.readiness.checks import Check

_MARKS = {Status.PASS: "[green]✓[/]", Status.FAIL: "[bold red]✗[/]", Status.SKIP: "[yellow]-[/]"}


class Progress:
    """Shows which check runs and, as they end, how: failures stay on screen, passes move on."""

    def __init__(self, console: Console, checks: Sequence[Check]) -> None:
        self._console = console
        self._checks = checks
        self._done = 0
        self._bar = Bar(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(self._running(), total=len(checks))

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def advance(self, outcome: Outcome) -> None:
        """One check has ended."""
        self._done += 1
        self._bar.update(self._task, completed=self._done, description=self._running())
        if outcome.status is Status.FAIL or not self._console.is_terminal:
            reason = f": {escape(outcome.reason)}" if outcome.reason else ""
            self._console.print(f"{_MARKS[outcome.status]} {escape(outcome.name)}{reason}")

    def _running(self) -> str:
        if self._done >= len(self._checks):
            return "done"
        check = self._checks[self._done]
        return f"[dim]{check.category.label}[/] {escape(check.name)}"
