"""How many input tokens a request can have at most, before anybody has counted them.

Every model of Bedrock's that takes text splits it by a byte-level tokeniser, or one that falls back to bytes: no token
is shorter than a byte of UTF-8, so a text has no more tokens than bytes. What the service puts around it (roles, the
instructions for tools, the schemas' own form) is not in the request and is allowed for by a fixed sum: Anthropic
documents up to 530 tokens of system prompt for tool use ("Tool use with Claude", pricing), others less.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.costs.model import Model

REQUEST_TOKENS = 64
MESSAGE_TOKENS = 16
TOOLS_TOKENS = 1024
TOOL_TOKENS = 64
# What CountTokens takes of a Converse request.
_COUNTED = ("messages", "system", "toolConfig", "additionalModelRequestFields")


def upper(request: Mapping[str, Any]) -> int:
    """Tokens that a Converse request cannot pass: its bytes as JSON in UTF-8, and what the service adds.

    For requests of text and tools. An image's tokens follow from its size in pixels and not from its bytes.
    """
    sent = {name: request[name] for name in _COUNTED if request.get(name)}
    size = _size(sent, ascii_only=False) + sum(_escapes(message) for message in sent.get("messages", ()))
    tools = (sent.get("toolConfig") or {}).get("tools", ())
    return (
        size
        + REQUEST_TOKENS
        + MESSAGE_TOKENS * len(sent.get("messages", ()))
        + (TOOLS_TOKENS + TOOL_TOKENS * len(tools) if tools else 0)
    )


def _escapes(message: Mapping[str, Any]) -> int:
    """Bytes that a tool's JSON is longer by when the service writes it with escapes, as it may."""
    results = [part for block in message["content"] for part in block.get("toolResult", {}).get("content", ())]
    return max(0, _size(results, ascii_only=True) - _size(results, ascii_only=False))


def _size(value: Any, *, ascii_only: bool) -> int:
    return len(json.dumps(value, ensure_ascii=ascii_only, default=str).encode("utf-8", "surrogatepass"))


def exact(client: Any, model: Model, request: Mapping[str, Any]) -> int | None:
    """The count that the model would be paid for, by `CountTokens`, which costs nothing; None where it has none.

    `client` is bedrock-runtime's. It takes foundation models only: a profile's id or ARN is a ValidationException.
    Several models have no such count and are not asked, and a service that is away must not let a call through: the
    bound stands then.
    """
    if not model.counting:
        return None
    sent: Any = {name: request[name] for name in _COUNTED if request.get(name)}
    try:
        answer = client.count_tokens(modelId=model.foundation, input={"converse": sent})
    except (ClientError, BotoCoreError):
        return None
    return int(answer["inputTokens"])
