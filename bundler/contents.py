"""Which bytes go into a function's zip, and under which name.

Own modules keep their source beside the bytecode: a traceback then shows the line, and the deployed code can be
read in the console. Third-party modules ship as bytecode only (`module.pyc` where `module.py` would be): half
the files and bytes; their tracebacks still give file and line number.
"""

import csv
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from bundler import botocore_data, bytecode
from bundler.errors import ProjectError
from bundler.project import FunctionSource
from bundler.prune import below, is_data, is_needed_metadata, metadata_headers
from bundler.trace import Closure, Module


def own_entries(root: Path, closure: Closure, function: FunctionSource, cache: Path) -> dict[str, bytes]:
    """The project's modules: source and bytecode."""
    base = root / function.source_root
    sources = {m.path.relative_to(base).as_posix(): m.path.read_bytes() for m in closure.own}
    pycs = bytecode.compiled_all(list(sources.items()), cache)
    return sources | {bytecode.pycache_path(path): content for path, content in pycs.items()}


def declared_files(root: Path, function: FunctionSource) -> dict[str, bytes]:
    """The data files that `[tool.omnix] files` names; raises ProjectError where one is missing."""
    found = {}
    for name in function.files:
        path = root / name
        if not path.is_file():
            raise ProjectError(f"[tool.omnix] files of {function.name} names {name}: no such file")
        found[name.removeprefix(f"{function.source_root}/")] = path.read_bytes()
    return found


def third_party_entries(
    site: Path, closure: Closure, function: FunctionSource, unused: tuple[str, ...], cache: Path
) -> dict[str, bytes]:
    """The reached modules of the site, their data, and the metadata of each distribution they come from."""
    modules = {m.path.relative_to(site).as_posix(): m for m in closure.third_party}
    sources = [(path, m.path.read_bytes()) for path, m in modules.items() if not m.is_extension]
    pycs = bytecode.compiled_all(sources, cache)
    entries = {f"{path.removesuffix('.py')}.pyc": content for path, content in pycs.items()}
    entries |= {path: m.path.read_bytes() for path, m in modules.items() if m.is_extension}
    skipped = (*unused, *function.exclude)
    for info, recorded in distributions(site).items():
        if not any(path in modules for path in recorded):
            continue
        binary = any(path in modules and modules[path].is_extension for path in recorded)
        for path in recorded:
            if _is_package_data(path, modules) or (binary and _is_bundled_library(path)):
                if not below(path, skipped):
                    entries[path] = (site / path).read_bytes()
            elif path.startswith(f"{info}/") and is_needed_metadata(PurePosixPath(path).name):
                content = (site / path).read_bytes()
                entries[path] = metadata_headers(content) if path.endswith("METADATA") else content
    if "botocore" in closure.modules:
        entries |= botocore_data.service_files(site, function.aws_services)
    return entries


def distributions(site: Path) -> Mapping[str, list[str]]:
    """Return dist-info folder → the files of that distribution, from its RECORD."""
    found = {}
    for record in sorted(site.glob("*.dist-info/RECORD")):
        with record.open(encoding="utf-8", newline="") as handle:
            found[record.parent.name] = sorted(row[0] for row in csv.reader(handle) if row)
    return found


def _is_package_data(path: str, modules: Mapping[str, Module]) -> bool:
    if not is_data(path) or path.startswith(f"{botocore_data.DATA}/") or path.endswith(".so"):
        return False
    parents = PurePosixPath(path).parents
    return any(f"{parent}/__init__.py" in modules for parent in parents)


def _is_bundled_library(path: str) -> bool:
    return PurePosixPath(path).parts[0].endswith(".libs")
