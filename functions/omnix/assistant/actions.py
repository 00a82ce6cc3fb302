"""Changes that a model proposed and a user has not confirmed yet.

A change is written down with what it would do and is done once, by the user that was shown it, within a quarter of an
hour. Its id is a digest of it: an action that does not give that digest any more is not run.

    waiting --> taken --> done, with what its tool answered
       `------> cancelled

A function may die between any two of these, and its answer may be lost: the same word again gets the same answer. What
was taken and not done is run again under the action's id, which its tool does once. A customer's fields alone are set
again, over what somebody wrote to the same ones in between.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omnix import clock, logs
from omnix.assistant import keys
from omnix.assistant.model import Pending
from omnix.dynamodb import ConditionFailedError, transact
from omnix.errors import TROUBLE, ConflictError, NotFoundError
from omnix.http import logger
from omnix.tables import opened
from omnix.tools import registry
from omnix.tools.registry import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.authorisation import Principal
    from omnix.dynamodb import Item, Table
    from omnix.tools.tool import Tool

CONFIRMED_WITHIN_SECONDS = 15 * 60
WAITING, TAKEN, DONE, CANCELLED = "waiting", "taken", "done", "cancelled"


@dataclass(frozen=True)
class Decided:
    """A change after the user's word; `outcome` is None where it is cancelled. `again`: it was over before."""

    tool: Tool[Any]
    arguments: Mapping[str, Any]
    outcome: Outcome | None
    again: bool = False


class Actions:
    """Actions of one environment, each under its tenant, user and conversation."""

    def __init__(self, sessions: Table) -> None:
        self._sessions = sessions

    def propose(self, who: Principal, conversation_id: str, tool: Tool[Any], arguments: Mapping[str, Any]) -> Pending:
        """Write the change down. `arguments` are those that the tool takes. Raises as AWS does."""
        nonce, expires_at = secrets.token_hex(16), clock.epoch_seconds() + CONFIRMED_WITHIN_SECONDS
        text = json.dumps(arguments, sort_keys=True)
        action_id = keys.digest(nonce, tool.name, text)
        pk, sk = key(who, conversation_id, action_id)
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
        """Do the change, or throw it away. The user's rights are looked at again.

        Raises NotFoundError, also for what expired; ConflictError after the other word; as the tool does.
        """
        item = self._found(who, conversation_id, action_id)
        tool, arguments = registry.find(who, item["tool"]), json.loads(item["arguments"])
        before = item["state"]
        if before == WAITING and not self._move(item, TAKEN if accept else CANCELLED):
            item = self._found(who, conversation_id, action_id)  # another word came in between
            before = item["state"]
        if before != WAITING and accept == (before == CANCELLED):
            raise ConflictError(f"This change was {'cancelled' if accept else 'confirmed'} before.")
        if not accept:
            return Decided(tool, arguments, None, again=before == CANCELLED)
        if before == DONE:
            text = item["result"]
            return Decided(tool, arguments, Outcome(tool, json.loads(text), text), again=True)
        outcome = registry.call(who, tool.name, arguments, idempotency_key=action_id)
        self._done(item, outcome)
        return Decided(tool, arguments, outcome)

    def _found(self, who: Principal, conversation_id: str, action_id: str) -> Item:
        item = self._sessions.get(*key(who, conversation_id, action_id))
        if (
            item is None
            or item["expires_at"] <= clock.epoch_seconds()
            or keys.digest(item["nonce"], item["tool"], item["arguments"]) != action_id
        ):
            raise NotFoundError("There is no such change, or it waited too long.")
        return item

    def _move(self, item: Item, state: str) -> bool:
        """Whether the word is the first one. What happens to it can be asked for as long again as it could wait."""
        # the token tells a repeat by botocore, whose first answer was lost, from another word
        by, until = secrets.token_hex(8), clock.epoch_seconds() + CONFIRMED_WITHIN_SECONDS
        changes = {**item, "state": state, "decided_by": by, "expires_at": until}
        put = self._sessions.put(changes, "#state = :waiting OR decided_by = :by", {":waiting": WAITING, ":by": by})
        put["Put"]["ExpressionAttributeNames"] = {"#state": "state"}
        try:
            transact(self._sessions.client, [put])
        except ConditionFailedError:
            return False
        return True

    def _done(self, item: Item, outcome: Outcome) -> None:
        """A change that is done is told also where that cannot be written down."""
        until = clock.epoch_seconds() + CONFIRMED_WITHIN_SECONDS
        changes = {**item, "state": DONE, "result": outcome.text, "expires_at": until}
        try:
            transact(self._sessions.client, [self._sessions.put(changes, "attribute_exists(pk)")])
        except (ConditionFailedError, *TROUBLE) as error:
            logger.error("the result of a change is not kept", extra=logs.failure(error))


def key(who: Principal, conversation_id: str, action_id: str) -> tuple[str, str]:
    """Tenant and user are the caller's own, never the request's."""
    return keys.action(who.tenant_id, who.user_id, conversation_id, action_id)


def actions() -> Actions:
    """The actions of the environment that this process serves."""
    return Actions(opened("sessions"))
