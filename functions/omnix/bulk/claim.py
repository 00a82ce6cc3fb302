"""`Idempotency-Key` for work of many transactions: claimed before the first, answered after the last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix import clock
from omnix.dynamodb import ConditionFailedError, transact
from omnix.errors import ConflictError

if TYPE_CHECKING:
    from omnix.dynamodb import Item, Table
    from omnix.idempotency import Once

# Longer than a function may run: a claim whose holder died is free again.
CLAIM_SECONDS = 60
_KEPT_SECONDS = 24 * 3600
_FREE = "attribute_not_exists(pk) OR expires_at < :now"


def claimed(sessions: Table, once: Once) -> str | None:
    """None when the key is ours now, else the answer that an earlier request was given.

    Raises ConflictError while another request with the key is under way, ValidationFailedError for another payload.
    """
    try:
        put = sessions.put(_item(once, "", CLAIM_SECONDS), _FREE, {":now": clock.epoch_seconds()})
        transact(sessions.client, [put])
    except ConditionFailedError:
        earlier = once.earlier(sessions)
        if earlier is None:  # it ended between our two calls
            raise ConflictError("A request with this Idempotency-Key has just failed. Try again.") from None
        return earlier
    return None


def answered(sessions: Table, once: Once, answer: str) -> None:
    """The work is done: `answer` is given to whoever sends the key again."""
    transact(sessions.client, [sessions.put(_item(once, answer, _KEPT_SECONDS))])


def abandoned(sessions: Table, once: Once) -> None:
    """The work failed as a whole: the key is free."""
    transact(sessions.client, [sessions.put(_item(once, "", -1))])


def _item(once: Once, reference: str, seconds: int) -> Item:
    return {
        "pk": once.pk,
        "sk": once.sk,
        "entity": "idempotency",
        "reference": reference,
        "payload_hash": once.payload_hash,
        "expires_at": clock.epoch_seconds() + seconds,
    }
