"""Every command that a document gives is one that exists, with options and variables that it takes.

What the API reference gives is run (`tests/integration/test_reference.py`).
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from ops.cli import app as omnix
from toolchain.reference.document import PAGE
from toolchain.workspace import ROOT

DOCUMENTS = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if page != PAGE]
FENCED = re.compile(r"^ *```sh\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
# The user's own programs, and what our own test of the engine runs for `pulumi`.
FOREIGN = {"aws", "curl", "export", "jq", "pulumi", "$EDITOR"}
ENGINE = {"up", "preview", "refresh", "destroy", "stack", "login"}


def commands(document: Path) -> Iterator[str]:
    text = document.read_text(encoding="utf-8")
    for block in FENCED.findall(text):
        yield from (line.split("  #")[0].strip() for line in block.splitlines() if line.strip())
    for code in INLINE.findall(FENCED.sub("", text)):
        if re.match(r"(make|omnix|pulumi|\.venv/bin/\w+) \w", code) and "…" not in code:
            yield code


def lines(pattern: str) -> list[str]:
    found = {line for document in DOCUMENTS for line in commands(document) if re.match(pattern, line)}
    return sorted(found)


def parses(app: typer.Typer, arguments: list[str]) -> None:
    """Walk to the command that is meant and have it read its arguments, without running it."""
    command: Any = get_command(app)
    rest = list(arguments)
    while hasattr(command, "commands") and rest:
        name = rest.pop(0)
        assert name in command.commands, f"there is no command {name}"
        command = command.commands[name]
    command.make_context(command.name, rest)


@pytest.mark.parametrize("line", lines(r"(\.venv/bin/)?omnix "))
def test_an_omnix_command_takes_its_options(line: str) -> None:
    parses(omnix, shlex.split(line)[1:])


@pytest.mark.parametrize("line", lines(r"([A-Z_]+=\S+ )*make( |$)"))
def test_a_make_command_has_its_target_and_its_variables(line: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    words = shlex.split(line)
    target, *rest = words[words.index("make") + 1 :]
    assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), f"there is no target {target}"
    for word in rest:
        name, equals, _ = word.partition("=")
        assert equals, f"{word} is no variable of {target}"
        assert f"$({name})" in makefile or f",$({name}))" in makefile, f"the Makefile does not read {name}"


@pytest.mark.parametrize("line", lines(r"pulumi "))
def test_a_pulumi_command_is_one_that_the_engine_has(line: str) -> None:
    assert shlex.split(line)[1] in ENGINE


def test_nothing_else_is_told_to_be_typed() -> None:
    ours = r"(?:\.venv/bin/)?(make|omnix)\b"
    typed = {re.sub(r"^[A-Z]+=\$\(", "", line) for line in lines(r".")}
    heads = {line.split()[0] for line in typed if not re.match(rf"(?:[A-Z_]+=\S+ )*{ours}", line)}
    assert heads <= FOREIGN, f"not a command of ours: {sorted(heads - FOREIGN)}"


def test_a_wrong_option_would_be_found() -> None:
    with pytest.raises(Exception, match="No such option"):
        parses(omnix, ["redrive", "--nonsense"])
