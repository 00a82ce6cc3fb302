"""Ends calls: applies what was decided to the counters and to the ledger, and decides where a function died.

Each step is done once however often it is tried, and they may stop between any two: the hold says what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omnix import clock
from omnix.costs import counters, holds, keys, ledger, limits, metrics
from omnix.costs.holds import HELD, Verdict
from omnix.costs.model import Outcome, Reservation, Settled
from omnix.dynamodb import ConditionFailedError, transact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.costs.keys import Key, Mark
    from omnix.costs.model import Usage
    from omnix.dynamodb import Item, Table

CALLS_KEPT_SECONDS = 35 * 24 * 3600
NEVER_TAKEN = "the function ended before the money was kept: no model was called"
DIED = "the function ended without saying what the model did"

_GONE, _KNOWN = 0, 1  # places in the last transaction


def finish(table: Table, hold: Item) -> None:
    """Apply a decided hold: tenant's item, environment's item, then the ledger, the call and the hold together."""
    reserved, verdict = holds.reservation(hold), Verdict.read(hold["state"], hold["verdict"])
    difference = verdict.cost - reserved.amount
    mark = mark_of(reserved)
    counters.give(
        table,
        keys.tenant(reserved.tenant_id, reserved.day),
        mark.name,
        limits.attributes(None, reserved.day),
        difference,
    )
    counters.give(
        table,
        keys.environment(reserved.day),
        mark.name,
        limits.attributes(reserved.feature, reserved.day),
        difference,
    )
    actions = [
        table.delete(hold["pk"], hold["sk"], "attribute_exists(pk)"),
        table.put(_call(reserved, verdict, hold), "attribute_not_exists(pk)"),
        *_ledger(table, reserved, ledger.counted(verdict, reserved.amount)),
    ]
    try:
        transact(table.client, actions)
    except ConditionFailedError as failure:
        if failure.failed == (_KNOWN,):
            # a write of the hold that came late: the call ended before it, and nothing was taken since
            holds.delete(table, reserved.reservation_id)


def close(table: Table, hold: Item) -> bool:
    """End a hold whose lease is over, as its owner decided or, where it died, in full; whether there was one to end."""
    if hold["state"] == HELD:
        if keys.lease_ends(hold["sk"]) >= clock.epoch_seconds():
            return False
        reserved = holds.reservation(hold)
        ours, decided = holds.decide(table, reserved.reservation_id, _of_dead(table, reserved))
        if decided is None:
            return False
        if ours and decided["state"] == Outcome.LAPSED:
            metrics.happened(metrics.LAPSED, who(reserved), reserved.amount)
        hold = decided
    finish(table, hold)
    return True


def tidy(table: Table, key: Key, name: str, mark: Mark, amount: int) -> bool:
    """End the call of a mark whose lease is over. Without a hold nothing was called on it: a write that came late."""
    hold = table.get(*keys.hold(mark.reservation_id))
    if hold is not None:
        return close(table, hold)
    day = (key[0] if key[1] == keys.ENVIRONMENT else key[1]).removeprefix(keys.LIMITS) + f"-{mark.day}"
    feature = mark.feature if key[1] == keys.ENVIRONMENT else None
    return counters.give(table, key, name, limits.attributes(feature, day), -amount)


def correct(table: Table, tenant_id: str, day: str, reservation_id: str, usage: Usage, **said: Any) -> Settled | None:
    """Put right a call that lapsed, or was taken for one that never was, now that its usage is known.

    A usage of nothing says that the model was not called. `said`: stop_reason, latency_ms, reason. One transaction on
    both limits items, for it is rare. None where there is no such call or it needs no correction.
    Raises UnavailableError.
    """
    key = keys.call(tenant_id, day, reservation_id)
    call = table.get(*key)
    if call is None or call["outcome"] not in {Outcome.LAPSED, Outcome.RELEASED}:
        return None
    reserved, before = holds.reservation(call), Verdict.read(call["outcome"], call)
    by_component = reserved.prices.by_component(usage)
    after = Verdict(Outcome.CORRECTED, usage=usage, by_component=by_component, cost=sum(by_component.values()), **said)
    difference = ledger.counted(after, reserved.amount)
    difference.subtract(ledger.counted(before, reserved.amount))
    spent = after.cost - before.cost
    tenant, whole = limits.attributes(None, day), limits.attributes(reserved.feature, day)
    actions = [
        table.put(
            {**call, **after.stored(), "outcome": after.outcome.value},
            "outcome = :before",
            {":before": before.outcome.value},
        ),
        table.add(*keys.tenant(tenant_id, day), dict.fromkeys(tenant, spent), {"entity": "ai_limits"}),
        table.add(*keys.environment(day), dict.fromkeys(whole, spent), {"entity": "ai_limits"}),
        *_ledger(table, reserved, difference),
    ]
    try:
        transact(table.client, actions)
    except ConditionFailedError:
        return None  # corrected by another in between, or by this one, whose answer was lost
    return Settled(reservation_id, after.outcome, usage, by_component, after.cost)


def mark_of(reserved: Reservation) -> Mark:
    """The reservation's mark in both limits items."""
    return keys.Mark(reserved.day[-2:], reserved.feature, reserved.reservation_id)


def who(reserved: Reservation) -> dict[str, str]:
    """What a metric's line says of the call."""
    return {
        "tenant_id": reserved.tenant_id,
        "feature": reserved.feature.value,
        "model_id": reserved.model_id,
        "reservation_id": reserved.reservation_id,
    }


def _of_dead(table: Table, reserved: Reservation) -> Verdict:
    """The environment's counters are the last that money is taken in: no model was called before they have the mark."""
    item = table.get(*keys.environment(reserved.day)) or {}
    if mark_of(reserved).name in item:
        return Verdict(Outcome.LAPSED, DIED, cost=reserved.amount)
    return Verdict(Outcome.RELEASED, NEVER_TAKEN)


def _call(reserved: Reservation, verdict: Verdict, hold: Mapping[str, Any]) -> Item:
    pk, sk = keys.call(reserved.tenant_id, reserved.day, reserved.reservation_id)
    kept = {name: value for name, value in hold.items() if name not in {"state", "verdict", "decided_by"}}
    ends = keys.lease_ends(reserved.reservation_id) + CALLS_KEPT_SECONDS
    own = {"pk": pk, "sk": sk, "entity": "ai_call", "outcome": verdict.outcome.value, "expires_at": ends}
    return {**kept, **verdict.stored(), **own}


def _ledger(table: Table, reserved: Reservation, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return ledger.additions(
        table,
        reserved.tenant_id,
        reserved.day,
        reserved.feature.value,
        reserved.model_id,
        keys.shard(reserved.reservation_id),
        counts,
    )
