"""The policy pack in local runs: how the engine is told of it, and what a run leaves."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from toolchain.engine import provide
from toolchain.overlay import local_project
from toolchain.policy_pack import PACK, LocalPack, PolicyPackError, is_on, sentence, with_analyzer
from toolchain.pulumi_cli import Engine
from toolchain.workspace import ROOT, Workspace, write_atomically

PROGRAM = "import pulumi\npulumi.export('answer', 42)\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An environment whose program makes nothing: the rules about the stack as a whole are asked all the same."""
    made = Workspace("dev", tmp_path / "home")
    program = tmp_path / "program"
    program.mkdir()
    (program / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    project = local_project((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"), program)
    write_atomically(made.project / "Pulumi.yaml", with_analyzer(project, LocalPack(made)))
    write_atomically(made.config, "config: {}\n")
    return made


def preview(workspace: Workspace, pack: LocalPack) -> subprocess.CompletedProcess[str]:
    engine = Engine(provide(lambda _: None), workspace, 1, pack)
    engine.ensure_stack()
    return subprocess.run(
        engine.command(["preview", "--non-interactive"]),
        env=engine.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.engine
def test_the_real_engine_runs_the_pack_and_its_report_is_kept(workspace: Workspace) -> None:
    pack = LocalPack(workspace)
    result = preview(workspace, pack)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Policies:" in result.stdout
    assert pack.result()["violations"] == []
    assert pack.counts()["rules"] > 80


@pytest.mark.engine
def test_the_real_engine_refuses_what_the_pack_refuses(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    shutil.copytree(PACK, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "overrides.yaml").write_text("- rule: nonsense\n", encoding="utf-8")
    pack = LocalPack(workspace, folder)
    result = preview(workspace, pack)
    assert result.returncode != 0
    assert "overrides-valid" in result.stdout
    assert {found["rule"] for found in pack.result()["violations"]} == {"overrides-valid"}


def test_previews_and_updates_are_judged_and_nothing_else(workspace: Workspace) -> None:
    pack = LocalPack(workspace)
    folder = str(workspace.folder / "policy")
    assert pack.arguments(["up", "--yes"]) == ["--policy-pack", folder]
    assert pack.arguments(["preview"]) == ["--policy-pack", folder]
    for command in (["destroy", "--yes"], ["stack", "export"], ["refresh"], []):
        assert pack.arguments(command) == []


def test_the_unprotect_deployment_is_judged_by_all_rules_but_the_one_on_protection(workspace: Workspace) -> None:
    write_atomically(workspace.config, yaml.safe_dump({"config": {"omnix-ai:unprotect": True}}))
    arguments = LocalPack(workspace).arguments(["up"])
    config = json.loads(Path(arguments[arguments.index("--policy-pack-config") + 1]).read_text(encoding="utf-8"))
    assert config == {"stateful-protected": "disabled"}


def test_the_committed_project_file_stays_the_official_clis(workspace: Workspace) -> None:
    pack = LocalPack(workspace)
    pack.prepare()
    local = yaml.safe_load((pack.folder / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    committed = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    assert committed["runtime"]["name"] == "python"
    assert local == {**committed, "runtime": "venv"}
    assert os.access(pack.folder / "pulumi-analyzer-policy-venv", os.X_OK)


def test_an_update_that_nobody_judged_does_not_look_like_one_that_passed(workspace: Workspace) -> None:
    pack = LocalPack(workspace)
    write_atomically(pack.report, "{}")
    pack.prepare()  # the report of an earlier run is forgotten
    with pytest.raises(PolicyPackError, match="left no report"):
        pack.result()


def test_the_pack_is_on_unless_it_is_turned_off_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMNIX_POLICY", raising=False)
    assert is_on()
    monkeypatch.setenv("OMNIX_POLICY", "OFF")
    assert not is_on()
    monkeypatch.setenv("OMNIX_POLICY", "0ff")
    assert is_on()


def test_the_outcome_fits_on_a_line() -> None:
    report = {"rules": 83, "checked": 140, "violations": [], "overridden": [{}], "unknown": [{}, {}]}
    expected = "policy pack: 83 rules on 140 resources, 0 violations, 1 excepted, 2 not known yet"
    assert sentence(report) == expected
