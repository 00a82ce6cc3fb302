"""What of a reached package never runs in Lambda, and is left out of the zip."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

# Folders and files that no import reads: type information, documentation, C sources, tests, build leftovers.
_FOLDERS = {"tests", "test", "testing", "docs", "doc", "examples", "__pycache__", "include", "bin"}
_SUFFIXES = {".pyi", ".pyc", ".c", ".h", ".cpp", ".pyx", ".pxd", ".md", ".rst", ".typed", ".map", ".py"}
_NAMES = {"LICENSE", "LICENSE.txt", "NOTICE", "README", "AUTHORS"}


@dataclass(frozen=True)
class Unused:
    """A path that an import reaches but no call does, unless an own module names `unless`."""

    path: str
    unless: bytes


UNUSED = (
    # 1.7 MB of JavaScript, read by `enable_swagger` alone
    Unused("aws_lambda_powertools/event_handler/openapi/swagger_ui", b"enable_swagger"),
    # imported only to word a warning about pydantic 1 models used as fields
    Unused("pydantic/v1", b"pydantic.v1"),
    # makes extensions such as argon2's; what they run on is `_cffi_backend`
    Unused("cffi", b"cffi"),
)


def never_runs(own_sources: Iterable[bytes]) -> tuple[str, ...]:
    """Return the paths of `UNUSED` whose use no own source names."""
    sources = list(own_sources)
    return tuple(u.path for u in UNUSED if not any(u.unless in source for source in sources))


def below(path: str, folders: Iterable[str]) -> bool:
    """Tell whether `path` is one of `folders` or lies below one (POSIX paths of the zip)."""
    pure = PurePosixPath(path)
    return any(pure.is_relative_to(folder) for folder in folders)


def is_data(path: str) -> bool:
    """Tell whether a file of a reached package may be read when it runs (modules are traced, not judged here)."""
    pure = PurePosixPath(path)
    return not (pure.suffix in _SUFFIXES or pure.name in _NAMES or any(part in _FOLDERS for part in pure.parts[:-1]))


def is_needed_metadata(name: str) -> bool:
    """Tell whether `importlib.metadata` (versions, plug-ins) and vulnerability scanners read the file."""
    return name in {"METADATA", "entry_points.txt"}


def metadata_headers(document: bytes) -> bytes:
    """METADATA without its body, which is the distribution's README (RFC 822: after the first blank line)."""
    text = document.replace(b"\r\n", b"\n")
    return text.partition(b"\n\n")[0] + b"\n"
