"""Reads a ConverseStream answer to its end, or to the end of the time that there is for it.

The answer is read as it comes although it is handed on whole: the time to its first token can be measured so, and a
model that is too slow is left in time, with what it has said.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.compat import set_socket_timeout

from omnix import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CUT_OFF = "cut_off"
# Between two events of an answer that has begun.
STALL_SECONDS = 5.0
STAND_IN_HEADER = "x-localcloud-stand-in"
# Bedrock API reference, ToolUseBlock: a name beyond that is refused when it goes back, and a model may make one up.
_NOT_A_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_NAME_LENGTH = 64
# Levels of a tool's arguments. No tool has more than three; pydantic writes no more than 255, botocore some 900.
_DEEPEST = 32


@dataclass(frozen=True)
class ToolUse:
    """A tool that the model calls, by a name that may go back to it; `arguments` is None where what it wrote is no JSON
    object, or one that nobody would write.
    """

    tool_use_id: str
    name: str
    arguments: Mapping[str, Any] | None


@dataclass
class Said:
    """An answer as far as it was read. `usage` is None until the service has said it: then nobody knows the cost.

    `model_ms` is the wait for the model in all, `first_token_ms` for its first token; None without one.
    """

    texts: dict[int, str] = field(default_factory=dict)
    tool_uses: list[ToolUse] = field(default_factory=list)
    stop_reason: str = ""
    usage: Mapping[str, Any] | None = None
    model_ms: int = 0
    first_token_ms: int | None = None
    began: bool = False
    stand_in: bool = False

    @property
    def text(self) -> str:
        """What is said, without outer space."""
        return "\n".join(part.strip() for part in self._parts())

    def blocks(self) -> list[dict[str, Any]]:
        """As content of a message of the model's; blank texts are left out, which the service refuses."""
        texts: list[dict[str, Any]] = [{"text": part} for part in self._parts()]
        return texts + [
            {"toolUse": {"toolUseId": use.tool_use_id, "name": use.name, "input": dict(use.arguments or {})}}
            for use in self.tool_uses
        ]

    def _parts(self) -> list[str]:
        return [_written(part) for _, part in sorted(self.texts.items()) if part.strip()]


class Reader:
    """Reads one answer into `said`, which keeps what was read when reading ends with an exception."""

    def __init__(self, started: float, cut_off_at: float) -> None:
        self.said = Said()
        self._started, self._cut_off_at = started, cut_off_at
        self._open: dict[int, dict[str, str]] = {}

    def read(self, answer: Mapping[str, Any]) -> Said:
        """The whole answer, or with `stop_reason` CUT_OFF what there was in time. Raises as the stream does."""
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        self.said.stand_in = STAND_IN_HEADER in headers
        stream = answer["stream"]
        try:
            self._events(stream)
        finally:
            self.said.model_ms = round((clock.monotonic() - self._started) * 1000)
            with contextlib.suppress(Exception):
                # unread, a connection is of no use to the next call
                stream.close()
        return self.said

    def _events(self, stream: Iterable[Mapping[str, Any]]) -> None:
        self._wait_no_longer(stream)
        for event in stream:
            self._event(event)
            if self.said.usage is not None:
                return
            if clock.monotonic() >= self._cut_off_at:
                self.said.stop_reason = self.said.stop_reason or CUT_OFF
                return
            self._wait_no_longer(stream)

    def _wait_no_longer(self, stream: Any) -> None:
        """The socket's time-out bounds the silence between two events; the last bytes' socket may be closed already."""
        left = max(self._cut_off_at - clock.monotonic(), 0.001)
        with contextlib.suppress(AttributeError):
            set_socket_timeout(stream._raw_stream, min(STALL_SECONDS, left) if self.said.began else left)

    def _event(self, event: Mapping[str, Any]) -> None:
        ((kind, content),) = event.items()
        match kind:
            case "messageStart":
                self.said.began = True
            case "contentBlockStart" if "toolUse" in content["start"]:
                self._open[content["contentBlockIndex"]] = {**content["start"]["toolUse"], "input": ""}
            case "contentBlockDelta":
                self._delta(content["contentBlockIndex"], content["delta"])
            case "contentBlockStop":
                self._close(content["contentBlockIndex"])
            case "messageStop":
                self.said.stop_reason = content["stopReason"]
            case "metadata":
                self.said.usage = content["usage"]

    def _delta(self, at: int, delta: Mapping[str, Any]) -> None:
        if self.said.first_token_ms is None:
            self.said.first_token_ms = round((clock.monotonic() - self._started) * 1000)
        if "text" in delta:
            self.said.texts[at] = self.said.texts.get(at, "") + delta["text"]
        elif "toolUse" in delta and at in self._open:
            self._open[at]["input"] += delta["toolUse"].get("input", "")

    def _close(self, at: int) -> None:
        use = self._open.pop(at, None)
        if use is not None:
            self.said.tool_uses.append(ToolUse(use["toolUseId"], _name(use["name"]), _arguments(use["input"])))


def _written(text: str) -> str:
    """The text as UTF-8 can have it: halves of a character that came apart are one again, a lone half is U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _name(text: str) -> str:
    """No tool has a hyphen in its name: what was none does not become one."""
    return _NOT_A_NAME.sub("-", text)[:_NAME_LENGTH] or "-"


def _arguments(text: str) -> Mapping[str, Any] | None:
    """A tool without arguments may have no text at all."""
    try:
        found = json.loads(text or "{}")
        json.dumps(found, ensure_ascii=False).encode()  # a lone surrogate is none that UTF-8 has
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and not _deeper(found, _DEEPEST) else None


def _deeper(value: Any, levels: int) -> bool:
    """Whether there are more levels of objects and lists than that."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(part, (dict, list)) and (levels == 1 or _deeper(part, levels - 1)) for part in parts)
