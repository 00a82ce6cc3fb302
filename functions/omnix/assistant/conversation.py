"""What is remembered of a conversation: the last turns as text, for a week after the last of them.

Tools' results are not remembered: they are records of others, out of date a moment later, and paid for again with
every turn. Where they are needed they are looked up.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omnix import clock
from omnix.assistant import keys
from omnix.assistant.model import Conversation, Turn
from omnix.assistant.request import assistant, user
from omnix.dynamodb import ConditionFailedError, transact
from omnix.errors import NotFoundError, UnavailableError
from omnix.tables import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omnix.assistant.request import Message
    from omnix.authorisation import Principal
    from omnix.dynamodb import Item, Table

KEPT_SECONDS = 7 * 24 * 3600
MOST_TURNS = 20
# Of the turns' texts: some 8000 tokens that every further turn pays for, and far from an item's 400 KB.
MOST_BYTES = 32 * 1024
_ATTEMPTS = 4


@dataclass(frozen=True)
class Memory:
    """A conversation as it is stored; `version` 0: nothing is."""

    conversation_id: str
    created_at: str
    version: int
    turns: Sequence[Turn]

    def messages(self) -> list[Message]:
        """The turns as a model is told them, the oldest first."""
        return [
            made for turn in self.turns for made in (user({"text": turn.message}), assistant({"text": turn.answer}))
        ]


class Conversations:
    """Conversations of one environment. Each lies under its tenant and its user: nobody else's can be named."""

    def __init__(self, sessions: Table) -> None:
        self._sessions = sessions

    def begin(self) -> Memory:
        """A new one, of which nothing is stored."""
        return Memory(secrets.token_hex(16), clock.iso_now(), 0, ())

    def get(self, who: Principal, conversation_id: str) -> Memory:
        """Raises NotFoundError, also for what expired and is not gone yet."""
        return _memory(self._found(who, conversation_id))

    def read(self, who: Principal, conversation_id: str) -> Conversation:
        """As the contract shows it. Raises NotFoundError."""
        item = self._found(who, conversation_id)
        return Conversation(
            conversation_id=conversation_id,
            created_at=item["created_at"],
            updated_at=item["updated_at"],
            expires_at=clock.iso(item["expires_at"]),
            turns=list(_memory(item).turns),
        )

    def add(self, who: Principal, memory: Memory, turn: Turn) -> None:
        """Remember one more turn, after those that came in between. One that was deleted meanwhile stays so.

        Raises UnavailableError.
        """
        for _ in range(_ATTEMPTS):
            try:
                transact(self._sessions.client, [self._put(who, memory, turn)])
            except ConditionFailedError:
                found = self._item(who, memory.conversation_id)
                if found is None:
                    return
                if turn.model_dump() in found["turns"]:
                    return  # ours, whose answer was lost
                memory = _memory(found)
            else:
                return
        raise UnavailableError

    def delete(self, who: Principal, conversation_id: str) -> None:
        """Raises NotFoundError."""
        pk, sk = key(who, conversation_id)
        try:
            transact(self._sessions.client, [self._sessions.delete(pk, sk, "attribute_exists(pk)")])
        except ConditionFailedError:
            raise NotFoundError("There is no such conversation.") from None

    def _found(self, who: Principal, conversation_id: str) -> Item:
        item = self._item(who, conversation_id)
        if item is None:
            raise NotFoundError("There is no such conversation.")
        return item

    def _item(self, who: Principal, conversation_id: str) -> Item | None:
        item = self._sessions.get(*key(who, conversation_id))
        return item if item is not None and item["expires_at"] > clock.epoch_seconds() else None

    def _put(self, who: Principal, memory: Memory, turn: Turn) -> dict[str, Any]:
        pk, sk = key(who, memory.conversation_id)
        item = {
            "pk": pk,
            "sk": sk,
            "entity": "conversation",
            "conversation_id": memory.conversation_id,
            "user_id": who.user_id,
            "created_at": memory.created_at,
            "updated_at": turn.at,
            "version": memory.version + 1,
            "turns": [one.model_dump() for one in bounded([*memory.turns, turn])],
            "expires_at": clock.epoch_seconds() + KEPT_SECONDS,
        }
        if memory.version == 0:
            return self._sessions.put(item, "attribute_not_exists(pk)")
        return self._sessions.put(item, "version = :version", {":version": memory.version})


def key(who: Principal, conversation_id: str) -> tuple[str, str]:
    """Tenant and user are the caller's own, never the request's."""
    return keys.conversation(who.tenant_id, who.user_id, conversation_id)


def bounded(turns: Sequence[Turn]) -> list[Turn]:
    """The last turns that fit, and the very last in any case."""
    kept: list[Turn] = []
    size = 0
    for turn in reversed(turns[-MOST_TURNS:]):
        size += len(turn.message.encode()) + len(turn.answer.encode())
        if kept and size > MOST_BYTES:
            break
        kept.append(turn)
    return kept[::-1]


def _memory(item: Item) -> Memory:
    turns = [Turn.model_validate(turn) for turn in item["turns"]]
    return Memory(item["conversation_id"], item["created_at"], item["version"], turns)


def conversations() -> Conversations:
    """The conversations of the environment that this process serves."""
    return Conversations(opened("sessions"))
