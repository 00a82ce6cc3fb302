"""The third-party files of a function: the lock's exact wheels, checked by hash, for one target."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bundler.cache import digest, locked, touch
from bundler.errors import DependencyError
from bundler.project import FunctionSource
from bundler.target import PYTHON, Target

# What would make uv look elsewhere than the project and the running interpreter say.
_UNSET = ("VIRTUAL_ENV", "UV_PROJECT", "UV_PYTHON", "UV_TARGET", "UV_SYSTEM_PYTHON", "PYTHONPATH")


def requirements(root: Path, function: FunctionSource) -> str:
    """Return the function's locked requirements with hashes, as `uv export` prints them."""
    exports = [_export(root, function.package, "--package", function.package, "--no-dev")]
    exports += [_export(root, f"group {group}", "--only-group", group) for group in function.groups]
    # a requirement begins its line, its hashes are indented below it
    found = {block for text in exports for block in re.split(r"\n(?=\S)", text.strip()) if block}
    return "".join(f"{block}\n" for block in sorted(found))


def _export(root: Path, what: str, *selection: str) -> str:
    arguments = ("export", "--frozen", "--no-emit-workspace", "--no-header", "--no-annotate", "--quiet", *selection)
    return _uv(root, arguments, f"export the lock for {what}")


def install(root: Path, cache: Path, wanted: str, target: Target) -> Path:
    """Return a folder with the wheels of `wanted` for `target`, shared by all functions that want the same.

    Only wheels are taken: building a source distribution would make a binary for this machine.
    """
    key = digest([wanted, target.key])
    site = cache / "sites" / key
    with locked(cache / "locks" / f"site-{key}"):
        if site.is_dir():
            touch(site)
            return site
        temporary = cache / "temporary"
        temporary.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=temporary))
        try:
            _install_into(root, work, wanted, target)
            site.parent.mkdir(parents=True, exist_ok=True)
            (work / "site").rename(site)
        finally:
            shutil.rmtree(work)
    return site


def _install_into(root: Path, work: Path, wanted: str, target: Target) -> None:
    (work / "site").mkdir()
    listing = work / "requirements.txt"
    listing.write_text(wanted, encoding="utf-8")
    arguments = [
        *("pip", "install", "--quiet", "--target", str(work / "site"), "--only-binary", ":all:"),
        *("--require-hashes", "--no-deps", "--requirements", str(listing), "--python", sys.executable),
    ]
    if target.uv_platform:
        arguments += ["--python-platform", target.uv_platform, "--python-version", PYTHON]
    _uv(root, arguments, f"install the locked wheels for {target.key}")


def _uv(root: Path, arguments: Sequence[str], doing: str) -> str:
    from uv import find_uv_bin

    environment = {k: v for k, v in os.environ.items() if k not in _UNSET}
    done = subprocess.run(
        [find_uv_bin(), *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise DependencyError(f"cannot {doing}: {done.stderr.strip()}")
    return done.stdout
