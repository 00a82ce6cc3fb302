"""An environment's files are written whole or not at all, and used by one command at a time."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain.workspace import ROOT, Workspace, WorkspaceError, write_atomically


def test_an_unknown_stack_is_refused_with_the_known_ones() -> None:
    with pytest.raises(WorkspaceError, match="dev, staging, prod"):
        Workspace("production")


def test_the_summary_is_for_its_owner_only(tmp_path: Path) -> None:
    workspace = Workspace("dev", tmp_path)
    workspace.write_summary({"demo": {"password": "x"}})
    assert stat.S_IMODE(workspace.summary.stat().st_mode) == 0o600
    assert workspace.read_summary() == {"demo": {"password": "x"}}


def test_a_failed_write_leaves_the_earlier_file_and_no_rubbish(tmp_path: Path) -> None:
    target = tmp_path / "file.json"
    write_atomically(target, "whole")
    with pytest.raises(TypeError):
        write_atomically(target, object())  # type: ignore[arg-type]
    assert target.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]


def test_a_broken_summary_says_what_to_do(tmp_path: Path) -> None:
    workspace = Workspace("dev", tmp_path)
    workspace.summary.write_text('{"api_url": ')
    with pytest.raises(WorkspaceError, match="make up"):
        workspace.read_summary()


def test_a_killed_command_lets_go_of_the_environment(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from toolchain.workspace import Workspace\n"
        "with Workspace('dev', Path(sys.argv[1])).alone(): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    workspace = Workspace("dev", tmp_path)
    with pytest.raises(WorkspaceError, match=str(holder.pid)), workspace.alone():
        pass
    holder.kill()
    holder.wait()
    with workspace.alone():
        assert json.loads((tmp_path / "dev" / "lock").read_text())
