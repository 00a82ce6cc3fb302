"""What `POST /mcp` takes and gives, as far as HTTP is concerned; the rest is the protocol's.

Both pass as they are: a model with fields would write `"error": null` beside a result, which is no JSON-RPC response.
"""

from typing import Any

from pydantic import ConfigDict, RootModel
from pydantic.config import JsonDict

MOST_BYTES = 64 * 1024

_ID: JsonDict = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
_MESSAGE: JsonDict = {
    "description": "One JSON-RPC 2.0 request or notification of MCP; no batch.",
    "type": "object",
    "properties": {
        "jsonrpc": {"type": "string", "const": "2.0"},
        "id": {**_ID, "description": "Left out of a notification."},
        "method": {"type": "string"},
        "params": {"type": "object"},
    },
    "required": ["jsonrpc", "method"],
    "examples": [{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}],
}
_FAULT: JsonDict = {
    "description": "An error of the protocol.",
    "type": "object",
    "properties": {
        "code": {
            "type": "integer",
            "description": "JSON-RPC's and MCP's; -32010 is a tool or resource beyond the caller's scopes.",
        },
        "message": {"type": "string"},
        "data": {"description": "More of it, if there is."},
    },
    "required": ["code", "message"],
}
_ANSWER: JsonDict = {
    "description": "A JSON-RPC response: a result or an error.",
    "type": "object",
    "properties": {
        "jsonrpc": {"type": "string", "const": "2.0"},
        "id": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
        "result": {"type": "object"},
        "error": _FAULT,
    },
    "required": ["jsonrpc", "id"],
    "oneOf": [{"required": ["result"]}, {"required": ["error"]}],
}


def _as_message(schema: JsonDict) -> None:
    schema.clear()
    schema.update(_MESSAGE)


def _as_answer(schema: JsonDict) -> None:
    schema.clear()
    schema.update(_ANSWER)


class RpcMessage(RootModel[dict[str, Any]]):
    """A message. What is wrong with it beyond being no object, JSON-RPC's own errors say."""

    model_config = ConfigDict(json_schema_extra=_as_message)

    def fault(self) -> str | None:
        """What the SDK lets pass in some revision: a request whose id it takes for none is never answered."""
        found = self.root.get("id", "")
        if isinstance(found, bool) or not isinstance(found, (str, int)):
            return "id must be a string or an integer"
        return None if isinstance(self.root.get("params", {}), dict) else "params must be an object"


class RpcAnswer(RootModel[dict[str, Any]]):
    """The SDK's response."""

    model_config = ConfigDict(json_schema_extra=_as_answer)
