"""`Idempotency-Key`: one creation, or step of an order, per caller, route and key in 24 hours.

The record of a key lies in the table `sessions` and is written in the transaction that creates, so that a key is never
half used: there is the record and what it made, or neither. Work that is more than one transaction (an import) claims
its key first: while the claim lasts, the same key is 409.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

from aws_lambda_powertools.event_handler.openapi.params import Header

from omnix import clock
from omnix.dynamodb import ConditionFailedError, transact
from omnix.errors import ConflictError, ValidationFailedError

if TYPE_CHECKING:
    from omnix.authorisation import Principal
    from omnix.dynamodb import Item, Table

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]*$",  # other bytes reach a function as one replacement character: keys would collide
        description="Chosen by the caller; the same key with the same body is done once in 24 hours.",
    ),
]

REPLAYED = {"Idempotency-Replayed": "true"}
RECORD_SECONDS = 24 * 3600
# Longer than a function may run: a claim whose holder died is free again.
CLAIM_SECONDS = 60
# TTL deletes up to days late: an expired key is free before it is gone.
_FREE = "attribute_not_exists(pk) OR expires_at < :now"


class AlreadyDoneError(Exception):
    """The idempotency key has been used; `made` is the id of what it made."""

    def __init__(self, made: str) -> None:
        super().__init__(made)
        self.made = made


@dataclass(frozen=True)
class Once:
    """A creation that must happen once: its key in `sessions` and what it was asked for."""

    pk: str
    sk: str
    payload_hash: str

    @classmethod
    def of(cls, caller: Principal, route: str, key: str, payload: bytes) -> Self:
        """Caller, route and payload: nobody meets another caller's key, and one key never stands for two requests.

        `route` is method and path template (`POST /products`). The key is hashed, for callers put anything into it.
        """
        digest = hashlib.sha256(key.encode()).hexdigest()
        pk = f"TENANT#{caller.tenant_id}#IDEMPOTENCY"
        return cls(pk, f"{route}#{caller.user_id}#{digest}", payload_hash(key, payload))

    def record(self, sessions: Table, reference: str) -> dict[str, Any]:
        """A Put for the transaction that creates `reference` (an id); its condition fails when the key was used."""
        return sessions.put(self._item(reference, RECORD_SECONDS), _FREE, {":now": clock.epoch_seconds()})

    def earlier(self, sessions: Table) -> str | None:
        """What the key made before; None when it is free.

        Raises ValidationFailedError when it was used for another payload, ConflictError while its work is under way.
        """
        item = sessions.get(self.pk, self.sk)
        if item is None or item["expires_at"] < clock.epoch_seconds():
            return None
        if item["payload_hash"] != self.payload_hash:
            raise reused()
        if not item["reference"]:
            raise ConflictError("A request with this Idempotency-Key is being worked on. Ask again for its answer.")
        return str(item["reference"])

    def claim(self, sessions: Table) -> str | None:
        """None when the key is ours for a minute, else the answer that an earlier request was given (`answer`).

        Raises ConflictError while another request with the key is under way, ValidationFailedError for another payload.
        """
        try:
            put = sessions.put(self._item("", CLAIM_SECONDS), _FREE, {":now": clock.epoch_seconds()})
            transact(sessions.client, [put])
        except ConditionFailedError:
            earlier = self.earlier(sessions)
            if earlier is None:  # it ended between our two calls
                raise ConflictError("A request with this Idempotency-Key has just failed. Try again.") from None
            return earlier
        return None

    def answer(self, sessions: Table, answer: str) -> None:
        """The claimed work is done: `answer` is given to whoever sends the key again."""
        transact(sessions.client, [sessions.put(self._item(answer, RECORD_SECONDS))])

    def abandon(self, sessions: Table) -> None:
        """The claimed work failed as a whole: the key is free."""
        transact(sessions.client, [sessions.put(self._item("", -1))])

    def _item(self, reference: str, seconds: int) -> Item:
        return {
            "pk": self.pk,
            "sk": self.sk,
            "entity": "idempotency",
            "reference": reference,
            "payload_hash": self.payload_hash,
            "expires_at": clock.epoch_seconds() + seconds,
        }


def payload_hash(key: str, payload: bytes) -> str:
    """What a key was sent for, to compare: an HMAC keyed by the key, which is stored nowhere.

    A plain hash of somebody's profile would confirm guesses in backups when the profile has long been erased.
    """
    return hmac.digest(key.encode(), payload, hashlib.sha256).hex()


def reused() -> ValidationFailedError:
    """The draft "The Idempotency-Key HTTP Header Field" (IETF httpapi), 2.7: another payload is 422."""
    return ValidationFailedError(
        "This Idempotency-Key was used for another request.",
        [{"location": "header.Idempotency-Key", "reason": "reused", "message": "choose another key"}],
    )
