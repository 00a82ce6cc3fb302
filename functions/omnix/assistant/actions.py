"""Changes that a model proposed and a user has not confirmed yet.

A change is written down with what it would do and is done once, by the user that was shown it, within a quarter of an
hour. Its id is a digest of it: an action that does not give that digest any more is not run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from omnix import clock
from omnix.assistant.conversation import key
from omnix.assistant.model import Pending
from omnix.dynamodb import ConditionFailedError, transact
from omnix.errors import ConflictError, NotFoundError, UnavailableError
from omnix.tables import opened
from omnix.tools import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.authorisation import Principal
    from omnix.dynamodb import Item, Table
    from omnix.tools.registry import Outcome
    from omnix.tools.tool import Tool

CONFIRMED_WITHIN_SECONDS = 15 * 60
WAITING, TAKEN, CANCELLED = "waiting", "taken", "cancelled"


@dataclass(frozen=True)
class Decided:
    """A change after the user's word; `outcome` is None where it is cancelled."""

    tool: Tool[Any]
    arguments: Mapping[str, Any]
    outcome: Outcome | None


class Actions:
    """Actions of one environment, each under its tenant, user and conversation."""

    def __init__(self, sessions: Table) -> None:
        self._sessions = sessions

    def propose(self, who: Principal, conversation_id: str, tool: Tool[Any], arguments: Mapping[str, Any]) -> Pending:
        """Write the change down. `arguments` are those that the tool takes. Raises as AWS does."""
        nonce, expires_at = secrets.token_hex(16), clock.epoch_seconds() + CONFIRMED_WITHIN_SECONDS
        text = json.dumps(arguments, sort_keys=True)
        action_id = digest(nonce, tool.name, text)
        pk, sk = _key(who, conversation_id, action_id)
        item: Item = {
            "pk": pk,
            "sk": sk,
            "entity": "assistant_action",
            "state": WAITING,
            "tool": tool.name,
            "arguments": text,
            "nonce": nonce,
            "expires_at": expires_at,
        }
        transact(self._sessions.client, [self._sessions.put(item)])
        return Pending(
            action_id=action_id,
            tool=tool.name,
            title=tool.title,
            arguments=dict(arguments),
            expires_at=clock.iso(expires_at),
        )

    def decide(self, who: Principal, conversation_id: str, action_id: str, *, accept: bool) -> Decided:
        """Do the change, or throw it away; either way it is over. The user's rights are looked at again.

        Raises NotFoundError, also for what expired; ConflictError for what was decided before; as the tool does.
        """
        pk, sk = _key(who, conversation_id, action_id)
        item = self._sessions.get(pk, sk)
        if item is None or item["expires_at"] <= clock.epoch_seconds():
            raise NotFoundError("There is no such change, or it waited too long.")
        if digest(item["nonce"], item["tool"], item["arguments"]) != action_id:
            raise NotFoundError("There is no such change, or it waited too long.")
        tool, arguments = registry.find(who, item["tool"]), json.loads(item["arguments"])
        state = TAKEN if accept else CANCELLED
        # the token tells a repeat by botocore, whose first answer was lost, from another confirmation
        by = secrets.token_hex(8)
        changes = {**item, "state": state, "decided_by": by}
        condition = "#state = :waiting OR decided_by = :by"
        put = self._sessions.put(changes, condition, {":waiting": WAITING, ":by": by})
        put["Put"]["ExpressionAttributeNames"] = {"#state": "state"}
        try:
            transact(self._sessions.client, [put])
        except ConditionFailedError:
            raise ConflictError("This change was confirmed or cancelled before.") from None
        if not accept:
            return Decided(tool, arguments, None)
        try:
            return Decided(tool, arguments, registry.call(who, tool.name, arguments, idempotency_key=action_id))
        except (UnavailableError, ClientError, BotoCoreError):
            self._wait_again(item, by)
            raise

    def _wait_again(self, item: Item, by: str) -> None:
        """A service was away: the user may confirm again, for the action's id does the change once in any case."""
        put = self._sessions.put(item, "decided_by = :by", {":by": by})
        with contextlib.suppress(ConditionFailedError, UnavailableError, ClientError, BotoCoreError):
            transact(self._sessions.client, [put])


def digest(nonce: str, tool: str, arguments: str) -> str:
    """The id of a change: 128 bits of what it would do, and of chance."""
    return hashlib.sha256("\n".join((nonce, tool, arguments)).encode()).hexdigest()[:32]


def _key(who: Principal, conversation_id: str, action_id: str) -> tuple[str, str]:
    pk, sk = key(who, conversation_id)
    return pk, f"{sk}#ACTION#{action_id}"


def actions() -> Actions:
    """The actions of the environment that this process serves."""
    return Actions(opened("sessions"))
