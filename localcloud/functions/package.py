"""Deployed zips, unpacked once per content, and the directory that holds AWS's runtime client alone."""

import base64
import importlib.util
import io
import os
import shutil
import sys
import tempfile
import threading
import zipfile
from collections.abc import Collection
from pathlib import Path

# What Lambda's image offers beside the standard library, less boto3 (the zips bring their own).
_RUNTIME_MODULES = ("awslambdaric", "runtime_client", "snapshot_restore_py", "simplejson")
_KEPT = 24


class PackageCache:
    """`{directory}/{sha256 in hex}/` holds a zip's files as Lambda's `/var/task` would."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()

    def extract(self, code_sha256: str, content: bytes) -> Path:
        """The directory of the zip's files. Raises `zipfile.BadZipFile` for something else than a zip."""
        target = self._directory / base64.b64decode(code_sha256).hex()
        with self._lock:
            if target.exists():
                os.utime(target)
                return target
            self._directory.mkdir(parents=True, exist_ok=True)
            part = Path(tempfile.mkdtemp(prefix="part-", dir=self._directory))
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.extractall(part)
                for entry in archive.infolist():
                    if mode := entry.external_attr >> 16 & 0o777:
                        (part / entry.filename).chmod(mode | 0o400)
            part.chmod(0o755)
            part.rename(target)
        return target

    def sweep(self, used: Collection[Path]) -> None:
        """Delete the oldest packages beyond a bound, but none that a process runs from."""
        with self._lock:
            found = self._directory.glob("*") if self._directory.exists() else ()
            by_age = sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
            for path in by_age[_KEPT:]:
                if path not in used:
                    shutil.rmtree(path)


def runtime_directory(directory: Path) -> Path:
    """A directory with links to the runtime client's modules and nothing else of our environment.

    A function that imports what its zip lacks must fail here as it fails on Lambda.
    """
    fresh = directory / f"runtime-{sys.version_info.major}.{sys.version_info.minor}"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name in _RUNTIME_MODULES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"{name} is missing: install the `localcloud` dependency group")
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (fresh / source.name).symlink_to(source)
    return fresh
