"""The command line as a user meets it: exit codes, words, JSON, colours."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer

from ops import cli, demo, demo_trade
from ops.commands.options import JsonOption, choose
from ops.commands.outputs import flat
from ops.console import Output, answering, console
from ops.errors import Refused
from tests.unit.ops.test_finding import summary


def exit_code(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main(list(arguments))
    code = stopped.value.code
    return code if isinstance(code, int) else 0


def test_outputs_are_printed_for_people(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary(home)

    assert exit_code("outputs", "--stack", "dev") == 0
    shown = capsys.readouterr()
    assert "functions.api.alias_arn" in shown.out
    assert "local cloud http://127.0.0.1:8, account 100000000001" in shown.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--stack", "dev", "outputs", "--json"),
        ("outputs", "--json", "--stack", "dev"),
        ("--json", "outputs", "--stack", "dev"),
        ("outputs", "-s", "dev", "--json", "-"),
    ],
)
def test_json_stands_alone_on_stdout_wherever_the_option_stands(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    summary(home)

    assert exit_code(*arguments) == 0
    assert json.loads(capsys.readouterr().out)["environment"] == "dev"


def test_json_in_a_file_leaves_the_usual_answer(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary(home)

    assert exit_code("outputs", "--stack", "dev", "--json", "deep/er/out.json") == 0
    assert json.loads((home / "deep" / "er" / "out.json").read_text())["environment"] == "dev"
    assert "environment" in capsys.readouterr().out


def test_a_command_works_from_any_folder_of_the_project(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary(home)
    (home / "docs").mkdir()
    monkeypatch.chdir(home / "docs")

    assert exit_code("outputs", "--stack", "dev") == 0


@pytest.mark.usefixtures("home")
def test_wrong_use_exits_2_and_says_what_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("status") == 2
    assert "--stack dev" in capsys.readouterr().err
    assert exit_code("no-such-command") == 2
    assert exit_code("status", "--no-such-option") == 2
    assert exit_code("status", "--stack", "dev", "--cloud", "moon") == 2


@pytest.mark.usefixtures("home")
def test_a_refusal_exits_1_with_a_remedy_also_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("status", "--stack", "dev", "--cloud", "local", "--json") == 1
    shown = capsys.readouterr()
    assert "make up STACK=dev" in shown.err
    assert json.loads(shown.out)["error"]["remedy"] == "start it: `make up STACK=dev`"


@pytest.mark.parametrize("where", [("--json", "late"), ("late", "--json"), ("late", "--json", "-")])
@pytest.mark.parametrize("ending", [Refused("two failed", "try them again"), OSError("two failed"), typer.Exit(1)])
def test_every_command_answers_in_one_document_also_when_it_is_refused_after_it_answered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], where: tuple[str, ...], ending: Exception
) -> None:
    """`cli.main` gathers what `Output.document`, the only way to stdout's JSON, is given: whichever command it is."""
    monkeypatch.setattr(cli.app, "registered_commands", [*cli.app.registered_commands])

    @cli.app.command("late")
    def late(context: typer.Context, json_target: JsonOption = None) -> None:
        choose(context, None, None, None, json_target).output.document({"done": 3, "failed": 2})
        raise ending

    assert exit_code(*where) == 1
    document = json.loads(capsys.readouterr().out)
    error = document.pop("error", None)
    assert document == {"done": 3, "failed": 2}
    assert (error is None) is isinstance(ending, typer.Exit)
    assert error is None or "two failed" in error["message"]


@pytest.mark.parametrize("document", [{}, {"nick": "half \ud83d"}, {"nick": "⟨3 characters⟩"}])
def test_a_document_is_written_whatever_is_in_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, document: dict[str, Any]
) -> None:
    with answering():
        Output("-").document(document)
    assert json.loads(capsys.readouterr().out) == document
    Output(str(tmp_path / "out.json")).document(document)
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == document
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", narrow)
    with answering():
        Output("-").document(document)
    narrow.seek(0)
    assert json.load(narrow) == document


def test_a_command_that_answers_nothing_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with answering():
        pass
    assert capsys.readouterr().out == ""


def test_json_goes_to_stdout_by_no_other_way() -> None:
    writes = re.compile(r"sys[.]stdout|(?<![.\w])print[(]|typer[.]echo")
    sources = Path(cli.__file__).parent.rglob("*.py")
    assert {path.name for path in sources if writes.search(path.read_text(encoding="utf-8"))} == {"console.py"}


def test_an_unreachable_cloud_is_a_refusal_and_no_traceback(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary(home, aws_endpoint_url="http://127.0.0.1:1")

    assert exit_code("status", "--stack", "dev") == 1
    shown = capsys.readouterr().err
    assert "make up" in shown
    assert "Traceback" not in shown


def test_nothing_is_coloured_when_nobody_is_at_a_terminal(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary(home)

    exit_code("outputs", "--stack", "dev")
    exit_code("status", "--stack", "none")
    shown = capsys.readouterr()
    assert "\x1b[" not in shown.out + shown.err


@pytest.mark.parametrize("no_color", ["", "1"])
def test_colours_on_a_terminal_end_with_no_color(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, no_color: str
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", no_color)

    console().print("[bold red]x[/]")

    assert ("\x1b[" in capsys.readouterr().out) is (no_color == "")


def test_an_arn_is_printed_letter_by_letter(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("arn:aws:secretsmanager:eu-central-1:1:secret:x")

    assert ":secret:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "completed"),
    [
        (["status", "--json"], ["status", "--json", "-"]),
        (["--json", "status"], ["--json", "-", "status"]),
        (["readiness", "--json", "-", "--stack", "dev"], ["readiness", "--json", "-", "--stack", "dev"]),
        (["readiness", "--json", "out.json"], ["readiness", "--json", "out.json"]),
        (["readiness", "--json", "/tmp/out"], ["readiness", "--json", "/tmp/out"]),
        (["readiness", "--json", "--junit", "x.xml"], ["readiness", "--json", "-", "--junit", "x.xml"]),
    ],
)
def test_json_takes_a_file_or_nothing(given: list[str], completed: list[str]) -> None:
    assert cli.with_json_targets(given) == completed


def test_nested_outputs_become_dotted_lines() -> None:
    document: dict[str, Any] = {"a": {"b": {"c": 1}}, "d": ["x", "y"], "e": None}

    assert flat(document) == [("a.b.c", "1"), ("d", "x, y"), ("e", "")]


def test_demo_data_is_refused_for_prod_on_aws(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.unit.ops.test_finding import REAL, outputs

    given = outputs(home, REAL | {"environment": "prod"})
    assert exit_code("demo", "load", "--outputs", str(given), "--email", "a@b.example", "--password", "x" * 12) == 1
    assert "real shops" in capsys.readouterr().err


def test_half_a_demo_sign_in_is_wrong_use(home: Path) -> None:
    summary(home)

    assert exit_code("demo", "load", "--stack", "dev", "--email", "a@b.example") == 2


def test_demo_load_prints_the_environment_s_own_sign_in(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    summary(home)
    loaded = demo.Loaded("demo@dev.example", True, ("A", "B"), (), demo_trade.Traded(4, 10))
    monkeypatch.setattr(demo, "load", lambda *_: loaded)

    assert exit_code("demo", "load", "--stack", "dev") == 0
    shown = capsys.readouterr().out
    assert "demo@dev.example" in shown
    assert "a-long-password" in shown


def test_refused_carries_message_and_remedy() -> None:
    assert str(Refused("what", "then")) == "what"
