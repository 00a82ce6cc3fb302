"""Building a project's functions into `dist/{target}/`, beside the manifest that its deployers read."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from bundler import archive, manifest
from bundler.bundle import Bundle, Progress, bundle
from bundler.cache import cache_directory, evict, locked, replacing, write_atomic
from bundler.manifest import BuiltFunction, Manifest
from bundler.project import discover
from bundler.target import Target, TargetName, require_python, target


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
    wanted = target(target_name)
    folder = dist_folder(root, target_name)
    built: dict[str, BuiltFunction] = {}
    rebuilt = []
    for function in discover(root, functions):
        path = folder / f"{function.name}.zip"
        made = bundle(root, wanted, function, published=path, say=progress)
        _publish(made, path)
        name = path.relative_to(root).as_posix()
        built[function.name] = BuiltFunction(name, made.sha256, function.handler, made.bytes, made.files)
        rebuilt += [function.name] if made.fresh else []
    if rebuilt:
        evict(cache_directory())
    return _write_manifest(root, wanted, built, tuple(rebuilt))


def dist_folder(root: Path, target_name: TargetName) -> Path:
    """Where the zips and the manifest of a target are put."""
    return root / "dist" / target_name


def _publish(made: Bundle, path: Path) -> None:
    if not path.is_file() or archive.sha256(path) != made.sha256:
        with replacing(path) as temporary:
            shutil.copyfile(made.archive, temporary)


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
