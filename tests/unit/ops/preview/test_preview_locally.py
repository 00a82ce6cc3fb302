"""`make preview REPORT=1`: what the local command saves, and with which contract it compares."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, cast

import pytest

from toolchain import preview
from toolchain.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from toolchain.pulumi_cli import Engine


class Shouting:
    """An engine that says something and fails, as one does after a mandatory policy violation."""

    def command(self, arguments: Sequence[str]) -> list[str]:
        assert arguments == preview.ARGUMENTS
        return [sys.executable, "-c", "print('{\"steps\": []}'); raise SystemExit(255)"]

    def environment(self) -> dict[str, str]:
        return {}


def test_a_preview_is_kept_for_its_owner_only_and_the_engines_exit_code_is_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "preview.json"

    assert preview.save_preview(cast("Engine", Shouting()), path) == 255
    assert json.loads(path.read_text()) == {"steps": []}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A branch with a contract of its own, off a main branch with another."""
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.setattr(preview, "ROOT", root)

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)

    git("init", "-b", "main")
    for branch, text in (("main", "old"), ("feature", "new")):
        if branch != "main":
            git("checkout", "-b", branch)
        (root / "openapi.json").write_text(text)
        git("add", "openapi.json")
        git("commit", "-m", branch)
    (root / "openapi.json").write_text("newest")
    return root


def test_the_contract_is_compared_with_the_one_where_the_branch_left_main(repository: Path, tmp_path: Path) -> None:
    options = preview.contracts(Workspace("dev", tmp_path / "home"), preview.branch_point())

    base = tmp_path / "home" / "dev" / "contract-base.json"
    assert options == ["--contract-base", str(base), "--contract-head", str(repository / "openapi.json")]
    assert base.read_text() == "old"


@pytest.mark.usefixtures("repository")
def test_without_a_contract_to_compare_with_nothing_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace("dev", tmp_path / "home")

    assert preview.contracts(workspace, "no-such-revision") == []
    assert preview.contracts(workspace, None) == []
    monkeypatch.setattr(preview, "ROOT", tmp_path)
    assert preview.branch_point() is None
