"""What Bedrock refuses of a Converse request before a model sees it, in its words.

Source: the service's answers as its clients' issue trackers quote them (langchain-aws, strands-agents, dify), Bedrock
API reference "Converse", Bedrock user guide "Prompt caching", Anthropic's "Handle tool calls"; of Nova's cache points
zeroclaw-labs/zeroclaw#8943 and aws-samples/bedrock-engineer#71.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from localcloud.bedrock.models import Model
from localcloud.bedrock.prompt_cache import SECONDS, total
from localcloud.bedrock.refused import invalid
from localcloud.refusals import NotCovered, Rule

_POINTS = 4
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}", re.ASCII)
_UNREAD = ("image", "document", "video", "audio", "searchResult")
_KINDS = ("text", "toolUse", "toolResult", "guardContent", "cachePoint", "reasoningContent", "citationsContent")

type Request = Mapping[str, Any]
type Messages = Sequence[Mapping[str, Any]]


def check(model: Model, request: Request) -> None:
    """Raises `Refused`."""
    messages: Messages = request.get("messages") or ()
    _conversation(messages)
    tools = [
        tool["toolSpec"]["name"] for tool in (request.get("toolConfig") or {}).get("tools") or () if "toolSpec" in tool
    ]
    _content(messages, with_tools="toolConfig" in request)
    _tool_use(messages)
    _tools(request, tools)
    _cache_points(model, request)
    _size(model, request)


def _conversation(messages: Messages) -> None:
    if not messages:
        raise invalid("The conversation must have at least one message. Add a message and try again.")
    if messages[0].get("role") != "user":
        raise invalid(
            "A conversation must start with a user message. Try again with a conversation that starts with a user"
            " message."
        )
    for before, after in pairwise(messages):
        if before.get("role") == after.get("role"):
            raise invalid(
                "A conversation must alternate between user and assistant roles. Make sure the conversation alternates"
                " between user and assistant roles and try again."
            )
    if messages[-1].get("role") != "user":
        raise invalid(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )


def _content(messages: Messages, *, with_tools: bool) -> None:
    for at, message in enumerate(messages):
        if not message.get("content"):
            raise invalid(
                f"The content field in the Message object at messages.{at} is empty. Add a ContentBlock object"
                " to the content field and try again."
            )
        for index, block in enumerate(message["content"]):
            place = f"messages.{at}.content.{index}"
            kind = next(iter(block), "")
            if kind in _UNREAD:
                raise invalid(f"This model doesn't support the {kind} field at {place}.")
            if kind not in _KINDS:
                raise invalid(f"The format of the ContentBlock at {place} is invalid.")
            if kind == "text" and not str(block["text"]).strip():
                raise invalid(
                    f"The text field in the ContentBlock object at {place} is blank. Add text to the text"
                    " field, and try again."
                )
            if kind in ("toolUse", "toolResult") and not with_tools:
                raise invalid("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
            if kind == "toolUse" and not _TOOL_NAME.fullmatch(block["toolUse"]["name"]):
                raise invalid(
                    f"Value '{block['toolUse']['name']}' at '{place}.toolUse.name' failed to satisfy constraint: Member"
                    " must satisfy regular expression pattern: [a-zA-Z0-9_-]+, and have length less than or equal to 64"
                )
            result = block.get("toolResult", {})
            if result.get("status") == "error" and not result.get("content"):
                raise invalid(f"The content field at {place}.toolResult cannot be empty when status value is error.")


def _tool_use(messages: Messages) -> None:
    """Every call is answered in the message after it, and nothing else is."""
    asked: list[str] = []
    for at, message in enumerate(messages):
        answers = [block["toolResult"]["toolUseId"] for block in message["content"] if "toolResult" in block]
        if missing := [id_ for id_ in asked if id_ not in answers]:
            raise invalid(
                f"Expected toolResult blocks at messages.{at}.content for the following Ids: {', '.join(missing)}"
            )
        if len(answers) > len(asked):
            raise invalid(
                f"The number of toolResult blocks at messages.{at}.content exceeds the number of toolUse blocks of"
                " previous turn."
            )
        asked = [block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block]


def _tools(request: Request, names: list[str]) -> None:
    configured = request.get("toolConfig") or {}
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise invalid(f"The tools in toolConfig must have unique names: {', '.join(twice)}.")
    for at, tool in enumerate(configured.get("tools") or ()):
        schema = tool.get("toolSpec", {}).get("inputSchema", {}).get("json", {"type": "object"})
        if not isinstance(schema, Mapping) or schema.get("type") != "object":
            raise invalid(
                f"The value at toolConfig.tools.{at}.toolSpec.inputSchema.json.type must be one of the following:"
                " object."
            )
    chosen = (configured.get("toolChoice") or {}).get("tool", {}).get("name")
    if chosen is not None and chosen not in names:
        raise invalid(f"The tool in toolConfig.toolChoice.tool.name, {chosen}, is not in toolConfig.tools.")


def _points(request: Request) -> Iterator[tuple[str, str]]:
    """(field, time to live) of each cache point, in the prefix's order."""
    for field, blocks in (
        ("tools", (request.get("toolConfig") or {}).get("tools") or ()),
        ("system", request.get("system") or ()),
        ("messages", [block for one in request.get("messages") or () for block in one["content"]]),
    ):
        for block in blocks:
            if "cachePoint" in block:
                yield field, block["cachePoint"].get("ttl", "5m")


def _cache_points(model: Model, request: Request) -> None:
    points = list(_points(request))
    if not points:
        return
    if not model.cache_least or (not model.cache_tools and any(field == "tools" for field, _ in points)):
        # the service's own words: of the permission, where the model cannot
        raise invalid(
            "You invoked an unsupported model or your request did not allow prompt caching. See the documentation"
            " for more information."
        )
    if not model.cache_results and (place := _after_result(request)):
        raise invalid(
            f"The model returned the following errors: Malformed input request: #/{place}: extraneous key [cachePoint]"
            " is not permitted, please reformat your input and try again."
        )
    if len(points) > _POINTS:
        raise invalid(f"The number of cache points exceeds the limit of {_POINTS}: {len(points)}.")
    lives = [ttl for _, ttl in points]
    if "1h" in lives and not model.cache_hour:
        raise invalid("This model doesn't support the 1h ttl of a cachePoint.")
    if lives != sorted(lives, key=lambda ttl: -SECONDS[ttl]):
        raise invalid("A cachePoint with ttl 1h must not come after a cachePoint with ttl 5m.")


def _after_result(request: Request) -> str | None:
    """The first cache point that comes right after a tool's result."""
    for at, message in enumerate(request.get("messages") or ()):
        for index, (before, block) in enumerate(pairwise(message["content"]), 1):
            if "toolResult" in before and "cachePoint" in block:
                return f"messages/{at}/content/{index}"
    return None


def _size(model: Model, request: Request) -> None:
    most = (request.get("inferenceConfig") or {}).get("maxTokens")
    if most is not None and int(most) > model.most_output:
        raise invalid(
            f"The maximum tokens you requested exceeds the model limit of {model.most_output}. Try again with a maximum"
            f" tokens value that is lower than {model.most_output}."
        )
    if total(request) > model.context:
        raise invalid("Input is too long for requested model.")


_SOURCE = "Bedrock API reference: Converse, in the service's own words"
_WHAT = {
    "conversation": "no message, a first or last one that is not the user's, two of one role in a row",
    "content": "an empty message, a blank text, a kind that the model does not read, a tool's name that is none",
    "tool-use": "a tool's call that is not answered in the next message, an answer to none, tools without toolConfig",
    "tools": "two tools of one name, a schema that is no object's, a choice that is no tool",
    "cache-point": "more than 4, on a model that has none or not there, 1h where the model has none or after 5m",
    "size": "more maxTokens than the model writes, more input than its context",
    "model": "a model or profile that is not there, or not in this region, or only through a profile",
    "quota": "more tokens or requests a minute than were set",
}
RULES = tuple(
    Rule(f"bedrock-runtime.{operation}.{name}", "call", f"bedrock-runtime:{operation}", what, "", _SOURCE)
    for operation in ("Converse", "ConverseStream")
    for name, what in _WHAT.items()
)
NOT_COVERED = (
    NotCovered(
        "bedrock-runtime:Converse",
        "guardrails: a guardrailConfig is taken and judges nothing",
        "there is no guardrail here",
        "Bedrock user guide: Use a guardrail with the Converse API",
    ),
    NotCovered(
        "bedrock-runtime:Converse",
        "images, documents, prompts of Prompt management, provisioned and imported models",
        "the stand-in reads text",
        "Bedrock API reference: Converse",
    ),
    NotCovered(
        "bedrock-runtime:Converse",
        "whether a model is offered in the region, and access to it was granted",
        "both are the account's own and change",
        "Bedrock user guide: Supported foundation models",
    ),
    NotCovered(
        "bedrock-runtime:InvokeModel",
        "InvokeModel, ApplyGuardrail, asynchronous and bidirectional calls",
        "refused as unknown",
        "Bedrock API reference",
    ),
)
