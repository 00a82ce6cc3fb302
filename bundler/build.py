"""Making the zips: from the cache where nothing changed, else traced, pruned, compiled and packed."""

import ast
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from bundler import archive, botocore_data, contents, dependencies, manifest, prune
from bundler.cache import cache_directory, digest, evict, locked, replacing, touch, write_atomic
from bundler.errors import BundleError, ProjectError
from bundler.manifest import BuiltFunction, Manifest
from bundler.project import LOCK, SOURCE_ROOT, FunctionSource, discover
from bundler.scans import SiteScans
from bundler.target import PYTHON, Target, TargetName, require_python, target
from bundler.trace import Closure, Finder, Module, trace

BUILD_FILE = "omnix_build.json"
_CLIENT_CALLS = {"client", "create_client", "prepare", "resource"}

Progress = Callable[[str], None]


def build(
    root: Path,
    target_name: TargetName,
    functions: Sequence[str] | None = None,
    *,
    progress: Progress | None = None,
) -> Manifest:
    """Build the zips of `functions` (all by default) into `dist/{target}/` and return the manifest.

    `root` is the project root (uv.lock, functions/). What did not change comes from the user's cache. Raises
    BundleError, whose message names the function and the remedy. Safe beside other builds: every file appears
    whole or not at all.
    """
    require_python()
    wanted, chosen = target(target_name), discover(root, functions)
    say = progress or (lambda _: None)
    cache = cache_directory()
    shared = _shared_key(root, wanted)
    built: dict[str, BuiltFunction] = {}
    rebuilt = []
    for function in chosen:
        record, fresh = _cached_or_built(root, cache, wanted, function, shared, say)
        built[function.name] = _publish(root, cache, wanted, function, record)
        rebuilt += [function.name] if fresh else []
    if rebuilt:
        evict(cache)
    return _write_manifest(root, wanted, built, tuple(rebuilt))


def dist_folder(root: Path, target_name: TargetName) -> Path:
    """Where the zips and the manifest of a target are put."""
    return root / "dist" / target_name


def _shared_key(root: Path, wanted: Target) -> str:
    """Digest of all that any function's zip can depend on: lock, own sources, target and this bundler."""
    parts: list[str | bytes] = [wanted.key, (root / LOCK).read_bytes()]
    for base, label in ((root / SOURCE_ROOT, "own"), (Path(__file__).parent, "bundler")):
        for path in sorted(p for p in base.rglob("*") if p.suffix in {".py", ".toml"} and p.is_file()):
            parts += [f"{label}:{path.relative_to(base).as_posix()}", path.read_bytes()]
    return digest(parts)


def _cached_or_built(
    root: Path, cache: Path, wanted: Target, function: FunctionSource, shared: str, say: Progress
) -> tuple[Mapping[str, object], bool]:
    files = [part for name, content in contents.declared_files(root, function).items() for part in (name, content)]
    record = cache / "records" / f"{digest([shared, function.name, *files])}.json"
    with locked(cache / "locks" / f"{wanted.name}-{function.name}"):
        known = _read_record(record)
        if known and _is_held(root, cache, wanted, function, known):
            return known, False
        say(f"{function.name}: building for {wanted.name}")
        try:
            made = _make(root, cache, wanted, function)
        except BundleError as error:
            raise type(error)(f"{function.name}: {error}") from error
        write_atomic(record, json.dumps(made, sort_keys=True).encode())
        say(f"{function.name}: {made['files']} files, {made['bytes']} bytes")
        return made, True


def _read_record(record: Path) -> Mapping[str, object] | None:
    try:
        known: dict[str, object] = json.loads(record.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    touch(record)
    return known


def _is_held(root: Path, cache: Path, wanted: Target, function: FunctionSource, record: Mapping[str, object]) -> bool:
    """Tell whether the zip of `record` is whole, in the project or in the cache."""
    stored = _stored(cache, record)
    if stored.is_file():
        touch(stored)
    return any(
        path.is_file() and archive.sha256(path) == record["sha256"]
        for path in (dist_folder(root, wanted.name) / f"{function.name}.zip", stored)
    )


def _stored(cache: Path, record: Mapping[str, object]) -> Path:
    return cache / "zips" / f"{record['identity']}.zip"


def _make(root: Path, cache: Path, wanted: Target, function: FunctionSource) -> dict[str, object]:
    locked_requirements = dependencies.requirements(root, function)
    site = dependencies.install(root, cache, locked_requirements, wanted)
    closure, unused = _closure(root, site, wanted, function)
    _require_services(site, closure, function)
    entries = contents.third_party_entries(site, closure, function, unused, cache)
    own = contents.own_entries(root, closure, cache) | contents.declared_files(root, function)
    if clash := sorted({n.partition("/")[0] for n in own} & {n.partition("/")[0] for n in entries}):
        raise ProjectError(f"{', '.join(clash)} is both the project's and a dependency's: rename the project's")
    entries |= own
    inputs = _inputs(wanted, function, locked_requirements, own)
    entries[BUILD_FILE] = _build_file(function, wanted, inputs)
    identity = digest(part for name in sorted(entries) for part in (name, entries[name]))
    stored = cache / "zips" / f"{identity}.zip"
    with replacing(stored) as temporary:
        archive.write(temporary, entries)
    size = stored.stat().st_size
    return {"identity": identity, "sha256": archive.sha256(stored), "bytes": size, "files": len(entries)}


def _closure(root: Path, site: Path, wanted: Target, function: FunctionSource) -> tuple[Closure, tuple[str, ...]]:
    finder = Finder(root / SOURCE_ROOT, site, wanted.extension_suffixes)
    with SiteScans(site) as scans:

        def reach(skipped: tuple[str, ...]) -> Closure:
            return trace(function.module, finder, lambda m: below_any(m, skipped), scans.scan)

        def below_any(module: str, skipped: tuple[str, ...]) -> bool:
            return prune.below(module.replace(".", "/"), (s.removesuffix(".py") for s in skipped))

        everything_unused = prune.never_runs([])
        closure = reach((*everything_unused, *function.exclude))
        unused = prune.never_runs(m.path.read_bytes() for m in closure.own)
        if unused != everything_unused:
            closure = reach((*unused, *function.exclude))
    return closure, unused


def _require_services(site: Path, closure: Closure, function: FunctionSource) -> None:
    """Refuse a function whose own folder asks for a client of a service whose data it does not ship.

    The domain library names the services of every function, so it says nothing of this one.
    """
    if function.aws_services is None or "botocore" not in closure.modules:
        return
    known = botocore_data.service_names(site)
    named = {n for m in closure.own if _is_of(m, function) for n in _client_literals(m.path.read_bytes())} & known
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


def _publish(
    root: Path, cache: Path, wanted: Target, function: FunctionSource, record: Mapping[str, object]
) -> BuiltFunction:
    path = dist_folder(root, wanted.name) / f"{function.name}.zip"
    sha256 = str(record["sha256"])
    if not path.is_file() or archive.sha256(path) != sha256:
        with replacing(path) as temporary:
            shutil.copyfile(_stored(cache, record), temporary)
    return BuiltFunction(
        path=path.relative_to(root).as_posix(),
        sha256=sha256,
        handler=function.handler,
        bytes=int(str(record["bytes"])),
        files=int(str(record["files"])),
    )


def _write_manifest(
    root: Path, wanted: Target, built: Mapping[str, BuiltFunction], rebuilt: tuple[str, ...]
) -> Manifest:
    """Merge into the manifest on disk, so that building one function keeps the others' entries."""
    folder = dist_folder(root, wanted.name)
    path = folder / "manifest.json"
    with locked(folder / ".lock"):
        present = {f.name for f in discover(root)}
        kept = {n: b for n, b in manifest.read(path).items() if n in present and (root / b.path).is_file()}
        merged = Manifest(wanted.name, {**kept, **built}, rebuilt)
        text = merged.to_json().encode()
        if not path.is_file() or path.read_bytes() != text:
            write_atomic(path, text)
    return merged
