import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bench import __main__ as command
from bench.imports import HandlerImportError, measure
from bench.phases import phases
from bench.subjects import HELLO, TWIN, Subject
from bench.variants import FRESH, NONE, SHIPPED, STALE, VARIANTS, lay_out
from bundler.bundle import bundle
from bundler.project import discover
from bundler.target import target
from tests.unit.bundler.fixture_project import Project

ROOT = Path(__file__).parents[3]
SOURCES = {
    "hello/handler.py": b"import greeting\n\ndef handler(event, context):\n    return greeting.hello()\n",
    "greeting/__init__.py": b"from greeting.words import hello\n",
    "greeting/words.py": b"def hello(): return 'hi'\n",
}


def subject(project: Project) -> Subject:
    (function,) = discover(project.root)
    return Subject("hello", function, bundle(project.root, target("local"), function), SOURCES)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_imports_the_same_modules(hello: Project, tmp_path: Path, variant: str) -> None:
    chosen = subject(hello)
    figures = measure([chosen], [SHIPPED, variant], 1, tmp_path / "work", lambda _: None)
    assert figures["hello", variant].modules == figures["hello", SHIPPED].modules
    assert figures["hello", variant].cpu_ms > 0
    assert figures["hello", variant].peak_rss > 1_000_000
    assert figures["hello", variant].start_ms > figures["hello", variant].cpu_ms


def test_stale_bytecode_disagrees_with_its_source_and_fresh_bytecode_agrees(hello: Project, tmp_path: Path) -> None:
    for variant in (FRESH, STALE):
        lay_out(subject(hello), variant, tmp_path / variant)
    source, pyc = "greeting/words.py", "greeting/__pycache__/words.cpython-313.pyc"

    def agrees(variant: str) -> bool:
        recorded = int.from_bytes((tmp_path / variant / pyc).read_bytes()[8:12], "little")
        return recorded == int((tmp_path / variant / source).stat().st_mtime)

    assert (agrees(FRESH), agrees(STALE)) == (True, False)


def test_the_variant_without_bytecode_has_none(hello: Project, tmp_path: Path) -> None:
    lay_out(subject(hello), NONE, tmp_path / "none")
    assert list((tmp_path / "none").rglob("*.pyc")) == []
    assert (tmp_path / "none/greeting/words.py").is_file()


def test_a_handler_that_fails_is_named_and_not_timed(hello: Project, tmp_path: Path) -> None:
    hello.write("functions/hello/handler.py", "def handler(event, context): return None\nraise LookupError('gone')\n")
    with pytest.raises(HandlerImportError, match="hello: LookupError: gone"):
        measure([subject(hello)], [SHIPPED], 1, tmp_path / "work", lambda _: None)


def fake_toolchain(root: Path, body: str) -> None:
    (root / "toolchain.py").write_text(f"import json, pathlib, sys\nlocal = pathlib.Path('.local')\n{body}\n")


def test_phases_that_were_never_recorded_say_what_to_run(tmp_path: Path) -> None:
    found = phases(tmp_path, "dev", 0, lambda _: None)
    assert (found.seconds, found.missing) == ({}, "no phases of dev recorded: run `make up STACK=dev` first")


@pytest.mark.parametrize("text", ["", "[]", '{"phases": null}', '{"phases": {"deploy": "soon"}}'])
def test_an_unreadable_report_says_what_to_run(tmp_path: Path, text: str) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/dev.json").write_text(text)
    assert "make up STACK=dev" in str(phases(tmp_path, "dev", 0, lambda _: None).missing)


def test_phases_are_medians_over_the_runs_in_the_order_of_the_report(tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    body = (
        "count = local / 'count'\n"
        "n = int(count.read_text()) if count.exists() else 0\n"
        "count.write_text(str(n + 1))\n"
        "(local / 'dev.json').write_text(json.dumps({'phases': {'package': [3, 1, 2][n], 'deploy': 10}}))\n"
    )
    fake_toolchain(tmp_path, body)
    found = phases(tmp_path, "dev", 3, lambda _: None)
    assert (list(found.seconds.items()), found.runs, found.missing) == ([("package", 2), ("deploy", 10)], 3, None)


def test_an_up_that_fails_says_why_and_what_to_run(tmp_path: Path) -> None:
    fake_toolchain(tmp_path, "sys.exit('no engine')")
    assert phases(tmp_path, "dev", 2, lambda _: None).missing == (
        "`up` of dev failed (no engine): run `make up STACK=dev` and see"
    )


def test_the_command_prints_each_function_and_both_peers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OMNIX_CACHE")
    arguments = ["imports", "up", "--json", "--runs", "1", "--up-runs", "0", "--shipped-only", "--root", str(ROOT)]
    assert command.main(arguments) == 0
    functions = json.loads(capsys.readouterr().out)["functions"]
    assert set(functions) == {HELLO, TWIN, *(f.name for f in discover(ROOT))}
    for row in functions.values():
        assert row["zip_bytes"] > 0
        assert row["zip_files"] > 0
        assert set(row["imports"]) == {SHIPPED}
    assert functions[TWIN]["import_ratio_to_twin"] == 1


@pytest.fixture
def twin(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    for name in ("handler", "catalogue", "orders", "table"):
        monkeypatch.delitem(sys.modules, f"bench.twin.{name}", raising=False)
    return importlib.import_module("bench.twin.handler")


def event(query: dict[str, str] | None, authorizer: dict[str, str]) -> dict[str, Any]:
    return {
        "resource": "/products",
        "path": "/products",
        "httpMethod": "GET",
        "headers": {},
        "multiValueHeaders": {},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {k: [v] for k, v in query.items()} if query else None,
        "requestContext": {"authorizer": authorizer, "identity": {"sourceIp": "127.0.0.1"}, "stage": "dev"},
        "body": None,
        "isBase64Encoded": False,
    }


class Table:
    """Answers one product to any query and remembers what was asked."""

    asked: dict[str, Any]

    def query(self, **arguments: Any) -> dict[str, Any]:
        self.asked = arguments
        text = ("product_id", "sku", "name", "category", "description", "created_at", "updated_at")
        item: dict[str, Any] = {name: {"S": f"a {name}"} for name in text}
        item |= {"status": {"S": "active"}, "version": {"N": "1"}}
        item["price"] = {"M": {"amount": {"N": "1299"}, "currency": {"S": "EUR"}}}
        return {"Items": [item], "LastEvaluatedKey": {"pk": {"S": "TENANT#t"}}}


def test_the_twin_serves_a_page_of_its_callers_tenant(twin: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table()
    monkeypatch.setattr(twin.catalogue.table, "dynamodb", table)
    answer = twin.handler(event({"limit": "5", "prefix": "Te"}, {"tenant_id": "t"}), None)
    page = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert page["items"][0]["price"] == {"amount": 1299, "currency": "EUR"}
    assert page["next_cursor"]
    assert table.asked["Limit"] == 5
    assert table.asked["ExpressionAttributeValues"][":p"]["S"].startswith("TENANT#t#")


@pytest.mark.parametrize(
    ("query", "authorizer", "status"), [({"limit": "0"}, {"tenant_id": "t"}, 422), (None, {}, 401)]
)
def test_the_twin_refuses_what_the_route_refuses(
    twin: ModuleType, query: dict[str, str] | None, authorizer: dict[str, str], status: int
) -> None:
    assert twin.handler(event(query, authorizer), None)["statusCode"] == status
