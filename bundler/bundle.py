"""One function's zip: from the cache where nothing changed, else traced, pruned, compiled and packed."""

import ast
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bundler import archive, botocore_data, contents, dependencies, prune
from bundler.cache import cache_directory, digest, locked, replacing, touch, write_atomic
from bundler.errors import BundleError, ProjectError
from bundler.project import LOCK, FunctionSource
from bundler.scans import SiteScans
from bundler.target import PYTHON, Target, require_python
from bundler.trace import Closure, Finder, Module, trace

BUILD_FILE = "omnix_build.json"
_CLIENT_CALLS = {"client", "create_client", "prepare", "resource"}

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Bundle:
    """A zip in the cache; `sha256` base64, `bytes` its size, `files` its entries, `fresh` made by this call."""

    archive: Path
    sha256: str
    bytes: int
    files: int
    fresh: bool = False


def bundle(
    root: Path, wanted: Target, function: FunctionSource, *, published: Path | None = None, say: Progress | None = None
) -> Bundle:
    """Return the function's zip for the target; raises BundleError, whose message names the function.

    `published` is where a former call's zip was copied: while it is whole, the cache's own copy is not read.
    """
    require_python()
    cache = cache_directory()
    key = _key(root, wanted, function)
    record = cache / "records" / f"{key}.json"
    with locked(cache / "locks" / f"{wanted.name}-{function.name}"):
        known = _recorded(cache, record)
        if known and _is_whole(known, published):
            return known
        if say:
            say(f"{function.name}: building for {wanted.name}")
        try:
            made = _make(root, cache, wanted, function)
        except BundleError as error:
            raise type(error)(f"{function.name}: {error}") from error
        document = {"archive": made.archive.name, "sha256": made.sha256, "bytes": made.bytes, "files": made.files}
        if _key(root, wanted, function) == key:  # no source was saved meanwhile
            write_atomic(record, json.dumps(document, sort_keys=True).encode())
        if say:
            say(f"{function.name}: {made.files} files, {made.bytes} bytes")
        return made


def closure_of(root: Path, site: Path, wanted: Target, function: FunctionSource) -> tuple[Closure, tuple[str, ...]]:
    """Return the modules that the function ships, and the paths left out because nothing of its own names them."""
    finder = Finder(root / function.source_root, site, wanted.extension_suffixes)
    with SiteScans(site) as scans:

        def reach(skipped: tuple[str, ...]) -> Closure:
            folders = [s.removesuffix(".py") for s in skipped]
            return trace(
                function.module, finder, lambda module: prune.below(module.replace(".", "/"), folders), scans.scan
            )

        everything_unused = prune.never_runs([])
        closure = reach((*everything_unused, *function.exclude))
        unused = prune.never_runs(m.path.read_bytes() for m in closure.own)
        if unused != everything_unused:
            closure = reach((*unused, *function.exclude))
    return closure, unused


def site_of(root: Path, wanted: Target, function: FunctionSource) -> Path:
    """Return the folder with the function's dependencies, installed for the target."""
    return dependencies.install(root, cache_directory(), dependencies.requirements(root, function), wanted)


def _key(root: Path, wanted: Target, function: FunctionSource) -> str:
    """Digest of all that the zip can depend on: lock, own sources, declared files, target and this bundler.

    Wider than needed, and quick: no tool is asked and nothing is parsed. What is too wide costs a rebuild that
    gives the same bytes.
    """
    parts: list[str | bytes] = [wanted.key, repr(function), (root / LOCK).read_bytes()]
    for base, label in ((root / function.source_root, "own"), (Path(__file__).parent, "bundler")):
        for path in sorted(p for p in base.rglob("*") if p.suffix in {".py", ".toml"} and p.is_file()):
            parts += [f"{label}:{path.relative_to(base).as_posix()}", path.read_bytes()]
    for name, content in contents.declared_files(root, function).items():
        parts += [name, content]
    return digest(parts)


def _recorded(cache: Path, record: Path) -> Bundle | None:
    try:
        document = json.loads(record.read_text(encoding="utf-8"))
        known = Bundle(cache / "zips" / document["archive"], document["sha256"], document["bytes"], document["files"])
    except (FileNotFoundError, json.JSONDecodeError, KeyError):
        return None
    touch(record)
    if known.archive.is_file():
        touch(known.archive)
    return known


def _is_whole(known: Bundle, published: Path | None) -> bool:
    copies = [p for p in (published, known.archive) if p is not None and p.is_file()]
    return any(archive.sha256(path) == known.sha256 for path in copies)


def _make(root: Path, cache: Path, wanted: Target, function: FunctionSource) -> Bundle:
    site = site_of(root, wanted, function)
    closure, unused = closure_of(root, site, wanted, function)
    _require_services(site, closure, function)
    entries = contents.third_party_entries(site, closure, function, unused, cache)
    own = contents.own_entries(root, closure, function, cache) | contents.declared_files(root, function)
    if clash := sorted({n.partition("/")[0] for n in own} & {n.partition("/")[0] for n in entries}):
        raise ProjectError(f"{', '.join(clash)} is both the project's and a dependency's: rename the project's")
    entries |= own
    inputs = _inputs(wanted, function, dependencies.requirements(root, function), own)
    entries[BUILD_FILE] = _build_file(function, wanted, inputs)
    identity = digest(part for name in sorted(entries) for part in (name, entries[name]))
    stored = cache / "zips" / f"{identity}.zip"
    with replacing(stored) as temporary:
        archive.write(temporary, entries)
    return Bundle(stored, archive.sha256(stored), stored.stat().st_size, len(entries), fresh=True)


def _require_services(site: Path, closure: Closure, function: FunctionSource) -> None:
    """Refuse a function whose own folder asks for a client of a service whose data it does not ship.

    The domain library names the services of every function, so it says nothing of this one.
    """
    if function.aws_services is None or "botocore" not in closure.modules:
        return
    mine = [m for m in closure.own if _is_of(m, function)]
    named = {n for m in mine for n in _client_literals(m.path.read_bytes())} & botocore_data.service_names(site)
    if missing := sorted(named - set(function.aws_services)):
        raise ProjectError(
            f"its code makes clients of {', '.join(missing)}, which [tool.omnix] aws-services does not name"
        )


def _is_of(module: Module, function: FunctionSource) -> bool:
    return module.name.partition(".")[0] == function.name


def _client_literals(source: bytes) -> Iterable[str]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in _CLIENT_CALLS:
            yield from (a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))


def _inputs(wanted: Target, function: FunctionSource, requirements: str, own: Mapping[str, bytes]) -> str:
    sources = [part for name in sorted(own) for part in (name, own[name])]
    settings = {**asdict(function), "check_environment": None}
    return digest([wanted.key, json.dumps(settings, sort_keys=True), requirements, *sources])


def _build_file(function: FunctionSource, wanted: Target, inputs: str) -> bytes:
    """What a running function can say of itself; no time and no commit, which would change the digest."""
    document = {"function": function.name, "inputs": inputs, "python": PYTHON, "target": wanted.name}
    return json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"
