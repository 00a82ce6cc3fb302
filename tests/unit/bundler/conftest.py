from pathlib import Path

import pytest

from tests.unit.bundler.fixture_project import Project


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("OMNIX_CACHE", str(folder))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def hello(project: Project) -> Project:
    """One function that uses one of two modules of one dependency."""
    project.wheel(
        "greeting",
        {
            "greeting/__init__.py": "from greeting.words import hello\n",
            "greeting/words.py": "def hello(): return 'hi'\n",
            "greeting/unused.py": "raise RuntimeError('never')\n",
            "greeting/tests/test_it.py": "assert True\n",
            "greeting/words.json": "{}",
            "greeting/words.pyi": "def hello() -> str: ...\n",
        },
    )
    project.function(
        "hello", "import greeting\n\ndef handler(event, context):\n    return greeting.hello()\n", ("greeting",)
    )
    project.lock()
    return project
