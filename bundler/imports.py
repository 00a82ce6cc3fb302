"""What one module imports, read from its source without running it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_MISSING = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_COMPUTED = {"import_module", "__import__", "LazyLoader"}
_LONGEST_NAME = 100  # characters; longer strings are text


@dataclass(frozen=True)
class Import:
    """One import: `module` is absolute; `names` are what `from module import …` asks of it.

    `guarded` imports may fail: they stand in a `try` that handles it.
    """

    module: str
    names: tuple[str, ...]
    line: int
    guarded: bool


@dataclass(frozen=True)
class ModuleImports:
    """`computed` tells that the module imports by a computed name; `strings` are then its likely names."""

    imports: tuple[Import, ...]
    computed: bool
    strings: frozenset[str]


def scan(source: bytes, module: str, is_package: bool) -> ModuleImports:
    """Return the imports of `source`, those inside functions included, `if TYPE_CHECKING` blocks excluded."""
    tree = ast.parse(source)
    package = module if is_package else module.rpartition(".")[0]
    imports: list[Import] = []
    computed = False
    for node, guarded in _reached(tree, guarded=False):
        if isinstance(node, ast.Import):
            imports += [Import(alias.name, (), node.lineno, guarded) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            imports.append(Import(_absolute(node, package), names, node.lineno, guarded))
        elif isinstance(node, ast.Call) and _called(node.func) in _COMPUTED:
            computed = True
    return ModuleImports(tuple(imports), computed, _strings(tree))


def _reached(node: ast.AST, *, guarded: bool) -> Iterator[tuple[ast.AST, bool]]:
    yield node, guarded
    if isinstance(node, ast.If) and _is_type_checking(node.test):
        children: list[tuple[ast.AST, bool]] = [(child, guarded) for child in node.orelse]
    elif isinstance(node, ast.Try):
        inside = guarded or any(_handles_missing(handler) for handler in node.handlers)
        children = [(child, inside) for child in node.body]
        children += [(child, guarded) for child in (*node.handlers, *node.orelse, *node.finalbody)]
    else:
        children = [(child, guarded) for child in ast.iter_child_nodes(node)]
    for child, inner in children:
        yield from _reached(child, guarded=inner)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _handles_missing(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(_called(t) in _MISSING for t in types)


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def _strings(tree: ast.AST) -> frozenset[str]:
    """Constants that may name a module: `a.b`, `.b`, `b`, `a.b:attribute`."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < _LONGEST_NAME:
            name = node.value.partition(":")[0]
            if name.strip(".") and all(part.isidentifier() for part in name.lstrip(".").split(".")):
                found.add(name)
    return frozenset(found)
