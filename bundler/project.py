"""The functions of a project and what each declares about its bundle."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundler.errors import ProjectError

SOURCE_ROOT = "functions"
LOCK = "uv.lock"
_KEYS = {"handler", "files", "exclude", "aws-services", "check-environment"}


@dataclass(frozen=True)
class FunctionSource:
    """A function to bundle: a folder `functions/{name}` with a handler.py, and its `[tool.omnix]` table.

    handler            handler string as Lambda gets it (default `{name}.handler.handler`)
    files              data files, relative to the project root, shipped under the same path
                       (those below `functions/` relative to it, as its modules are)
    exclude            paths of the zip (a file, or a folder with all below) that are reached by an import
                       but never run in this function
    aws_services       services whose botocore data are shipped; None ships all of them
    check_environment  variables that the isolated import of `check` and `bench` gets: placeholders, no secret
    source_root        folder, relative to the project root, from which its own modules are imported
    groups             dependency groups of the root project that it ships besides its package's dependencies
    """

    name: str
    package: str
    handler: str
    files: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    aws_services: tuple[str, ...] | None = None
    check_environment: Mapping[str, str] | None = None
    source_root: str = SOURCE_ROOT
    groups: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """The module that the handler string names."""
        return self.handler.rpartition(".")[0]


def discover(root: Path, names: Sequence[str] | None = None) -> list[FunctionSource]:
    """Return the project's functions sorted by name, or those of `names`; raises ProjectError."""
    found = {p.parent.name: p.parent for p in sorted((root / SOURCE_ROOT).glob("*/handler.py"))}
    if not (root / LOCK).is_file():
        raise ProjectError(f"no {LOCK} in the project root: run `uv lock`")
    wanted = sorted(found) if names is None else list(dict.fromkeys(names))
    unknown = [n for n in wanted if n not in found]
    if unknown:
        raise ProjectError(
            f"no function {', '.join(unknown)}: a function is a folder with {SOURCE_ROOT}/<name>/handler.py; "
            f"there is {', '.join(found) or 'none'}"
        )
    return [_read(found[n]) for n in wanted]


def _read(folder: Path) -> FunctionSource:
    name = folder.name
    where = f"{SOURCE_ROOT}/{name}/pyproject.toml"
    try:
        document = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        package = document["project"]["name"]
    except FileNotFoundError as error:
        raise ProjectError(f"{where} is missing: it names what the function ships") from error
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{where}: {error}") from error
    except KeyError as error:
        raise ProjectError(f"{where} has no [project] name") from error
    table: dict[str, Any] = document.get("tool", {}).get("omnix", {})
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise ProjectError(
            f"{where}: unknown key {', '.join(unknown)} in [tool.omnix]; known: {', '.join(sorted(_KEYS))}"
        )
    handler = table.get("handler", f"{name}.handler.handler")
    if not isinstance(handler, str) or handler.count(".") < 1 or not all(_identifiers(handler)):
        raise ProjectError(f"{where}: handler {handler!r} is not `package.module.function`")
    services = table.get("aws-services")
    return FunctionSource(
        name=name,
        package=package,
        handler=handler,
        files=_strings(where, "files", table.get("files", [])),
        exclude=_strings(where, "exclude", table.get("exclude", [])),
        aws_services=None if services is None else _strings(where, "aws-services", services),
        check_environment=_environment(where, table.get("check-environment", {})),
    )


def _identifiers(handler: str) -> list[bool]:
    return [part.isidentifier() for part in handler.split(".")]


def _strings(where: str, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ProjectError(f"{where}: {key} in [tool.omnix] must be a list of strings")
    for path in value:
        if key != "aws-services" and (path.startswith("/") or ".." in Path(path).parts):
            raise ProjectError(f"{where}: {key} holds {path!r}, which leaves the project")
    return tuple(sorted(set(value)))


def _environment(where: str, value: object) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise ProjectError(f"{where}: check-environment in [tool.omnix] must map names to strings")
    return dict(value)
