"""Chat: a message and what the model makes of it, or the user's word on a change that waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omnix import clock, logs
from omnix.assistant.actions import Actions, actions
from omnix.assistant.callers import caller, guardrail
from omnix.assistant.calling import Bill
from omnix.assistant.conversation import Conversations, conversations
from omnix.assistant.model import ChatAnswer, Timing, ToolCall, Turn
from omnix.assistant.prompt import prompt
from omnix.assistant.request import Asked, user
from omnix.assistant.working import TOOL_LIMIT, Turning, Worked
from omnix.authorisation import PEOPLE
from omnix.costs.model import Feature
from omnix.costs.usage import money
from omnix.costs.usage_model import Tokens
from omnix.errors import TROUBLE, InternalError, LimitReachedError, UnavailableError, ValidationFailedError
from omnix.http import logger
from omnix.tools import registry

if TYPE_CHECKING:
    from omnix.assistant.conversation import Memory
    from omnix.assistant.model import ChatInput, Confirmation, Conversation
    from omnix.authorisation import Principal

CONFIRMED, CANCELLED = "confirmed", "cancelled"
_REFUSED = frozenset({"guardrail_intervened", "content_filtered"})
# A blocked text would have every further turn blocked.
_BLOCKED = "(This message was blocked.)"
_NOTHING = {
    TOOL_LIMIT: "I could not finish this within the steps that a turn has. Ask for less at once.",
    "max_tokens": "The answer did not fit.",
}
_NO_TEXT = "The model gave no answer."
# Of a turn that ended on an error after it had begun: said after what the model had said.
_ENDED = {
    LimitReachedError.code: "This answer is not whole: a limit of what AI may cost is reached.",
    UnavailableError.code: "This answer is not whole: no model answered in time. Try again in a moment.",
    ValidationFailedError.code: "This answer is not whole: what was looked up is more than the model can read.",
    InternalError.code: "This answer is not whole: something went wrong.",
}


class Chat:
    """The chat of one environment. It is for people: a device has no questions."""

    def __init__(self, memories: Conversations, changes: Actions) -> None:
        self._memories, self._changes = memories, changes

    def answer(self, who: Principal, asked: ChatInput, request_id: str) -> ChatAnswer:
        """Forbidden, not found, limit reached, model not allowed, price missing, unavailable; of a confirmation also
        what its tool says (conflict).
        """
        who.require(PEOPLE)
        started = clock.monotonic()
        given = asked.conversation_id
        memory = self._memories.get(who, given) if given else self._memories.begin()
        if asked.confirm:
            return self._decided(who, memory, asked.confirm, started)
        tools = registry.allowed(who)
        calls = caller(who, Feature.CHAT, prompt("chat"), request_id, asked.model, tools=bool(tools))
        turning = Turning(calls, lambda tool, found: self._changes.propose(who, memory.conversation_id, tool, found))
        worked = turning.run(
            Asked(
                system=prompt("chat").text,
                context=_context(who),
                messages=[*memory.messages(), user({"text": asked.message})],
                tools=tools,
                guardrail=guardrail(),
            )
        )
        text = _text(worked)
        message = _BLOCKED if worked.stop_reason in _REFUSED else asked.message
        self._remember(who, memory, message, text)
        return _answer(memory, text, worked, calls.bill, started)

    def conversation(self, who: Principal, conversation_id: str) -> Conversation:
        """Forbidden; not found."""
        who.require(PEOPLE)
        return self._memories.read(who, conversation_id)

    def forget(self, who: Principal, conversation_id: str) -> None:
        """Forbidden; not found. Changes that wait in it can no more be confirmed."""
        who.require(PEOPLE)
        self._memories.delete(who, conversation_id)

    def _decided(self, who: Principal, memory: Memory, word: Confirmation, started: float) -> ChatAnswer:
        """No model is asked: what was done is what the tool says, and costs nothing to say."""
        decided = self._changes.decide(who, memory.conversation_id, word.action_id, accept=word.accept)
        done = decided.outcome is not None
        title = decided.tool.title
        text = f"Done: {title}." if done else f"Cancelled: {title}. Nothing was changed."
        if not decided.again:
            self._remember(who, memory, f"({'Confirmed' if done else 'Cancelled'}: {title})", text)
        call = ToolCall(
            name=decided.tool.name, status="done" if done else "cancelled", arguments=dict(decided.arguments)
        )
        worked = Worked(stop_reason=CONFIRMED if done else CANCELLED, tools=[call])
        result = decided.outcome.data if decided.outcome else None
        return _answer(memory, text, worked, Bill(), started, result)

    def _remember(self, who: Principal, memory: Memory, message: str, answer: str) -> None:
        """An answer that is paid for, and a change that is done, are told also where they cannot be remembered."""
        try:
            self._memories.add(who, memory, Turn(at=clock.iso_now(), message=message, answer=answer))
        except TROUBLE as error:
            logger.error("a turn is not remembered", extra=logs.failure(error))


def _text(worked: Worked) -> str:
    ended = _ENDED.get(worked.stop_reason)
    if ended:
        return "\n\n".join(filter(None, (worked.text, ended)))
    return worked.text or _NOTHING.get(worked.stop_reason, _NO_TEXT)


def _context(who: Principal) -> str:
    return f"Today is {clock.iso_now()[:10]} (UTC). The user's role in the shop is {who.role.value}."


def _answer(
    memory: Memory, text: str, worked: Worked, bill: Bill, started: float, result: dict[str, Any] | None = None
) -> ChatAnswer:
    return ChatAnswer(
        conversation_id=memory.conversation_id,
        answer=text,
        stop_reason=worked.stop_reason,
        model=worked.model or None,
        usage=Tokens(**bill.usage.tokens()),
        cost=money(bill.cost),
        tools=worked.tools,
        pending=worked.pending,
        result=result,
        timing=timing(bill, started),
        stand_in=bill.stand_in,
    )


def timing(bill: Bill, started: float) -> Timing:
    """Of a piece of work that began then."""
    total = round((clock.monotonic() - started) * 1000)
    return Timing(total_ms=total, model_ms=min(bill.model_ms, total), first_token_ms=bill.first_token_ms)


def chat() -> Chat:
    """The chat of the environment that this process serves."""
    return Chat(conversations(), actions())
