"""The prompts are files, whole, versioned and shipped; what they promise is what the code does."""

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from omnix.assistant.citing import cited
from omnix.assistant.insights_model import Figure
from omnix.assistant.prompt import FOLDER, prompt
from omnix.currencies import digits
from omnix.tools import registry
from tests.unit.functions.bedrock import Models, ask

ROOT = Path(__file__).parents[3]
NAMES = sorted(path.stem for path in FOLDER.glob("*.md"))


def test_there_is_a_prompt_for_each_feature() -> None:
    assert NAMES == ["chat", "insights"]


def test_every_prompt_is_shipped_with_the_function() -> None:
    declared = tomllib.loads((ROOT / "functions/assistant/pyproject.toml").read_text())["tool"]["omnix"]["files"]
    assert sorted(declared) == [f"functions/omnix/assistant/prompts/{name}.md" for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_a_prompts_version_is_its_contents_digest(name: str) -> None:
    made = prompt(name)
    assert made.version == hashlib.sha256(made.text.encode()).hexdigest()[:12]
    assert made.text == made.text.strip()


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_is_the_same_for_everybody_so_that_it_can_be_cached(name: str) -> None:
    assert not {"{", "}", "$"} & set(prompt(name).text)


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_tells_data_from_instructions(name: str) -> None:
    text = prompt(name).text.lower()
    assert "data" in text
    assert "instructions" in text


def test_the_chats_prompt_promises_no_tool_by_name_that_there_may_not_be() -> None:
    text = prompt("chat").text
    assert not [tool.name for tool in registry.TOOLS if tool.name in text]
    assert "confirms" in text


def test_the_chats_prompt_knows_the_minor_units_of_currencies() -> None:
    (line,) = [line for line in prompt("chat").text.splitlines() if "minor units" in line]
    none, thousands = line.split("Some have none")[1].split("; BHD")
    assert {digits(one) for one in re.findall(r"\b[A-Z]{3}\b", none)} == {0}
    assert {digits(one) for one in re.findall(r"\b[A-Z]{3}\b", f"BHD{thousands}")} == {3}


def test_what_the_insights_prompt_asks_for_is_what_is_read() -> None:
    form = prompt("insights").text.split("in square brackets: ")[1].split(". ")[0]
    given = [Figure(id=name, label="Orders", value="1") for name in ("f1", "f4")]
    (insight,), dropped = cited(f"- One order. {form}", given, "")
    assert (insight.figures, dropped) == (["f1", "f4"], 0)


def test_the_log_says_on_which_prompt_an_answer_was_given(models: Models, caplog: pytest.LogCaptureFixture) -> None:
    ask({"message": "hi"})
    (line,) = [vars(record) for record in caplog.records if record.message == "model call"]
    assert line["prompt"] == f"chat@{prompt('chat').version}"
    assert models.requests[0]["system"][0]["text"] == prompt("chat").text
