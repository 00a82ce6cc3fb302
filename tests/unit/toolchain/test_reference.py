"""The API reference: made from the contract, never by hand, and complete."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.shapes import assert_shape
from toolchain.reference import story
from toolchain.reference.__main__ import ANSWERS, difference, made, main
from toolchain.reference.contract import Contract
from toolchain.reference.document import PAGE
from toolchain.reference.running import Answer, Block, RunError, blocks, run
from toolchain.reference.schemas import kind, table
from toolchain.reference.story import Example, chapters

CONTRACT = Contract.of()
SOURCE = story.read()
KEPT: dict[str, dict[str, Any]] = json.loads(ANSWERS.read_text(encoding="utf-8"))
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_in_the_tree_is_what_the_contract_says() -> None:
    assert difference() == [], "run `make contract`"


def test_the_page_is_the_same_every_time() -> None:
    assert made() == made()


def test_every_operation_has_a_section_with_a_command_and_an_answer() -> None:
    routes = [block.route for block in blocks(TEXT) if block.route]
    assert sorted(routes) == sorted(f"{one.method} {one.path}" for one in CONTRACT.operations.values())
    assert KEPT.keys() == CONTRACT.operations.keys()


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_answer_is_one_that_the_contract_documents(name: str) -> None:
    """Else: `make up`, then `python -m toolchain.reference --record` with its API's address."""
    operation = CONTRACT.operations[name]
    source = CONTRACT.document["paths"][operation.path][operation.method.lower()]
    assert_shape(CONTRACT.document, source, KEPT[name]["status"], KEPT[name]["body"])


def test_a_command_uses_only_what_an_earlier_one_gave() -> None:
    known = {"API", "1"}
    for block in blocks(TEXT):
        for line in block.text.splitlines():
            used = set(re.findall(r"\$([A-Z_]+|1)", line))
            assert used <= known, f"{block.route}: {sorted(used - known)}"
            known |= set(re.findall(r"^([A-Z_]+)=", line))


def test_every_link_of_the_page_has_its_heading() -> None:
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = set(re.findall(r"\]\(#([^)]+)\)", TEXT))
    assert links - anchors == set()


def test_no_two_headings_share_an_anchor() -> None:
    headings = [heading.lower() for heading in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)]
    assert {heading for heading in headings if headings.count(heading) > 1} == set()


def test_an_operation_without_an_example_is_an_error() -> None:
    lacking = {"chapters": [chapter | {"operations": {}} for chapter in SOURCE["chapters"]]}
    with pytest.raises(ValueError, match="createProduct"):
        chapters(CONTRACT, lacking)


def test_an_example_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="fly is no operation"):
        chapters(CONTRACT, {"chapters": [{"title": "x", "operations": {"fly": None}}]})


def test_values_are_quoted_for_the_shell_and_variables_are_not() -> None:
    body = {"name": "Ada's; $(rm -rf) `x`", "id": "$PRODUCT_ID"}
    example = Example(CONTRACT.operations["createProduct"], body=body, credential="X-API-Key: $API_KEY")
    assert example.command().splitlines() == [
        'curl -sS "$API/products" \\',
        '  -H "X-API-Key: $API_KEY" \\',
        "  -H 'Content-Type: application/json' \\",
        """  -d '{"name": "Ada'"'"'s; $(rm -rf) `x`", "id": "'"$PRODUCT_ID"'"}'""",
    ]


def test_a_method_is_named_where_curl_would_take_another() -> None:
    commands = {block.route: block.text for block in blocks(TEXT)}
    assert "-X DELETE" in commands["DELETE /products/{product_id}"]
    assert "-X" not in commands["GET /products"] + commands["POST /products"]


def test_blocks_belong_to_the_operation_in_whose_section_they_stand() -> None:
    page = "```sh\na\n```\n### X\n`GET /x` · all\n```sh\nb\n```\n```http\nno\n```\n## Y\n```sh\nc\n```\n"
    assert list(blocks(page)) == [Block(None, "a"), Block("GET /x", "b"), Block(None, "c")]


def test_without_curl_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RunError, match="install them"):
        run("", "http://127.0.0.1:1", tmp_path)


def test_tokens_and_keys_are_not_kept() -> None:
    body = json.dumps({"access_token": "eyJ" + "a" * 40, "key": "omx_" + "b" * 43, "items": [{"key": "tea"}]})
    kept = Answer(200, {"content-type": "application/json", "etag": '"1"', "date": "x"}, body).kept()
    assert kept["body"] == {"access_token": "eyJaaaaa…", "key": "omx_bbbb…", "items": [{"key": "tea"}]}
    assert kept["headers"] == {"ETag": '"1"'}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 1200}, "string, 1 to 1,200 characters"),
        ({"anyOf": [{"type": "integer", "minimum": 1, "maximum": 20}, {"type": "null"}]}, "integer, 1 to 20 or null"),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 3}, "list of `a`, `b`, at most 3 entries"),
        ({"$ref": "#/components/schemas/Money"}, "[Money](#money-shape)"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integer by name"),
    ],
)
def test_types_are_told_with_their_limits(schema: dict[str, Any], words: str) -> None:
    assert kind(CONTRACT, schema) == words


def test_a_table_leaves_out_what_no_row_has_and_keeps_its_cells() -> None:
    assert table(("a", "b", "c"), [("1", "", "x|y"), ("2", "", "")]) == [
        "| a | c |", "| --- | --- |", r"| 1 | x\|y |", "| 2 |  |",
    ]  # fmt: skip


def test_wrong_arguments_are_wrong_use() -> None:
    assert main(["--nonsense"]) == 2
    assert main(["--check"]) == 0
