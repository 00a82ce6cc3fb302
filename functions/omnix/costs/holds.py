"""A call under way, written down before money is taken for it, and what is decided of it, once.

The hold is there before the first counter is touched and goes with the last write, so that what a dead function left
half done is found and finished by whoever comes next: `omnix.costs.closing`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from omnix import clock
from omnix.costs import keys
from omnix.costs.counters import patient
from omnix.costs.model import Feature, Outcome, Prices, Reservation, Usage
from omnix.dynamodb import dump_item, load_item
from omnix.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.dynamodb import Item, Table

HELD = "held"
_REFUSED = "ConditionalCheckFailedException"


@dataclass(frozen=True)
class Verdict:
    """How a call ended, and what it cost (nano-dollars). `attempts`: `Guard.lapse`."""

    outcome: Outcome
    reason: str = ""
    usage: Usage = field(default_factory=Usage)
    by_component: Mapping[str, int] = field(default_factory=dict)
    cost: int = 0
    stop_reason: str = ""
    latency_ms: int = 0
    discarded: bool = False
    attempts: int = 0

    def stored(self) -> Item:
        """As attributes of an item."""
        return {
            "reason": self.reason[:200],
            "usage": self.usage.tokens(),
            "by_component": dict(self.by_component),
            "cost": self.cost,
            "stop_reason": self.stop_reason,
            "latency_ms": self.latency_ms,
            "discarded": self.discarded,
            "attempts": self.attempts,
        }

    @classmethod
    def read(cls, outcome: str, stored: Mapping[str, Any]) -> Verdict:
        """Of a hold's `verdict`, or of a call's own attributes."""
        known = {one.name: stored[one.name] for one in fields(cls) if one.name in stored and one.name != "outcome"}
        return cls(Outcome(outcome), **known | {"usage": Usage(**stored["usage"])})


def item(reservation: Reservation) -> Item:
    """The hold as it is put."""
    pk, sk = keys.hold(reservation.reservation_id)
    own = {name.name: getattr(reservation, name.name) for name in fields(reservation)}
    prices = {one.name: getattr(reservation.prices, one.name) for one in fields(reservation.prices)}
    return {
        **own,
        "pk": pk,
        "sk": sk,
        "entity": "ai_hold",
        "feature": reservation.feature.value,
        "prices": prices,
        "lease_ends_at": clock.iso(keys.lease_ends(reservation.reservation_id)),
        "state": HELD,
    }


def reservation(stored: Mapping[str, Any]) -> Reservation:
    """Of a hold or of a call."""
    own = {name.name: stored[name.name] for name in fields(Reservation)}
    return Reservation(**own | {"feature": Feature(stored["feature"]), "prices": Prices(**stored["prices"])})


def put(table: Table, hold: Item) -> None:
    """Write it down. Raises UnavailableError, also for an id that another call has (41 random bits a second)."""
    wire = dump_item(hold)
    try:
        patient(
            lambda: table.client.put_item(
                TableName=table.name,
                Item=wire,
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != _REFUSED:
            raise
        if error.response.get("Item") != wire:  # else it is ours, and its first answer was lost
            raise UnavailableError from None


def decide(table: Table, reservation_id: str, verdict: Verdict) -> tuple[bool, Item | None]:
    """Whether this verdict is the one that counts, and the hold as it is; None where all is over and it is gone."""
    pk, sk = keys.hold(reservation_id)
    by = secrets.token_hex(8)
    try:
        answer = patient(
            lambda: table.client.update_item(
                TableName=table.name,
                Key=dump_item({"pk": pk, "sk": sk}),
                UpdateExpression="SET #state = :outcome, verdict = :verdict, decided_by = :by, ended_at = :now",
                ConditionExpression="#state = :held",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=dump_item(
                    {
                        ":outcome": verdict.outcome.value,
                        ":verdict": verdict.stored(),
                        ":by": by,
                        ":now": clock.iso(clock.epoch_seconds()),
                        ":held": HELD,
                    }
                ),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != _REFUSED:
            raise
        there: Any = error.response.get("Item")
        if not there:
            return False, None
        found = load_item(there)
        return found.get("decided_by") == by, found
    return True, load_item(answer["Attributes"])


def delete(table: Table, reservation_id: str) -> None:
    """Take it away: nothing was taken for it, or all of it was given back."""
    pk, sk = keys.hold(reservation_id)
    patient(lambda: table.client.delete_item(TableName=table.name, Key=dump_item({"pk": pk, "sk": sk})))
