"""What the modules of an installed site import, remembered beside it: the site never changes."""

import json
from pathlib import Path
from types import TracebackType
from typing import Self

from bundler import imports
from bundler.cache import digest, write_atomic
from bundler.imports import Import, ModuleImports
from bundler.trace import Module, scan_file


class SiteScans:
    """Scans modules; remembers those of `site` beside it, by file and by this scanner."""

    def __init__(self, site: Path) -> None:
        self._site = site
        scanner = digest([Path(imports.__file__).read_bytes()])[:8]
        self._path = site.with_name(f"{site.name}.{scanner}.scans.json")
        self._known: dict[str, ModuleImports] = {}
        self._own: dict[str, ModuleImports] = {}
        self._changed = False

    def __enter__(self) -> Self:
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return self
        for name, (found, computed, strings) in document.items():
            entries = tuple(Import(module, tuple(names), line, guarded) for module, names, line, guarded in found)
            self._known[name] = ModuleImports(entries, computed, frozenset(strings))
        return self

    def scan(self, module: Module) -> ModuleImports:
        """Return what `module` imports."""
        if module.own:
            return self._own.setdefault(module.name, scan_file(module))
        name = module.path.relative_to(self._site).as_posix()
        if name not in self._known:
            self._known[name] = scan_file(module)
            self._changed = True
        return self._known[name]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._changed:
            return
        document = {
            name: ([(i.module, i.names, i.line, i.guarded) for i in s.imports], s.computed, sorted(s.strings))
            for name, s in sorted(self._known.items())
        }
        write_atomic(self._path, json.dumps(document).encode())
