"""An answer as ConverseStream sends it: events in their order, each in a frame of its own.

messageStart, then for each content block contentBlockStart (of tools only, as the service does), contentBlockDelta…,
contentBlockStop; messageStop, metadata. Source: Bedrock API reference, "ConverseStream"; Smithy, "Amazon Event Stream".
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.core.eventstream import EventStreamEncoder

from localcloud.bedrock import tokens
from localcloud.bedrock.refused import MESSAGE
from localcloud.bedrock.reply import Reply

_DELTA = 16  # bytes of a text or of a tool's arguments in one event

type Event = tuple[str, Mapping[str, Any]]


def frame(event: Event, kind: str = "event") -> bytes:
    """One event, or one exception of the stream."""
    name, payload = event
    headers = {f":{kind}-type": name, ":content-type": "application/json", ":message-type": kind}
    return EventStreamEncoder().encode_message(headers, json.dumps(payload, ensure_ascii=False).encode())


def frames(reply: Reply, metadata: Callable[[], Mapping[str, Any]], token_seconds: float) -> Iterator[bytes]:
    """The whole answer; it waits as the model would. `broken`: it ends with an exception where half of it is said."""
    deltas = [event for at, block in enumerate(reply.content) for event in _block(at, block)]
    middle = len(deltas) // 2
    yield frame(("messageStart", {"role": "assistant"}))
    for at, event in enumerate(deltas):
        if at == middle:
            time.sleep(reply.stall)
            if reply.broken:
                name = reply.broken[0].lower() + reply.broken[1:]
                yield frame((name, {"message": MESSAGE[reply.broken]}), "exception")
                return
        if event[0] == "contentBlockDelta" and token_seconds:
            time.sleep(token_seconds * _DELTA / 4)
        yield frame(event)
    yield frame(("messageStop", {"stopReason": reply.stop_reason}))
    yield frame(("metadata", metadata()))


def _block(at: int, block: Mapping[str, Any]) -> Iterator[Event]:
    place = {"contentBlockIndex": at}
    if use := block.get("toolUse"):
        start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
        yield "contentBlockStart", {"start": start, **place}
        deltas: list[Mapping[str, Any]] = [
            {"toolUse": {"input": piece}} for piece in _pieces(tokens.canonical(use["input"]))
        ]
    else:
        deltas = [{"text": piece} for piece in _pieces(block["text"])]
    for delta in deltas:
        yield "contentBlockDelta", {"delta": delta, **place}
    yield "contentBlockStop", place


def _pieces(text: str) -> Iterator[str]:
    return (text[start : start + _DELTA] for start in range(0, len(text), _DELTA))
