"""A function's folder with other bytecode than the bundler's, to show what `unchecked-hash` brings."""

import importlib.util
import marshal
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.subjects import Subject
from bundler.bytecode import pycache_path
from bundler.isolated import unpack

SHIPPED = "unchecked-hash"
FRESH = "timestamp, fresh"
STALE = "timestamp, stale"
NONE = "no bytecode"

_THEN = 315_532_800  # 1980-01-01, what a zip without times unpacks to
_NOW = 1_700_000_000


def lay_out(subject: Subject, variant: str, folder: Path) -> None:
    """Fill `folder` as Lambda would /var/task, with the bytecode of `variant`.

    unchecked-hash    the zip as it is
    timestamp, fresh  every source and a pyc that agrees with its time: what a local run has, and no Lambda zip
    timestamp, stale  the same, but the source's time is the zip's and the pyc's that of the build: compiled anew
    no bytecode       every source alone
    """
    unpack(subject.bundle.archive, folder)
    if variant != SHIPPED:
        for pyc in list(folder.rglob("*.pyc")):
            pyc.unlink()
        _VARIANTS[variant](folder, subject.sources)


def _sources_alone(folder: Path, sources: Mapping[str, bytes]) -> None:
    for path, source in sources.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(source)
        os.utime(file, (_THEN, _THEN))


def _with_timestamps(recorded: int) -> Callable[[Path, Mapping[str, bytes]], None]:
    def lay(folder: Path, sources: Mapping[str, bytes]) -> None:
        _sources_alone(folder, sources)
        for path, source in sources.items():
            code = compile(source, str(folder / path), "exec", dont_inherit=True, optimize=0)
            stamp = recorded.to_bytes(4, "little") + (len(source) & 0xFFFFFFFF).to_bytes(4, "little")
            file = folder / pycache_path(path)
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(importlib.util.MAGIC_NUMBER + bytes(4) + stamp + marshal.dumps(code))

    return lay


_VARIANTS = {FRESH: _with_timestamps(_THEN), STALE: _with_timestamps(_NOW), NONE: _sources_alone}
VARIANTS = (SHIPPED, *_VARIANTS)
