"""What the cost guard's items in the table `analytics` say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix.costs import counters, holds, keys, ledger
from omnix.costs.model import Outcome, Usage
from omnix.integrity.saying import Wrong, placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omnix.dynamodb import Item
    from omnix.integrity.saying import Said

_COST_PARTS = (*(f"{ledger.COST_}{name}" for name in Usage().tokens()), ledger.COST_LAPSED)


def limits(item: Item, _now: int) -> Iterator[Said]:
    """What is kept for calls under way is part of what is committed."""
    held = sum(amount for _, amount in counters.marks(item).values())
    if not 0 <= held <= item["m"]:
        yield Wrong("content", "more is kept for calls than is committed")


def hold(item: Item, _now: int) -> Iterator[Said]:
    """A call under way."""
    yield from placed(item, keys.hold(holds.reservation(item).reservation_id))


def call(item: Item, _now: int) -> Iterator[Said]:
    """What became of a call."""
    reserved, verdict = holds.reservation(item), holds.Verdict.read(item["outcome"], item)
    yield from placed(item, keys.call(reserved.tenant_id, reserved.day, reserved.reservation_id))
    known = verdict.cost == reserved.prices.cost(verdict.usage)
    if not known and verdict.outcome is not Outcome.LAPSED:
        yield Wrong("content", "its cost is not what its tokens cost")


def row(item: Item, _now: int) -> Iterator[Said]:
    """A row of the ledger: its cost is its parts'."""
    shard = int(item["sk"].rpartition("#")[2])
    key = keys.ledger(item["tenant_id"], item["day"], item["feature"], item["model_id"], shard)
    yield from placed(item, key[item["pk"].startswith(keys.LEDGER)])
    if item.get(ledger.COST, 0) != sum(item.get(name, 0) for name in _COST_PARTS):
        yield Wrong("content", "its cost is not the sum of its parts")


CHECKS = {"ai_limits": limits, "ai_hold": hold, "ai_call": call, "ai_ledger": row}
