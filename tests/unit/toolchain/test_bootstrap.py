"""The bootstrap finds what runs, not what has the right name."""

import importlib.util
import os
import stat
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

from toolchain.pins import PULUMI_VERSION, PYTHON_VERSION, UV_VERSION
from toolchain.workspace import ROOT


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "toolchain" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_shim_that_answers_and_fails_is_passed_over(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "shims" / f"python{PYTHON_VERSION}", "echo 'not selected' >&2; exit 127")
    real = program(tmp_path / "real" / f"python{PYTHON_VERSION}", f'exec {sys.executable} "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}{os.pathsep}{real.parent}{os.pathsep}/usr/bin:/bin")
    assert bootstrap.find_python(PYTHON_VERSION) == str(real)


def test_pyenvs_newest_patch_release_is_taken(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patch in ("2", "10", "9"):
        folder = tmp_path / "versions" / f"{PYTHON_VERSION}.{patch}" / "bin"
        program(folder / f"python{PYTHON_VERSION}", f'exec {sys.executable} "$@"')
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", "/nonexistent")
    assert f"{PYTHON_VERSION}.10" in str(bootstrap.find_python(PYTHON_VERSION))


def test_another_version_under_the_right_name_is_passed_over(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / f"python{PYTHON_VERSION}", "echo 3.11")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    assert bootstrap.find_python(PYTHON_VERSION) is None


def test_a_tool_that_hangs_does_not_hang_the_bootstrap(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "PROBE_SECONDS", 0.2)
    assert not bootstrap.runs([str(program(tmp_path / "uv", "exec sleep 30")), "--version"], "uv")


def test_the_bootstrap_needs_nothing_but_the_standard_library() -> None:
    code = f"import runpy; runpy.run_path({str(ROOT / 'toolchain' / 'bootstrap.py')!r})"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def test_the_pins_agree_with_the_locked_packages() -> None:
    assert version("pulumi") == PULUMI_VERSION
    assert version("uv") == UV_VERSION
    assert ".".join(map(str, sys.version_info[:2])) == PYTHON_VERSION
    module = (ROOT / "toolchain" / "engine" / "go.mod").read_text(encoding="utf-8")
    assert f"github.com/pulumi/pulumi/pkg/v3 v{PULUMI_VERSION}" in module
    assert f"github.com/pulumi/pulumi/sdk/v3 v{PULUMI_VERSION}" in module
