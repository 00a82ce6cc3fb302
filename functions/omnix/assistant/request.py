"""Converse requests, from what is asked. Pure. Source: Bedrock API reference, "ConverseStream"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omnix.assistant.cache_points import POINT, pointed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omnix.costs.model import Model, Reservation
    from omnix.tools.tool import Tool

# RequestMetadata: 16 pairs at most, of these characters, 256 of them.
_NOT_METADATA = re.compile(r"[^a-zA-Z0-9\s:_@$#=/+,.-]")
_METADATA_LENGTH = 256

type Message = dict[str, Any]


@dataclass(frozen=True)
class Guardrail:
    """A guardrail of Bedrock's by id and version."""

    guardrail_id: str
    version: str


@dataclass(frozen=True)
class Asked:
    """What a model is asked, before it is known which one. `system` is the same for everybody, `context` is not.

    `final`: no further call of this turn can follow, whatever the answer.
    """

    system: str
    context: str
    messages: Sequence[Message]
    tools: Sequence[Tool[Any]] = ()
    guardrail: Guardrail | None = None
    final: bool = False


def request(asked: Asked, model: Model, max_output: int) -> dict[str, Any]:
    """The request for that model, without `requestMetadata`."""
    system: list[dict[str, Any]] = [{"text": asked.system}]
    caches = model.caching and bool(asked.tools)
    if caches:
        # Claude reads tools, then system, then messages: this one point keeps tools and system.
        # Models that take no point among the tools (Nova) take this one too.
        system.append(POINT)
    if asked.context:
        system.append({"text": asked.context})
    made: dict[str, Any] = {
        "modelId": model.call,
        "system": system,
        "messages": pointed(asked.messages, model, final=asked.final) if caches else list(asked.messages),
        "inferenceConfig": {"maxTokens": min(max_output, model.max_output)},
    }
    if asked.tools:
        made["toolConfig"] = {"tools": [_spec(tool) for tool in asked.tools]}
    if asked.guardrail:
        made["guardrailConfig"] = {
            "guardrailIdentifier": asked.guardrail.guardrail_id,
            "guardrailVersion": asked.guardrail.version,
            # asynchronous would hand out text before it is judged
            "streamProcessingMode": "sync",
        }
    return made


def metadata(reservation: Reservation, environment: str, attempt: int) -> dict[str, str]:
    """`requestMetadata`, which the invocation log repeats: each call there is found in the ledger by it.

    `attempt`: from 1; all that are made on one reservation.
    """
    pairs = {
        "tenant": reservation.tenant_id,
        "feature": reservation.feature.value,
        "reservation": reservation.reservation_id,
        "environment": environment,
        "attempt": str(attempt),
    }
    return {name: _NOT_METADATA.sub("_", value)[:_METADATA_LENGTH] for name, value in pairs.items()}


def user(*blocks: Mapping[str, Any]) -> Message:
    """A message of the user's."""
    return {"role": "user", "content": [dict(block) for block in blocks]}


def assistant(*blocks: Mapping[str, Any]) -> Message:
    """A message of the model's."""
    return {"role": "assistant", "content": [dict(block) for block in blocks]}


def tool_result(tool_use_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """A tool's answer. JSON keeps a record's text inside its quotes; `status` is not for every model, so it says it."""
    return {"toolResult": {"toolUseId": tool_use_id, "content": [{"json": dict(data)}]}}


def _spec(tool: Tool[Any]) -> dict[str, Any]:
    schema = tool.input_schema()
    schema.setdefault("properties", {})
    return {"toolSpec": {"name": tool.name, "description": tool.description, "inputSchema": {"json": schema}}}
