"""A second run changes nothing, and what changed by hand is noticed."""

import json
from pathlib import Path

import pytest

from tests.integration.conftest import Environment, free_port
from toolchain import cloud as clouds
from toolchain.progress import Progress
from toolchain.up import open_session
from toolchain.workspace import STACKS, Workspace

UNEXPECTED_CHANGES = 7  # the engine's exit code for --expect-no-changes, since 3.227


@pytest.mark.parametrize("stack", STACKS)
def test_the_first_preview_of_an_empty_environment_creates_everything(stack: str, tmp_path: Path) -> None:
    workspace = Workspace(stack, tmp_path)
    try:
        engine = open_session(workspace, Progress(), ports=(free_port(), free_port())).engine
        plan = json.loads(engine.capture("preview", "--json"))
    finally:
        clouds.stop(workspace)
    assert plan["changeSummary"].keys() == {"create"}
    assert plan["changeSummary"]["create"] > 150


@pytest.mark.parametrize("stack", STACKS)
def test_a_second_preview_shows_no_change(environments: dict[str, Environment], stack: str) -> None:
    result = environments[stack].engine("preview", "--expect-no-changes", "--diff")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("stack", STACKS)
def test_a_refresh_finds_no_drift(environments: dict[str, Environment], stack: str) -> None:
    result = environments[stack].engine("refresh", "--preview-only", "--expect-no-changes", "--diff")
    assert result.returncode == 0, result.stdout
