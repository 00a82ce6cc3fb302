import json

import pytest

from bundler import target as targets
from bundler.__main__ import main
from bundler.errors import BundleError
from tests.unit.bundler.fixture_project import Project


def test_build_prints_the_manifest_as_json_and_progress_apart(
    hello: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["build", "--target", "aws", "--json", "--root", str(hello.root)]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == json.loads((hello.root / "dist/aws/manifest.json").read_text())
    assert "hello: building for aws" in printed.err


def test_list_prints_each_functions_handler(hello: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json", "--root", str(hello.root)]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": "hello", "package": "fn-hello", "handler": "hello.handler.handler"}
    ]


@pytest.mark.parametrize("before", [True, False])
def test_functions_may_be_named_before_or_after_the_options(
    hello: Project, before: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    hello.function("other", "def handler(event, context): return None\n")
    hello.lock()
    options = ["--target", "local", "--json", "--root", str(hello.root)]
    assert main(["build", *(["hello", *options] if before else [*options, "hello"])]) == 0
    assert set(json.loads(capsys.readouterr().out)["functions"]) == {"hello"}


def test_check_exits_1_with_the_problem_when_a_handler_does_not_resolve(
    hello: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    hello.write("functions/hello/handler.py", "def main(event, context): return None\n")
    assert main(["check", "--target", "aws", "--root", str(hello.root)]) == 1
    assert "defines no handler" in capsys.readouterr().out


def test_a_refused_build_exits_1_and_says_why(hello: Project, capsys: pytest.CaptureFixture[str]) -> None:
    hello.write("functions/hello/handler.py", "import nowhere\n")
    assert main(["build", "--root", str(hello.root)]) == 1
    assert "bundler: hello: hello.handler (line 1) imports nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["bake"], ["build", "--target", "azure"]])
def test_wrong_use_exits_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


def test_another_python_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "PYTHON", "3.14")
    with pytest.raises(BundleError, match=r"CPython 3\.14 and must run on it, not on cpython 3\.13"):
        targets.require_python()
