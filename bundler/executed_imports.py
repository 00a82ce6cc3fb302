"""Which imports a module must execute, read from its bytecode: a second opinion on `bundler.imports`.

Third-party modules ship without source, so this reads what really runs.
"""

import dis
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any


@dataclass(frozen=True)
class ExecutedImport:
    """`level` is that of a relative import (0 absolute); `names` those of `from … import`."""

    module: str
    level: int
    names: tuple[str, ...]

    def absolute(self, importer: str, *, is_package: bool) -> str:
        """Return the imported module's absolute name."""
        if not self.level:
            return self.module
        parts = importer.split(".")
        if not is_package:
            parts = parts[:-1]
        base = parts[: len(parts) - self.level + 1]
        return ".".join([*base, self.module] if self.module else base)


def at_import(code: CodeType) -> Iterator[ExecutedImport]:
    """Yield imports of the module's body that no branch skips and no handler catches."""
    jumps: list[tuple[int, int]] = []
    covered = _covered(code)
    for offset, target, found in _instructions(code):
        if target is not None and target > offset:
            jumps.append((offset, target))
        skippable = any(start < offset < end for start, end in jumps)
        if found and not skippable and not covered(offset):
            yield found


def ever(code: CodeType) -> Iterator[ExecutedImport]:
    """Yield `at_import` and the imports inside functions and classes that no handler catches."""
    yield from at_import(code)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _nested(code: CodeType) -> Iterator[ExecutedImport]:
    covered = _covered(code)
    yield from (found for offset, _, found in _instructions(code) if found and not covered(offset))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _instructions(code: CodeType) -> Iterator[tuple[int, int | None, ExecutedImport | None]]:
    """Yield (offset, jump target, import) of each instruction."""
    before: list[dis.Instruction] = []
    for instruction in dis.get_instructions(code):
        found = None
        if instruction.opname == "IMPORT_NAME":
            # CPython 3.13: LOAD_CONST level, LOAD_CONST names, IMPORT_NAME
            level, names = (i.argval for i in before[-2:])
            found = ExecutedImport(instruction.argval, level, tuple(names or ()))
        before.append(instruction)
        yield instruction.offset, instruction.jump_target, found


def _covered(code: CodeType) -> Callable[[int], bool]:
    """Return whether an instruction stands in a `try` (or `with`), by CPython's exception table."""
    ranges = [(entry.start, entry.end) for entry in _exception_table(code)]
    return lambda offset: any(start <= offset < end for start, end in ranges)


def _exception_table(code: CodeType) -> list[Any]:
    entries: list[Any] = vars(dis.Bytecode(code))["exception_entries"]
    return entries
