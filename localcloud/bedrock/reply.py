"""What the model says next: content blocks and why it stopped."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.bedrock import tokens, turn
from localcloud.bedrock.arguments import arguments
from localcloud.bedrock.models import Model
from localcloud.bedrock.turn import Turn
from localcloud.bedrock.wishes import wish

MARK = "[stand-in] "
_QUESTION, _RESULT, _CITED = 300, 600, 20
_SOURCE = re.compile(r"\[[A-Za-z][\w.:-]{0,63}\]")
_FACT, _FACTS = re.compile(rf"^({_SOURCE.pattern}) (\S.*)$", re.MULTILINE), 5
_FILLER = "and so it goes on as it was asked to, word after word, "

type Document = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """`tokens`: of the output; `wait`, `stall`: seconds of silence before and amid it; `broken`: an exception amid."""

    content: list[Document]
    stop_reason: str
    tokens: int
    wait: float = 0.0
    stall: float = 0.0
    broken: str | None = None
    stop_sequence: str | None = None


def reply(model: Model, request: Mapping[str, Any]) -> Reply:
    """The answer to a request that is in order."""
    now = turn.read(request["messages"])
    content = _called(now, request) or [{"text": _text(now)}]
    stop = "tool_use" if any("toolUse" in block for block in content) else (now.first("stop") or "end_turn")
    configured = request.get("inferenceConfig") or {}
    content, sequence = _ended(content, configured.get("stopSequences") or ())
    if sequence is not None:
        stop = "stop_sequence"
    most = int(configured.get("maxTokens") or model.most_output)
    content, spent, whole = _within(content, most)
    return Reply(
        content,
        stop if whole else "max_tokens",
        spent,
        wait=_seconds(now.first("wait")),
        stall=_seconds(now.first("stall")),
        broken=now.raised("break", model.id),
        stop_sequence=sequence if whole else None,
    )


def _seconds(text: str | None) -> float:
    try:
        return min(120.0, max(0.0, float(text or 0)))
    except ValueError:
        return 0.0


def _called(now: Turn, request: Mapping[str, Any]) -> list[Document]:
    """The tools that are called in this round, if any."""
    configured = request.get("toolConfig") or {}
    specs = [tool["toolSpec"] for tool in configured.get("tools") or () if "toolSpec" in tool]
    choice = configured.get("toolChoice") or {}
    if not specs:
        return []
    if now.due:
        calls = list(now.due)
    elif spec := _chosen(now, specs, choice):
        calls = [(str(spec["name"]), arguments(spec["inputSchema"].get("json") or {}, now.question))]
    else:
        return []
    seed = tokens.canonical([request["messages"], calls])
    uses = [
        {"toolUse": {"toolUseId": _id(seed, at), "name": name, "input": given}}
        for at, (name, given) in enumerate(calls)
    ]
    # a model that is made to call a tool says nothing beside it
    forced = "any" in choice or "tool" in choice
    said = f"{MARK}I look that up with {', '.join(name for name, _ in calls)}."
    return uses if forced else [{"text": said}, *uses]


def _chosen(now: Turn, specs: list[Mapping[str, Any]], choice: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if "tool" in choice:
        return next((spec for spec in specs if spec["name"] == choice["tool"]["name"]), None)
    wished = None if now.directives or now.results else wish(now.question, specs)
    return wished or (specs[0] if "any" in choice else None)


def _id(seed: str, at: int) -> str:
    digest = hashlib.sha256(f"{at}{seed}".encode()).digest()
    return f"tooluse_{base64.urlsafe_b64encode(digest)[:22].decode()}"


def _text(now: Turn) -> str:
    said = now.first("say")
    if said is None and (facts := _FACT.findall(now.question)):
        said = "\n".join(("Of what I was given:", *(f"- {fact} {source}" for source, fact in facts[:_FACTS])))
    if said is None:
        answered = [f"{name} answered: {text[:_RESULT]}" for name, text in now.results]
        cited = list(dict.fromkeys(_SOURCE.findall("\n".join((now.question, *(text for _, text in now.results))))))
        sources = [f"Sources: {' '.join(cited[:_CITED])}"] if cited else []
        said = "\n".join((f"You asked: {now.question[:_QUESTION]}", *answered, *sources))
    text = MARK + said
    length = now.first("length")
    if length and length.isdigit():
        text = tokens.cut(text + "\n" + _FILLER * (int(length) * 4 // len(_FILLER) + 1), int(length))
    return text


def _ended(content: list[Document], sequences: Any) -> tuple[list[Document], str | None]:
    """The content up to the first stop sequence in its text."""
    for at, block in enumerate(content):
        found = [(block["text"].find(one), one) for one in sequences if one in block.get("text", "")]
        if found:
            place, sequence = min(found)
            return [*content[:at], {"text": block["text"][:place]}], sequence
    return content, None


def _within(content: list[Document], most: int) -> tuple[list[Document], int, bool]:
    """As much as fits, its tokens, and whether that is all. A tool's call that does not fit is not made."""
    kept: list[Document] = []
    spent = 0
    for block in content:
        size = tokens.of_block(block)
        if spent + size > most:
            if "text" in block and (text := tokens.cut(block["text"], most - spent)):
                kept.append({"text": text})
            return kept, most, False
        kept.append(block)
        spent += size
    return kept, max(1, spent), True
