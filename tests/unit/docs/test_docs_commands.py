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
from botocore import xform_name
from botocore.session import Session
from typer.main import get_command

from ops.cli import app as omnix
from toolchain.reference.document import PAGE
from toolchain.workspace import ROOT

DOCUMENTS = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if page != PAGE]
FENCED = re.compile(r"^ *```sh\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
# The user's own programs, and what our own test of the engine runs for `pulumi`.
FOREIGN = {"aws", "curl", "export", "jq", "pulumi", "$EDITOR"}
ENGINE = {"up", "preview", "refresh", "destroy", "stack", "state", "login"}


def commands(document: Path) -> Iterator[str]:
    text = document.read_text(encoding="utf-8")
    for block in FENCED.findall(text):
        yield from (line.split("  #")[0].strip() for line in block.splitlines() if line.strip())
    for code in INLINE.findall(FENCED.sub("", text)):
        if re.match(r"(make|omnix|pulumi|aws|\.venv/bin/\w+) \w", code) and "…" not in code:
            yield code


def lines(pattern: str) -> list[str]:
    found = {line for document in DOCUMENTS for line in commands(document) if re.match(pattern, line)}
    return sorted(found)


# What the AWS CLI takes beside an operation's own parameters; `s3` is its own, not the service's.
AWS_CLI = {"region", "query", "output", "profile"}
FILES = re.compile(r"[\w./-]+\.(json|jsonl|ndjson|yaml)")


def parses(app: typer.Typer, arguments: list[str]) -> None:
    """Walk to the command that is meant and have it read its arguments, without running it."""
    command: Any = get_command(app)
    rest = list(arguments)
    while hasattr(command, "commands") and rest:
        if rest[0].startswith("-") and command.invoke_without_command:
            break  # a group that does something by itself
        name = rest.pop(0)
        assert name in command.commands, f"there is no command {name}"
        command = command.commands[name]
    command.make_context(command.name, rest)


@pytest.mark.parametrize("line", lines(r"(\.venv/bin/)?omnix "))
def test_an_omnix_command_takes_its_options(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = shlex.split(line)[1:]
    monkeypatch.chdir(tmp_path)
    for file in filter(FILES.fullmatch, arguments):  # some have to be there
        if not file.startswith(".."):
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).touch()
    parses(omnix, arguments)


@pytest.mark.parametrize("line", lines(r"aws (?!s3 )"))
def test_an_aws_command_is_an_operation_of_its_service(line: str) -> None:
    _, service, command, *rest = shlex.split(line)
    model = Session().get_service_model("s3" if service == "s3api" else service)
    operation = {xform_name(name, "-"): name for name in model.operation_names}[command]
    shape: Any = model.operation_model(operation).input_shape
    taken = {xform_name(name, "-") for name in shape.members} | AWS_CLI
    options = {word.removeprefix("--").removeprefix("no-") for word in rest if word.startswith("--")}
    assert options <= taken, f"{operation} takes no {sorted(options - taken)}"
    assert {xform_name(name, "-") for name in shape.required_members} <= options


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
