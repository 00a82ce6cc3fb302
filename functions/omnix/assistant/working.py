"""A turn of a conversation: the model is asked, its tools are run, it is asked again, until it has answered.

What a tool may do is not the model's to decide: the caller's role and scopes are looked at with every call, the tenant
is the caller's, and a tool that changes something is written down for the user to confirm and not run.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from omnix import errors, logs
from omnix.assistant.model import ToolCall
from omnix.assistant.request import assistant, tool_result, user
from omnix.http import logger
from omnix.tools import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omnix.assistant.calling import Answer, Caller
    from omnix.assistant.model import Pending
    from omnix.assistant.reading import ToolUse
    from omnix.assistant.request import Asked
    from omnix.tools.tool import Tool

MOST_CALLS = 6
MOST_USES = 8
# Of all results of a turn: each of its calls reads them again.
MOST_RESULT_BYTES = 64 * 1024
TOOL_LIMIT = "tool_limit"
_WAITS = "Nothing has been changed. The user sees this change and confirms or cancels it outside of this conversation."

type Propose = Callable[[Tool[Any], Mapping[str, Any]], Pending]


@dataclass
class Worked:
    """What came of a turn. `text` is the last that the model said; of a turn that was cut short, all that it said."""

    text: str = ""
    stop_reason: str = ""
    model: str = ""
    tools: list[ToolCall] = field(default_factory=list)
    pending: Pending | None = None


class Turning:
    """One turn for one caller."""

    def __init__(self, caller: Caller, propose: Propose) -> None:
        self._caller, self._propose = caller, propose
        self._done = Worked()
        self._read = 0

    def run(self, asked: Asked) -> Worked:
        """Raises as `Caller.ask` does for the first call. Later ones are paid for: what there is then is given."""
        messages = list(asked.messages)
        for left in reversed(range(MOST_CALLS)):
            try:
                answer = self._caller.ask(replace(asked, messages=messages, final=not left))
            except (errors.ApiError, ClientError, BotoCoreError) as error:
                if not self._done.model:
                    raise
                return self._ended(error)
            said = answer.said
            self._heard(answer)
            if said.stop_reason != "tool_use" or not said.tool_uses:
                return self._done
            results = [self._result(use, beyond=at >= MOST_USES) for at, use in enumerate(said.tool_uses)]
            messages += [assistant(*said.blocks()), user(*results)]
        self._done.stop_reason = TOOL_LIMIT
        return self._done

    def _ended(self, error: Exception) -> Worked:
        """The turn is over before its end; the stop reason is the error's code."""
        found = error if isinstance(error, errors.ApiError) else errors.from_aws(error)
        tell = logger.error if isinstance(found, errors.InternalError) else logger.warning
        tell("a turn ended before its end", extra={"reason": found.code, **logs.failure(error)})
        self._caller.in_vain()
        self._done.stop_reason = found.code
        return self._done

    def _heard(self, answer: Answer) -> None:
        self._done.text = answer.said.text or self._done.text
        self._done.stop_reason, self._done.model = answer.said.stop_reason, answer.model.model_id

    def _result(self, use: ToolUse, *, beyond: bool) -> dict[str, Any]:
        call = ToolCall(name=use.name, status="failed", arguments=dict(use.arguments or {}))
        self._done.tools.append(call)
        try:
            if beyond or self._read > MOST_RESULT_BYTES:
                raise errors.ConflictError("Too much was asked of tools in one turn. Answer with what there is.")
            data = self._use(use, call)
        except errors.ApiError as error:
            data = _failed(call, error)
        except (ClientError, BotoCoreError) as error:
            # a service that is away is for the model to tell, whose other tools may have answered
            logger.error("a tool failed", extra={"tool": call.name, **logs.failure(error)})
            data = _failed(call, errors.from_aws(error))
        return tool_result(use.tool_use_id, data)

    def _use(self, use: ToolUse, call: ToolCall) -> dict[str, Any]:
        """Raises ApiError, for the model to read; as AWS does."""
        if use.arguments is None:
            raise errors.ValidationFailedError("The arguments are not a JSON object.")
        tool = registry.find(self._caller.who, use.name)
        if tool.writes:
            return self._proposed(tool, use.arguments, call)
        outcome = registry.call(self._caller.who, tool.name, use.arguments)
        self._read += len(outcome.text.encode())
        call.status = "done"
        return {"data": outcome.data}

    def _proposed(self, tool: Tool[Any], given: Mapping[str, Any], call: ToolCall) -> dict[str, Any]:
        if self._done.pending is not None:
            raise errors.ConflictError("Another change of this turn waits for the user. Propose one at a time.")
        parsed = registry.parse(tool, given)
        arguments = parsed.model_dump(mode="json", exclude_unset=True, exclude={"idempotency_key"})
        self._done.pending = self._propose(tool, arguments)
        call.status, call.arguments = "waiting", arguments
        return {"waiting": _WAITS, "change": tool.title}


def _failed(call: ToolCall, error: errors.ApiError) -> dict[str, Any]:
    call.reason = error.code
    return {"error": error.said()}
