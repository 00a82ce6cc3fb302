"""Where a request's cache points stand: what is sent again soon is written down by the model once, and read then.

A token that is written costs 1.25 of one that is not, one that is read 0.1 (Claude; Nova writes for free). So a write
pays where it is read within its five minutes in more than 0.25 / 0.9, some 28 of a hundred, of the cases:

- behind the system prompt, which with the tools before it is the same for everybody: whoever chats next reads it;
- behind what the user says: the round after a tool's call reads it, which most questions need, and so does the next
  turn, for turns are remembered as they were said;
- behind tools' results: only the rounds after them read those, for results are not remembered. The last round that a
  turn can have writes none.

A point where one was before is how the model finds what it has: Nova looks nowhere else, Claude up to 20 blocks before
a point, which many results at once can pass. So the last two messages of the user's have one each: three in all, of
four that a request may have. What is shorter than the model's least (Claude Haiku 4.5: 4096 tokens, tools and system
among them) is not written and costs nothing more; the chat's prompt and tools are longer (a test says so).
Insights are one call on figures of their own: they have no tools, and no point.
Sources: Bedrock user guide, "Prompt caching for faster model inference"; aws-samples/bedrock-engineer, pull request 71:
Nova refuses a point that comes right after a tool's result.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omnix.costs.model import Model

# Five minutes: the guard's worst case knows no price of an hour.
POINT = {"cachePoint": {"type": "default"}}
_MESSAGES = 2
_CLAUDE = "anthropic."


def pointed(messages: Sequence[dict[str, Any]], model: Model, *, final: bool) -> list[dict[str, Any]]:
    """The messages, with a point behind the last two of the user's; `final`: the last one is read by no other round."""
    theirs = [at for at, message in enumerate(messages) if message["role"] == "user"]
    wanted = theirs[:-1] if final else theirs
    places = set(islice((at for at in reversed(wanted) if _takes(model, messages[at])), _MESSAGES))
    return [
        {**message, "content": [*message["content"], POINT]} if at in places else message
        for at, message in enumerate(messages)
    ]


def _takes(model: Model, message: dict[str, Any]) -> bool:
    return _CLAUDE in model.foundation or "toolResult" not in message["content"][-1]
