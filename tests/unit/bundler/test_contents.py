import json

import pytest

from bundler import build
from bundler.errors import DependencyError, MissingModuleError, ProjectError
from tests.unit.bundler.fixture_project import Project, entries

HANDLER = "def handler(event, context): return None\n"


def test_a_zip_holds_only_what_its_handler_reaches(hello: Project) -> None:
    assert sorted(entries(hello, build(hello.root, "local"), "hello")) == [
        "greeting-1.0.dist-info/METADATA",
        "greeting/__init__.pyc",
        "greeting/words.json",
        "greeting/words.pyc",
        "hello/__pycache__/handler.cpython-313.pyc",
        "hello/handler.py",
        "omnix_build.json",
    ]


def test_own_modules_are_those_reached_lazily_or_relatively_and_no_others(project: Project) -> None:
    project.write("functions/lib/__init__.py", "")
    project.write("functions/lib/used.py", "from . import neighbour\n")
    project.write("functions/lib/neighbour.py", "")
    project.write("functions/lib/unused.py", "")
    project.function("one", "def handler(event, context):\n    from lib import used\n    return used\n")
    project.lock()
    own = {n for n in entries(project, build(project.root, "local"), "one") if n.endswith(".py")}
    assert own == {"lib/__init__.py", "lib/used.py", "lib/neighbour.py", "one/handler.py"}


def test_another_functions_modules_stay_out(project: Project) -> None:
    project.function("one", HANDLER)
    project.function("two", HANDLER)
    project.lock()
    assert not [n for n in entries(project, build(project.root, "local"), "one") if n.startswith("two")]


def test_imports_for_type_checking_ship_nothing(hello: Project) -> None:
    hello.write(
        "functions/hello/handler.py",
        f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import greeting, nowhere\n{HANDLER}",
    )
    assert not [n for n in entries(hello, build(hello.root, "local"), "hello") if n.startswith("greeting")]


def test_an_import_that_nobody_ships_is_refused_with_module_line_and_remedy(hello: Project) -> None:
    hello.write("functions/hello/handler.py", f"import greeting\n\ndef f():\n    import nowhere.at_all\n{HANDLER}")
    with pytest.raises(MissingModuleError, match=r"hello: hello.handler \(line 4\) imports nowhere.at_all.*uv lock"):
        build(hello.root, "local")


def test_an_import_that_may_fail_is_not_refused(hello: Project) -> None:
    hello.write(
        "functions/hello/handler.py", f"try:\n    import nowhere\nexcept ImportError:\n    nowhere = None\n{HANDLER}"
    )
    assert build(hello.root, "local").functions["hello"].files == 3


def test_a_package_that_imports_by_computed_name_is_shipped_whole(project: Project) -> None:
    project.wheel(
        "plugins",
        {
            "plugins/__init__.py": "import importlib\ndef load(n): return importlib.import_module('plugins.' + n)\n",
            "plugins/one.py": "",
            "plugins/deep/two.py": "",
        },
    )
    project.function("hello", f"import plugins\n{HANDLER}", ("plugins",))
    project.lock()
    names = set(entries(project, build(project.root, "local"), "hello"))
    assert {"plugins/__init__.pyc", "plugins/one.pyc", "plugins/deep/two.pyc"} <= names


def test_metadata_keeps_its_headers_and_drops_the_readme(hello: Project) -> None:
    metadata = entries(hello, build(hello.root, "local"), "hello")["greeting-1.0.dist-info/METADATA"]
    assert b"Version: 1.0" in metadata
    assert b"README" not in metadata


def test_declared_files_are_shipped_under_their_path(hello: Project) -> None:
    hello.function("hello", HANDLER, omnix='files = ["openapi.json", "functions/hello/rules.json"]')
    hello.write("openapi.json", '{"openapi": "3.1.0"}')
    hello.write("functions/hello/rules.json", "[]")
    hello.lock()
    content = entries(hello, build(hello.root, "local"), "hello")
    assert content["openapi.json"] == b'{"openapi": "3.1.0"}'
    assert content["hello/rules.json"] == b"[]"


def test_a_changed_declared_file_changes_the_zip(hello: Project) -> None:
    hello.function("hello", HANDLER, omnix='files = ["openapi.json"]')
    hello.write("openapi.json", "{}")
    hello.lock()
    before = build(hello.root, "local").functions["hello"].sha256
    hello.write("openapi.json", "[]")
    assert build(hello.root, "local").functions["hello"].sha256 != before


def test_excluded_paths_stay_out_although_imported(hello: Project) -> None:
    hello.function("hello", f"import greeting\n{HANDLER}", ("greeting",), 'exclude = ["greeting/words.py"]')
    hello.lock()
    names = entries(hello, build(hello.root, "local"), "hello")
    assert "greeting/words.pyc" not in names
    assert "greeting/__init__.pyc" in names


@pytest.mark.parametrize(
    ("omnix", "message"),
    [
        ('files = ["nowhere.json"]', "no such file"),
        ('files = ["../secret"]', "leaves the project"),
        ('file = ["x"]', "unknown key file"),
        ('handler = "handler"', "is not `package.module.function`"),
        ("files = [1]", "must be a list of strings"),
    ],
)
def test_a_wrong_declaration_is_refused(hello: Project, omnix: str, message: str) -> None:
    hello.function("hello", HANDLER, omnix=omnix)
    hello.lock()
    with pytest.raises(ProjectError, match=message):
        build(hello.root, "local")


def test_an_unknown_function_is_refused_with_those_there_are(hello: Project) -> None:
    with pytest.raises(ProjectError, match=r"no function hallo.*there is hello"):
        build(hello.root, "local", ["hallo"])


def test_a_module_that_is_also_a_dependencys_is_refused(hello: Project) -> None:
    hello.write("functions/greeting/__init__.py", "")
    hello.write("functions/hello/handler.py", f"import greeting\n{HANDLER}")
    hello.wheel("other", {"greeting/extra.py": "", "other.py": "import greeting.extra\n"})
    hello.function("hello", f"import greeting, other\n{HANDLER}", ("other",))
    hello.write(
        "pyproject.toml", (hello.root / "pyproject.toml").read_text().replace('"functions/lib"', '"functions/greeting"')
    )
    hello.lock()
    with pytest.raises(ProjectError, match="greeting is both the project's and a dependency's"):
        build(hello.root, "local")


def test_a_wheel_whose_bytes_are_not_the_locked_ones_is_refused(hello: Project) -> None:
    hello.wheel("greeting", {"greeting/__init__.py": "print('another author')\n"})
    with pytest.raises(DependencyError, match=r"(?i)hash"):
        build(hello.root, "local")


def test_the_build_file_names_function_target_python_and_inputs_only(hello: Project) -> None:
    document = json.loads(entries(hello, build(hello.root, "local"), "hello")["omnix_build.json"])
    assert set(document) == {"function", "target", "python", "inputs"}
    assert (document["function"], document["target"], document["python"]) == ("hello", "local", "3.13")


def test_the_manifest_on_disk_says_what_build_returned(hello: Project) -> None:
    manifest = build(hello.root, "local")
    document = json.loads((hello.root / "dist/local/manifest.json").read_text())
    built = manifest.functions["hello"]
    assert document == {
        "target": "local",
        "functions": {
            "hello": {
                "path": "dist/local/hello.zip",
                "sha256": built.sha256,
                "handler": "hello.handler.handler",
                "bytes": (hello.root / "dist/local/hello.zip").stat().st_size,
                "files": 7,
            }
        },
    }


def test_building_one_function_keeps_the_others_in_the_manifest(project: Project) -> None:
    project.function("one", HANDLER)
    project.function("two", HANDLER)
    project.lock()
    everything = build(project.root, "local")
    assert build(project.root, "local", ["one"]).functions == everything.functions
