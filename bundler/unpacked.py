"""A zip read as Python reads the folder that Lambda makes of it: modules, packages, bytecode."""

import importlib.util
import marshal
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import CodeType
from typing import Self

from bundler.bytecode import TASK_ROOT, UNCHECKED_HASH, pycache_path

_HEADER = 16  # bytes of a pyc before its code: magic, flags, hash of the source


@dataclass(frozen=True)
class Unpacked:
    """`entries` is path in the zip → content."""

    entries: Mapping[str, bytes]

    @classmethod
    def read(cls, archive: Path) -> Self:
        """Read the zip at `archive`."""
        with zipfile.ZipFile(archive) as zipped:
            return cls({name: zipped.read(name) for name in zipped.namelist()})

    @cached_property
    def files(self) -> Mapping[str, str]:
        """Module name → the path that its source has, or would have beside its bytecode, or its extension's."""
        found = {}
        for name in self.entries:
            if name.endswith((".py", ".pyc")):
                source = source_path(name)
                found[_module_name(source)] = source
            elif name.endswith(".so"):
                found[name.partition(".")[0].replace("/", ".")] = name
        return found

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder as a dotted name: a namespace package at least."""
        parents = {str(parent) for name in self.entries for parent in PurePosixPath(name).parents}
        return frozenset(parent.replace("/", ".") for parent in parents)

    @cached_property
    def codes(self) -> Mapping[str, CodeType]:
        """Module name → code, of the bytecode that this Python can read."""
        return {
            _module_name(source_path(name)): marshal.loads(content[_HEADER:])  # noqa: S302 made by our own build
            for name, content in self.entries.items()
            if name.endswith(".pyc") and content[:4] == importlib.util.MAGIC_NUMBER
        }

    def is_package(self, module: str) -> bool:
        """Tell whether the module is a package with an `__init__`."""
        return self.files.get(module, "").endswith("/__init__.py")

    def is_own(self, module: str) -> bool:
        """Tell whether the module ships its source, as the project's own do."""
        return self.files.get(module, "") in self.entries and not self.files[module].endswith(".so")

    def bytecode_problems(self) -> list[str]:
        """Name every module whose bytecode Lambda would not use, or that is not of its source."""
        problems = []
        for name, content in self.entries.items():
            if name.endswith(".py") and pycache_path(name) not in self.entries:
                problems.append(f"{name} has no bytecode: every cold start would compile it")
            elif name.endswith(".pyc"):
                problems += self._pyc_problems(name, content)
        return problems

    def _pyc_problems(self, name: str, content: bytes) -> list[str]:
        if content[:4] != importlib.util.MAGIC_NUMBER:
            return [f"{name} is bytecode of another Python"]
        problems = []
        if int.from_bytes(content[4:8], "little") != UNCHECKED_HASH:
            problems.append(f"{name} is not unchecked-hash bytecode: Lambda would take it for stale")
        source = self.entries.get(source_path(name))
        if source is not None and importlib.util.source_hash(source) != content[8:_HEADER]:
            problems.append(f"{name} was compiled from another source than {source_path(name)}")
        origin = self.codes[_module_name(source_path(name))].co_filename
        if origin != f"{TASK_ROOT}/{source_path(name)}":
            problems.append(f"{name} says that it comes from {origin}")
        return problems


def source_path(pyc: str) -> str:
    """`a/__pycache__/b.cpython-313.pyc` and `a/b.pyc` → `a/b.py`; a source's path is its own."""
    path = PurePosixPath(pyc)
    if path.parent.name == "__pycache__":
        return str(path.parent.parent / f"{path.name.partition('.')[0]}.py")
    return str(path.with_suffix(".py"))


def _module_name(source: str) -> str:
    return source.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
