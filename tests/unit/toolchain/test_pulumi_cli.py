"""The engine's command line is always that of one local environment, and its state is never forgotten."""

from pathlib import Path

import pytest

from toolchain.pulumi_cli import Engine, PulumiError
from toolchain.workspace import Workspace


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = Engine(tmp_path / "engine", Workspace("dev", tmp_path), 5555)
    program = made.folder / "pulumi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    made.workspace.state.parent.mkdir(parents=True)
    return made


def test_no_credential_and_no_setting_of_the_caller_reaches_the_engine(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "pul-real")
    environment = engine.environment()
    assert "production" not in environment.values()
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "PULUMI_ACCESS_TOKEN"} & environment.keys()
    assert environment["PULUMI_DEBUG_PROVIDERS"] == "aws:5555"


def test_every_command_names_the_overlay_project_and_the_stack(engine: Engine) -> None:
    command = engine.command(["up", "--yes"])
    assert command[-4:] == ["--cwd", str(engine.workspace.project), "--stack", "dev"]
    assert "--stack" not in engine.command(["stack", "init", "dev"])


@pytest.mark.parametrize("damaged", ["", '{"version": 3, "check'])
def test_a_state_that_a_kill_left_damaged_is_replaced_by_the_engines_backup(engine: Engine, damaged: str) -> None:
    state = engine.workspace.state
    state.write_text(damaged)
    state.with_name("dev.json.bak").write_text('{"version": 3}')
    engine.ensure_stack()
    assert state.read_text() == '{"version": 3}'


def test_attributes_that_a_kill_left_empty_are_dropped(engine: Engine) -> None:
    engine.workspace.state.write_text("{}")
    attributes = engine.workspace.state.with_name("dev.json.attrs")
    attributes.write_text("")
    kept = engine.workspace.state.with_name("dev.json.bak.attrs")
    kept.write_text("{}")
    engine.ensure_stack()
    assert not attributes.exists()
    assert kept.exists()


def test_a_state_without_a_backup_is_an_error_and_never_a_new_beginning(engine: Engine) -> None:
    engine.workspace.state.write_text("")
    with pytest.raises(PulumiError, match="damaged"):
        engine.ensure_stack()
    assert engine.workspace.state.read_text() == ""


def test_a_failing_command_is_an_error_with_the_engines_own_words(engine: Engine) -> None:
    (engine.folder / "pulumi").write_text("#!/bin/sh\necho 'error: no such thing' >&2\nexit 6\n")
    with pytest.raises(PulumiError, match="ended with 6: error: no such thing"):
        engine.capture("stack", "export")
