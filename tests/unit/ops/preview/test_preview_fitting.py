"""A report of any length fits a comment, says what it lacks, and is cut between rows only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ops.preview.blocks import Alert, Bullets, Details, Fence, Paragraph, Section, Table, code, line
from ops.preview.fitting import Fitting
from ops.preview.limits import COMMENT_LIMIT
from ops.preview.render.markdown import markdown, section_text
from tests.unit.ops.preview.engine_preview import TABLE, preview, step, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    type Run = Callable[..., int]

GFM = MarkdownIt("gfm-like", {"linkify": False})


def whole(text: str) -> None:
    """Nothing is left open: every fold closed, every fence ended, every row as wide as its table."""
    assert len(re.findall(r"^<details>", text, re.MULTILINE)) == len(re.findall(r"^</details>$", text, re.MULTILINE))
    assert len(re.findall(r"^(?:> )?`{3,}", text, re.MULTILINE)) % 2 == 0
    widths = {len(re.findall(r"(?<!\\)\|", row)) for row in text.splitlines() if row.startswith("| r")}
    assert len(widths) <= 1
    assert GFM.parse(text)


def sections(rows: int, width: int) -> list[Section]:
    table = Table(("A", "B"), tuple((line(code(f"r{i}")), line("w" * width)) for i in range(rows)))
    return [
        Section("", 100, (Paragraph(line("verdict")), Alert("caution", (Bullets((line("because"),)),)))),
        Section("Important", 90, (table,)),
        Section("Said", 80, (Paragraph(line("engine")), Fence(tuple("l" * width for _ in range(rows))))),
        Section("Folded", 10, (Details(line("all"), (table,)),)),
    ]


@given(rows=st.integers(0, 400), width=st.integers(0, 200), limit=st.integers(1500, 70_000))
@settings(max_examples=60, deadline=None)
def test_any_report_fits_any_limit_and_stays_whole(rows: int, width: int, limit: int) -> None:
    text = Fitting(section_text, limit, "the artefact").fitted(sections(rows, width))

    assert len(text.encode()) <= limit
    assert "verdict" in text
    whole(text)
    if text != markdown(sections(rows, width)):
        assert "Left out: " in text
        assert "the artefact" in text


def test_the_lightest_goes_first() -> None:
    report = sections(100, 50)
    limit = len(markdown(report[:3]).encode()) + 400
    text = Fitting(section_text, limit, "the artefact", "https://example.org/run/1").fitted(report)

    assert text.count("| `r") >= 100
    assert "| `r99`" in text.split("### Folded", maxsplit=1)[0]
    assert re.search(r"Left out: Folded \(\d+ of 100 rows\)\. Whole", text)
    assert "(<https://example.org/run/1>)" in text


def test_as_many_rows_stay_as_fit() -> None:
    only = [Section("", 100, (Paragraph(line("v")),)), sections(300, 20)[1]]
    text = Fitting(section_text, 4_000, "there").fitted(only)

    assert 4_000 - 120 < len(text.encode()) <= 4_000


@pytest.mark.parametrize("count", [1500, 4000])
def test_a_huge_change_still_names_its_losses_first_in_one_comment(run: Run, tmp_path: Path, count: int) -> None:
    steps = [step("update", "aws:sqs/queue:Queue", f"queue-{i}-{'é' * 30}") for i in range(count)]
    steps += [step("delete", TABLE, f"table-{i}") for i in range(5)]
    out = tmp_path / "report.md"

    assert run(write(tmp_path, preview(*steps)), "--markdown", out) == 1
    text = out.read_text()
    assert len(text.encode()) <= COMMENT_LIMIT
    assert all(f"| `table-{i}` | **deleted**" in text for i in range(5))
    assert "Created and updated (" in text
    whole(text)


def test_even_thousands_of_losses_fit(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    steps = [step("delete", TABLE, f"table-{i}-{'x' * 200}") for i in range(2000)]

    assert run(write(tmp_path, preview(*steps)), "--markdown", out) == 1
    assert len(out.read_bytes()) <= COMMENT_LIMIT
    assert "refused" in out.read_text()
    whole(out.read_text())
