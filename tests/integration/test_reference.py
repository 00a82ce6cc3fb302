"""Every command of the API reference does what the reference says, run as a reader would: in its order, with curl."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Environment
from tests.shapes import assert_shape
from toolchain.reference.__main__ import ANSWERS
from toolchain.reference.document import PAGE
from toolchain.reference.running import Answer, blocks, run
from toolchain.workspace import ROOT

DOCUMENT: dict[str, Any] = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))
KEPT: dict[str, dict[str, Any]] = json.loads(ANSWERS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def answers(dev: Environment, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """What the page's commands got from the running gateway, by route; fails, saying so, where there is no curl."""
    page = PAGE.read_text(encoding="utf-8")
    return run(page, dev.summary["api_url"], tmp_path_factory.mktemp("reference"))


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def test_every_operation_of_the_contract_has_a_command(answers: dict[str, Answer]) -> None:
    assert answers.keys() == dict(operations()).keys()


@pytest.mark.parametrize(
    ("route", "operation"), operations(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_answer_has_the_status_the_headers_and_the_shape_that_the_reference_shows(
    answers: dict[str, Answer], route: str, operation: dict[str, Any]
) -> None:
    answer, kept = answers[route], KEPT[operation["operationId"]]
    assert answer.status == kept["status"], answer.body
    assert answer.kept()["headers"].keys() == kept["headers"].keys()
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    assert_shape(DOCUMENT, operation, answer.status, answer.json if is_json and answer.body else answer.body)


def test_the_story_has_the_outcome_that_it_tells(answers: dict[str, Answer]) -> None:
    assert answers["POST /products/import"].json["created"] == 2
    assert answers["POST /products/import"].json["errors"][0]["line"] == 4
    assert [item["sku"] for item in answers["GET /products"].json["items"]] == ["POT-001"]
    assert [item["available"] for item in answers["GET /inventory"].json["items"]] == [8]
    assert answers["POST /orders"].json["totals"] == {"units": 2, "amount": 2398}
    assert answers["GET /customers/{customer_id}/value"].json["lifetime_value"] == [{"currency": "EUR", "amount": 2398}]
    assert answers["POST /analytics/events"].json == {"accepted": 2, "duplicates": 0}
    assert [item["current"] for item in answers["GET /auth/sessions"].json["items"]] == [True, False]


def test_no_token_is_kept(answers: dict[str, Answer]) -> None:
    text = ANSWERS.read_text(encoding="utf-8") + PAGE.read_text(encoding="utf-8")
    live = answers["POST /auth/login"].json
    assert not any(part in text for part in ("eyJhbGciOi", live["access_token"], live["refresh_token"]))


def test_a_failing_command_is_reported(dev: Environment, tmp_path: Path) -> None:
    from toolchain.reference.running import RunError

    page = '`GET /system/health`\n\n```sh\ncurl -sS "$API/system/health" | grep nonsense\n```\n'
    with pytest.raises(RunError, match="a command of the reference failed"):
        run(page, dev.summary["api_url"], tmp_path)


@pytest.mark.skipif(shutil.which("jq") is None, reason="the README's commands use jq, which is not here")
def test_the_first_commands_of_the_readme_show_the_demo_shop(dev: Environment, tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "dev.json").write_text(json.dumps(dev.summary), encoding="utf-8")
    (commands,) = [block.text for block in blocks((ROOT / "README.md").read_text("utf-8")) if "$API" in block.text]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["products"] > 0
