"""`POST /mcp`. The SDK is imported with the first message, so that chats do not wait for it (0.5 s of a cold start)."""

import json
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Header

from omnix.authorisation import principal
from omnix.errors import ForbiddenError, InternalError, NotAcceptableError, PayloadTooLargeError
from omnix.mcp.model import MOST_BYTES, RpcAnswer, RpcMessage
from omnix.operation import operation
from omnix.parameters import CORS_ORIGINS, parameters
from omnix.request_body import header

router = Router()  # type: ignore[no-untyped-call]

_ACCEPTED, _BAD_REQUEST, _NOT_ACCEPTABLE = 202, 400, 406
_INVALID_REQUEST = -32600  # JSON-RPC 2.0, 5.1
# What the protocol says beside the message; credentials have been read before.
_PREFIX = "mcp-"


@router.post(
    "/mcp",
    summary="Send an MCP message",
    operation_id="sendMcpMessage",
    tags=["assistant"],
    openapi_extensions=operation(404, 406, body=True, json_rpc=True),
)
def send_message(
    message: Annotated[RpcMessage, Body()],
    protocol_version: Annotated[  # noqa: ARG001 - the SDK reads headers and text itself
        str | None,
        Header(alias="MCP-Protocol-Version", max_length=32, description="The revision, as MCP's transport has it."),
    ] = None,
) -> Response[RpcAnswer | None]:
    """MCP over streamable HTTP, stateless, answered as JSON: the tools and resources that the caller's scopes allow.

    A notification is 202. Errors of the protocol are JSON-RPC's, where the message got so far as to be one.
    """
    from omnix.mcp.bridge import exchange
    from omnix.mcp.server import server

    event = router.current_event
    text = (event.body or "").encode()
    if len(text) > MOST_BYTES:
        raise PayloadTooLargeError(f"An MCP message may have {MOST_BYTES // 1024} KB at most.")
    _require_known_origin(header(event.raw_event, "origin"))
    if fault := message.fault():
        error = {"code": _INVALID_REQUEST, "message": fault}
        return Response(_BAD_REQUEST, "application/json", RpcAnswer({"jsonrpc": "2.0", "id": None, "error": error}))
    # as it was checked: the SDK would take an id of 1.0, an integer to JSON Schema, for none
    checked = json.dumps(message.root).encode()
    answer = exchange(server(principal(event)), checked, _headers(event.raw_event))
    if answer.status == _ACCEPTED:
        return Response(_ACCEPTED)
    if answer.status == _NOT_ACCEPTABLE:
        raise NotAcceptableError("Accept application/json.")
    if not answer.body:
        raise InternalError
    return Response(answer.status, "application/json", json.loads(bytes(answer.body)))


def _require_known_origin(origin: str | None) -> None:
    """MCP's transport has servers refuse a page of elsewhere themselves; agents that are no page send no origin."""
    if origin is not None and origin not in parameters().get_list(CORS_ORIGINS):
        raise ForbiddenError("This origin may not speak MCP here.")


def _headers(event: dict[str, Any]) -> list[tuple[str, str]]:
    """Those of the protocol, repeated ones repeated: two of a kind that differ are refused, not chosen from."""
    given = event.get("multiValueHeaders") or {name: [value] for name, value in (event.get("headers") or {}).items()}
    kept = [
        (name, value)
        for name, values in given.items()
        if name.lower() == "accept" or name.lower().startswith(_PREFIX)
        for value in values
    ]
    return [("content-type", "application/json"), *kept]
