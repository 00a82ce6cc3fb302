"""Bytecode that Lambda loads without looking at a timestamp: `unchecked-hash` pycs (PEP 552).

Zip entries carry no usable time, so an ordinary `.pyc` is stale in Lambda and every cold start compiles again.
"""

import importlib.util
import marshal
import sys
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from types import CodeType
from typing import Any

from bundler.cache import digest, touch, write_atomic
from bundler.target import PYTHON

TASK_ROOT = "/var/task"
UNCHECKED_HASH = 0b01
_COMPILER = "2"  # raised when `compiled` gives other bytes for the same source


def compiled(source: bytes, path: str) -> bytes:
    """Return the unchecked-hash pyc of `source`, whose tracebacks say `/var/task/{path}`.

    Asserts and docstrings stay: pydantic and Powertools read docstrings into the API's contract.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a dependency's SyntaxWarning is its author's
        code = _canonical(compile(source, f"{TASK_ROOT}/{path}", "exec", dont_inherit=True, optimize=0))
    header = importlib.util.MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little")
    return header + importlib.util.source_hash(source) + marshal.dumps(code)


def _canonical(code: CodeType) -> CodeType:
    """Return the same code with every string interned.

    marshal writes a string that happens to be interned in another way than one that is not, and whether a
    qualified name such as `f.<locals>.<lambda>` is depends on what the process has imported and compiled before.
    """
    return code.replace(
        co_name=sys.intern(code.co_name),
        co_qualname=sys.intern(code.co_qualname),
        co_filename=sys.intern(code.co_filename),
        co_consts=tuple(_interned(constant) for constant in code.co_consts),
    )


def _interned(constant: Any) -> Any:
    match constant:
        case str():
            return sys.intern(constant)
        case CodeType():
            return _canonical(constant)
        case tuple():
            return tuple(_interned(item) for item in constant)
        case frozenset():
            return frozenset(_interned(item) for item in constant)
        case _:
            return constant


def compiled_all(sources: Sequence[tuple[str, bytes]], cache: Path) -> dict[str, bytes]:
    """Return zip path of the source → pyc, each kept in the cache so that functions and targets share it."""
    found = {}
    for path, source in sources:
        key = digest([importlib.util.MAGIC_NUMBER, _COMPILER, path, source])
        entry = cache / "bytecode" / key
        try:
            found[path] = zlib.decompress(entry.read_bytes())
        except (FileNotFoundError, zlib.error):
            found[path] = compiled(source, path)
            write_atomic(entry, zlib.compress(found[path], 1))
        else:
            touch(entry)
    return found


def pycache_path(path: str) -> str:
    """`a/b.py` → `a/__pycache__/b.cpython-313.pyc`, where Python looks when the source lies beside it."""
    folder, _, name = path.rpartition("/")
    tag = f"cpython-{PYTHON.replace('.', '')}"
    return f"{folder + '/' if folder else ''}__pycache__/{name.removesuffix('.py')}.{tag}.pyc"
