"""No value of a raw state leaves it, and no name or message becomes markup."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ops.preview.blocks import Bullets, Details, Fence, Paragraph, Section, Table, code, line
from ops.preview.change import changes
from ops.preview.disclosure import HARMLESS, is_harmless, scrubbed, shown_path
from ops.preview.model import Document, Environment
from ops.preview.render.html import html
from ops.preview.render.markdown import code_span, escaped, markdown
from tests.unit.ops.preview.engine_preview import LOSS, TABLE, preview, step, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    type Run = Callable[..., int]
    type Capture = pytest.CaptureFixture[str]

SECRET = "Hunter2-9f8e7d6c5b4a39281706"
GFM = MarkdownIt("gfm-like", {"linkify": False, "html": True})
# everything that GitHub, a table, a list or HTML could read as markup
NASTY = [
    "a|b | c",
    "`tick` ``two``",
    "@octocat",
    "#123 GH-1",
    "<script>alert(1)</script>",
    "<!-- omnix-preview-report -->",
    "</details></summary>",
    "[x](https://evil.example)",
    "https://evil.example",
    "![x](y)",
    "**bold** _em_ ~~del~~",
    "one\ntwo\r\n| --- |\n# title",
    "1. list",
    "- list",
    "# title",
    "\u202egnp.exe\u200b",
    "\x1b[31mred",
    "$$x$$",
    ":tada:",
    "x" * 5000,
    "`",
    "``` \n```",
    "\\|",
    "&lt;b&gt;",
]


def planted(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every leaf."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from planted(value, (*path, key))


def replaced(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(node))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


def told(steps: list[Any]) -> str:
    """Everything that a run could ever print or hand on of these steps."""
    return Document(environments=(Environment(name="dev", changes=changes(steps)),)).model_dump_json()


REAL = json.loads(LOSS.read_text())["steps"]
CHANGED = [found for found in REAL if found["op"] != "same"]


@pytest.mark.parametrize("index", range(len(CHANGED)))
def test_a_secret_planted_in_any_place_of_any_state_is_never_told(index: int) -> None:
    original = CHANGED[index]
    places = [path for path in planted(original) if path[0] in {"oldState", "newState"} and len(path) > 1]
    assert places
    for path in places:
        assert SECRET not in told([replaced(original, path, SECRET)]), path


@pytest.mark.parametrize("value", [SECRET, [SECRET], {"x": SECRET}])
@pytest.mark.parametrize("kind", sorted(HARMLESS))
def test_even_a_listed_path_shows_no_text_that_is_not_aws_own_word(kind: str, value: Any) -> None:
    for path in HARMLESS[kind]:
        head, _, rest = path.replace("[*]", "").partition(".")
        inner = {rest: value} if rest else value
        listed = {head: [inner] if "[*]" in path else inner}
        found = step("update", kind, "r", before=listed, after=listed, detailedDiff={head: {"kind": "update"}})
        assert SECRET not in told([found])


@given(st.one_of(st.text(), st.none(), st.lists(st.integers()), st.dictionaries(st.text(), st.integers())))
def test_only_numbers_switches_and_closed_words_are_harmless(value: Any) -> None:
    assert not is_harmless(value) or value in {"PROVISIONED", "STANDARD", "Enabled", "Standard", "arm64", "Advanced"}


@pytest.mark.parametrize(
    "key",
    ["AKIAIOSFODNN7EXAMPLE", "sk_live_51Hxyz", "ghp_abcdefghijklmnop1234", SECRET.replace("-", ""), "omx_live_abc"],
)
def test_a_credential_used_as_a_key_is_left_out_of_the_path(key: str) -> None:
    found = step("update", "aws:lambda/function:Function", "f", detailedDiff={f'environment.variables["{key}"]': {}})

    assert key not in told([found])
    assert "environment.variables" in told([found])


@pytest.mark.parametrize(
    "path",
    ["memorySize", "environment.variables.OMNIX_ROTATION_SECRET_IDS", 'tags["omnix:Owner"]', "rules[12].filter.prefix"],
)
def test_an_ordinary_path_is_shown_whole(path: str) -> None:
    assert shown_path(path) == path


@pytest.mark.parametrize(
    "message",
    [
        f"login failed for {SECRET.replace('-', '')}",
        "Authorization: Bearer abc.def",
        "https://user:pass@host/",
        "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
        "key AKIAIOSFODNN7EXAMPLE is wrong",
    ],
)
def test_a_diagnostic_is_cleaned_of_credentials(message: str) -> None:
    for secret in (SECRET.replace("-", ""), "abc.def", "user:pass", "MIIE", "AKIAIOSFODNN7EXAMPLE"):
        assert secret not in scrubbed(message)


def test_a_diagnostic_that_repeats_a_password_of_a_state_is_cleaned_of_it(
    run: Run, tmp_path: Path, capsys: Capture
) -> None:
    found = step("create", "aws:rds/instance:Instance", "db", after={"password": "correct horse"})
    failed = preview(found, diagnostics=[{"severity": "error", "message": "bad password: correct horse"}])
    run(write(tmp_path, failed))

    text = capsys.readouterr().out
    assert "bad password" in text
    assert "correct horse" not in text


def tokens(text: str) -> list[Any]:
    found = []
    for token in GFM.parse(text):
        found += [token, *(token.children or [])]
    return found


@pytest.mark.parametrize("text", NASTY)
def test_a_hostile_name_stays_text_in_every_block(text: str) -> None:
    name, prose = code(text), text
    blocks = (
        Paragraph(line(prose)),
        Paragraph(line(name)),
        Bullets((line(prose), line(name))),
        Table(("A", "B", "C"), ((line(name), line(prose), line(name, prose)),)),
        Details(line(name, prose), (Paragraph(line(prose)),)),
        Fence((text,)),
    )
    found = tokens(markdown([Section("Title", 1, blocks)]))

    kinds = {token.type for token in found}
    assert not kinds & {
        "link_open",
        "image",
        "em_open",
        "strong_open",
        "s_open",
        "html_inline",
        "hr",
        "ordered_list_open",
    }
    assert [t.tag for t in found if t.type == "heading_open"] == ["h3"]
    assert sum(t.type == "td_open" for t in found) == 3
    assert sum(t.type == "bullet_list_open" for t in found) == 1
    assert sum(t.type == "fence" for t in found) == 1
    opened = [t.content for t in found if t.type == "html_block"]
    assert len(opened) == 2
    assert opened[0].startswith("<details><summary>")
    assert opened[1].strip() == "</details>"
    for content in re.findall(r"<(?!/?(?:details|summary|code)>)[^>]*>", "".join(opened)):
        pytest.fail(f"a tag of the name's: {content}")


@given(st.text(max_size=80))
@settings(max_examples=300)
def test_a_code_span_holds_any_text_and_ends_where_it_should(text: str) -> None:
    (inline,) = [t for t in GFM.parse(f"x {code_span(text)} y") if t.type == "inline"]

    assert [child.type for child in inline.children or []] == ["text", "code_inline", "text"]


@given(st.text(max_size=80))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_an_escaped_text_reads_as_itself(text: str) -> None:
    found = tokens(f"x {escaped(text)} y")

    assert {t.type for t in found} <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}


@pytest.mark.parametrize(
    "text", ["@octocat", "#12", "GH-7", "https://e.example", "www.e.example", ":tada:", "0123456789"]
)
def test_what_github_acts_on_in_plain_text_is_broken(text: str) -> None:
    assert text not in escaped(text)
    assert escaped(text).replace("\u2060", "") == text


@pytest.mark.parametrize("text", NASTY)
def test_a_hostile_name_stays_text_on_the_page(text: str) -> None:
    page = html(text, [Section("T", 1, (Paragraph(line(text, code(text))), Fence((text,))))])

    assert "<script" not in page
    assert page.count("<!--") == 0
    assert page.count("</details>") == 0
    assert 'href="' not in page


def test_a_hostile_resource_name_does_not_break_the_report(run: Run, tmp_path: Path, capsys: Capture) -> None:
    steps = [step("delete", TABLE, text.replace("\n", " ")) for text in NASTY]
    assert run(write(tmp_path, preview(*steps))) == 1

    text = capsys.readouterr().out
    comments = [t.content.strip() for t in GFM.parse(text) if t.type == "html_block" and "<!--" in t.content]
    assert comments == ["<!-- omnix-preview-report -->"]
    rows = [t for t in GFM.parse(text) if t.type == "tr_open"]
    cells = [t for t in GFM.parse(text) if t.type == "td_open"]
    assert len(cells) == 5 * (len(rows) - 1)
