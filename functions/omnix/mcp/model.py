"""What `POST /mcp` takes and gives, as far as HTTP is concerned; the rest is the protocol's."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel
from pydantic.config import JsonDict

MOST_BYTES = 64 * 1024

_MESSAGE: JsonDict = {
    "description": "One JSON-RPC 2.0 request or notification of MCP; no batch.",
    "type": "object",
    "properties": {
        "jsonrpc": {"type": "string", "const": "2.0"},
        "id": {"anyOf": [{"type": "string"}, {"type": "integer"}], "description": "Left out of a notification."},
        "method": {"type": "string"},
        "params": {"type": "object"},
    },
    "required": ["jsonrpc", "method"],
    "examples": [{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}],
}


def _as_message(schema: JsonDict) -> None:
    schema.clear()
    schema.update(_MESSAGE)


class RpcMessage(RootModel[dict[str, Any]]):
    """A message. What is wrong with it beyond being no object, JSON-RPC's own errors say."""

    model_config = ConfigDict(json_schema_extra=_as_message)


class RpcFault(BaseModel):
    """An error of the protocol."""

    code: int = Field(description="JSON-RPC's and MCP's; -32010 is a tool or resource beyond the caller's scopes.")
    message: str
    data: Any = None


class RpcAnswer(BaseModel):
    """A JSON-RPC response: a result or an error."""

    jsonrpc: Literal["2.0"]
    id: str | int | None = None
    result: dict[str, Any] | None = None
    error: RpcFault | None = None
