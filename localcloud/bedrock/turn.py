"""The turn that a request asks the model to go on with: what was said last, what tools answered, what is directed."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

_DIRECTIVE = re.compile(r"\[\[\s*(say|length|tool|also|stop|error|break|wait|stall)\s+(.*?)\]\]", re.DOTALL)

type Message = Mapping[str, Any]


@dataclass(frozen=True)
class Directive:
    """One `[[word rest]]`."""

    word: str
    rest: str

    @property
    def call(self) -> tuple[str, dict[str, Any]]:
        """A tool's name and arguments. Text that is no JSON object makes none: a model, too, gets it wrong."""
        name, _, text = self.rest.partition(" ")
        for form in (text, text.replace('\\"', '"')):  # a tool's answer may hold it as a JSON string in a text
            try:
                found = json.loads(form or "{}")
            except ValueError:
                continue
            if isinstance(found, dict):
                return name, found
        return name, {}

    def names(self, model: str) -> str | None:
        """The exception that `error` and `break` name, where the pattern beside it takes this model."""
        code, _, pattern = self.rest.partition(" ")
        return code if fnmatchcase(model, pattern.strip() or "*") else None


@dataclass(frozen=True)
class Turn:
    """`question`: the user's text; `results`: (tool, text) in order; `due`: the calls of the next round directed."""

    question: str
    results: tuple[tuple[str, str], ...]
    due: tuple[tuple[str, dict[str, Any]], ...]
    directives: tuple[Directive, ...]

    def first(self, word: str) -> str | None:
        """What the first directive of this kind says."""
        return next((one.rest for one in self.directives if one.word == word), None)

    def raised(self, word: str, model: str) -> str | None:
        """The exception that is directed for this model."""
        return next((code for one in self.directives if one.word == word and (code := one.names(model))), None)


def read(messages: Sequence[Message]) -> Turn:
    """A turn begins with the last message of the user's that answers no tool."""
    starts = [at for at, one in enumerate(messages) if one["role"] == "user" and not _results(one)]
    mine = messages[starts[-1] :] if starts else messages
    names = {block["toolUse"]["toolUseId"]: block["toolUse"]["name"] for block in _blocks(mine, "toolUse")}
    question = "\n".join(_texts(mine[0])) if mine else ""
    results = tuple(
        (names.get(block["toolResult"]["toolUseId"], "?"), _result_text(block["toolResult"]))
        for block in _blocks(mine, "toolResult")
    )
    directives = tuple(one for message in mine for one in _directives(message))
    return Turn(_DIRECTIVE.sub("", question).strip(), results, _due(mine), directives)


def _directives(message: Message) -> list[Directive]:
    if message["role"] != "user":
        return []
    heard = "\n".join(
        (*_texts(message), *(_result_text(block["toolResult"]) for block in _blocks([message], "toolResult")))
    )
    return [Directive(word, rest.strip()) for word, rest in _DIRECTIVE.findall(heard)]


def _due(messages: Sequence[Message]) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The first round that was directed and not called yet; what the model called undirected ends none."""
    rounds: list[list[tuple[str, dict[str, Any]]]] = []
    for message in messages:
        if message["role"] == "assistant" and any(_blocks([message], "toolUse")):
            del rounds[:1]
        for one in _directives(message):
            if one.word == "also" and rounds:
                rounds[-1].append(one.call)
            elif one.word in ("tool", "also"):
                rounds.append([one.call])
    return tuple(rounds[0]) if rounds else ()


def _blocks(messages: Sequence[Message], kind: str) -> Iterator[Mapping[str, Any]]:
    return (block for one in messages for block in one["content"] if kind in block)


def _results(message: Message) -> bool:
    return any("toolResult" in block for block in message["content"])


def _texts(message: Message) -> Iterator[str]:
    for block in message["content"]:
        if "text" in block:
            yield str(block["text"])
        elif "guardContent" in block:
            yield str(block["guardContent"].get("text", {}).get("text", ""))


def _result_text(result: Mapping[str, Any]) -> str:
    parts = (
        str(one["text"]) if "text" in one else json.dumps(one["json"], ensure_ascii=False)
        for one in result["content"]
        if "text" in one or "json" in one
    )
    return "\n".join(parts)
