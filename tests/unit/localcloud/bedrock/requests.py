"""Converse requests in a line."""

from typing import Any

HAIKU = "anthropic.claude-3-haiku-20240307-v1:0"
HAIKU_45 = "anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA = "amazon.nova-lite-v1:0"
POINT: dict[str, Any] = {"cachePoint": {"type": "default"}}
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]}


def user(*blocks: str | dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": one} if isinstance(one, str) else one for one in blocks]}


def assistant(*blocks: str | dict[str, Any]) -> dict[str, Any]:
    return {**user(*blocks), "role": "assistant"}


def use(id_: str, name: str = "list_stock", **given: Any) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": id_, "name": name, "input": given}}


def result(id_: str, text: str = "done", **more: Any) -> dict[str, Any]:
    return {"toolResult": {"toolUseId": id_, "content": [{"text": text}], **more}}


def tools(*names: str, choice: dict[str, Any] | None = None, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    specs = [{"toolSpec": {"name": name, "inputSchema": {"json": schema or SCHEMA}}} for name in names]
    return {"toolConfig": {"tools": specs, **({"toolChoice": choice} if choice else {})}}


def asked(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": list(messages), **more}
