"""Whatever file it is given, the report says what is wrong with it and never takes it for "no changes"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.ops.preview.engine_preview import FAILED, LOSS, NOTHING, TABLE, preview, step, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    type Run = Callable[..., int]
    type Capture = pytest.CaptureFixture[str]


def test_a_preview_without_changes_says_so_and_passes(run: Run, capsys: Capture) -> None:
    assert run(NOTHING) == 0
    assert "✅ **dev**: no changes" in capsys.readouterr().out


def test_a_failed_preview_shows_the_engines_errors_and_refuses(run: Run, capsys: Capture) -> None:
    assert run(FAILED) == 1

    text = capsys.readouterr().out
    assert "the preview ended with 2 errors" in text
    assert "half way" in text
    assert "What would be deleted is found out last" in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the preview wrote nothing"),
        ("  \n", "the preview wrote nothing"),
        ('{"steps": [{"op": "cre', "cut off or damaged"),
        ("error: no stack named 'dev' found", "cut off or damaged"),
        ('{"version": 3, "deployment": {}}', "no preview of the engine's"),
        ("[]", "no preview of the engine's"),
        ("null", "no preview of the engine's"),
        ('{"steps": {}}', "the preview did not finish"),
        ('{"steps": "all"}', "the preview's steps are no list"),
        ('{"steps": [3], "changeSummary": {}}', "a step has no operation or no URN"),
        ('{"steps": [{"op": "delete"}], "changeSummary": {}}', "a step has no operation or no URN"),
        ('{"steps": [{"op": "delete", "urn": "x"}], "changeSummary": {}}', "a step's URN is none of the engine's"),
        ('{"config": {}, "steps": []}', "the preview did not finish: it has no summary"),
        ('{"steps": [], "changeSummary": {}, "maybeCorrupt": true}', "the state may be corrupt"),
        ('{"format": "omnix preview report 1", "environments": [{"name": 3}]}', "was not read"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_failed_preview_with_its_reason(
    run: Run, tmp_path: Path, capsys: Capture, content: str, said: str
) -> None:
    assert run(f"staging={write(tmp_path, content)}") == 1

    text = capsys.readouterr().out
    assert "**staging**: preview failed" in text
    assert said in text
    assert "no changes" not in text


def test_every_cut_of_a_real_preview_is_refused(run: Run, tmp_path: Path) -> None:
    text = LOSS.read_text()
    for end in range(1, len(text) - 2, len(text) // 7):
        assert run(write(tmp_path, text[:end])) == 1


def test_an_operation_that_the_report_does_not_know_refuses_and_is_named(
    run: Run, tmp_path: Path, capsys: Capture
) -> None:
    assert run(write(tmp_path, preview(step("frobnicate", TABLE, "orders")))) == 1
    assert "`orders` would undergo an operation that this report does not know" in capsys.readouterr().out


def test_an_engine_that_ended_with_an_error_refuses_whatever_its_json_says(run: Run, capsys: Capture) -> None:
    assert run(f"dev={NOTHING}", "--exit-code", "dev=255") == 1
    assert "ended with exit code 255" in capsys.readouterr().out


def test_an_environment_of_which_nothing_came_refuses(run: Run, capsys: Capture) -> None:
    assert run(NOTHING, "--expect", "dev", "--expect", "prod") == 1
    assert "no preview of it arrived" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nowhere.json",),
        (f"prod={NOTHING}",),
        (NOTHING, NOTHING),
        (NOTHING, "--exit-code", "dev=x"),
        (NOTHING, "--contract-base", NOTHING),
        (NOTHING, "--overrides", "nowhere.yaml"),
        (NOTHING, "--prices", "nowhere.yaml"),
        (NOTHING, "--usage", str(NOTHING)),
        (NOTHING, "--policy", "nowhere.json"),
        (NOTHING, "--whole-url", "javascript:alert(1)"),
        (NOTHING, "--no-such-option"),
    ],
)
def test_wrong_use_is_exit_2(run: Run, arguments: tuple[Any, ...]) -> None:
    assert run(*arguments) == 2


def test_the_document_of_one_run_is_the_input_of_the_next(run: Run, tmp_path: Path, capsys: Capture) -> None:
    run(LOSS)
    direct = capsys.readouterr().out
    document = tmp_path / "dev.report.json"

    assert run(LOSS, "--json", document) == 1
    capsys.readouterr()
    assert run(f"dev={document}") == 1
    assert capsys.readouterr().out == direct


def test_the_order_of_steps_does_not_change_a_byte(run: Run, tmp_path: Path, capsys: Capture) -> None:
    document = json.loads(LOSS.read_text())
    run(LOSS)
    first = capsys.readouterr().out
    document["steps"].reverse()
    run(write(tmp_path, document))

    assert capsys.readouterr().out == first


def test_environments_come_in_the_order_of_promotion_and_equal_rows_once(
    run: Run, tmp_path: Path, capsys: Capture
) -> None:
    files = [
        write(tmp_path, preview(step("delete", TABLE, "orders", stack=stack)), f"{stack}.json")
        for stack in ("prod", "dev", "staging")
    ]
    assert run(*files) == 1

    text = capsys.readouterr().out
    assert text.index("**dev**") < text.index("**staging**") < text.index("**prod**")
    assert len([line for line in text.splitlines() if line.startswith("| all | `orders`")]) == 1


def test_a_page_and_coloured_words_are_written_too(run: Run, tmp_path: Path, capsys: Capture) -> None:
    page, text = tmp_path / "out" / "report.html", tmp_path / "out" / "report.md"

    assert run(LOSS, "--html", page, "--markdown", text, "--terminal") == 1
    assert page.read_text().startswith("<!doctype html>")
    assert text.read_text().startswith("<!-- omnix-preview-report -->\n")
    assert "data-table-customer-profiles" in capsys.readouterr().out
