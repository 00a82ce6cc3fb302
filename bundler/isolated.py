"""Importing a handler in a process that sees only its zip and the standard library, as Lambda would."""

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

# The reserved variables that Lambda sets, with placeholders; the endpoint refuses every call.
_LAMBDA = {
    "AWS_ACCESS_KEY_ID": "check",
    "AWS_SECRET_ACCESS_KEY": "check",
    "AWS_SESSION_TOKEN": "check",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_LAMBDA_FUNCTION_NAME": "check",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
}
_IMPORT = """
import importlib, sys
folder, module, name = sys.argv[1:]
sys.path.insert(0, folder)
handler = getattr(importlib.import_module(module), name)
if not callable(handler):
    sys.exit(f"{module}.{name} is not callable")
outside = sorted(
    f for m in list(sys.modules.values())
    if (f := getattr(m, "__file__", None)) and "site-packages" in f and not f.startswith(folder)
)
if outside:
    sys.exit(f"modules from outside the zip: {', '.join(outside)}")
"""
_SECONDS = 60.0


def lambda_environment(folder: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a function unpacked in `folder`: Lambda's own variables and the function's."""
    return {**_LAMBDA, "LAMBDA_TASK_ROOT": str(folder), "PATH": os.defpath, **extra}


def interpreter() -> list[str]:
    """Python without user site, virtual environment, PYTHON* variables, or writing bytecode."""
    return [sys.executable, "-I", "-S", "-B"]


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip as Lambda does into /var/task."""
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(folder)


def import_problems(archive: Path, handler: str, environment: Mapping[str, str]) -> list[str]:
    """Return why `handler` cannot be imported from `archive`; nothing if it can."""
    module, _, name = handler.rpartition(".")
    with tempfile.TemporaryDirectory(prefix="omnix-check-") as folder:
        task = Path(folder).resolve()
        unpack(archive, task)
        try:
            done = subprocess.run(
                [*interpreter(), "-c", _IMPORT, str(task), module, name],
                cwd=task,
                env=lambda_environment(task, environment),
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return [f"importing {module} took more than {_SECONDS:.0f} s"]
    if done.returncode == 0:
        return []
    lines = done.stderr.strip().splitlines()
    return [f"importing {handler} failed: {lines[-1] if lines else f'exit code {done.returncode}'}", *lines[-6:-1]]
