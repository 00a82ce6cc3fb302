"""Which modules a handler reaches, over the project's own source root and an installed site."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bundler.errors import MissingModuleError
from bundler.imports import Import, ModuleImports, scan

# Modules that import by a computed name, read by a person: what they can import is either named by their
# string constants (which `trace` follows) or given by the application. A package with any other such module
# is shipped whole, so that an upgrade which adds one costs bytes, never a ModuleNotFoundError in production.
REVIEWED = frozenset(
    {
        "aws_lambda_powertools.shared.lazy_import",  # gets its name from the tracer
        "aws_lambda_powertools.tracing.tracer",  # aws_xray_sdk, an extra that nobody asked for
        "botocore.plugin",  # plug-ins named by BOTOCORE_EXPERIMENTAL__PLUGINS
        "botocore.vendored.six",  # the standard library's renames
        "six",  # the same
        "dateutil",  # its own submodules, named in __all__
        "pydantic",  # its own submodules, named in _dynamic_imports
        "pydantic._internal._validators",  # ImportString: a name that the application gives
        "dotenv.main",  # __main__, to find the caller's folder
    }
)
_DISTINCTIVE = 8  # characters


@dataclass(frozen=True)
class Module:
    """A module found on disk; `own` tells the project's from a dependency's."""

    name: str
    path: Path
    own: bool

    @property
    def is_package(self) -> bool:
        """Whether it is a package's `__init__`."""
        return self.path.name == "__init__.py"

    @property
    def is_extension(self) -> bool:
        """Whether it is a shared library."""
        return self.path.suffix == ".so"


@dataclass
class Closure:
    """The modules reached, by name; `whole` are the packages shipped whole for an unreviewed computed import."""

    modules: dict[str, Module] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)

    @property
    def own(self) -> list[Module]:
        """The project's modules, by name."""
        return [m for _, m in sorted(self.modules.items()) if m.own]

    @property
    def third_party(self) -> list[Module]:
        """The dependencies' modules, by name."""
        return [m for _, m in sorted(self.modules.items()) if not m.own]


class Finder:
    """Finds modules as Lambda does in a flat folder: own sources first, then the site."""

    def __init__(self, own: Path, site: Path | None, suffixes: Sequence[str]) -> None:
        self._roots = [_Root(own, own=True)] + ([_Root(site, own=False)] if site else [])
        self._suffixes = suffixes
        self._found: dict[str, Module | None] = {}

    def find(self, name: str) -> Module | None:
        """Return the module, or None where there is none (or only a folder: see `is_namespace`)."""
        if name not in self._found:
            self._found[name] = self._look(name)
        return self._found[name]

    def is_namespace(self, name: str) -> bool:
        """Tell whether the name is that of a folder."""
        return any(name.replace(".", "/") in root.folders for root in self._roots)

    def submodules(self, package: str) -> list[str]:
        """Every module below a top-level package of the site."""
        files = [path for root in self._roots if not root.own for path in sorted(root.files)]
        modules = [p for p in files if p.startswith(f"{package}/") and p.endswith((".py", ".so"))]
        return [p.partition(".")[0].removesuffix("/__init__").replace("/", ".") for p in modules]

    def top_levels(self) -> set[bytes]:
        """Names of the site's top-level modules."""
        files = [path for root in self._roots if not root.own for path in root.files]
        names = {path.partition("/")[0] for path in files if path.endswith((".py", ".so"))}
        return {name.partition(".")[0].encode() for name in names if not name.endswith(".dist-info")}

    def _look(self, name: str) -> Module | None:
        base = name.replace(".", "/")
        for root in self._roots:
            suffixes = ["/__init__.py", *(() if root.own else self._suffixes), ".py"]
            for suffix in suffixes:
                if f"{base}{suffix}" in root.files:
                    return Module(name, root.path / f"{base}{suffix}", root.own)
        return None


class _Root:
    """One folder of the search path, listed once."""

    def __init__(self, path: Path, *, own: bool) -> None:
        self.path, self.own = path, own
        self.files: set[str] = set()
        self.folders: set[str] = set()
        for folder, _, names in path.walk():
            relative = folder.relative_to(path).as_posix()
            self.folders.add(relative)
            self.files |= {name if relative == "." else f"{relative}/{name}" for name in names}


Scanner = Callable[[Module], ModuleImports]


def scan_file(module: Module) -> ModuleImports:
    """Scan a module's source on disk."""
    return scan(module.path.read_bytes(), module.name, module.is_package)


def trace(handler: str, finder: Finder, excluded: Callable[[str], bool], scanner: Scanner) -> Closure:
    """Return every module that the handler's module can reach.

    Raises MissingModuleError where an own module imports, outside a `try`, what nobody ships.
    """
    closure = Closure()
    pending = [handler]
    problems: list[str] = []
    if finder.find(handler) is None:
        raise MissingModuleError(f"the handler's module {handler} does not exist")
    while pending:
        name = pending.pop()
        for part in _with_parents(name):
            module = finder.find(part)
            if module is None or part in closure.modules or excluded(part):
                continue
            closure.modules[part] = module
            pending += _reached_from(module, finder, closure, scanner, problems)
    if problems:
        raise MissingModuleError("\n".join(sorted(problems)))
    return closure


def _reached_from(module: Module, finder: Finder, closure: Closure, scanner: Scanner, problems: list[str]) -> list[str]:
    if module.is_extension:
        binary = module.path.read_bytes()
        return [n.decode() for n in finder.top_levels() if _named_in(binary, n)]
    found = scanner(module)
    reached: list[str] = []
    for entry in found.imports:
        reached += _targets(entry, finder, scanner)
        if module.own and not entry.guarded and not _resolves(entry.module, finder):
            problems.append(
                f"{module.name} (line {entry.line}) imports {entry.module}, which neither the function's "
                f"locked dependencies nor the standard library hold: add its distribution to the function's "
                f"pyproject.toml and run `uv lock`"
            )
    if found.computed:
        reached += _named_by_strings(module, found.strings, finder)
        top = module.name.partition(".")[0]
        if not module.own and module.name not in REVIEWED and top not in closure.whole:
            closure.whole.add(top)
            reached += finder.submodules(top)
    return reached


def _named_in(binary: bytes, name: bytes) -> bool:
    """Tell whether an extension may import `name`: C keeps names NUL-terminated (argon2's `_cffi_backend`),
    Rust runs them together (pydantic_core's `typing_extensions`), where only a long name is evidence.
    """
    return b"\0" + name + b"\0" in binary or (len(name) >= _DISTINCTIVE and name in binary)


def _targets(entry: Import, finder: Finder, scanner: Scanner) -> list[str]:
    names = [n for n in entry.names if n != "*"]
    package = finder.find(entry.module)
    if "*" in entry.names and package is not None and package.is_package:
        # `from package import *` imports the submodules that `__all__` names
        names += [s for s in scanner(package).strings if "." not in s]
    submodules = [f"{entry.module}.{n}" for n in names]
    return [entry.module, *(s for s in submodules if finder.find(s))]


def _resolves(name: str, finder: Finder) -> bool:
    top = name.partition(".")[0]
    return top in sys.stdlib_module_names or finder.find(name) is not None or finder.is_namespace(name)


def _named_by_strings(module: Module, strings: frozenset[str], finder: Finder) -> list[str]:
    package = module.name if module.is_package else module.name.rpartition(".")[0]
    relative = [f"{package}.{s.lstrip('.')}" if package else s.lstrip(".") for s in strings]
    absolute = [s for s in strings if not s.startswith(".")]
    return [name for name in (*absolute, *relative) if finder.find(name)]


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: i + 1]) for i in range(len(parts))]
