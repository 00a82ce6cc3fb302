"""The user's cache of bundles: content-addressed, atomically filled, safe for parallel builds."""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

KEEP_DAYS = 30
_DAY = 86_400


def cache_directory() -> Path:
    """`$OMNIX_CACHE`, else `$XDG_CACHE_HOME/omnix/bundles`, else `~/.cache/omnix/bundles`."""
    if own := os.environ.get("OMNIX_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "omnix" / "bundles"


def digest(parts: Iterable[str | bytes]) -> str:
    """SHA-256 (hex) of the parts, each preceded by its length so that no two lists collide."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(b"%d:" % len(data))
        total.update(data)
    return total.hexdigest()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock among processes; released by the kernel when a holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside `path` that takes its place on success and vanishes on failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file that appears whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def touch(path: Path) -> None:
    """Note a use, so that `evict` keeps it."""
    os.utime(path)


def evict(cache: Path, days: int = KEEP_DAYS) -> None:
    """Remove zips, records, sites and leftovers of killed builds that nobody used for `days` days."""
    oldest = time.time() - days * _DAY
    for folder in ("zips", "records", "sites", "bytecode", "temporary"):
        base = cache / folder
        if not base.is_dir():
            continue
        for entry in base.iterdir():
            limit = oldest if folder != "temporary" else time.time() - _DAY
            if entry.stat().st_mtime < limit:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink(missing_ok=True)
