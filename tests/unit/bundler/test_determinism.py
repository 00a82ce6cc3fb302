import os
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pydantic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bundler import archive, build
from bundler.bytecode import compiled
from tests.unit.bundler.fixture_project import Project

ROOT = Path(__file__).parents[3]
SHARED_TMP = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)


def _build_elsewhere(project: Project, folder: Path, umask: int, **environment: str) -> bytes:
    """Copy the project to `folder` and build it there in a fresh process with an empty cache."""
    shutil.copytree(project.root, folder, ignore=shutil.ignore_patterns("dist"))
    subprocess.run(
        [sys.executable, "-m", "bundler", "build", "--target", "local", "--root", str(folder)],
        cwd=ROOT,
        env={**os.environ, "OMNIX_CACHE": str(folder / ".cache"), **environment},
        umask=umask,
        check=True,
        capture_output=True,
    )
    return (folder / "dist/local/hello.zip").read_bytes()


def test_two_builds_give_the_same_bytes_whatever_directory_umask_locale_and_hash_seed(
    hello: Project, tmp_path: Path
) -> None:
    hello.write("functions/hello/constants.py", "NAMES = frozenset({'b', 'a', 'c'})\nX = 'a' in {'z', 'y', 'x'}\n")
    hello.write(
        "functions/hello/handler.py", "from hello import constants\ndef handler(event, context): return constants\n"
    )
    one = _build_elsewhere(hello, tmp_path / "one", 0o022, PYTHONHASHSEED="1", LC_ALL="C", TZ="UTC")
    two = _build_elsewhere(
        hello, tmp_path / "elsewhere" / "two", 0o077, PYTHONHASHSEED="2", LC_ALL="tr_TR.UTF-8", TZ="Asia/Tokyo"
    )
    assert one == two


def test_no_path_of_the_building_machine_is_in_a_zip(hello: Project) -> None:
    manifest = build(hello.root, "local")
    with zipfile.ZipFile(hello.root / manifest.functions["hello"].path) as zipped:
        content = {name: zipped.read(name) for name in zipped.namelist()}
    here = [str(hello.root).encode(), str(ROOT).encode(), os.environ["OMNIX_CACHE"].encode()]
    assert not [name for name, data in content.items() if any(path in data for path in here)]
    assert b"/var/task/hello/handler.py" in content["hello/__pycache__/handler.cpython-313.pyc"]


def test_a_change_that_a_function_does_not_reach_leaves_its_bytes(hello: Project) -> None:
    before = build(hello.root, "local").functions["hello"].sha256
    hello.wheel("farewell", {"farewell.py": ""})
    hello.function("other", "import farewell\ndef handler(event, context): return farewell\n", ("farewell",))
    hello.lock()
    assert build(hello.root, "local").functions["hello"].sha256 == before


def test_a_change_that_a_function_reaches_changes_its_bytes(hello: Project) -> None:
    before = build(hello.root, "local").functions["hello"].sha256
    handler = hello.root / "functions/hello/handler.py"
    handler.write_text(handler.read_text() + "# another day\n")
    manifest = build(hello.root, "local")
    assert manifest.functions["hello"].sha256 != before
    assert manifest.rebuilt == ("hello",)


_names = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,3}\.py", fullmatch=True)


@SHARED_TMP
@given(st.dictionaries(_names, st.binary(max_size=200), max_size=12), st.randoms())
def test_an_archive_depends_on_its_entries_alone(
    tmp_path: Path, entries: dict[str, bytes], order: random.Random
) -> None:
    shuffled = list(entries.items())
    order.shuffle(shuffled)
    archive.write(tmp_path / "a.zip", entries)
    archive.write(tmp_path / "b.zip", dict(shuffled))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as zipped:
        assert zipped.namelist() == sorted(entries)
        assert {(i.date_time, i.external_attr >> 16, i.create_system) for i in zipped.infolist()} <= {
            ((1980, 1, 1, 0, 0, 0), 0o100644, 3)
        }
        assert {name: zipped.read(name) for name in zipped.namelist()} == entries


_literals = st.one_of(
    st.integers(),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.frozensets(st.text(max_size=3)),
    st.none(),
    st.tuples(st.text(max_size=3), st.integers()),
)


@SHARED_TMP
@given(st.lists(_literals, max_size=8))
def test_bytecode_depends_on_its_source_alone_not_on_what_the_process_holds(values: list[object]) -> None:
    body = "".join(f"x{i} = {_literal(v)}\nassert x{i} in {{{_literal(v)}, 'ab'}}\n" for i, v in enumerate(values))
    source = body.encode()
    before = compiled(source, "m.py")
    held = [eval(compile(_literal(v), "", "eval")) for v in values]  # noqa: S307 the same constants, alive
    assert compiled(source, "m.py") == before
    assert len(held) == len(values)


def test_bytecode_does_not_depend_on_which_strings_the_process_has_interned() -> None:
    # found in pydantic: the qualified name of a nested class that some process had imported
    source = b"def first():\n    class Second:\n        x = 'p q', b'p q'\n    return Second\n"
    before = compiled(source, "m.py")
    held = [sys.intern(name) for name in ("first.<locals>.Second", "p q")]
    assert compiled(source, "m.py") == before
    assert len(held) == 2


def test_bytecode_of_a_large_package_is_the_same_in_any_order_and_process() -> None:
    folder = Path(pydantic.__file__).parent
    program = (
        "import hashlib, pathlib, sys\n"
        "from bundler.bytecode import compiled\n"
        "paths = sorted(pathlib.Path(sys.argv[1]).glob('*.py'), reverse=sys.argv[2] == 'down')\n"
        "found = {p.name: hashlib.sha256(compiled(p.read_bytes(), p.name)).hexdigest() for p in paths}\n"
        "print(sorted(found.items()))\n"
    )

    def digests(order: str, *extra: str) -> str:
        command = [sys.executable, "-c", "".join(extra) + program, str(folder), order]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert digests("up") == digests("down") == digests("up", "import pydantic.json_schema\n")


def _literal(value: object) -> str:
    if isinstance(value, frozenset):
        return f"frozenset(({', '.join(map(repr, sorted(value)))}{',' if value else ''}))"
    return repr(value)
