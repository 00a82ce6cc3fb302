import re
import subprocess
from pathlib import Path

import pytest

from components.commit import UNKNOWN_COMMIT, commit


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    def git(*arguments: str) -> None:
        settings = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *settings, *arguments], check=True, capture_output=True)

    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "one")
    git("tag", "v1")
    return tmp_path


def test_a_clean_tree_is_its_commit_and_nothing_else(tree: Path) -> None:
    assert re.fullmatch("[0-9a-f]{12}", commit(tree))
    assert commit(tree) == commit(tree)


def test_a_changed_tree_is_not_passed_off_as_its_commit(tree: Path) -> None:
    (tree / "file").write_text("two")
    assert re.fullmatch("[0-9a-f]{12}-dirty", commit(tree))


def test_without_a_repository_or_without_git_nobody_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit(tmp_path) == UNKNOWN_COMMIT
    monkeypatch.setenv("PATH", "")
    assert commit(tmp_path) == UNKNOWN_COMMIT
