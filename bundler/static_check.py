"""What can be known of a zip without running it: its handler, bytecode, imports and binaries."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from bundler.binaries import binary_problems, is_binary
from bundler.executed_imports import at_import, ever
from bundler.target import Target
from bundler.unpacked import Unpacked

# Packages that put modules into sys.modules themselves: no file bears these names.
_MADE_AT_RUN_TIME = ("six.moves", "botocore.vendored.six.moves")


def static_problems(archive: Path, handler: str, wanted: Target) -> list[str]:
    """Return what would stop Lambda from starting `handler` out of `archive`, a line each."""
    unpacked = Unpacked.read(archive)
    module, _, attribute = handler.rpartition(".")
    problems = [*_handler_problems(unpacked, module, attribute), *unpacked.bytecode_problems()]
    problems += _import_problems(unpacked, module)
    for name, content in unpacked.entries.items():
        if is_binary(name):
            problems += binary_problems(name, content, wanted)
    return sorted(problems)


def _handler_problems(unpacked: Unpacked, module: str, attribute: str) -> Iterator[str]:
    source = unpacked.entries.get(unpacked.files.get(module, ""))
    if source is None:
        yield f"handler {module}.{attribute}: no module {module} in the zip"
    elif attribute not in _top_level_names(ast.parse(source)):
        yield f"handler {module}.{attribute}: module {module} defines no {attribute}"


def _top_level_names(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {t.id for target in targets for t in ast.walk(target) if isinstance(t, ast.Name)}
    return names


def _import_problems(unpacked: Unpacked, handler: str) -> list[str]:
    """Follow every import that starting `handler` executes, own modules' lazy ones too; name those that fail."""
    problems: set[str] = set()
    seen: set[str] = set()
    pending = [handler]
    while pending:
        module = pending.pop()
        if module in seen or module not in unpacked.codes:
            continue
        seen.add(module)
        executed = ever if unpacked.is_own(module) else at_import
        for entry in executed(unpacked.codes[module]):
            target = entry.absolute(module, is_package=unpacked.is_package(module))
            if target.partition(".")[0] in sys.stdlib_module_names or _is_made_at_run_time(target):
                continue
            if target not in unpacked.files and target not in unpacked.folders:
                problems.add(f"{module} imports {target}, which neither the zip nor Python holds")
            parts = target.split(".")
            pending += [".".join(parts[: i + 1]) for i in range(len(parts))]
            pending += [f"{target}.{name}" for name in entry.names]
    return sorted(problems)


def _is_made_at_run_time(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in _MADE_AT_RUN_TIME)
