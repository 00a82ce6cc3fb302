import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bundler import archive, build
from bundler.cache import cache_directory, evict
from bundler.errors import OversizeError
from tests.unit.bundler.fixture_project import Project

ROOT = Path(__file__).parents[3]
BUILD = [sys.executable, "-m", "bundler", "build", "--target", "local", "--root"]


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_what_did_not_change_is_not_built_again(hello: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(hello.root, "local")
    monkeypatch.setattr(archive, "write", lambda *_a, **_k: pytest.fail("built again"))
    monkeypatch.setattr(subprocess, "run", lambda *_a, **_k: pytest.fail("a tool was started"))
    again = build(hello.root, "local")
    assert (first.rebuilt, again.rebuilt) == (("hello",), ())
    assert again.functions == first.functions


def test_another_checkout_of_the_same_sources_takes_the_cached_zip(
    hello: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(hello.root, "local")
    moved = hello.root.rename(tmp_path / "moved")
    for path in (moved / "dist/local").iterdir():
        path.unlink()
    monkeypatch.setattr(archive, "write", lambda *_a, **_k: pytest.fail("built again"))
    assert build(moved, "local").functions == first.functions


@pytest.mark.parametrize("damage", ["edited", "deleted"])
def test_a_damaged_zip_is_replaced(hello: Project, damage: str) -> None:
    zipped = hello.root / build(hello.root, "local").functions["hello"].path
    whole = zipped.read_bytes()
    if damage == "edited":
        zipped.write_bytes(whole[:-10])
    else:
        zipped.unlink()
    build(hello.root, "local")
    assert zipped.read_bytes() == whole


def test_a_damaged_zip_is_built_again_when_the_cache_is_damaged_too(hello: Project, cache: Path) -> None:
    zipped = hello.root / build(hello.root, "local").functions["hello"].path
    whole = zipped.read_bytes()
    for path in (zipped, *(cache / "zips").iterdir()):
        path.write_bytes(b"PK half a zip")
    assert build(hello.root, "local").rebuilt == ("hello",)
    assert zipped.read_bytes() == whole


def test_an_interrupted_build_leaves_no_half_zip_and_the_next_one_succeeds(
    hello: Project, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path, *_: object, **__: object) -> None:
        path.write_bytes(b"PK half a zip")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(archive, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build(hello.root, "local")
    assert not files(cache / "zips")
    assert not (hello.root / "dist/local/hello.zip").exists()
    assert build(hello.root, "local").rebuilt == ("hello",)


def test_a_killed_build_leaves_no_half_zip_and_the_next_one_succeeds(hello: Project, cache: Path) -> None:
    killed = subprocess.Popen([*BUILD, str(hello.root)], cwd=ROOT, stderr=subprocess.PIPE)
    assert killed.stderr is not None
    killed.stderr.readline()  # "hello: building for local"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    dist = hello.root / "dist/local/hello.zip"
    assert not dist.exists() or killed.returncode == 0
    manifest = build(hello.root, "local")
    assert archive.sha256(dist) == manifest.functions["hello"].sha256
    assert [p.name for p in (cache / "zips").iterdir() if not p.name.startswith(".")] != []


def test_builds_at_the_same_time_agree(hello: Project, cache: Path) -> None:
    running = [subprocess.Popen([*BUILD, str(hello.root)], cwd=ROOT, stderr=subprocess.DEVNULL) for _ in range(4)]
    assert [p.wait(timeout=120) for p in running] == [0, 0, 0, 0]
    manifest = build(hello.root, "local")
    assert manifest.rebuilt == ()
    assert archive.sha256(hello.root / "dist/local/hello.zip") == manifest.functions["hello"].sha256
    assert len(list((cache / "zips").iterdir())) == 1
    assert files(hello.root / "dist/local") == {".lock", "hello.zip", "manifest.json"}


def test_what_nobody_used_for_a_month_leaves_the_cache(hello: Project, cache: Path) -> None:
    build(hello.root, "local")
    month_ago = time.time() - 31 * 86_400
    for path in cache.rglob("*"):
        os.utime(path, (month_ago, month_ago))
    evict(cache)
    assert not files(cache / "zips")
    assert not list((cache / "sites").iterdir())
    assert build(hello.root, "local").functions["hello"].files == 7


def test_the_cache_is_the_users_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_directory() == Path(os.environ["OMNIX_CACHE"])
    monkeypatch.delenv("OMNIX_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_directory() == Path("/somewhere/omnix/bundles")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_directory() == Path.home() / ".cache/omnix/bundles"


@pytest.mark.parametrize("limit", [{"unzipped_limit": 3000}, {"zipped_limit": 1500}])
def test_a_zip_above_lambdas_limit_is_refused_naming_the_largest_contributors(
    tmp_path: Path, limit: dict[str, int]
) -> None:
    noise = random.Random(1).randbytes(2000)
    entries = {"small.py": b"x", "large/model.bin": noise * 2, "medium/data.bin": noise[:900]}
    with pytest.raises(OversizeError, match=r"Lambda's limit.*largest: large .* MB, medium .* MB, small"):
        archive.write(tmp_path / "a.zip", entries, **limit)


def test_an_oversized_function_is_refused_and_nothing_is_published(
    hello: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = archive.write
    monkeypatch.setattr(archive, "write", lambda path, entries: real(path, entries, unzipped_limit=100))
    with pytest.raises(OversizeError, match=r"^hello: .*largest: greeting .* MB, hello"):
        build(hello.root, "local")
    assert not (hello.root / "dist").exists()
