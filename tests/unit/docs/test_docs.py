"""What the documents tell a reader to type exists, and what they link to is there."""

import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from ops.cli import app
from toolchain.workspace import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = re.compile(r"```(?:sh|bash)\n(.*?)```|`([^`\n]+)`", re.DOTALL)


def commands(document: Path) -> list[str]:
    """Return the lines that a document gives as code."""
    found = CODE.findall(document.read_text(encoding="utf-8"))
    return [line.split("#")[0].strip() for block, inline in found for line in (block or inline).splitlines()]


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", text, re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    named = {match for line in commands(document) for match in re.findall(r"^make ([a-z]+)", line)}
    assert named <= make_targets()


def test_help_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    described = set(re.findall(r"^([a-z]+):[^#\n]*## \S", text, re.MULTILINE))
    assert described == make_targets()


def omnix_lines() -> list[str]:
    lines = [line for document in DOCUMENTS for line in commands(document)]
    found = {match[1] for line in lines if (match := re.match(r"(?:\.venv/bin/)?omnix ((?:[a-z]+ ?)+)", line))}
    return sorted(name.strip() for name in found)


@pytest.mark.parametrize("words", omnix_lines())
def test_every_omnix_command_that_is_named_exists(words: str) -> None:
    result = CliRunner().invoke(app, [*words.split(), "--help"])
    assert result.exit_code == 0, result.output


def test_the_documents_name_the_commands_that_an_operator_needs() -> None:
    assert {"adopt", "readiness", "secrets rotate", "status"} <= set(omnix_lines())


def test_the_readme_has_every_command_that_deletes_or_writes_data() -> None:
    rows = re.findall(r"^\| `([a-z]+)`: ([^|]+) \|", DOCUMENTS[0].read_text(encoding="utf-8"), re.MULTILINE)
    told = {group: set(re.findall(r"`([a-z-]+)`", names)) for group, names in rows}
    groups: Any = get_command(app)
    assert told == {name: groups.commands[name].commands.keys() for name in told}
    assert told.keys() == {"backup", "cleanup", "costs", "cutover", "dr", "migrate"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []
