"""How DynamoDB Local is fetched, with a Maven of our own in place of the real one."""

import re
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.dynamodb_local import distribution
from tests.dynamodb_local.distribution import POM, UnavailableError, provide
from tests.dynamodb_local.server import required

FETCHING = """#!{python}
import pathlib, sys, time
target = next(a.split("=", 1)[1] for a in sys.argv if a.startswith("-DoutputDirectory="))
pathlib.Path(target, "DynamoDBLocal.jar").touch()
pathlib.Path(__file__).with_name("calls").open("a").write("x")
time.sleep(0.2)
"""
FAILING = """#!{python}
print("[ERROR] could not transfer artifact")
raise SystemExit(1)
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty, beside a cache that is empty too."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("OMNIX_CACHE", str(tmp_path / "cache"))
    return folder


def install(folder: Path, name: str, script: str = "#!{python}\n") -> None:
    program = folder / name
    program.write_text(script.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.mark.usefixtures("programs")
def test_without_java_the_reason_says_so() -> None:
    with pytest.raises(UnavailableError, match="no java"):
        provide()


def test_without_maven_and_with_an_empty_cache_the_reason_says_so(programs: Path) -> None:
    install(programs, "java")
    with pytest.raises(UnavailableError, match="no mvn"):
        provide()


def test_what_was_fetched_once_needs_no_maven_again(programs: Path) -> None:
    install(programs, "java")
    install(programs, "mvn", FETCHING)
    folder = provide()
    (programs / "mvn").unlink()
    assert provide() == folder
    assert (folder / "DynamoDBLocal.jar").exists()


def test_two_at_once_fetch_once(programs: Path) -> None:
    install(programs, "java")
    install(programs, "mvn", FETCHING)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: provide(), range(2))
    assert first == second
    assert (programs / "calls").read_text() == "x"


def test_a_failed_fetch_gives_mavens_words_and_leaves_nothing(programs: Path, tmp_path: Path) -> None:
    install(programs, "java")
    install(programs, "mvn", FAILING)
    with pytest.raises(UnavailableError, match="could not transfer artifact"):
        provide()
    assert [path.suffix for path in (tmp_path / "cache" / "dynamodb-local").iterdir()] == [".lock"]


def test_an_endless_fetch_is_given_up(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(programs, "java")
    install(programs, "mvn", "#!{python}\nimport time\ntime.sleep(60)\n")
    monkeypatch.setattr(distribution, "FETCH_SECONDS", 1)
    with pytest.raises(UnavailableError, match="within 1 s"):
        provide()


def test_every_version_is_pinned_and_no_host_is_named() -> None:
    pom = ElementTree.parse(POM).getroot()  # noqa: S314  our own file
    pinned = [*pom.iter("dependency"), *pom.iter("plugin")]
    assert len(pinned) == 2
    assert all(re.fullmatch(r"\d+(\.\d+)+", part.findtext("version", "")) for part in pinned)
    assert list(pom.iter("repository")) == []


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("0", False), ("", False), (None, False)])
def test_ci_can_require_it(monkeypatch: pytest.MonkeyPatch, value: str | None, *, expected: bool) -> None:
    monkeypatch.delenv("REQUIRE_DYNAMODB_LOCAL", raising=False)
    if value is not None:
        monkeypatch.setenv("REQUIRE_DYNAMODB_LOCAL", value)
    assert required() is expected
