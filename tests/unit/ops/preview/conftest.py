"""The command on files of a test, away from the project's own overrides and from today."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest

from ops import cli
from ops.commands import preview as command

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 21)
type Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `omnix preview report …` in an empty project on a fixed day; returns the exit code."""
    (tmp_path / "Pulumi.yaml").write_text("name: omnix-ai\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "_today", lambda: TODAY)

    def exit_code(*arguments: object) -> int:
        given = ["preview", "report", *map(str, arguments)]
        if "--policy" not in given:
            given += ["--policy", "none"]
        try:
            cli.main(given)
        except SystemExit as stopped:
            return stopped.code if isinstance(stopped.code, int) else 0
        return 0

    return exit_code
