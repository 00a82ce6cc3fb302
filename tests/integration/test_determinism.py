"""A second run changes nothing, and what changed by hand is noticed."""

import pytest

from tests.integration.conftest import Environment
from toolchain.workspace import STACKS

UNEXPECTED_CHANGES = 7  # the engine's exit code for --expect-no-changes, since 3.227


@pytest.mark.parametrize("stack", STACKS)
def test_a_second_preview_shows_no_change(environments: dict[str, Environment], stack: str) -> None:
    result = environments[stack].engine("preview", "--expect-no-changes", "--diff")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("stack", STACKS)
def test_a_refresh_finds_no_drift(environments: dict[str, Environment], stack: str) -> None:
    result = environments[stack].engine("refresh", "--preview-only", "--expect-no-changes", "--diff")
    assert result.returncode == 0, result.stdout
